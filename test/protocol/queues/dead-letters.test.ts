/**
 * Dead letters: which messages go to their queue's dead letter exchange, how they look there, and where they end.
 */
import { describe, expect, test } from 'vitest';
import type { Properties } from '../../../src/amqp/properties.js';
import { type FieldTable, type FieldValue, type PlainObject, table } from '../../../src/amqp/table.js';
import { isReferee, useBroker } from '../../support/broker.js';
import { useNames } from '../../support/names.js';
import { bodies, type Carried, type RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';
import { eventually } from '../../support/waiting.js';

const broker = useBroker();
const name = useNames(broker);
const { openChannel } = useRawConnections(broker);

/** A queue of the channel's connection; what dies in it goes to `x-dead-letter-exchange`. */
async function declare(channel: RawChannel, args: PlainObject = {}): Promise<string> {
  const { queue } = await channel.call('queue.declare', {
    queue: name('queue'),
    exclusive: true,
    arguments: table(args),
  });
  return queue;
}

interface Scenario {
  readonly channel: RawChannel;
  /** Its dead letters go to `dead`. */
  readonly queue: string;
  readonly dead: string;
}

async function scenario(args: PlainObject = {}): Promise<Scenario> {
  const channel = await openChannel();
  const dead = await declare(channel);
  const route = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead };
  return { channel, queue: await declare(channel, { ...route, ...args }), dead };
}

/** The next message of a queue, as soon as there is one. */
async function take(channel: RawChannel, queue: string, noAck = true): Promise<Carried<'basic.get-ok'>> {
  const got = await eventually(
    `a message in ${queue}`,
    () => channel.get(queue, noAck),
    (one) => one !== null,
  );
  if (got === null) throw new Error('there was one');
  return got;
}

function plain(fields: FieldTable | undefined): Record<string, unknown> {
  return Object.fromEntries([...(fields ?? [])].map(([field, value]) => [field, plainValue(value)]));
}

function plainValue(field: FieldValue): unknown {
  if (field.type === 'F') return plain(field.value);
  if (field.type === 'A') return field.value.map(plainValue);
  return typeof field.value === 'bigint' ? Number(field.value) : field.value;
}

function headersOf(message: { readonly properties: Properties }): Record<string, unknown> {
  return plain(message.properties.headers);
}

async function reject(channel: RawChannel, queue: string): Promise<void> {
  const { deliveryTag } = await take(channel, queue, false);
  channel.send('basic.reject', { deliveryTag, requeue: false });
}

