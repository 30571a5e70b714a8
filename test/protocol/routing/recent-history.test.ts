/**
 * Exchanges that remember what they routed, as clients see it: with one worker and with several, in memory and on disk.
 */
import { describe, expect, test } from 'vitest';
import { type PlainObject, table } from '../../../src/amqp/table.js';
import { isReferee, startBroker } from '../../support/broker.js';
import { cleanUp, confirmed, directory, open, PERSISTENT, start } from '../../support/kept-data.js';
import { closing } from '../../support/methods.js';
import { bodies, type RawChannel } from '../../support/raw-channel.js';

const TYPE = 'x-recent-history';

async function remembering(channel: RawChannel, exchange: string, args: PlainObject = {}): Promise<void> {
  await channel.call('exchange.declare', { exchange, type: TYPE, durable: true, arguments: table(args) });
  await channel.call('confirm.select');
}

async function told(channel: RawChannel, exchange: string, ...all: readonly string[]): Promise<void> {
  for (const body of all) channel.publish(exchange, `key of ${body}`, body);
  await confirmed(channel, all.length);
}

async function bound(channel: RawChannel, exchange: string, args: PlainObject = {}): Promise<string> {
  const { queue } = await channel.call('queue.declare', { exclusive: true, arguments: table(args) });
  await channel.call('queue.bind', { queue, exchange });
  return queue;
}

