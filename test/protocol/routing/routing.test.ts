/**
 * Routing by the edge cases of each exchange type, through the broker as a client sees it.
 */
import { describe, expect, test } from 'vitest';
import { type PlainObject, table } from '../../../src/amqp/table.js';
import { isReferee, useBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';

const broker = useBroker();
const name = useNames(broker);
const { openChannel } = useRawConnections(broker);

interface Target {
  readonly channel: RawChannel;
  readonly exchange: string;
  readonly queue: string;
}

async function declare(type: string, args: PlainObject = {}): Promise<Target> {
  const channel = await openChannel();
  const exchange = name(type);
  await channel.call('exchange.declare', { exchange, type, arguments: table(args) });
  const { queue } = await channel.call('queue.declare', { exclusive: true });
  return { channel, exchange, queue };
}

/** Whether a message that was just published arrived in the queue. */
async function arrived({ channel, queue }: Target): Promise<boolean> {
  await channel.sync();
  return (await channel.get(queue, true)) !== null;
}

describe('topic', () => {
  test.each([
    ['#', '', true],
    ['#', 'a.b.c', true],
    ['*', '', false],
    ['*', 'a', true],
    ['*', 'a.b', false],
    ['*.*', '.', true],
    ['*.*', 'a', false],
    ['a.#', 'a', true],
    ['a.#', 'a.b.c', true],
    ['a.#', 'ab', false],
    ['#.z', 'z', true],
    ['#.z', 'a.b.z', true],
    ['#.z', 'z.a', false],
    ['a.#.z', 'a.z', true],
    ['a.#.z', 'a.b.c.z', true],
    ['a.*.z', 'a.z', false],
    ['a.*.z', 'a..z', true],
    ['#.#', '', true],
    ['#.*', '', false],
    ['#.*.#', 'a', true],
    ['*.#.*', 'a', false],
    ['*.#.*', 'a.b', true],
    ['a.b', 'a.b', true],
    ['a.b', 'A.b', false],
    ['a*', 'ab', false],
    ['ü.*', 'ü.ß', true],
    ['', '', true],
    ['', 'a', false],
  ])("'%s' and the key '%s': %s", async (pattern, key, matches) => {
    const target = await declare('topic');
    await target.channel.call('queue.bind', { queue: target.queue, exchange: target.exchange, routingKey: pattern });
    target.channel.publish(target.exchange, key, 'x');
    expect(await arrived(target)).toBe(matches);
  });

  // This one pattern keeps RabbitMQ busy for longer than anybody would wait.
  test.runIf(!isReferee)('a pattern and a key of many words are matched at once', async () => {
    const target = await declare('topic');
    const pattern = Array.from({ length: 40 }, () => '#.a').join('.');
    await target.channel.call('queue.bind', { queue: target.queue, exchange: target.exchange, routingKey: pattern });
    target.channel.publish(target.exchange, Array.from({ length: 120 }, () => 'a').join('.'), 'x');
    target.channel.publish(target.exchange, `${'a.'.repeat(100)}b`, 'no match');
    expect(await arrived(target)).toBe(true);
    expect(await arrived(target)).toBe(false);
  });
});

describe('headers', () => {
  test.each([
    ['all of them must match', { 'x-match': 'all', a: 1, b: 'two' }, { a: 1, b: 'two', c: 3 }, true],
    ['all of them must match', { 'x-match': 'all', a: 1, b: 'two' }, { a: 1 }, false],
    ['all is what counts when nothing is said', { a: 1, b: 2 }, { a: 1 }, false],
    ['any one is enough', { 'x-match': 'any', a: 1, b: 'two' }, { b: 'two' }, true],
    ['any one is enough', { 'x-match': 'any', a: 1, b: 'two' }, { a: 2, b: 'three' }, false],
    ['nothing asked for is all of it', { 'x-match': 'all' }, { a: 1 }, true],
    ['nothing asked for is not any of it', { 'x-match': 'any' }, { a: 1 }, false],
    ['a void value asks that the header be there', { 'x-match': 'all', a: null }, { a: 'whatever' }, true],
    ['a void value asks that the header be there', { 'x-match': 'all', a: null }, { b: 1 }, false],
    ['headers that begin with x- do not count', { 'x-match': 'all', 'x-a': 1, b: 2 }, { b: 2 }, true],
    ['unless they are asked for', { 'x-match': 'all-with-x', 'x-a': 1, b: 2 }, { b: 2 }, false],
    ['unless they are asked for', { 'x-match': 'any-with-x', 'x-a': 1 }, { 'x-a': 1 }, true],
  ])('%s: %o against %o is %s', async (_, wanted, headers, matches) => {
    const target = await declare('headers');
    const { channel, exchange, queue } = target;
    await channel.call('queue.bind', { queue, exchange, arguments: table(wanted as PlainObject) });
    channel.publish(exchange, '', 'x', { properties: { headers: table(headers as PlainObject) } });
    expect(await arrived(target)).toBe(matches);
  });

  test('a message without headers is routed too', async () => {
    const target = await declare('headers');
    const { channel, exchange, queue } = target;
    await channel.call('queue.bind', { queue, exchange, arguments: table({ 'x-match': 'all', a: 1 }) });
    channel.publish(exchange, '', 'x');
    expect(await arrived(target)).toBe(false);
  });

  test('another x-match is 406', async () => {
    const { channel, exchange, queue } = await declare('headers');
    channel.send('queue.bind', { queue, exchange, arguments: table({ 'x-match': 'some' }) });
    const { replyCode, replyText } = await channel.failure();
    expect(replyCode).toBe(406);
    expect(replyText).toContain('x-match');
  });

  test('a large message through a headers exchange arrives whole', async () => {
    const { channel, exchange, queue } = await declare('headers');
    await channel.call('queue.bind', { queue, exchange, arguments: table({ a: 1 }) });
    const body = Buffer.alloc(500_000, 'abc');
    channel.publish(exchange, '', body, { properties: { headers: table({ a: 1 }) } });
    await channel.sync();
    expect((await channel.get(queue, true))?.body.equals(body)).toBe(true);
  });
});

describe('alternate exchange', () => {
  test('what an exchange cannot route goes to its alternate', async () => {
    const alternate = await declare('fanout');
    await alternate.channel.call('queue.bind', { queue: alternate.queue, exchange: alternate.exchange });
    const target = await declare('direct', { 'alternate-exchange': alternate.exchange });
    const { channel, exchange, queue } = target;
    await channel.call('queue.bind', { queue, exchange, routingKey: 'known' });
    channel.publish(exchange, 'known', 'x');
    expect([await arrived(target), await arrived(alternate)]).toEqual([true, false]);
    channel.publish(exchange, 'unknown', 'x', { mandatory: true });
    expect([await arrived(target), await arrived(alternate)]).toEqual([false, true]);
    expect(channel.returns.waiting).toEqual([]);
  });

  test('an alternate that is not there is no error', async () => {
    const { channel, exchange } = await declare('direct', { 'alternate-exchange': name('missing') });
    channel.publish(exchange, 'unknown', 'back', { mandatory: true });
    expect((await channel.returns.next('the return')).body.toString()).toBe('back');
  });

  test('alternates that point at each other end', async () => {
    const [one, two] = [name(), name()];
    const channel = await openChannel();
    await channel.call('exchange.declare', {
      exchange: one,
      type: 'direct',
      arguments: table({ 'alternate-exchange': two }),
    });
    await channel.call('exchange.declare', {
      exchange: two,
      type: 'direct',
      arguments: table({ 'alternate-exchange': one }),
    });
    channel.publish(one, 'nobody', 'back', { mandatory: true });
    expect((await channel.returns.next('the return')).body.toString()).toBe('back');
  });
});

test('a queue of the default exchange is found by its whole name only', async () => {
  const channel = await openChannel();
  const queue = name();
  await channel.call('queue.declare', { queue });
  channel.publish('', `${queue}.`, 'back', { mandatory: true });
  expect((await channel.returns.next('the return')).routingKey).toBe(`${queue}.`);
  channel.publish('', queue, 'x');
  await channel.sync();
  expect(await channel.counts(queue)).toMatchObject({ ready: 1 });
});

test('binding an exchange that is internal is as good as any', async () => {
  const { channel, exchange, queue } = await declare('fanout');
  const inner = name();
  await channel.call('exchange.declare', { exchange: inner, type: 'fanout', internal: true });
  await channel.call('exchange.bind', { source: exchange, destination: inner });
  await channel.call('queue.bind', { queue, exchange: inner });
  channel.publish(exchange, '', 'x');
  await channel.sync();
  expect((await channel.get(queue, true))?.body.toString()).toBe('x');
  channel.publish(inner, '', 'x');
  expect(await channel.failure()).toEqual(
    closing(403, `cannot publish to internal exchange '${inner}' in vhost '/'`, 'basic.publish'),
  );
});
