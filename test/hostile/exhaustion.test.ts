/**
 * Clients that take without giving: channels, sockets, memory. What one of them can take has a bound, and the broker
 * goes on serving everybody else.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { encodeFrame, encodeMethod, FrameType } from '../../src/amqp/frames.js';
import { encodeHeader } from '../../src/amqp/properties.js';
import { table } from '../../src/amqp/table.js';
import { isReferee, useBroker } from '../support/broker.js';
import { build } from '../support/methods.js';
import { useNames } from '../support/names.js';
import { RawClient } from '../support/raw-client.js';
import { useRawConnections } from '../support/raw-connections.js';
import { eventually } from '../support/waiting.js';
import { useNeighbour } from './support/neighbour.js';

const MIB = 1 << 20;

const broker = useBroker({ memory: '256M' });
const name = useNames(broker);
const { connect, openChannel } = useRawConnections(broker);
const neighbour = useNeighbour(broker);

/** The whole of the shared memory, the runtime and something to spare. */
const RESIDENT_MAX = 512 * MIB;

afterEach(async () => {
  await neighbour.isServed();
  if (!isReferee) expect(broker().residentBytes()).toBeLessThan(RESIDENT_MAX);
});

describe('channels', () => {
  test('all channels of a connection can be open and used at once', async () => {
    const client = await connect();
    const { queue } = await (await client.openChannel(1)).call('queue.declare', { exclusive: true });
    const numbers = Array.from({ length: 2_046 }, (_, i) => i + 2);
    await Promise.all(numbers.map((number) => client.openChannel(number)));
    for (const number of numbers) client.channel(number).publish('', queue, `${number}`);
    await Promise.all(numbers.map((number) => client.channel(number).sync()));
    await eventually(
      'all messages to be there',
      () => client.channel(1).counts(queue),
      ({ ready }) => ready === numbers.length,
    );
  });

  test('opening 65,535 channels ends at the limit with an error', async () => {
    const client = await connect();
    const opens = Array.from({ length: 65_535 }, (_, i) => encodeMethod(i + 1, build('channel.open')));
    client.write(Buffer.concat(opens));
    expect([504, 530]).toContain((await client.failure()).replyCode);
  });

  test('opening and closing channels again and again takes nothing', async () => {
    const client = await connect();
    for (let round = 0; round < 500; round++) {
      const channel = await client.openChannel(1 + (round % 50));
      await channel.close();
    }
  });
});

describe('bodies', () => {
  test('large bodies that are announced and never sent take nothing', async () => {
    const clients = await Promise.all(Array.from({ length: 5 }, () => connect()));
    for (const client of clients) {
      for (let number = 1; number <= 100; number++) {
        await client.openChannel(number);
        client.write(encodeMethod(number, build('basic.publish', { routingKey: 'x' })));
        client.frame(FrameType.HEADER, number, encodeHeader({ bodySize: 120 * MIB, properties: {} }));
        client.frame(FrameType.BODY, number, Buffer.alloc(10));
      }
    }
    await neighbour.isServed();
  });

  test('clients that go in the middle of a body leave nothing behind', async () => {
    for (let round = 0; round < 60; round++) {
      const channel = await openChannel();
      channel.client.write(encodeMethod(1, build('basic.publish', { routingKey: 'x' })));
      channel.client.frame(FrameType.HEADER, 1, encodeHeader({ bodySize: 50 * MIB, properties: {} }));
      for (let part = 0; part < 50; part++) channel.client.frame(FrameType.BODY, 1, Buffer.alloc(100_000));
      await channel.client.ping();
      channel.client.cut();
    }
  });
});

