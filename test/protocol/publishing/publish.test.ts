/**
 * Publishing: what arrives as it was sent, what comes back, and what is confirmed in which order.
 */
import { describe, expect, test } from 'vitest';
import type { Properties } from '../../../src/amqp/properties.js';
import type { FieldTable, FieldValue } from '../../../src/amqp/table.js';
import { useBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';

const broker = useBroker();
const name = useNames(broker);
const { openChannel } = useRawConnections(broker);

async function scenario(): Promise<{ channel: RawChannel; queue: string }> {
  const channel = await openChannel();
  const { queue } = await channel.call('queue.declare', { queue: name('queue') });
  return { channel, queue };
}

test('a message without properties has none when it arrives', async () => {
  const { channel, queue } = await scenario();
  channel.publish('', queue, '');
  await channel.sync();
  expect(await channel.get(queue)).toMatchObject({
    properties: {},
    body: Buffer.alloc(0),
    exchange: '',
    routingKey: queue,
  });
});

test('all properties and all types of header fields arrive as they were sent', async () => {
  const { channel, queue } = await scenario();
  const inner: FieldTable = new Map<string, FieldValue>([['leaf', { type: 'S', value: 'x' }]]);
  const headers: FieldTable = new Map<string, FieldValue>([
    ['t', { type: 't', value: true }],
    ['b', { type: 'b', value: -128 }],
    ['s', { type: 's', value: -32_768 }],
    ['I', { type: 'I', value: -2_147_483_648 }],
    ['l', { type: 'l', value: -(2n ** 63n) }],
    ['f', { type: 'f', value: 0.5 }],
    ['d', { type: 'd', value: Math.PI }],
    ['D', { type: 'D', value: { scale: 2, unscaled: 314 } }],
    ['S', { type: 'S', value: 'grüße' }],
    [
      'A',
      {
        type: 'A',
        value: [
          { type: 't', value: false },
          { type: 'F', value: inner },
        ],
      },
    ],
    ['T', { type: 'T', value: 1_700_000_000n }],
    ['F', { type: 'F', value: inner }],
    ['V', { type: 'V', value: null }],
    ['x', { type: 'x', value: Uint8Array.of(0, 206, 255) }],
  ]);
  const properties: Properties = {
    ...{ contentType: 'application/json', contentEncoding: 'gzip', headers, deliveryMode: 2, priority: 9 },
    ...{ correlationId: 'c', replyTo: 'r', expiration: '60000', messageId: 'm', timestamp: 1_700_000_000n },
    ...{ type: 'kind', userId: 'guest', appId: 'app', clusterId: 'cluster' },
  };
  channel.publish('', queue, 'body', { properties });
  await channel.sync();
  expect((await channel.get(queue))?.properties).toEqual(properties);
});

test('a routing key of 255 octets arrives whole', async () => {
  const { channel, queue } = await scenario();
  const exchange = name();
  await channel.call('exchange.declare', { exchange, type: 'fanout' });
  await channel.call('queue.bind', { queue, exchange });
  channel.publish(exchange, 'k'.repeat(255), 'x');
  await channel.sync();
  expect(await channel.get(queue)).toMatchObject({ routingKey: 'k'.repeat(255) });
});

test('a message fanned out reaches every queue', async () => {
  const { channel } = await scenario();
  const exchange = name();
  await channel.call('exchange.declare', { exchange, type: 'fanout' });
  const queues: string[] = [];
  for (let i = 0; i < 20; i++) {
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    await channel.call('queue.bind', { queue, exchange });
    queues.push(queue);
  }
  for (const body of ['one', 'two']) channel.publish(exchange, '', body);
  await channel.sync();
  for (const queue of queues) {
    expect((await channel.get(queue, true))?.body.toString()).toBe('one');
    expect((await channel.get(queue, true))?.body.toString()).toBe('two');
  }
});

describe('mandatory', () => {
  test('an unroutable message comes back whole', async () => {
    const { channel } = await scenario();
    const body = Buffer.alloc(300_000, 'xyz');
    channel.publish('amq.direct', 'nobody', body, { mandatory: true, properties: { messageId: 'm' } });
    const returned = await channel.returns.next('the return');
    expect(returned).toMatchObject({
      replyCode: 312,
      replyText: 'NO_ROUTE',
      exchange: 'amq.direct',
      routingKey: 'nobody',
    });
    expect(returned.properties).toEqual({ messageId: 'm' });
    expect(returned.body.equals(body)).toBe(true);
  });

  test('without the bit it is dropped without a word', async () => {
    const { channel } = await scenario();
    channel.publish('amq.direct', 'nobody', 'lost');
    channel.publish('amq.direct', 'nobody', 'back', { mandatory: true });
    expect((await channel.returns.next('the return')).body.toString()).toBe('back');
    expect(channel.returns.waiting).toEqual([]);
  });

  test('returns and routed messages do not mix', async () => {
    const { channel, queue } = await scenario();
    for (let i = 0; i < 50; i++) {
      channel.publish('', i % 2 === 0 ? queue : 'nobody', `${i}`, { mandatory: true });
    }
    const returned = await channel.returns.take(25, 'returns');
    expect(returned.map((message) => Number(message.body))).toEqual(Array.from({ length: 25 }, (_, i) => i * 2 + 1));
    expect(await channel.counts(queue)).toMatchObject({ ready: 25 });
  });

  test('immediate is not implemented, as everywhere', async () => {
    const { channel, queue } = await scenario();
    channel.publish('', queue, 'now', { immediate: true });
    expect(await channel.client.failure()).toEqual(closing(540, 'immediate=true', 'basic.publish'));
  });
});

describe('confirms', () => {
  /** Reads confirms until every number up to `last` is confirmed; fails when one is confirmed twice. */
  async function confirmed(channel: RawChannel, last: number): Promise<void> {
    const seen = new Set<number>();
    let through = 0;
    while (seen.size < last) {
      const { name: method, deliveryTag, multiple } = await channel.confirms.next(`confirms up to ${last}`);
      expect(method).toBe('basic.ack');
      const first = multiple ? through + 1 : Number(deliveryTag);
      for (let tag = first; tag <= Number(deliveryTag); tag++) {
        if (!multiple) expect(seen).not.toContain(tag);
        seen.add(tag);
      }
      if (multiple) through = Number(deliveryTag);
    }
    expect(Math.max(...seen)).toBe(last);
  }

  test('select is answered, a second time too', async () => {
    const { channel } = await scenario();
    await channel.call('confirm.select');
    await channel.call('confirm.select');
  });

  test('numbers begin at 1 with the first publish after select', async () => {
    const { channel, queue } = await scenario();
    channel.publish('', queue, 'before');
    await channel.call('confirm.select');
    channel.publish('', queue, 'after');
    expect(await channel.confirms.next('the confirm')).toMatchObject({ name: 'basic.ack', deliveryTag: 1n });
  });

  test('every message is confirmed once', async () => {
    const { channel, queue } = await scenario();
    await channel.call('confirm.select');
    for (let i = 0; i < 2_000; i++) channel.publish('', queue, 'x');
    await confirmed(channel, 2_000);
    expect(await channel.counts(queue)).toMatchObject({ ready: 2_000 });
  });

  test('messages without a queue are confirmed too', async () => {
    const { channel } = await scenario();
    await channel.call('confirm.select');
    channel.publish('amq.direct', 'nobody', 'x');
    await confirmed(channel, 1);
  });

  test('the return of a message comes before its confirm', async () => {
    const { channel } = await scenario();
    await channel.call('confirm.select');
    channel.publish('amq.direct', 'nobody', 'x', { mandatory: true });
    await confirmed(channel, 1);
    expect(channel.log.slice(-2)).toEqual(['basic.return', 'basic.ack']);
  });

  test('a confirmed message can be got at once, from any connection', async () => {
    const { channel, queue } = await scenario();
    const other = await openChannel();
    await channel.call('confirm.select');
    for (let i = 0; i < 20; i++) {
      channel.publish('', queue, `${i}`);
      await channel.confirms.next('the confirm');
      expect((await other.get(queue, true))?.body.toString()).toBe(`${i}`);
    }
  });

  test('each channel counts for itself', async () => {
    const { channel, queue } = await scenario();
    const second = await channel.client.openChannel();
    await channel.call('confirm.select');
    await second.call('confirm.select');
    for (let i = 0; i < 3; i++) channel.publish('', queue, 'x');
    second.publish('', queue, 'x');
    await confirmed(channel, 3);
    await confirmed(second, 1);
  });
});