describe('a message goes to the dead letters', () => {
  test('when it is rejected', async () => {
    const { channel, queue, dead } = await scenario();
    channel.publish('', queue, 'x', { properties: { contentType: 'text/plain', messageId: '7' } });
    await reject(channel, queue);
    const letter = await take(channel, dead);
    expect(letter).toMatchObject({ exchange: '', routingKey: dead, redelivered: false, body: Buffer.from('x') });
    expect(letter.properties).toMatchObject({ contentType: 'text/plain', messageId: '7' });
    expect(headersOf(letter)).toMatchObject({
      'x-death': [{ count: 1, reason: 'rejected', queue, exchange: '', 'routing-keys': [queue] }],
      'x-first-death-reason': 'rejected',
      'x-first-death-queue': queue,
      'x-first-death-exchange': '',
    });
    const [{ time = 0 } = {}] = headersOf(letter)['x-death'] as { time?: number }[];
    expect(Math.abs(time - Date.now() / 1000)).toBeLessThan(60);
  });

  test('when its queue lets it expire', async () => {
    const { channel, queue, dead } = await scenario({ 'x-message-ttl': 20 });
    channel.publish('', queue, 'x');
    const letter = await take(channel, dead);
    expect(headersOf(letter)).toMatchObject({ 'x-death': [{ count: 1, reason: 'expired', queue }] });
    expect(headersOf(letter)['x-death']).not.toEqual([expect.objectContaining({ 'original-expiration': '20' })]);
    expect(await channel.counts(queue)).toMatchObject({ ready: 0 });
  });

  test('when it expires by itself, and lives on without an expiration', async () => {
    const { channel, queue, dead } = await scenario();
    channel.publish('', queue, 'x', { properties: { expiration: '20', priority: 1 } });
    const letter = await take(channel, dead);
    expect(letter.properties).not.toHaveProperty('expiration');
    expect(letter.properties.priority).toBe(1);
    expect(headersOf(letter)).toMatchObject({ 'x-death': [{ reason: 'expired', 'original-expiration': '20' }] });
  });

  test('when newer ones push it out', async () => {
    const { channel, queue, dead } = await scenario({ 'x-max-length': 2 });
    for (const body of ['a', 'b', 'c']) channel.publish('', queue, body);
    const letter = await take(channel, dead);
    expect(letter.body.toString()).toBe('a');
    expect(headersOf(letter)).toMatchObject({ 'x-death': [{ reason: 'maxlen', queue }] });
  });

  test('when its queue refuses it and keeps what is refused', async () => {
    const { channel, queue, dead } = await scenario({ 'x-max-length': 1, 'x-overflow': 'reject-publish-dlx' });
    await channel.call('confirm.select');
    for (const body of ['a', 'b']) channel.publish('', queue, body);
    expect(await channel.confirms.next('the ack')).toMatchObject({ name: 'basic.ack', deliveryTag: 1n });
    expect(await channel.confirms.next('the nack')).toMatchObject({ name: 'basic.nack', deliveryTag: 2n });
    expect(await take(channel, dead)).toMatchObject({ body: Buffer.from('b') });
    expect(await channel.counts(queue)).toMatchObject({ ready: 1 });
  });

  test('in the order in which messages died, by the thousand', async () => {
    const { channel, queue, dead } = await scenario({ 'x-message-ttl': 50 });
    await channel.consume(dead, { noAck: true });
    for (let i = 0; i < 3_000; i++) channel.publish('', queue, `${i}`);
    expect(bodies(await channel.deliver(3_000))).toEqual(Array.from({ length: 3_000 }, (_, i) => `${i}`));
  });

  test('with a large body', async () => {
    const { channel, queue, dead } = await scenario();
    const body = Buffer.alloc(1_000_000, 'large');
    channel.publish('', queue, body);
    await reject(channel, queue);
    expect((await take(channel, dead)).body.equals(body)).toBe(true);
  });
});

describe('a dead letter is routed', () => {
  test('under its own key by the exchange that the queue names', async () => {
    const channel = await openChannel();
    const exchange = name('exchange');
    await channel.call('exchange.declare', { exchange, type: 'topic', autoDelete: true });
    const dead = await declare(channel);
    await channel.call('queue.bind', { queue: dead, exchange, routingKey: 'order.#' });
    const queue = await declare(channel, { 'x-dead-letter-exchange': exchange });
    await channel.call('queue.bind', { queue, exchange: 'amq.direct', routingKey: 'order.1' });
    channel.publish('amq.direct', 'order.1', 'x');
    await reject(channel, queue);
    const letter = await take(channel, dead);
    expect(letter).toMatchObject({ exchange, routingKey: 'order.1' });
    expect(headersOf(letter)).toMatchObject({ 'x-death': [{ exchange: 'amq.direct', 'routing-keys': ['order.1'] }] });
  });

  test('by its headers, where the exchange reads them', async () => {
    const channel = await openChannel();
    const dead = await declare(channel);
    const args = table({ 'x-match': 'all-with-x', kind: 'bill', 'x-first-death-reason': 'rejected' });
    await channel.call('queue.bind', { queue: dead, exchange: 'amq.headers', arguments: args });
    const queue = await declare(channel, { 'x-dead-letter-exchange': 'amq.headers' });
    channel.publish('', queue, 'x', { properties: { headers: table({ kind: 'bill' }) } });
    await reject(channel, queue);
    expect(await take(channel, dead)).toMatchObject({ body: Buffer.from('x') });
  });

  test('to all queues that are bound', async () => {
    const channel = await openChannel();
    const exchange = name('exchange');
    await channel.call('exchange.declare', { exchange, type: 'fanout', autoDelete: true });
    const dead = await Promise.all([declare(channel), declare(channel), declare(channel)]);
    for (const queue of dead) await channel.call('queue.bind', { queue, exchange });
    const queue = await declare(channel, { 'x-dead-letter-exchange': exchange });
    channel.publish('', queue, 'x');
    await reject(channel, queue);
    for (const one of dead) expect(await take(channel, one)).toMatchObject({ body: Buffer.from('x') });
  });

  test('nowhere when the exchange is missing', async () => {
    const channel = await openChannel();
    const queue = await declare(channel, { 'x-dead-letter-exchange': name('missing') });
    channel.publish('', queue, 'x');
    await reject(channel, queue);
    await channel.sync();
    expect(await channel.counts(queue)).toMatchObject({ ready: 0 });
  });
});

