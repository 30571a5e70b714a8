/**
 * What one client sends in a flood does not keep the others waiting, and is answered in order.
 */
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { encodeMethod } from '../../../src/amqp/frames.js';
import type { Method } from '../../../src/amqp/protocol.js';
import { useBroker } from '../../support/broker.js';
import { build, type Fields } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import { bodies, type RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';

const broker = useBroker({ workers: 1 });
const name = useNames(broker);
const { connect: open, openChannel } = useRawConnections(broker);

function encoded<N extends Method['name']>(channel: number, method: N, fields: Fields<N> = {}): Buffer {
  return Buffer.from(encodeMethod(channel, build(method, fields)));
}

/** A connection whose answers are only counted, by the byte. */
async function flooder(): Promise<{ socket: Socket; received(): number }> {
  const client = await open();
  await client.openChannel(1);
  const { socket } = client;
  socket.removeAllListeners('data');
  let received = 0;
  socket.on('data', (bytes: Buffer) => {
    received += bytes.length;
  });
  return { socket, received: () => received };
}

const QOS_OK_SIZE = 12;

test('a client asks and is answered while another one sends hundreds of thousands of methods', async () => {
  const count = 300_000;
  const flood = await flooder();
  const other = await openChannel();
  flood.socket.write(Buffer.alloc(count * 19, encoded(1, 'basic.qos', { prefetchCount: 1 })));
  while (flood.received() === 0) await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 10; i++) await other.sync();
  expect(flood.received()).toBeLessThan(count * QOS_OK_SIZE);
  while (flood.received() < count * QOS_OK_SIZE) await new Promise((resolve) => setImmediate(resolve));
  expect(flood.received()).toBe(count * QOS_OK_SIZE);
});

test('a client that asks on and on while a long message is on its way gets the message, and then all answers', async () => {
  const count = 150_000;
  const channel = await openChannel();
  const { queue } = await channel.call('queue.declare');
  const { socket } = channel.client;
  channel.publish('', queue, Buffer.alloc(24 * 1024 * 1024));
  await channel.sync();
  await channel.consume(queue, { noAck: true });
  socket.pause();
  socket.write(Buffer.alloc(count * 19, encoded(1, 'basic.qos', { prefetchCount: 1 })));
  // By then the broker has heard what it hears of a client that does not read.
  await (await openChannel()).sync();
  socket.resume();
  const [message] = await channel.deliver(1);
  expect(message?.body.length).toBe(24 * 1024 * 1024);
  for (let i = 0; i < count; i++) await channel.expect('basic.qos-ok');
});

/** A fanout exchange with many queues. */
async function fanout(queues: number): Promise<{ exchange: string; last: string }> {
  const channel = await openChannel();
  const exchange = name('exchange');
  await channel.call('exchange.declare', { exchange, type: 'fanout' });
  let last = '';
  for (let i = 0; i < queues; i++) {
    last = name('queue');
    channel.send('queue.declare', { queue: last, nowait: true });
    channel.send('queue.bind', { queue: last, exchange, nowait: true });
  }
  await channel.sync();
  return { exchange, last };
}

/** Publishes to so many queues that a read is worth millions of enqueues. */
function pour(channel: RawChannel, exchange: string, count: number): void {
  for (let i = 0; i < count; i++) channel.publish(exchange, '', `${i}`);
}

test('a new client comes in, and asks, while few publishers keep thousands of queues busy', async () => {
  const { exchange, last } = await fanout(1_000);
  const publishers = await Promise.all(Array.from({ length: 3 }, () => openChannel()));
  for (const publisher of publishers) pour(publisher, exchange, 3_000);
  const seen: number[] = [];
  for (let i = 0; i < 3; i++) seen.push((await (await openChannel()).counts(last)).ready);
  expect(seen[0]).toBeLessThan(9_000);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  for (const publisher of publishers) await publisher.sync();
  expect((await (await openChannel()).counts(last)).ready).toBe(9_000);
});

test('a publisher whose messages wait for its share has them confirmed in order, and what it asks behind them is answered after', async () => {
  const { exchange, last } = await fanout(1_000);
  const channel = await openChannel();
  await channel.call('confirm.select');
  pour(channel, exchange, 500);
  expect((await channel.counts(last)).ready).toBe(500);
  const tags = channel.confirms.waiting.map((confirm) => confirm.deliveryTag);
  expect(tags.at(-1)).toBe(500n);
  expect(tags).toEqual([...tags].sort((a, b) => Number(a - b)));
  await channel.consume(last, { noAck: true });
  expect(bodies(await channel.deliver(500))).toEqual(Array.from({ length: 500 }, (_, i) => `${i}`));
});
