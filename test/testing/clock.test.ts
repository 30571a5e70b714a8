/** A clock that a test moves: what waits for time in the broker, and happens when a test says so. */
import amqp, { type Channel, type ChannelModel } from 'amqplib';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type EmbeddedBroker, startEmbedded } from '../support/embedded.js';
import { useRawConnections } from '../support/raw-connections.js';
import { Inbox } from '../support/waiting.js';

/** The broker goes with its queues. */
const uniqueName = (): string => `queue-${names++}`;
let names = 0;
const HOUR = 3_600_000;

let started: EmbeddedBroker;
let connection: ChannelModel;
let channel: Channel;

beforeAll(async () => {
  started = await startEmbedded(undefined, { clock: 'manual' });
});
afterAll(() => started.embedded.stop());
beforeEach(async () => {
  connection = await amqp.connect(started.broker.url);
  channel = await connection.createConfirmChannel();
});
afterEach(() => connection.close().catch(() => {}));

const { connect } = useRawConnections(() => started.broker, afterAll);

const advance = (milliseconds: number): Promise<void> => started.embedded.clock.advance(milliseconds);

async function send(exchange: string, key: string, body: string, options = {}): Promise<void> {
  channel.publish(exchange, key, Buffer.from(body), options);
  await (channel as amqp.ConfirmChannel).waitForConfirms();
}

async function left(queue: string): Promise<number> {
  return (await channel.checkQueue(queue)).messageCount;
}

async function got(queue: string): Promise<string | null> {
  const message = await channel.get(queue, { noAck: true });
  return message === false ? null : message.content.toString();
}

describe('messages', () => {
  test('live until their last millisecond, and are gone when the clock comes there', async () => {
    const queue = uniqueName();
    await channel.assertQueue(queue, { messageTtl: HOUR });
    await send('', queue, 'old');
    await advance(HOUR - 1);
    expect(await left(queue)).toBe(1);
    await advance(1);
    expect(await left(queue)).toBe(0);
  });

  test('have come, when the clock has been moved, to the queue for dead letters', async () => {
    const [queue, dead] = [uniqueName(), uniqueName()];
    await channel.assertQueue(dead);
    await channel.assertQueue(queue, { deadLetterExchange: '', deadLetterRoutingKey: dead });
    for (let i = 0; i < 1000; i++) channel.sendToQueue(queue, Buffer.from(`${i}`), { expiration: HOUR });
    await (channel as amqp.ConfirmChannel).waitForConfirms();
    await advance(HOUR);
    expect(await left(dead)).toBe(1000);
    const first = await channel.get(dead, { noAck: true });
    expect(first).toMatchObject({ content: Buffer.from('0') });
    // By the clock that was moved.
    const death = first === false ? undefined : first.properties.headers?.['x-death']?.[0];
    expect(death?.time).toMatchObject({ value: Math.floor(started.embedded.clock.now() / 1000) });
  });

  test('begin their life anew where they come to as dead letters, at the time to which the clock was moved', async () => {
    const [first, second] = [uniqueName(), uniqueName()];
    await channel.assertQueue(second, { messageTtl: HOUR });
    await channel.assertQueue(first, { messageTtl: HOUR, deadLetterExchange: '', deadLetterRoutingKey: second });
    await send('', first, 'twice');
    await advance(5 * HOUR);
    expect(await left(second)).toBe(1);
    await advance(HOUR);
    expect(await left(second)).toBe(0);
  });

  test('die of age behind a consumer that has its hands full', async () => {
    const queue = uniqueName();
    await channel.assertQueue(queue, { messageTtl: HOUR });
    await channel.prefetch(1);
    const inbox = new Inbox<string>();
    await channel.consume(queue, (message) => inbox.push(message?.content.toString() ?? 'cancelled'));
    await send('', queue, 'taken');
    await send('', queue, 'waiting');
    expect(await inbox.next('the first message')).toBe('taken');
    await advance(HOUR - 1);
    expect(await left(queue)).toBe(1);
    await advance(1);
    expect(await left(queue)).toBe(0);
  });

  test('wait in an exchange that delays them until the clock is there', async () => {
    const [exchange, queue] = [uniqueName(), uniqueName()];
    await channel.assertExchange(exchange, 'x-delayed-message', { arguments: { 'x-delayed-type': 'fanout' } });
    await channel.assertQueue(queue);
    await channel.bindQueue(queue, exchange, '');
    await send(exchange, '', 'second', { headers: { 'x-delay': 2 * HOUR } });
    await send(exchange, '', 'first', { headers: { 'x-delay': HOUR } });
    await advance(HOUR - 1);
    expect(await left(queue)).toBe(0);
    await advance(1);
    expect(await got(queue)).toBe('first');
    expect(await got(queue)).toBeNull();
    await advance(HOUR);
    expect(await got(queue)).toBe('second');
  });

  test('are no duplicates any more when the time is over for which they are remembered', async () => {
    const [exchange, queue] = [uniqueName(), uniqueName()];
    const remembered = { 'x-message-deduplication': true, 'x-cache-size': 100, 'x-cache-ttl': HOUR };
    await channel.assertExchange(exchange, 'fanout', { arguments: remembered });
    await channel.assertQueue(queue);
    await channel.bindQueue(queue, exchange, '');
    const again = (): Promise<void> => send(exchange, '', 'x', { headers: { 'x-deduplication-header': 'one' } });
    await again();
    await advance(HOUR - 1);
    await again();
    expect(await left(queue)).toBe(1);
    await advance(1);
    await again();
    expect(await left(queue)).toBe(2);
  });
});

