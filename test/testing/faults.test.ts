/** Faults on purpose, as real clients meet them. */
import amqp, { type ChannelModel, type ConfirmChannel } from 'amqplib';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TestBroker } from '../../src/testing/index.js';
import { Broker } from '../support/broker.js';
import { useRawConnections } from '../support/raw-connections.js';
import { deferred, Inbox } from '../support/waiting.js';
import { startTestBroker } from './support.js';

let broker: TestBroker;
let connection: ChannelModel;
let channel: ConfirmChannel;
/** What became of the connection. */
let told: Inbox<string>;
let names = 0;
const uniqueName = (): string => `queue-${names++}`;

beforeAll(async () => {
  broker = await startTestBroker({ clock: 'manual', data: 'temporary', workers: 2 });
});
afterAll(() => broker.stop());
beforeEach(async () => {
  ({ connection, channel, told } = await open('shop'));
});
afterEach(async () => {
  await broker.faults.clear();
  await connection.close().catch(() => {});
});

async function open(name: string) {
  const opened = await amqp.connect(`${broker.url}?heartbeat=0`, { clientProperties: { connection_name: name } });
  const inbox = new Inbox<string>();
  opened.on('error', (error: Error) => inbox.push(`error: ${error.message}`));
  opened.on('close', (reason?: Error) => inbox.push(`close: ${reason?.message}`));
  opened.on('blocked', (reason: string) => inbox.push(`blocked: ${reason}`));
  opened.on('unblocked', () => inbox.push('unblocked'));
  return { connection: opened, channel: await opened.createConfirmChannel(), told: inbox };
}

/** Publishes; what the confirm is. */
function publish(queue: string, body: string, persistent = false): Promise<'ack' | 'nack'> {
  const confirmed = deferred<'ack' | 'nack'>();
  channel.sendToQueue(queue, Buffer.from(body), { persistent }, (error: unknown) =>
    confirmed.resolve(error ? 'nack' : 'ack'),
  );
  return confirmed.promise;
}

async function bodies(queue: string): Promise<string[]> {
  const all: string[] = [];
  for (
    let got = await channel.get(queue, { noAck: true });
    got !== false;
    got = await channel.get(queue, { noAck: true })
  )
    all.push(got.content.toString());
  return all;
}

test('a connection is closed by its name, as an operator does it, and no other', async () => {
  const other = await open('bank');
  expect(await broker.faults.closeConnection('shop')).toBe(1);
  expect(await told.next('the end')).toContain('CONNECTION_FORCED - broker forced connection closure with reason');
  await other.channel.assertQueue(uniqueName());
  await other.connection.close();
});

test('a name that no connection has is told, with those that are there', async () => {
  await expect(broker.faults.closeConnection('shoe')).rejects.toThrow(
    /^no connection is called 'shoe' \(connection_name\); there are .*'shop'/,
  );
});

test('the next publishes are refused, as many as were asked for, and are in no queue', async () => {
  const queue = uniqueName();
  await channel.assertQueue(queue);
  await broker.faults.nackNext(2);
  const confirms = await Promise.all(['a', 'b', 'c', 'd'].map((body) => publish(queue, body)));
  expect(confirms).toEqual(['nack', 'nack', 'ack', 'ack']);
  expect(await bodies(queue)).toEqual(['c', 'd']);
});

test('whatever is refused in whatever order, what was confirmed is there, and nothing else', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ kind: fc.constant('nack' as const), count: fc.integer({ min: 0, max: 10 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
      const queue = uniqueName();
      await channel.assertQueue(queue);
      const expected: string[] = [];
      let refused = 0;
      let next = 0;
      await broker.faults.nackNext(0);
      for (const { kind, count } of steps) {
        if (kind === 'nack') {
          await broker.faults.nackNext(count);
          refused = count;
          continue;
        }
        const sent = Array.from({ length: count }, () => `${next++}`);
        const confirms = await Promise.all(sent.map((body) => publish(queue, body)));
        const wanted = sent.map(() => (refused-- > 0 ? 'nack' : 'ack'));
        refused = Math.max(0, refused);
        expect(confirms).toEqual(wanted);
        expected.push(...sent.filter((_, index) => wanted[index] === 'ack'));
      }
      expect(await bodies(queue)).toEqual(expected);
    }),
    { numRuns: 20 },
  );
});