describe('further keys', () => {
  test('keep leading a dead letter on that has its own key', async () => {
    const channel = await openChannel();
    const exchange = name('exchange');
    await channel.call('exchange.declare', { exchange, type: 'direct', autoDelete: true });
    const copy = await declare(channel);
    await channel.call('queue.bind', { queue: copy, exchange, routingKey: 'copy' });
    const queue = await declare(channel, { 'x-dead-letter-exchange': exchange });
    channel.publish('', queue, 'x', { properties: { headers: table({ CC: ['copy'] }) } });
    await reject(channel, queue);
    expect(headersOf(await take(channel, copy))).toMatchObject({
      CC: ['copy'],
      'x-death': [{ 'routing-keys': [queue, 'copy'] }],
    });
  });

  test('are gone where the queue gives another key', async () => {
    const { channel, queue, dead } = await scenario();
    channel.publish('', queue, 'x', { properties: { headers: table({ CC: ['copy'] }) } });
    await reject(channel, queue);
    const headers = headersOf(await take(channel, dead));
    expect(headers).not.toHaveProperty('CC');
    expect(headers).toMatchObject({ 'x-death': [{ 'routing-keys': [queue, 'copy'] }] });
  });
});

describe('a message that goes round', () => {
  test('is counted, and remembers where it died first', async () => {
    const channel = await openChannel();
    const [work, wait] = [name('work'), name('wait')];
    const rules = { 'x-dead-letter-exchange': '' };
    const workRules = table({ ...rules, 'x-dead-letter-routing-key': wait });
    await channel.call('queue.declare', { queue: work, exclusive: true, arguments: workRules });
    const waitRules = table({ ...rules, 'x-dead-letter-routing-key': work, 'x-message-ttl': 10 });
    await channel.call('queue.declare', { queue: wait, exclusive: true, arguments: waitRules });
    channel.publish('', work, 'x');
    for (let round = 0; round < 3; round++) await reject(channel, work);
    const headers = headersOf(await take(channel, work));
    expect(headers['x-death']).toMatchObject([
      { count: 3, reason: 'expired', queue: wait },
      { count: 3, reason: 'rejected', queue: work },
    ]);
    expect(headers).toMatchObject({ 'x-first-death-reason': 'rejected', 'x-first-death-queue': work });
  });

  test('is dropped when nobody had a hand in it', async () => {
    const channel = await openChannel();
    const queue = name('circle');
    const rules = { 'x-dead-letter-exchange': '', 'x-message-ttl': 10 };
    await channel.call('queue.declare', { queue, exclusive: true, arguments: table(rules) });
    const watch = await declare(channel, { ...rules, 'x-dead-letter-routing-key': await declare(channel) });
    channel.publish('', queue, 'x');
    channel.publish('', watch, 'y');
    // What was published later has died, and so has the message before it.
    await eventually(
      'both queues to be empty',
      async () => (await channel.counts(watch)).ready + (await channel.counts(queue)).ready,
      (ready) => ready === 0,
    );
  });

  test('comes back to its own queue when it is rejected', async () => {
    const channel = await openChannel();
    const queue = name('self');
    await channel.call('queue.declare', {
      queue,
      exclusive: true,
      arguments: table({ 'x-dead-letter-exchange': '' }),
    });
    channel.publish('', queue, 'x');
    for (let round = 0; round < 3; round++) await reject(channel, queue);
    expect(headersOf(await take(channel, queue))).toMatchObject({ 'x-death': [{ count: 3, reason: 'rejected' }] });
  });
});