test('a queue that nobody uses goes when the clock comes there', async () => {
  const queue = uniqueName();
  await channel.assertQueue(queue, { expires: HOUR });
  await advance(HOUR - 1);
  expect(await left(queue)).toBe(0);
  await advance(HOUR);
  const other = await connection.createChannel();
  other.on('error', () => {});
  await expect(other.checkQueue(queue)).rejects.toThrow('NOT_FOUND');
});

test('a consumer that keeps a delivery for longer than it may is cancelled, and the delivery goes back', async () => {
  const queue = uniqueName();
  await channel.assertQueue(queue, { arguments: { 'x-consumer-timeout': HOUR } });
  const inbox = new Inbox<string>();
  await channel.consume(queue, (message) => inbox.push(message?.content.toString() ?? 'cancelled'));
  await send('', queue, 'kept');
  expect(await inbox.next('the message')).toBe('kept');
  await advance(HOUR - 1);
  expect(await left(queue)).toBe(0);
  await advance(1);
  expect(await inbox.next('the cancel')).toBe('cancelled');
  expect(await left(queue)).toBe(1);
});

test('nothing grows old while the clock stands still, and heartbeats go on', async () => {
  const queue = uniqueName();
  const beating = await connect({ tune: { heartbeat: 1 } });
  await channel.assertQueue(queue, { messageTtl: 1 });
  await send('', queue, 'young');
  const before = started.embedded.clock.now();
  for (let beat = 0; beat < 2; beat++) {
    await beating.heartbeats.next('a heartbeat');
    beating.heartbeat();
  }
  expect(await left(queue)).toBe(1);
  expect(started.embedded.clock.now()).toBe(before);
});

test('a clock is moved forwards, by whole milliseconds, and only where it was asked for', async () => {
  await expect(advance(-1)).rejects.toThrow('clock.advance takes whole ms from 0 to');
  await expect(advance(0.5)).rejects.toThrow('clock.advance takes whole ms from 0 to');
  const other = await startEmbedded();
  await expect(other.embedded.clock.advance(1)).rejects.toThrow("needs a broker that was started with clock: 'manual'");
  await other.embedded.stop();
});

test('whatever has been sent with whatever life, exactly what is not over is left at each time', async () => {
  const life = fc.integer({ min: 1, max: 50 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('send' as const), life }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 30 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      // A queue for each life: in one, a message dies when it comes to the head.
      const queues = new Map<number, { readonly name: string; ends: number[] }>();
      let now = 0;
      for (const one of steps) {
        if (one.kind === 'send') {
          const queue = queues.get(one.life) ?? { name: uniqueName(), ends: [] };
          queues.set(one.life, queue);
          await channel.assertQueue(queue.name, { messageTtl: one.life, exclusive: true });
          await send('', queue.name, 'x');
          queue.ends.push(now + one.life);
        } else {
          await advance(one.ms);
          now += one.ms;
        }
        for (const { name, ends } of queues.values())
          expect(await left(name)).toBe(ends.filter((end) => end > now).length);
      }
    }),
    { numRuns: 20 },
  );
});
