/** Queues longer than memory: what does not fit goes to disk, and comes back in its order. */
import { describe, expect, test } from 'vitest';
import { isReferee, useBroker } from '../support/broker.js';
import { useNames } from '../support/names.js';
import type { RawChannel } from '../support/raw-channel.js';
import { useRawConnections } from '../support/raw-connections.js';

const MIB = 1 << 20;
const SIZE = 1024;

describe.runIf(!isReferee)('a broker with 32 MiB', () => {
  const broker = useBroker({ memory: '32M', workers: 2 });
  const name = useNames(broker);
  const { openChannel } = useRawConnections(broker);

  /** A body that begins with its number. */
  function numbered(number: number): Buffer {
    const body = Buffer.alloc(SIZE);
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

  test(
    'takes a hundred thousand messages of 1 KB and gives them out in their order',
    { timeout: 120_000 },
    async () => {
      const count = 100_000;
      const { publisher, queue } = await filled(count);
      expect((await publisher.counts(queue)).ready).toBe(count);
      expect(broker().residentBytes()).toBeLessThan(250 * MIB);
      const consumer = await openChannel();
      await consumer.call('basic.qos', { prefetchCount: 300 });
      await consumer.consume(queue);
      expect(await take(consumer, count)).toEqual(numbers(0, count));
      expect(await consumer.counts(queue)).toMatchObject({ ready: 0 });
    },
  );

  test('lets single messages be got wherever they are', { timeout: 60_000 }, async () => {
    const count = 40_000;
    const { publisher, queue } = await filled(count);
    const consumer = await openChannel();
    const got: number[] = [];
    for (let i = 0; i < 12_000; i++) got.push((await consumer.get(queue, true))?.body.readUInt32BE() ?? -1);
    expect(got).toEqual(numbers(0, 12_000));
    await publisher.call('queue.delete', { queue });
  });

  test('forgets what is on disk when the queue is purged or deleted', { timeout: 60_000 }, async () => {
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