async function drained(channel: RawChannel, queue: string): Promise<string[]> {
  const all: string[] = [];
  for (let got = await channel.get(queue, true); got !== null; got = await channel.get(queue, true)) {
    all.push(Buffer.from(got.body).toString());
  }
  return all;
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`);

describe.skipIf(isReferee).each([1, 2])('an exchange that remembers, with %s workers', (workers) => {
  cleanUp();
  const channels = async (count: number): Promise<[RawChannel, ...RawChannel[]]> => {
    const broker = await start(directory(), { workers });
    const [first, ...others] = await Promise.all(Array.from({ length: count }, () => open(broker)));
    if (first === undefined) throw new Error('no channel');
    return [first, ...others];
  };

  test('sends a queue its last twenty messages when it is bound, before what comes later', async () => {
    const [channel] = await channels(1);
    await remembering(channel, 'x');
    await told(channel, 'x', ...numbers(1, 25));
    const queue = await bound(channel, 'x');
    await told(channel, 'x', 'later');
    expect(await drained(channel, queue)).toEqual([...numbers(6, 25), 'later']);
  });

  test('remembers what all connections publish, for all that bind', async () => {
    const [channel, ...others] = await channels(5);
    await remembering(channel, 'x', { 'x-recent-history-length': 50 });
    for (const [index, other] of others.entries()) {
      await other.call('confirm.select');
      await told(other, 'x', `of ${index}`);
    }
    for (const other of others) {
      expect(await drained(other, await bound(other, 'x'))).toEqual(['of 0', 'of 1', 'of 2', 'of 3']);
    }
  });

  test('keeps several publishers’ messages whole, and each one’s in order', async () => {
    const [channel, ...publishers] = await channels(5);
    await remembering(channel, 'x', { 'x-recent-history-length': 400 });
    await Promise.all(
      publishers.map(async (publisher, index) => {
        await publisher.call('confirm.select');
        await told(publisher, 'x', ...numbers(1, 100).map((count) => `${index}:${count.padEnd(200, '.')}`));
      }),
    );
    const all = await drained(channel, await bound(channel, 'x'));
    for (const index of publishers.keys()) {
      const own = all.filter((body) => body.startsWith(`${index}:`));
      expect(own).toEqual(numbers(1, 100).map((count) => `${index}:${count.padEnd(200, '.')}`));
    }
  });

  test('keeps bodies of many frames, keys and properties', async () => {
    const [channel] = await channels(1);
    await remembering(channel, 'x', { 'x-recent-history-length': 30 });
    const long = 'long '.repeat(60_000);
    const properties = { deliveryMode: 2, messageId: 'seven', headers: table({ a: 1 }) };
    channel.publish('x', 'the key', long, { properties });
    await confirmed(channel, 1);
    const got = await channel.get(await bound(channel, 'x'), true);
    expect(got).toMatchObject({ redelivered: false, exchange: 'x', routingKey: 'the key', properties });
    expect(Buffer.from(got?.body ?? '').toString()).toBe(long);
  });

  test('sends what it remembers to consumers, to a queue with priorities and past its limits to the dead letters', async () => {
    const [channel] = await channels(1);
    await remembering(channel, 'x');
    await told(channel, 'x', 'a', 'b');
    channel.publish('x', '', 'urgent', { properties: { priority: 5 } });
    await confirmed(channel, 1);
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    await channel.consume(queue, { noAck: true });
    await channel.call('queue.bind', { queue, exchange: 'x' });
    expect(bodies(await channel.deliver(3))).toEqual(['a', 'b', 'urgent']);
    const consumerPriorities = await bound(channel, 'x', { 'x-max-priority': 5 });
    expect(await drained(channel, consumerPriorities)).toEqual(['urgent', 'a', 'b']);
    const { queue: dead } = await channel.call('queue.declare', { exclusive: true });
    await channel.consume(dead, { noAck: true });
    const toDead = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead };
    const short = await bound(channel, 'x', { 'x-max-length': 1, ...toDead });
    expect(bodies(await channel.deliver(2))).toEqual(['a', 'b']);
    expect(await drained(channel, short)).toEqual(['urgent']);
  });

  test('sends along a binding to an exchange what that one routes on, in order', async () => {
    const [channel] = await channels(1);
    await remembering(channel, 'x');
    await told(channel, 'x', 'a', 'b', 'a', 'c');
    await channel.call('exchange.declare', { exchange: 'by key', type: 'direct' });
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    for (const body of ['a', 'c']) {
      await channel.call('queue.bind', { queue, exchange: 'by key', routingKey: `key of ${body}` });
    }
    await channel.call('exchange.bind', { source: 'x', destination: 'by key' });
    expect(await drained(channel, queue)).toEqual(['a', 'a', 'c']);
  });

  test('remembers what dies and what has waited, and forgets with its exchange', async () => {
    const [channel] = await channels(1);
    await remembering(channel, 'x');
    const dying = { 'x-message-ttl': 0, 'x-dead-letter-exchange': 'x' };
    const { queue: mortal } = await channel.call('queue.declare', { exclusive: true, arguments: table(dying) });
    const { queue: witness } = await channel.call('queue.declare', { exclusive: true });
    await channel.consume(witness, { noAck: true });
    await channel.call('queue.bind', { queue: witness, exchange: 'x' });
    channel.publish('', mortal, 'dead');
    expect(bodies(await channel.deliver(1))).toEqual(['dead']);
    const args = table({ 'x-delayed-type': TYPE });
    await channel.call('exchange.declare', { exchange: 'later', type: 'x-delayed-message', arguments: args });
    await channel.call('queue.bind', { queue: witness, exchange: 'later' });
    channel.publish('later', '', 'waited', { properties: { headers: table({ 'x-delay': 1 }) } });
    expect(bodies(await channel.deliver(1))).toEqual(['waited']);
    expect(await drained(channel, await bound(channel, 'x'))).toEqual(['dead']);
    expect(await drained(channel, await bound(channel, 'later'))).toEqual(['waited']);
    await channel.call('exchange.delete', { exchange: 'x' });
    await remembering(channel, 'x');
    expect(await drained(channel, await bound(channel, 'x'))).toEqual([]);
  });
});

describe.skipIf(isReferee)('what an exchange remembers', () => {
  cleanUp();

  test('is durable in the durable queues that got it, and forgotten in the next life', async () => {
    const data = directory();
    const first = await start(data, { workers: 2 });
    const channel = await open(first);
    await remembering(channel, 'x');
    for (const body of ['a', 'b']) channel.publish('x', '', body, { properties: PERSISTENT });
    channel.publish('x', '', 'transient');
    await confirmed(channel, 3);
    await channel.call('queue.declare', { queue: 'q', durable: true });
    await channel.call('queue.bind', { queue: 'q', exchange: 'x' });
    // What was recorded before a message that is confirmed is as durable as that.
    channel.publish('', 'q', 'last', { properties: PERSISTENT });
    await confirmed(channel, 1);
    await first.stop('SIGKILL');
    const again = await open(await start(data));
    expect(await drained(again, 'q')).toEqual(['a', 'b', 'last']);
    expect(await drained(again, await bound(again, 'x'))).toEqual([]);
  });

  test('counts towards the memory: what has no room is refused, and there is room again when others go', async () => {
    const broker = await startBroker({ workers: 1, memory: '64M' });
    let channel = await open(broker);
    const declare = (exchange: string, length: number) =>
      channel.send('exchange.declare', {
        exchange,
        type: TYPE,
        arguments: table({ 'x-recent-history-length': length }),
      });
    const reason = (length: number) =>
      `Invalid argument ${length}, there is no memory for a history of 'x-recent-history-length' messages`;
    for (const length of [2 ** 50, 100_000, 1_000]) {
      declare('absurd', length);
      expect(await channel.failure()).toEqual(closing(406, reason(length), 'exchange.declare'));
      channel = await open(broker);
    }
    await remembering(channel, 'a', { 'x-recent-history-length': 400 });
    declare('b', 400);
    expect(await channel.failure()).toEqual(closing(406, reason(400), 'exchange.declare'));
    channel = await open(broker);
    await channel.call('exchange.delete', { exchange: 'a' });
    await remembering(channel, 'b', { 'x-recent-history-length': 400 });
    await broker.stop();
  });
});
