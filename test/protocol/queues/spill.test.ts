/** Queues longer than memory: what does not fit goes to disk, and comes back in its order. */
import { describe, expect, test } from 'vitest';
import { isReferee, useBroker } from '../../support/broker.js';
import { useNames } from '../../support/names.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';

const MIB = 1 << 20;
const SIZE = 1024;

describe.runIf(!isReferee)('a broker with 32 MiB', () => {
  const broker = useBroker({ memory: '32M', workers: 2 });
  const name = useNames(broker);
  const { openChannel } = useRawConnections(broker);

  /** A body that begins with its number. */
  function numbered(number: number, size = SIZE): Buffer {
    const body = Buffer.alloc(size);
    body.writeUInt32BE(number);
    return body;
  }

  /** Publishes the numbers from `first` to before `end`, and waits until all are confirmed. */
  async function publish(publisher: RawChannel, queue: string, first: number, end: number): Promise<void> {
    for (let i = first; i < end; i++) publisher.publish('', queue, numbered(i));
    let through = 0;
    while (through < end) through = Number((await publisher.confirms.next('the confirms')).deliveryTag);
  }

  async function filled(count: number) {
    const publisher = await openChannel();
    await publisher.call('confirm.select');
    const { queue } = await publisher.call('queue.declare', { queue: name() });
    await publish(publisher, queue, 0, count);
    return { publisher, queue };
  }

  async function take(channel: RawChannel, count: number): Promise<number[]> {
    const numbers: number[] = [];
    while (numbers.length < count) {
      const delivery = await channel.deliveries.next(`message ${numbers.length}`);
      numbers.push(delivery.body.readUInt32BE());
      channel.send('basic.ack', { deliveryTag: delivery.deliveryTag });
    }
    return numbers;
  }

  const numbers = (first: number, end: number): number[] => Array.from({ length: end - first }, (_, i) => first + i);

  test('takes a hundred thousand messages of 1 KB and gives them out in their order', async () => {
    const count = 100_000;
    const { publisher, queue } = await filled(count);
    expect((await publisher.counts(queue)).ready).toBe(count);
    expect(broker().residentBytes()).toBeLessThan(250 * MIB);
    const consumer = await openChannel();
    await consumer.call('basic.qos', { prefetchCount: 300 });
    await consumer.consume(queue);
    expect(await take(consumer, count)).toEqual(numbers(0, count));
    expect(await consumer.counts(queue)).toMatchObject({ ready: 0 });
  });

  test('takes many queues that are short, and together longer than memory', async () => {
    const publisher = await openChannel();
    await publisher.call('confirm.select');
    const queues: string[] = [];
    for (let i = 0; i < 40; i++) queues.push((await publisher.call('queue.declare', { queue: name() })).queue);
    // Alternately, so that messages of all of them lie together, and then each alone.
    for (let i = 0; i < 150; i++) for (const queue of queues) publisher.publish('', queue, numbered(i, 4 * SIZE));
    for (const queue of queues) for (let i = 150; i < 300; i++) publisher.publish('', queue, numbered(i, 4 * SIZE));
    let through = 0;
    while (through < 300 * queues.length) through = Number((await publisher.confirms.next('confirms')).deliveryTag);
    for (const queue of queues) {
      const consumer = await openChannel();
      expect(await consumer.counts(queue)).toMatchObject({ ready: 300 });
      await consumer.call('basic.qos', { prefetchCount: 50 });
      await consumer.consume(queue);
      expect(await take(consumer, 300)).toEqual(numbers(0, 300));
      await consumer.close();
    }
  });

  test.each([
    400_000,
    3 * MIB,
    9 * MIB,
  ])('takes messages of %i octets that are together longer than memory', async (size) => {
    const count = Math.ceil((80 * MIB) / size);
    const publisher = await openChannel();
    await publisher.call('confirm.select');
    const { queue } = await publisher.call('queue.declare', { queue: name() });
    for (let i = 0; i < count; i++) {
      publisher.publish('', queue, numbered(i, size));
      await publisher.confirms.next('a confirm');
    }
    const consumer = await openChannel();
    await consumer.call('basic.qos', { prefetchCount: 2 });
    await consumer.consume(queue);
    for (let i = 0; i < count; i++) {
      const { body, deliveryTag } = await consumer.deliveries.next(`message ${i}`);
      expect([body.length, body.readUInt32BE()]).toEqual([size, i]);
      consumer.send('basic.ack', { deliveryTag });
    }
    // What is not settled goes back, and cannot leave memory.
    expect(await consumer.call('queue.delete', { queue })).toMatchObject({ messageCount: 0 });
  });

  test('lets single messages be got wherever they are', async () => {
    const count = 40_000;
    const { publisher, queue } = await filled(count);
    const consumer = await openChannel();
    const got: number[] = [];
    for (let i = 0; i < 12_000; i++) got.push((await consumer.get(queue, true))?.body.readUInt32BE() ?? -1);
    expect(got).toEqual(numbers(0, 12_000));
    await publisher.call('queue.delete', { queue });
  });

  test('forgets what is on disk when the queue is purged or deleted', async () => {
    const count = 60_000;
    const { publisher, queue } = await filled(count);
    expect(await publisher.call('queue.purge', { queue })).toMatchObject({ messageCount: count });
    await publish(publisher, queue, count, 2 * count);
    const consumer = await openChannel();
    await consumer.call('basic.qos', { prefetchCount: 300 });
    await consumer.consume(queue);
    expect(await take(consumer, 1000)).toEqual(numbers(count, count + 1000));
    await consumer.close();
    expect((await publisher.call('queue.delete', { queue })).messageCount).toBeGreaterThan(count - 2_000);
  });
});