test('what is purged or deleted is no dead letter', async () => {
  const { channel, queue, dead } = await scenario();
  channel.publish('', queue, 'x');
  await channel.call('queue.purge', { queue });
  channel.publish('', queue, 'x');
  await channel.call('queue.delete', { queue });
  expect(await channel.counts(dead)).toMatchObject({ ready: 0 });
});

test.runIf(!isReferee)('the last death is told beside the first', async () => {
  const { channel, queue, dead } = await scenario();
  channel.publish('', queue, 'x');
  await reject(channel, queue);
  expect(headersOf(await take(channel, dead))).toMatchObject({
    'x-last-death-reason': 'rejected',
    'x-last-death-queue': queue,
    'x-last-death-exchange': '',
  });
});

describe('a quorum queue that sends its dead letters at least once', () => {
  /** A queue whose dead letters go to `exchange` with its own name as their key. */
  async function keeping(args: PlainObject = {}) {
    const channel = await openChannel();
    await channel.call('confirm.select');
    const exchange = name('dlx');
    await channel.call('exchange.declare', { exchange, type: 'direct' });
    const queue = name('queue');
    const settings = {
      'x-queue-type': 'quorum',
      'x-overflow': 'reject-publish',
      'x-dead-letter-strategy': 'at-least-once',
      'x-dead-letter-exchange': exchange,
      ...args,
    };
    await channel.call('queue.declare', { queue, durable: true, arguments: table(settings) });
    return { channel, exchange, queue };
  }

  test('keeps one without a route until it has one', async () => {
    const { channel, exchange, queue } = await keeping();
    channel.publish('', queue, 'x');
    await reject(channel, queue);
    await channel.sync();
    const target = await declare(channel);
    await channel.call('queue.bind', { exchange, queue: target, routingKey: queue });
    const letter = await take(channel, target);
    expect(letter.body.toString()).toBe('x');
    expect(headersOf(letter)).toMatchObject({ 'x-death': [{ count: 1, reason: 'rejected', queue }] });
    expect(await channel.get(target, true)).toBeNull();
  });

  test('keeps one without an exchange until there is one', async () => {
    const { channel, exchange, queue } = await keeping();
    await channel.call('exchange.delete', { exchange });
    channel.publish('', queue, 'x');
    await reject(channel, queue);
    await channel.call('exchange.declare', { exchange, type: 'direct' });
    const target = await declare(channel);
    await channel.call('queue.bind', { exchange, queue: target, routingKey: queue });
    expect((await take(channel, target)).body.toString()).toBe('x');
  });

  test('keeps what is refused for those who refused it, until they have room', async () => {
    const { channel, exchange, queue } = await keeping();
    const full = await declare(channel, { 'x-max-length': 1, 'x-overflow': 'reject-publish' });
    const open = await declare(channel);
    for (const target of [full, open]) await channel.call('queue.bind', { exchange, queue: target, routingKey: queue });
    for (const body of ['a', 'b', 'c']) channel.publish('', queue, body);
    for (let count = 0; count < 3; count++) await reject(channel, queue);
    for (const target of [full, open]) {
      const taken: string[] = [];
      for (let count = 0; count < 3; count++) taken.push((await take(channel, target)).body.toString());
      expect(taken.sort()).toEqual(['a', 'b', 'c']);
    }
    for (const target of [full, open]) expect(await channel.get(target, true)).toBeNull();
  });

  test('counts what it keeps', async () => {
    const { channel, exchange, queue } = await keeping({ 'x-max-length': 1 });
    channel.publish('', queue, 'x');
    expect((await channel.confirms.next('the first confirm')).name).toBe('basic.ack');
    await reject(channel, queue);
    await channel.sync();
    channel.publish('', queue, 'y');
    expect((await channel.confirms.next('the second confirm')).name).toBe('basic.nack');
    const target = await declare(channel);
    await channel.call('queue.bind', { exchange, queue: target, routingKey: queue });
    await take(channel, target);
    channel.publish('', queue, 'z');
    expect((await channel.confirms.next('the third confirm')).name).toBe('basic.ack');
  });
});
