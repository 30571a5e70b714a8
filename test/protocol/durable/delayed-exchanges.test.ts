import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { isReferee } from '../../support/broker.js';
import { cleanUp, confirmed, directory, open, PERSISTENT, start } from '../../support/kept-data.js';
import { bodies, type RawChannel } from '../../support/raw-channel.js';

describe.runIf(!isReferee)('a durable delayed exchange', () => {
  cleanUp();

  async function declare(channel: RawChannel): Promise<void> {
    const args = table({ 'x-delayed-type': 'fanout' });
    await channel.call('exchange.declare', {
      exchange: 'later',
      type: 'x-delayed-message',
      durable: true,
      arguments: args,
    });
    await channel.call('queue.declare', { queue: 'q', durable: true });
    await channel.call('queue.bind', { queue: 'q', exchange: 'later' });
  }

  /** Resolves when all is confirmed. */
  async function publish(channel: RawChannel, delays: Readonly<Record<string, number>>): Promise<void> {
    await channel.call('confirm.select');
    const all = Object.entries(delays);
    for (const [body, delay] of all) {
      channel.publish('later', '', body, { properties: { deliveryMode: 2, headers: table({ 'x-delay': delay }) } });
    }
    await confirmed(channel, all.length);
  }

  test.each([
    ['an orderly end', 'SIGTERM', 2],
    ['a kill', 'SIGKILL', 2],
    ['a kill, with fewer workers', 'SIGKILL', 1],
  ] as const)('sends on what it holds back after %s, when it is due, in order and once', async (_, signal, workers) => {
    const data = directory();
    const first = await start(data, { workers: 2 });
    const channel = await open(first);
    await declare(channel);
    const begun = Date.now();
    await publish(channel, { third: 3_000, first: 300, second: 2_500 });
    await first.stop(signal);
    // The first is due while there is no broker.
    await pause(Math.max(0, begun + 310 - Date.now()));

    const again = await open(await start(data, { workers }));
    await again.consume('q', { noAck: true });
    expect(bodies(await again.deliver(2))).toEqual(['first', 'second']);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(2_490);
    expect(bodies(await again.deliver(1))).toEqual(['third']);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(2_990);
    // Nothing comes twice: what comes next is what is published next.
    await publish(again, { next: 50 });
    expect(bodies(await again.deliver(1))).toEqual(['next']);
  });

  test('sends on once what came due before the kill', async () => {
    const data = directory();
    const first = await start(data, { workers: 2 });
    const channel = await open(first);
    await declare(channel);
    await publish(channel, { early: 20 });
    await channel.consume('q', { consumerTag: 'c' });
    const [early] = await channel.deliver(1);
    channel.send('basic.ack', { deliveryTag: early?.deliveryTag ?? 0n });
    await channel.sync();
    channel.publish('', 'q', 'behind', { properties: { deliveryMode: 2 } });
    await channel.confirms.next('the confirm');
    await first.stop('SIGKILL');
    const again = await open(await start(data, { workers: 2 }));
    await again.consume('q', { noAck: true });
    await publish(again, { next: 50 });
    expect(bodies(await again.deliver(2))).toEqual(['behind', 'next']);
  });

  test('takes along what it holds back when it is deleted', async () => {
    const data = directory();
    const first = await start(data, { workers: 2 });
    const channel = await open(first);
    await declare(channel);
    await publish(channel, { gone: 500 });
    await channel.call('exchange.delete', { exchange: 'later' });
    // What came due before that, on a busy machine, is in the queue.
    await channel.call('queue.delete', { queue: 'q' });
    await first.stop('SIGKILL');
    const again = await open(await start(data, { workers: 2 }));
    await declare(again);
    await again.consume('q', { noAck: true });
    await publish(again, { kept: 700 });
    expect(bodies(await again.deliver(1))).toEqual(['kept']);
  });

  test('has thousands back, of two publishers', async () => {
    const data = directory();
    const first = await start(data, { workers: 2 });
    const channels = [await open(first), await open(first)];
    for (const channel of channels) await declare(channel);
    const delays = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`m${i}`, 1_500]));
    await Promise.all(channels.map((channel) => publish(channel, delays)));
    await first.stop('SIGKILL');
    const again = await open(await start(data, { workers: 2 }));
    await again.consume('q', { noAck: true });
    const got = bodies(await again.deliver(6_000));
    expect(got.sort()).toEqual([...Object.keys(delays), ...Object.keys(delays)].sort());
    await publish(again, { next: 10 });
    expect(bodies(await again.deliver(1))).toEqual(['next']);
  });

  test('holds back more than fits into memory, and others have their messages meanwhile', async () => {
    const data = directory();
    const first = await start(data, { workers: 2 });
    const channel = await open(first);
    await declare(channel);
    await channel.call('queue.declare', { queue: 'beside', durable: true });
    await channel.call('confirm.select');
    const body = Buffer.alloc(10_000);
    for (let i = 0; i < 3_000; i++) channel.publish('', 'beside', `${i}`.padEnd(1_000), { properties: PERSISTENT });
    const headers = table({ 'x-delay': 8_000 });
    for (let i = 0; i < 4_000; i++) {
      body.writeUInt32BE(i);
      channel.publish('later', '', body, { properties: { ...PERSISTENT, headers } });
    }
    await confirmed(channel, 7_000);
    await first.stop('SIGKILL');

    const again = await open(await start(data, { workers: 2, memory: '32M' }));
    await again.consume('beside', { noAck: true });
    const beside = bodies(await again.deliver(3_000));
    expect(beside.map((one) => Number(one))).toEqual(Array.from({ length: 3_000 }, (_, i) => i));
    await again.consume('q', { noAck: true });
    for (let i = 0; i < 4_000; i++) expect((await again.deliveries.next(`${i}`)).body.readUInt32BE()).toBe(i);
  });

  test('commits what a transaction publishes', async () => {
    const data = directory();
    const first = await start(data, { workers: 2 });
    const channel = await open(first);
    await declare(channel);
    await channel.call('tx.select');
    const headers = table({ 'x-delay': 300 });
    channel.publish('later', '', 'x', { properties: { deliveryMode: 2, headers } });
    await channel.call('tx.commit');
    await first.stop('SIGKILL');
    const again = await open(await start(data, { workers: 2 }));
    await again.consume('q', { noAck: true });
    expect(bodies(await again.deliver(1))).toEqual(['x']);
  });
});
