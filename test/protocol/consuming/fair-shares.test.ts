/**
 * Consumers of one queue have their shares, whichever worker serves them: by real clients, and counts alone.
 */
import amqp from 'amqplib';
import { afterAll, expect, test } from 'vitest';
import { type Broker, useBroker } from '../../support/broker.js';

const broker = useBroker({ workers: 4 });
const double = useBroker({ workers: 2 });
const single = useBroker({ workers: 1 });
const opened: amqp.ChannelModel[] = [];
afterAll(async () => {
  await Promise.all(opened.map((connection) => connection.close()));
});

async function open(of = broker): Promise<amqp.ChannelModel> {
  const connection = await amqp.connect(of().url);
  opened.push(connection);
  return connection;
}

/**
 * Publishes to consumers with a connection and a prefetch each; resolves with what each got when all came. `workMs`: they
 * work on one message after the other for so long, and acknowledge each then.
 */
async function shares(
  queue: string,
  consumers: number,
  prefetch: number,
  messages: number,
  of = broker,
  workMs = 0,
): Promise<number[]> {
  const publisher = await (await open(of)).createConfirmChannel();
  await publisher.assertQueue(queue, { durable: false });
  const counts = Array.from({ length: consumers }, () => 0);
  let left = messages;
  let over = (): void => {};
  const all = new Promise<void>((resolve) => {
    over = resolve;
  });
  for (let i = 0; i < consumers; i++) {
    const channel = await (await open(of)).createChannel();
    await channel.prefetch(prefetch);
    let busyUntil = 0;
    await channel.consume(queue, (message) => {
      if (message === null) return;
      counts[i] = (counts[i] ?? 0) + 1;
      const done = (): void => {
        channel.ack(message);
        left -= 1;
        if (left === 0) over();
      };
      if (workMs === 0) return done();
      const now = performance.now();
      busyUntil = Math.max(now, busyUntil) + workMs;
      setTimeout(done, busyUntil - now);
    });
  }
  for (let i = 0; i < messages; i++) publisher.publish('', queue, Buffer.from('x'));
  await publisher.waitForConfirms();
  await all;
  return counts;
}

test('equal consumers on a worker get equal shares of ten thousand messages, within a fifth', async () => {
  const counts = await shares('equal', 4, 10, 10_000, single);
  expect(Math.min(...counts)).toBeGreaterThan(2_500 * 0.8);
  expect(Math.max(...counts)).toBeLessThan(2_500 * 1.2);
});

/**
 * For consumers that acknowledge at once the system decides, too, which worker may run. For those that work it does not:
 * each of them could take as much as it likes, and no worker is needed for long.
 */
const EQUALS: readonly (readonly [name: string, of: () => Broker, prefetch: number])[] = [
  ['2 workers with a prefetch of 1', double, 1],
  ['2 workers with a prefetch of 10', double, 10],
  ['4 workers with a prefetch of 1', broker, 1],
  ['4 workers with a prefetch of 10', broker, 10],
];

test.concurrent.each(
  EQUALS,
)('equal consumers that work get equal shares of ten thousand messages, within a fifth, on %s', async (name, of, prefetch) => {
  const [consumers, messages, workMs] = [32, 10_000, 20];
  const counts = await shares(name, consumers, prefetch, messages, of, workMs);
  expect(Math.min(...counts)).toBeGreaterThan((messages / consumers) * 0.8);
  expect(Math.max(...counts)).toBeLessThan((messages / consumers) * 1.2);
});

test('none of a hundred consumers on four workers starves', async () => {
  const counts = await shares('hundred', 100, 1, 10_000);
  expect(counts.filter((count) => count === 0)).toEqual([]);
});

test('with a prefetch of 1 the work goes to whoever is free', async () => {
  const queue = 'free';
  const channel = await (await open()).createConfirmChannel();
  await channel.assertQueue(queue, { durable: false });
  const got = { busy: 0, free: 0 };
  let over = (): void => {};
  const all = new Promise<void>((resolve) => {
    over = resolve;
  });
  const first = new Promise<void>((resolve) => {
    void open().then(async (connection) => {
      const busy = await connection.createChannel();
      await busy.prefetch(1);
      // It never acknowledges.
      await busy.consume(queue, () => {
        got.busy += 1;
        resolve();
      });
      channel.sendToQueue(queue, Buffer.from('kept'));
    });
  });
  await first;
  const free = await (await open()).createChannel();
  await free.prefetch(1);
  await free.consume(queue, (message) => {
    if (message === null) return;
    free.ack(message);
    got.free += 1;
    if (got.free === 100) over();
  });
  for (let i = 0; i < 100; i++) channel.sendToQueue(queue, Buffer.from('x'));
  await all;
  expect(got).toEqual({ busy: 1, free: 100 });
});