describe('clients that never read', () => {
  test('a consumer who reads nothing is not sent everything, and another one is served', async () => {
    const deaf = await openChannel();
    const publisher = await openChannel();
    const { queue } = await publisher.call('queue.declare', { queue: name() });
    await deaf.consume(queue, { noAck: true });
    deaf.client.socket.pause();
    await publisher.call('confirm.select');
    const count = 2_000;
    for (let i = 0; i < count; i++) publisher.publish('', queue, Buffer.alloc(50_000));
    await eventually(
      'the confirms',
      async () => publisher.confirms.waiting.at(-1)?.deliveryTag,
      (tag) => tag === BigInt(count),
    );
    expect((await publisher.counts(queue)).ready).toBeGreaterThan(count / 4);
    const healthy = await openChannel();
    await healthy.consume(queue, { noAck: true });
    await healthy.deliver(count / 4);
    deaf.client.cut();
    await publisher.call('queue.delete', { queue });
  });

  test('calls whose answers are not read are not taken without end', async () => {
    const channel = await openChannel();
    const queue = name('q'.repeat(200));
    await channel.call('queue.declare', { queue });
    channel.client.socket.pause();
    const calls = Buffer.concat(
      Array.from({ length: 1_000 }, () => encodeMethod(1, build('queue.declare', { queue, passive: true }))),
    );
    for (let i = 0; i < 200; i++) channel.client.write(calls);
    await neighbour.isServed();
    await neighbour.isServed();
  });

  test('messages that come back and are not read are not taken without end', async () => {
    const channel = await openChannel();
    channel.client.socket.pause();
    for (let i = 0; i < 300; i++) channel.publish('amq.direct', 'nobody', Buffer.alloc(MIB), { mandatory: true });
    await neighbour.isServed();
    await neighbour.isServed();
  });

  test('refusals that are not read are not taken without end', async () => {
    const channel = await openChannel();
    const full = table({ 'x-max-length': 0, 'x-overflow': 'reject-publish' });
    const { queue } = await channel.call('queue.declare', { queue: name(), arguments: full });
    await channel.call('confirm.select');
    channel.client.socket.pause();
    const publish = Buffer.concat([
      encodeMethod(1, build('basic.publish', { routingKey: queue })),
      encodeFrame(FrameType.HEADER, 1, encodeHeader({ bodySize: 0, properties: {} })),
    ]);
    const many = Buffer.concat(Array.from({ length: 10_000 }, () => publish));
    const flows = (): Promise<boolean> =>
      new Promise((resolve) => {
        if (channel.client.socket.write(many)) return resolve(true);
        const stopped = setTimeout(() => resolve(false), 2_000);
        channel.client.socket.once('drain', () => {
          clearTimeout(stopped);
          resolve(true);
        });
      });
    let sent = 0;
    while (sent < 5_000_000 && (await flows())) sent += 10_000;
    expect(sent).toBeLessThan(5_000_000);
    await neighbour.isServed();
    // Who reads goes on.
    channel.client.socket.resume();
    await eventually(
      'the refusals',
      async () => channel.confirms.waiting.at(-1)?.deliveryTag ?? 0n,
      (tag) => tag >= BigInt(sent),
    );
  });

  test('heaps of gets that are not read are not taken without end', async () => {
    const channel = await openChannel();
    const { queue } = await channel.call('queue.declare', { queue: name() });
    for (let i = 0; i < 40; i++) channel.publish('', queue, Buffer.alloc(MIB));
    await channel.sync();
    channel.client.socket.pause();
    const tag = encodeMethod(1, build('basic.get', { queue }));
    const requeue = encodeMethod(1, build('basic.nack', { deliveryTag: 0n, multiple: true, requeue: true }));
    for (let i = 0; i < 1_000; i++) channel.client.write(Buffer.concat([tag, requeue]));
    await neighbour.isServed();
    await neighbour.isServed();
    channel.client.cut();
    const other = await openChannel();
    await other.call('queue.delete', { queue });
  });
});

describe('sockets', () => {
  test('connections that come and go by the hundred leave nothing behind', async () => {
    for (let round = 0; round < 10; round++) {
      const clients = await Promise.all(Array.from({ length: 30 }, () => RawClient.open(broker())));
      clients.forEach((client, index) => {
        if (index % 2 === 0) client.cut();
        else client.send('connection.close');
      });
      await Promise.all(clients.map((client) => client.ended()));
    }
  });

  test('a client that sends one octet at a time is served like any other', async () => {
    const channel = await openChannel();
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    const calls = Buffer.concat(
      Array.from({ length: 20 }, () => encodeMethod(1, build('queue.declare', { queue, passive: true }))),
    );
    for (const octet of calls) {
      await new Promise<void>((sent) => channel.client.socket.write(Uint8Array.of(octet), () => sent()));
    }
    const replies = await channel.replies.take(20, 'answers');
    expect(new Set(replies.map((reply) => reply.name))).toEqual(new Set(['queue.declare-ok']));
  });

  test('a client that hangs up on every answer harms nobody', async () => {
    for (let round = 0; round < 50; round++) {
      const client = await connect();
      client.write(encodeMethod(1, build('channel.open')));
      for (let i = 0; i < 50; i++) {
        client.write(encodeMethod(1, build('queue.declare', { exclusive: true })));
      }
      client.cut();
    }
  });
});
