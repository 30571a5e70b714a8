/**
 * Queues whose messages are still in the log after a restart, or go to spill files: they count, and are known as
 * delivered, as if they were here.
 */
import { describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { isReferee } from '../../support/broker.js';
import { cleanUp, confirmed, directory, open, PERSISTENT, start } from '../../support/kept-data.js';
import type { RawChannel } from '../../support/raw-channel.js';

const SIZE = 1_000;
/** More than come back by themselves at the start. */
const KEPT = 3_000;

describe.runIf(!isReferee)('a broker with a data directory', () => {
  cleanUp();

  const limited = (overflow: string) =>
    table({ 'x-max-length-bytes': KEPT * SIZE, 'x-overflow': overflow, 'x-queue-type': 'classic' });
  const body = (number: number): string => `${number}`.padEnd(SIZE);

  /** Publishes what its queues hold, and a few more that are too much for one that drops its head. */
  async function fill(channel: RawChannel): Promise<void> {
    for (const overflow of ['drop-head', 'reject-publish']) {
      await channel.call('queue.declare', { queue: overflow, durable: true, arguments: limited(overflow) });
    }
    await channel.call('confirm.select');
    for (let i = 0; i < KEPT; i++) channel.publish('', 'reject-publish', body(i), { properties: PERSISTENT });
    for (let i = 0; i < KEPT + 10; i++) channel.publish('', 'drop-head', body(i), { properties: PERSISTENT });
    await confirmed(channel, 2 * KEPT + 10);
  }

  test.each([
    'SIGTERM',
    'SIGKILL',
  ] as const)('keeps limits in octets after %s, wherever messages are', async (signal) => {
    const data = directory();
    const first = await start(data);
    await fill(await open(first));
    await first.stop(signal);

    const again = await open(await start(data));
    for (const queue of ['drop-head', 'reject-publish'])
      expect(await again.counts(queue)).toMatchObject({ ready: KEPT });
    await again.call('confirm.select');
    again.publish('', 'reject-publish', body(KEPT), { properties: PERSISTENT });
    expect(await again.confirms.next('the nack')).toMatchObject({ name: 'basic.nack', deliveryTag: 1n });
    again.publish('', 'drop-head', body(KEPT + 10), { properties: PERSISTENT });
    await confirmed(again, 2);
    // The head comes back to be dropped.
    const got = await again.get('drop-head', true);
    expect(got?.body.toString()).toBe(body(11));
    expect(await again.counts('drop-head')).toMatchObject({ ready: KEPT - 1 });
  });

  test('knows after an orderly end what was delivered before, wherever messages were', async () => {
    const data = directory();
    const first = await start(data);
    const channel = await open(first);
    await channel.call('queue.declare', { queue: 'kept', durable: true });
    await channel.call('confirm.select');
    for (let i = 0; i < 400; i++) channel.publish('', 'kept', `${i}`.padEnd(1_000), { properties: PERSISTENT });
    await confirmed(channel, 400);
    await channel.call('basic.qos', { prefetchCount: 200 });
    await channel.consume('kept', { consumerTag: 'c' });
    await channel.deliver(200);
    await channel.call('basic.cancel', { consumerTag: 'c' });
    channel.send('basic.nack', { deliveryTag: 0n, multiple: true, requeue: true });
    await channel.sync();
    await first.stop();

    // So many others that each must leave memory but for its first message.
    const second = await start(data, { memory: '32M' });
    const other = await open(second);
    await other.call('confirm.select');
    for (let i = 0; i < 60; i++) await other.call('queue.declare', { queue: `q${i}` });
    const filling = Buffer.alloc(10_000);
    for (let i = 0; i < 6_000; i++) other.publish('', `q${i % 60}`, filling);
    await confirmed(other, 6_000);
    expect(await second.stop()).toMatchObject({ code: 0 });

    const again = await open(await start(data));
    await again.consume('kept', { noAck: true });
    const redelivered = (await again.deliver(400)).map((delivery) => delivery.redelivered);
    expect(redelivered).toEqual(Array.from({ length: 400 }, (_, i) => i < 200));
  });
});
