/**
 * A broker whose memory is full holds its publishers back: nothing is refused, nothing is lost, and it goes on as soon
 * as there is room again.
 */
import { describe, expect, test } from 'vitest';
import { encodeFrame, encodeMethod, FrameType } from '../../../src/amqp/frames.js';
import { encodeHeader } from '../../../src/amqp/properties.js';
import { table } from '../../../src/amqp/table.js';
import { isReferee, useBroker } from '../../support/broker.js';
import { build } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';

const MIB = 1 << 20;

describe.runIf(!isReferee)('a broker with 64 MiB', () => {
  const broker = useBroker({ memory: '64M' });
  const name = useNames(broker);
  const { openChannel } = useRawConnections(broker);

  /** A body that begins with its number. */
  function numbered(number: number, size: number): Buffer {
    const body = Buffer.alloc(size);
    body.writeUInt32BE(number);
    return body;
  }

  /**
   * Fills all memory with what cannot leave it: a transaction. Returns who has begun it; memory is free when it goes.
   */
  async function fill(queue: string): Promise<RawChannel> {
    const filler = await openChannel();
    await filler.call('tx.select');
    for (let i = 0; i < 1_200; i++) filler.publish('', queue, numbered(i, 64 * 1024));
    await blocked(filler);
    return filler;
  }

  async function blocked({ client }: RawChannel): Promise<void> {
    expect(await client.expect('connection.blocked')).toMatchObject({ reason: 'low on memory' });
  }

  async function allConfirmed(publisher: RawChannel, count: number): Promise<void> {
    let through = 0;
    while (through < count) through = Number((await publisher.confirms.next('the confirms')).deliveryTag);
    expect(through).toBe(count);
  }

  async function drain(channel: RawChannel, queue: string, count: number): Promise<number[]> {
    await channel.call('basic.qos', { prefetchCount: 50 });
    await channel.consume(queue);
    const numbers: number[] = [];
    while (numbers.length < count) {
      const delivery = await channel.deliveries.next(`message ${numbers.length}`);
      numbers.push(delivery.body.readUInt32BE());
      channel.send('basic.ack', { deliveryTag: delivery.deliveryTag });
    }
    return numbers;
  }

  test('holds a publisher back while it is full, and loses nothing', async () => {
    const publisher = await openChannel();
    const consumer = await openChannel();
    const count = 600;
    const { queue } = await publisher.call('queue.declare', { queue: name() });
    const filler = await fill(queue);
    const start = performance.now();
    await publisher.call('confirm.select');
    for (let i = 0; i < count; i++) publisher.publish('', queue, numbered(i, 64 * 1024));
    await blocked(publisher);
    expect((await consumer.counts(queue)).ready).toBeLessThan(count);
    expect(broker().residentBytes()).toBeLessThan(300 * MIB);

    filler.client.cut();
    const numbers = await drain(consumer, queue, count);
    expect(numbers).toEqual(Array.from({ length: count }, (_, i) => i));
    await publisher.client.expect('connection.unblocked');
    await allConfirmed(publisher, count);
    // Told once a second at most, although there was room for some messages again and again.
    const seconds = (performance.now() - start) / 1_000;
    expect(publisher.client.methods.waiting.length / 2).toBeLessThan(seconds);
    expect(await consumer.counts(queue)).toMatchObject({ ready: 0 });
  });

  test('serves those who do not publish as ever, while it is full', async () => {
    const publisher = await openChannel();
    const { queue } = await publisher.call('queue.declare', { queue: name() });
    publisher.publish('', queue, numbered(7, 8));
    publisher.publish('', queue, numbered(8, 8));
    await publisher.sync();
    const filler = await fill(queue);
    const other = await openChannel();
    const { queue: another } = await other.call('queue.declare', { exclusive: true });
    await other.call('queue.bind', { queue: another, exchange: 'amq.fanout' });
    expect((await other.get(queue, true))?.body.readUInt32BE()).toBe(7);
    expect(await other.call('queue.purge', { queue })).toMatchObject({ messageCount: 1 });
    await other.call('queue.delete', { queue });
    filler.client.cut();
  });

  test('takes back what a queue held that was longer than memory when it is deleted', async () => {
    for (let round = 0; round < 3; round++) {
      const publisher = await openChannel();
      const { queue } = await publisher.call('queue.declare', { queue: name() });
      await publisher.call('confirm.select');
      for (let i = 0; i < 1_200; i++) publisher.publish('', queue, numbered(i, 64 * 1024));
      await allConfirmed(publisher, 1_200);
      // What was given out and came back cannot leave memory.
      const holder = await openChannel();
      await holder.consume(queue);
      for (let i = 0; i < 500; i++) await holder.deliveries.next('a message that is held');
      await holder.close();
      await (await openChannel()).call('queue.delete', { queue });
    }
    const channel = await openChannel();
    await channel.call('tx.select');
    for (let i = 0; i < 480; i++) channel.publish('', 'nowhere', numbered(i, 64 * 1024));
    await channel.call('tx.commit');
  });

  test('counts what a transaction holds, and takes it back when the connection goes', async () => {
    const channel = await openChannel();
    const { queue } = await channel.call('queue.declare', { queue: name() });
    for (let round = 0; round < 3; round++) {
      const publisher = await openChannel();
      await publisher.call('tx.select');
      for (let i = 0; i < 1_200; i++) publisher.publish('', queue, numbered(i, 64 * 1024));
      expect(await publisher.client.expect('connection.blocked')).toMatchObject({ reason: 'low on memory' });
      publisher.client.cut();
      await publisher.client.ended();
    }
    channel.publish('', queue, Buffer.alloc(10 * MIB, 'x'));
    await channel.sync();
    expect((await channel.get(queue, true))?.body.length).toBe(10 * MIB);
  });

  test('counts what an exchange holds back, and takes it back when the exchange is deleted', async () => {
    const channel = await openChannel();
    const exchange = name();
    const args = table({ 'x-delayed-type': 'fanout' });
    await channel.call('exchange.declare', { exchange, type: 'x-delayed-message', arguments: args });
    const publisher = await openChannel();
    const headers = table({ 'x-delay': 3_600_000 });
    for (let i = 0; i < 1_200; i++)
      publisher.publish(exchange, '', numbered(i, 64 * 1024), { properties: { headers } });
    expect(await publisher.client.expect('connection.blocked')).toMatchObject({ reason: 'low on memory' });
    await channel.call('exchange.delete', { exchange });
    await publisher.client.expect('connection.unblocked');
  });

  test('takes back what publishers leave behind who go in the middle of a message', async () => {
    const channel = await openChannel();
    const { queue } = await channel.call('queue.declare', { queue: name() });
    for (let round = 0; round < 8; round++) {
      const leaving = await openChannel();
      const half = Buffer.alloc(100_000);
      leaving.client.write(encodeMethod(1, build('basic.publish', { routingKey: queue })));
      leaving.client.frame(FrameType.HEADER, 1, encodeHeader({ bodySize: 60 * MIB, properties: {} }));
      for (let sent = 0; sent < 20 * MIB; sent += half.length)
        leaving.client.write(encodeFrame(FrameType.BODY, 1, half));
      await leaving.client.ping();
      leaving.client.cut();
    }
    channel.publish('', queue, Buffer.alloc(10 * MIB, 'x'));
    await channel.sync();
    expect((await channel.get(queue, true))?.body.length).toBe(10 * MIB);
  });
});