test('a publisher is blocked with the reason that was given, and goes on afterwards; consumers go on meanwhile', async () => {
  const queue = uniqueName();
  await channel.assertQueue(queue);
  await publish(queue, 'before');
  const reader = await open('reader');
  await broker.faults.block('the disk is on fire');
  const confirmed = publish(queue, 'during');
  expect(await told.next('the news')).toBe('blocked: the disk is on fire');
  expect(await reader.channel.get(queue, { noAck: true })).toMatchObject({ content: Buffer.from('before') });
  await broker.faults.unblock();
  expect(await confirmed).toBe('ack');
  expect(await told.next('the news')).toBe('unblocked');
  await reader.connection.close();
});

test('confirms come when their time has come, the messages at once', async () => {
  const queue = uniqueName();
  await channel.assertQueue(queue);
  await broker.faults.delayConfirms(1_000);
  let isConfirmed = false;
  const confirmed = publish(queue, 'a').then((confirm) => {
    isConfirmed = true;
    return confirm;
  });
  await broker.queue(queue).hasMessages(1);
  await broker.clock.advance(999);
  await channel.checkQueue(queue);
  expect(isConfirmed).toBe(false);
  await broker.clock.advance(1);
  expect(await confirmed).toBe('ack');
});

describe('a network that is lost', () => {
  const { connect } = useRawConnections(() => new Broker(broker.url, null, deferred<never>().promise), afterAll);

  test('carries nothing either way, and all of it in order when it is back', async () => {
    const queue = uniqueName();
    await channel.assertQueue(queue);
    const arrived = new Inbox<string>();
    await channel.consume(queue, (message) => arrived.push(message?.content.toString() ?? 'cancelled'), {
      noAck: true,
    });
    const other = await open('other');
    await broker.faults.loseNetwork('shop');
    const sent = publish(queue, 'from the lost one');
    for (const body of ['1', '2', '3']) other.channel.sendToQueue(queue, Buffer.from(body));
    await other.channel.waitForConfirms();
    // What the broker has delivered has left for nowhere.
    await broker.queue(queue).drained();
    expect(arrived.waiting).toEqual([]);
    await broker.faults.restoreNetwork('shop');
    expect(await arrived.take(4, 'all of them')).toEqual(['1', '2', '3', 'from the lost one']);
    expect(await sent).toBe('ack');
    await other.connection.close();
  });

  test('has the broker give the client up after two heartbeats, which a test may pass; the client hears nothing', async () => {
    const queue = uniqueName();
    await channel.assertQueue(queue);
    await channel.prefetch(1);
    await publish(queue, 'held');
    const client = await connect({ tune: { heartbeat: 30 } });
    let hasEnded = false;
    const ended = client.ended(60_000).then(() => {
      hasEnded = true;
    });
    await broker.faults.loseNetwork();
    const connections = async (): Promise<number> => (await broker.broker.administration.connections()).length;
    const before = await connections();
    await broker.clock.advance(59_000);
    expect(await connections()).toBe(before);
    await broker.clock.advance(1_000);
    await expect.poll(connections).toBe(before - 1);
    expect(hasEnded).toBe(false);
    await broker.faults.restoreNetwork();
    await ended;
  });
});

describe('a crash', () => {
  test('keeps what was confirmed, at the same port and time, and clients find their connections gone', async () => {
    const [durable, fleeting] = [uniqueName(), uniqueName()];
    await channel.assertQueue(durable, { durable: true });
    await channel.assertQueue(fleeting, { durable: false });
    for (const body of ['a', 'b']) await publish(durable, body, true);
    await publish(durable, 'transient', false);
    await broker.clock.advance(3_600_000);
    const [time, port] = [broker.clock.now(), broker.port];
    await broker.faults.crashAndRecover();
    expect(await told.next('the end')).toMatch(/error|close/);
    expect([broker.clock.now(), broker.port]).toEqual([time, port]);
    ({ connection, channel, told } = await open('shop'));
    expect(await bodies(durable)).toEqual(['a', 'b']);
    const other = await connection.createChannel();
    other.on('error', () => {});
    await expect(other.checkQueue(fleeting)).rejects.toThrow('NOT_FOUND');
  });

  test('can follow another one', async () => {
    const queue = uniqueName();
    await channel.assertQueue(queue, { durable: true });
    for (let round = 0; round < 3; round++) {
      await publish(queue, `${round}`, true);
      await broker.faults.crashAndRecover();
      ({ connection, channel, told } = await open('shop'));
    }
    expect(await bodies(queue)).toEqual(['0', '1', '2']);
  });
});
