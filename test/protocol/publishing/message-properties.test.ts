/**
 * What a message's own properties do to it: who it says it is from, how long it lives, where else it goes.
 */
import { describe, expect, test } from 'vitest';
import type { Properties } from '../../../src/amqp/properties.js';
import { table } from '../../../src/amqp/table.js';
import { useBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';

const broker = useBroker();
const { openChannel } = useRawConnections(broker);

/** A confirming channel and as many queues of its connection. */
async function scenario(count: number): Promise<{ channel: RawChannel; queues: string[] }> {
  const channel = await openChannel();
  await channel.call('confirm.select');
  const queues: string[] = [];
  while (queues.length < count) queues.push((await channel.call('queue.declare', { exclusive: true })).queue);
  return { channel, queues };
}

async function ready(channel: RawChannel, queues: readonly string[]): Promise<number[]> {
  const counts: number[] = [];
  for (const queue of queues) counts.push((await channel.counts(queue)).ready);
  return counts;
}

describe('CC and BCC', () => {
  test('lead a message to further queues, each once', async () => {
    const { channel, queues } = await scenario(4);
    const [own = '', copied = '', blind = ''] = queues;
    const headers = table({ CC: [copied, own, copied], BCC: [blind, copied] });
    channel.publish('', own, 'x', { properties: { headers } });
    await channel.confirms.next('the confirm');
    expect(await ready(channel, queues)).toEqual([1, 1, 1, 0]);
  });

  test('work on exchanges as on the default one', async () => {
    const { channel, queues } = await scenario(2);
    const [one = '', other = ''] = queues;
    await channel.call('queue.bind', { queue: one, exchange: 'amq.topic', routingKey: `${one}.*` });
    await channel.call('queue.bind', { queue: other, exchange: 'amq.topic', routingKey: `${other}.*` });
    const headers = table({ BCC: [`${other}.x`] });
    channel.publish('amq.topic', `${one}.x`, 'x', { properties: { headers } });
    await channel.confirms.next('the confirm');
    expect(await ready(channel, queues)).toEqual([1, 1]);
  });

  test('only CC is seen by those who get the message', async () => {
    const { channel, queues } = await scenario(1);
    const [queue = ''] = queues;
    const headers = table({ CC: ['elsewhere'], BCC: ['secret'], kept: 1 });
    channel.publish('', queue, 'x', { properties: { headers, contentType: 'text/plain' } });
    await channel.confirms.next('the confirm');
    const got = await channel.get(queue, true);
    expect(got).toMatchObject({ routingKey: queue, body: Buffer.from('x') });
    expect(got?.properties.contentType).toBe('text/plain');
    expect([...(got?.properties.headers ?? new Map()).keys()]).toEqual(['CC', 'kept']);
  });

  test('count as a route of a mandatory message', async () => {
    const { channel, queues } = await scenario(1);
    const headers = table({ BCC: [queues[0] ?? ''] });
    channel.publish('', 'nowhere', 'x', { mandatory: true, properties: { headers } });
    expect(await channel.confirms.next('the confirm')).toMatchObject({ name: 'basic.ack', deliveryTag: 1n });
    expect(channel.returns.waiting).toEqual([]);
    expect(await ready(channel, queues)).toEqual([1]);
  });

  test('may hold what is no text', async () => {
    const { channel, queues } = await scenario(2);
    const headers = table({ CC: [1, queues[1] ?? '', null] });
    channel.publish('', queues[0] ?? '', 'x', { properties: { headers } });
    await channel.confirms.next('the confirm');
    expect(await ready(channel, queues)).toEqual([1, 1]);
  });
});

test('the user who has logged in may be named', async () => {
  const { channel, queues } = await scenario(1);
  const [queue = ''] = queues;
  channel.publish('', queue, 'x', { properties: { userId: 'guest' } });
  await channel.confirms.next('the confirm');
  expect((await channel.get(queue, true))?.properties.userId).toBe('guest');
});

test.each(['0', '0060', '+60000', '315360000000'])('the expiration %s is one', async (expiration) => {
  const { channel } = await scenario(0);
  channel.publish('amq.fanout', '', 'x', { properties: { expiration } });
  expect(await channel.confirms.next('the confirm')).toMatchObject({ name: 'basic.ack' });
});

describe('is refused', () => {
  const replies = { replyTo: 'amq.rabbitmq.reply-to' };
  const stranger = { userId: 'bob' };
  const brief = { expiration: '1s' };
  const copy = { headers: table({ CC: 'x' }) };

  test.each<[string, Properties, string]>([
    ['another user', stranger, "user_id property set to 'bob' but authenticated user was 'guest'"],
    ['an expiration that is no number', { expiration: 'soon' }, "invalid expiration 'soon': no_integer"],
    ['an expiration with a unit', brief, `invalid expiration '1s': {leftover_string,"s"}`],
    ['an empty expiration', { expiration: '' }, "invalid expiration '': no_integer"],
    ['a negative expiration', { expiration: '-1' }, "invalid expiration '-1': {value_negative,-1}"],
    [
      'an expiration of more than ten years',
      { expiration: '315360000001' },
      "invalid expiration '315360000001': {value_too_large,315360000001}",
    ],
    ['a CC that is no list', copy, 'invalid message: {unacceptable_type_in_header,"CC",longstr}'],
    [
      'a BCC that is no list',
      { headers: table({ BCC: true }) },
      'invalid message: {unacceptable_type_in_header,"BCC",bool}',
    ],
    [
      'first of all, a missing reply consumer',
      { ...replies, ...stranger, ...brief, ...copy },
      'fast reply consumer does not exist',
    ],
    [
      'then another user',
      { ...stranger, ...brief, ...copy },
      "user_id property set to 'bob' but authenticated user was 'guest'",
    ],
    ['then an expiration', { ...brief, ...copy }, `invalid expiration '1s': {leftover_string,"s"}`],
  ])('%s', async (_, properties, explanation) => {
    const { channel, queues } = await scenario(1);
    channel.publish('', queues[0] ?? '', 'x', { properties });
    expect(await channel.failure()).toEqual(closing(406, explanation, 'basic.publish'));
  });

  test('a missing exchange before any of that', async () => {
    const { channel } = await scenario(0);
    channel.publish('missing', '', 'x', { properties: { ...stranger, ...brief } });
    expect(await channel.failure()).toEqual(closing(404, "no exchange 'missing' in vhost '/'", 'basic.publish'));
  });
});
