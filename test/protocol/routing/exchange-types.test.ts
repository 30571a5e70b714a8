/**
 * The exchange types that RabbitMQ has by plugins, and deduplication, through the broker as clients see it.
 */
import { expect, test } from 'vitest';
import { type PlainObject, table } from '../../../src/amqp/table.js';
import { isReferee, useBroker } from '../../support/broker.js';
import { confirmed } from '../../support/kept-data.js';
import { closing } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';

const broker = useBroker();
const name = useNames(broker);
const { openChannel } = useRawConnections(broker);

async function declare(type: string, args: PlainObject = {}): Promise<{ channel: RawChannel; exchange: string }> {
  const channel = await openChannel();
  const exchange = name('exchange');
  await channel.call('exchange.declare', { exchange, type, arguments: table(args) });
  await channel.call('confirm.select');
  return { channel, exchange };
}

async function bound(channel: RawChannel, exchange: string, routingKey: string, args: PlainObject = {}) {
  const { queue } = await channel.call('queue.declare', { exclusive: true, arguments: table(args) });
  await channel.call('queue.bind', { queue, exchange, routingKey });
  return queue;
}

test.skipIf(isReferee)('a consistent hash exchange shares messages out by weight, each key to one queue', async () => {
  const { channel, exchange } = await declare('x-consistent-hash');
  const light = await bound(channel, exchange, '1');
  const heavy = await bound(channel, exchange, '3');
  for (let round = 0; round < 2; round++) {
    for (let key = 0; key < 400; key++) channel.publish(exchange, `key ${key}`, 'x');
  }
  await confirmed(channel, 800);
  const counts = [(await channel.counts(light)).ready, (await channel.counts(heavy)).ready] as const;
  expect(counts[0] + counts[1]).toBe(800);
  expect(counts[0]).toBeGreaterThan(120);
  expect(counts[0]).toBeLessThan(280);
  expect(counts[0] % 2).toBe(0);
});

test.skipIf(isReferee)('a random exchange leaves no queue out', async () => {
  const { channel, exchange } = await declare('x-random');
  const queues = [await bound(channel, exchange, ''), await bound(channel, exchange, '')];
  for (let count = 0; count < 100; count++) channel.publish(exchange, '', 'x');
  await confirmed(channel, 100);
  const counts = await Promise.all(queues.map(async (queue) => (await channel.counts(queue)).ready));
  expect(counts.reduce((sum, count) => sum + count)).toBe(100);
  for (const count of counts) expect(count).toBeGreaterThan(10);
});

test.skipIf(isReferee)('a delayed exchange needs a type to route by', async () => {
  const channel = await openChannel();
  channel.send('exchange.declare', { exchange: name(), type: 'x-delayed-message' });
  const reason = "Invalid argument, 'x-delayed-type' must be an existing exchange type";
  expect(await channel.failure()).toEqual(closing(406, reason, 'exchange.declare'));
});

test.skipIf(isReferee)(
  'one of many publishers of the same message gets it through, at an exchange or a queue',
  async () => {
    const { channel, exchange } = await declare('fanout', { 'x-message-deduplication': true });
    const behindExchange = await bound(channel, exchange, '');
    const plain = name('exchange');
    await channel.call('exchange.declare', { exchange: plain, type: 'fanout' });
    const ownMemory = await bound(channel, plain, '', { 'x-message-deduplication': true });
    const publishers = await Promise.all(Array.from({ length: 4 }, () => openChannel()));
    await Promise.all(
      publishers.map(async (publisher) => {
        await publisher.call('confirm.select');
        for (let id = 0; id < 50; id++) {
          const properties = { headers: table({ 'x-deduplication-header': id }) };
          publisher.publish(exchange, '', `${id}`, { properties });
          publisher.publish(plain, '', `${id}`, { properties });
        }
        await confirmed(publisher, 100);
      }),
    );
    for (const queue of [behindExchange, ownMemory]) {
      const bodies: string[] = [];
      for (let next = await channel.get(queue, true); next !== null; next = await channel.get(queue, true)) {
        bodies.push(next.body.toString());
      }
      expect(bodies.toSorted()).toEqual(Array.from({ length: 50 }, (_, id) => `${id}`).toSorted());
    }
  },
);
