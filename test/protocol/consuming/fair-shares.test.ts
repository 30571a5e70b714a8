/**
 * Consumers of one queue have their shares, whichever worker serves them: by real clients, and counts alone.
 */
import amqp from 'amqplib';
import { afterAll, expect, test } from 'vitest';
import { useBroker } from '../../support/broker.js';

const broker = useBroker({ workers: 4 });
/** Between workers the system shares out, too, who may run: what is equal by the broker alone is so on one. */
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

/** Publishes to consumers with a connection and a prefetch each; resolves with what each got when all came. */
async function shares(
  queue: string,
  consumers: number,
  prefetch: number,
  messages: number,
  of = broker,
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
    await channel.consume(queue, (message) => {
      if (message === null) return;
      channel.ack(message);
      counts[i] = (counts[i] ?? 0) + 1;
      left -= 1;
      if (left === 0) over();
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
