/**
 * What waits in a durable delayed exchange outlasts the broker: it comes when it is due, once, after an orderly end and after kill -9.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { table } from '../../src/amqp/table.js';
import { type Broker, isReferee, startBroker } from '../support/broker.js';
import { bodies, type RawChannel } from '../support/raw-channel.js';
import { RawClient } from '../support/raw-client.js';

describe.runIf(!isReferee)('a durable delayed exchange', () => {
  const undo: (() => Promise<unknown> | unknown)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  function directory(): string {
    const path = mkdtempSync(join(tmpdir(), 'leveret-data-'));
    undo.push(() => rmSync(path, { recursive: true, force: true }));
    return path;
  }

  async function start(data: string, workers = 2): Promise<Broker> {
    const broker = await startBroker({ data, workers });
    undo.push(() => broker.stop('SIGKILL'));
    return broker;
  }

  async function open(broker: Broker): Promise<RawChannel> {
    return (await RawClient.open(broker)).openChannel();
  }

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
    for (let through = 0; through < all.length; )
      through = Number((await channel.confirms.next('the confirms')).deliveryTag);
  }

  test.each([
    ['an orderly end', 'SIGTERM', 2],
    ['a kill', 'SIGKILL', 2],
    ['a kill, with fewer workers', 'SIGKILL', 1],
  ] as const)('sends on what it holds back after %s, when it is due, in order and once', async (_, signal, workers) => {
    const data = directory();
    const first = await start(data);
    const channel = await open(first);
    await declare(channel);
    const begun = Date.now();
    await publish(channel, { third: 4_000, first: 10, second: 3_000 });
    await first.stop(signal);

    const again = await open(await start(data, workers));
    await again.consume('q', { noAck: true });
    expect(bodies(await again.deliver(2))).toEqual(['first', 'second']);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(2_990);
    expect(bodies(await again.deliver(1))).toEqual(['third']);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(3_990);
    // Nothing comes twice: what comes next is what is published next.
    await publish(again, { next: 50 });
    expect(bodies(await again.deliver(1))).toEqual(['next']);
  });

  test('sends on once what came due before the kill', async () => {
    const data = directory();
    const first = await start(data);
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
    const again = await open(await start(data));
    await again.consume('q', { noAck: true });
    await publish(again, { next: 50 });
    expect(bodies(await again.deliver(2))).toEqual(['behind', 'next']);
  });

  test('takes along what it holds back when it is deleted', async () => {
    const data = directory();
    const first = await start(data);
    const channel = await open(first);
    await declare(channel);
    await publish(channel, { gone: 500 });
    await channel.call('exchange.delete', { exchange: 'later' });
    await first.stop('SIGKILL');
    const again = await open(await start(data));
    await declare(again);
    await again.consume('q', { noAck: true });
    await publish(again, { kept: 700 });
    expect(bodies(await again.deliver(1))).toEqual(['kept']);
  });

  test('has thousands back, of two publishers', async () => {
    const data = directory();
    const first = await start(data);
    const channels = [await open(first), await open(first)];
    for (const channel of channels) await declare(channel);
    const delays = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`m${i}`, 1_500]));
    await Promise.all(channels.map((channel) => publish(channel, delays)));
    await first.stop('SIGKILL');
    const again = await open(await start(data));
    await again.consume('q', { noAck: true });
    const got = bodies(await again.deliver(6_000));
    expect(new Set(got).size).toBe(3_000);
    await publish(again, { next: 10 });
    expect(bodies(await again.deliver(1))).toEqual(['next']);
  });

  test('commits what a transaction publishes', async () => {
    const data = directory();
    const first = await start(data);
    const channel = await open(first);
    await declare(channel);
    await channel.call('tx.select');
    const headers = table({ 'x-delay': 300 });
    channel.publish('later', '', 'x', { properties: { deliveryMode: 2, headers } });
    await channel.call('tx.commit');
    await first.stop('SIGKILL');
    const again = await open(await start(data));
    await again.consume('q', { noAck: true });
    expect(bodies(await again.deliver(1))).toEqual(['x']);
  });
});
