/**
 * Prefetch: how many unacknowledged messages a consumer, or a whole channel, may hold.
 */
import { expect, test } from 'vitest';
import { useBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import { bodies, type RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';

const broker = useBroker();
const name = useNames(broker);
const { openChannel } = useRawConnections(broker);

async function scenario(count: number): Promise<{ channel: RawChannel; queue: string }> {
  const channel = await openChannel();
  const { queue } = await channel.call('queue.declare', { queue: name('queue') });
  for (let i = 0; i < count; i++) channel.publish('', queue, `${i}`);
  await channel.sync();
  return { channel, queue };
}

/** Asserts that exactly these many more deliveries come. */
async function delivers(channel: RawChannel, queue: string, count: number, ready: number): Promise<void> {
  await channel.deliver(count);
  expect((await channel.counts(queue)).ready).toBe(ready);
  await channel.sync();
  expect(channel.deliveries.waiting).toEqual([]);
}

test('a consumer holds no more than its prefetch, and gets one for one that it acknowledges', async () => {
  const { channel, queue } = await scenario(10);
  await channel.call('basic.qos', { prefetchCount: 3 });
  await channel.consume(queue);
  await delivers(channel, queue, 3, 7);
  channel.send('basic.ack', { deliveryTag: 2n });
  await delivers(channel, queue, 1, 6);
  channel.send('basic.ack', { deliveryTag: 4n, multiple: true });
  await delivers(channel, queue, 3, 3);
});

test('rejecting and nacking give room as well', async () => {
  const { channel, queue } = await scenario(6);
  await channel.call('basic.qos', { prefetchCount: 1 });
  await channel.consume(queue);
  await delivers(channel, queue, 1, 5);
  channel.send('basic.reject', { deliveryTag: 1n, requeue: false });
  await delivers(channel, queue, 1, 4);
  channel.send('basic.nack', { deliveryTag: 2n, requeue: false });
  await delivers(channel, queue, 1, 3);
});

test('prefetch 0 is no limit', async () => {
  const { channel, queue } = await scenario(500);
  await channel.call('basic.qos', { prefetchCount: 5 });
  await channel.call('basic.qos', { prefetchCount: 0 });
  await channel.consume(queue);
  await delivers(channel, queue, 500, 0);
});

test('each consumer of a channel has a prefetch of its own', async () => {
  const { channel, queue } = await scenario(10);
  await channel.call('basic.qos', { prefetchCount: 2 });
  await channel.consume(queue);
  await channel.consume(queue);
  await delivers(channel, queue, 4, 6);
});

test('a change binds the consumers that come after it', async () => {
  const { channel, queue } = await scenario(20);
  await channel.call('basic.qos', { prefetchCount: 2 });
  const consumerTag = await channel.consume(queue);
  await delivers(channel, queue, 2, 18);
  await channel.call('basic.qos', { prefetchCount: 5 });
  channel.send('basic.ack', { deliveryTag: 2n, multiple: true });
  await delivers(channel, queue, 2, 16);
  await channel.call('basic.cancel', { consumerTag });
  await channel.consume(queue);
  await delivers(channel, queue, 5, 11);
});

test('with global the channel as a whole has the limit', async () => {
  const { channel, queue } = await scenario(10);
  await channel.call('basic.qos', { prefetchCount: 3, global: true });
  await channel.consume(queue);
  await channel.consume(queue);
  await delivers(channel, queue, 3, 7);
  channel.send('basic.ack', { deliveryTag: 1n });
  await delivers(channel, queue, 1, 6);
});

test('with both limits the smaller one holds', async () => {
  const { channel, queue } = await scenario(10);
  await channel.call('basic.qos', { prefetchCount: 2 });
  await channel.call('basic.qos', { prefetchCount: 3, global: true });
  await channel.consume(queue);
  await delivers(channel, queue, 2, 8);
  await channel.consume(queue);
  await delivers(channel, queue, 1, 7);
});

test('a global limit can be raised while consumers wait for it', async () => {
  const { channel, queue } = await scenario(10);
  await channel.call('basic.qos', { prefetchCount: 1, global: true });
  await channel.consume(queue);
  await delivers(channel, queue, 1, 9);
  await channel.call('basic.qos', { prefetchCount: 4, global: true });
  await delivers(channel, queue, 3, 6);
  await channel.call('basic.qos', { prefetchCount: 0, global: true });
  await delivers(channel, queue, 6, 0);
});

/** Acknowledges each delivery as it comes, until so many have come; counts them by consumer. */
async function shares(channel: RawChannel, count: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let had = 0; had < count; had++) {
    const { consumerTag, deliveryTag } = await channel.deliveries.next(`delivery ${had + 1}`);
    counts[consumerTag] = (counts[consumerTag] ?? 0) + 1;
    channel.send('basic.ack', { deliveryTag });
  }
  return counts;
}

test('what a global limit lets through goes round the consumers of a queue', async () => {
  const { channel, queue } = await scenario(100);
  await channel.call('basic.qos', { prefetchCount: 1, global: true });
  for (const consumerTag of ['a', 'b']) await channel.consume(queue, { consumerTag });
  const { a = 0, b = 0 } = await shares(channel, 100);
  expect(Math.min(a, b), `${a} and ${b}`).toBeGreaterThanOrEqual(45);
});

test('what a global limit lets through goes round the queues that a channel consumes from', async () => {
  const channel = await openChannel();
  const queues = [name(), name(), name()];
  for (const queue of queues) {
    await channel.call('queue.declare', { queue });
    for (let i = 0; i < 400; i++) channel.publish('', queue, `${i}`);
  }
  await channel.sync();
  await channel.call('basic.qos', { prefetchCount: 4, global: true });
  for (const queue of queues) await channel.consume(queue, { consumerTag: queue });
  const counts = await shares(channel, 900);
  for (const queue of queues) expect(counts[queue] ?? 0, JSON.stringify(counts)).toBeGreaterThan(250);
});

test('consumers without acknowledgements know no limit', async () => {
  const { channel, queue } = await scenario(10);
  await channel.call('basic.qos', { prefetchCount: 1 });
  await channel.call('basic.qos', { prefetchCount: 1, global: true });
  await channel.consume(queue, { noAck: true });
  await delivers(channel, queue, 10, 0);
});

test('what a cancelled consumer holds does not count for the next one', async () => {
  const { channel, queue } = await scenario(4);
  await channel.call('basic.qos', { prefetchCount: 2 });
  const consumerTag = await channel.consume(queue);
  await delivers(channel, queue, 2, 2);
  await channel.call('basic.cancel', { consumerTag });
  await channel.consume(queue);
  await delivers(channel, queue, 2, 0);
});

test('a message that a consumer may not take goes to one who may', async () => {
  const { channel, queue } = await scenario(3);
  await channel.call('basic.qos', { prefetchCount: 1 });
  await channel.consume(queue);
  const other = await openChannel();
  await channel.deliver(1);
  await other.consume(queue);
  expect(bodies(await other.deliver(2))).toEqual(['1', '2']);
});

test('a prefetch by size is not implemented', async () => {
  const channel = await openChannel();
  channel.send('basic.qos', { prefetchSize: 1024 });
  expect(await channel.client.failure()).toEqual(closing(540, 'prefetch_size!=0 (1024)', 'basic.qos'));
});
