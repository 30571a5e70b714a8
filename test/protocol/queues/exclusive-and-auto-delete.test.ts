/**
 * What goes when its owner goes: exclusive queues, auto-delete queues, consumers.
 */
import { expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { useBroker } from '../../support/broker.js';
import { useNames } from '../../support/names.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';
import { eventually } from '../../support/waiting.js';

const broker = useBroker();
const name = useNames(broker);
const { openChannel } = useRawConnections(broker);

/** Whether a queue exists. */
async function exists(queue: string): Promise<boolean> {
  const channel = await openChannel();
  channel.send('queue.declare', { queue, passive: true });
  return Promise.race([channel.replies.next('the answer').then(() => true), channel.failure().then(() => false)]).catch(
    () => false,
  );
}

async function gone(queue: string): Promise<void> {
  await eventually(
    `${queue} to be gone`,
    () => exists(queue),
    (there) => !there,
  );
}

/** Waits until a queue is gone without using it: a mandatory message comes back when there is no queue for it. */
async function unroutable(channel: RawChannel, queue: string): Promise<void> {
  await eventually(
    `${queue} to be gone`,
    async () => {
      channel.publish('', queue, 'x', { mandatory: true });
      await channel.sync();
      return channel.returns.waiting.length;
    },
    (returned) => returned > 0,
  );
}

async function declare(
  fields: Parameters<RawChannel['call']>[1] & object,
): Promise<{ channel: RawChannel; queue: string }> {
  const channel = await openChannel();
  const { queue } = await channel.call('queue.declare', { queue: name('queue'), ...fields });
  return { channel, queue };
}

test('an exclusive queue is gone when its connection has been closed', async () => {
  const { channel, queue } = await declare({ exclusive: true });
  await channel.client.close();
  expect(await exists(queue)).toBe(false);
});

test('an exclusive queue can be declared again at once by the next connection', async () => {
  const queue = name();
  for (let round = 0; round < 10; round++) {
    const channel = await openChannel();
    expect(await channel.call('queue.declare', { queue, exclusive: true })).toMatchObject({ messageCount: 0 });
    channel.publish('', queue, 'x');
    await channel.client.close();
  }
});

test('an exclusive queue is gone when its connection is cut', async () => {
  const { channel, queue } = await declare({ exclusive: true });
  channel.client.cut();
  await gone(queue);
});

test('an exclusive queue outlives the channel that declared it', async () => {
  const { channel, queue } = await declare({ exclusive: true });
  await channel.close();
  await (await channel.client.openChannel()).counts(queue);
});

test('an auto-delete queue goes when its last consumer is cancelled', async () => {
  const { channel, queue } = await declare({ autoDelete: true });
  const tags = [await channel.consume(queue), await channel.consume(queue)];
  await channel.call('basic.cancel', { consumerTag: tags[0] ?? '' });
  expect(await exists(queue)).toBe(true);
  await channel.call('basic.cancel', { consumerTag: tags[1] ?? '' });
  await gone(queue);
});

test('an auto-delete queue goes with the channel of its last consumer', async () => {
  const { channel, queue } = await declare({ autoDelete: true });
  await channel.consume(queue);
  await channel.close();
  await gone(queue);
});

test('an auto-delete queue goes when the connection of its last consumer is cut', async () => {
  const { channel, queue } = await declare({ autoDelete: true });
  await channel.consume(queue);
  channel.client.cut();
  await gone(queue);
});

test('an auto-delete queue that never had a consumer stays', async () => {
  const { channel, queue } = await declare({ autoDelete: true });
  channel.publish('', queue, 'x');
  await channel.sync();
  await channel.get(queue, true);
  await channel.client.close();
  expect(await exists(queue)).toBe(true);
});

test('a durable queue and a transient one both outlive their connection', async () => {
  for (const durable of [true, false]) {
    const { channel, queue } = await declare({ durable });
    channel.publish('', queue, 'x');
    await channel.client.close();
    expect(await (await openChannel()).counts(queue)).toEqual({ ready: 1, consumers: 0 });
  }
});

test('a closed channel takes its consumers along', async () => {
  const { channel, queue } = await declare({});
  const other = await openChannel();
  await other.consume(queue);
  expect(await channel.counts(queue)).toEqual({ ready: 0, consumers: 1 });
  await other.close();
  expect(await channel.counts(queue)).toEqual({ ready: 0, consumers: 0 });
});

test('messages published just before the connection closes are there', async () => {
  const { channel, queue } = await declare({});
  const publisher = await openChannel();
  for (let i = 0; i < 500; i++) publisher.publish('', queue, 'x');
  await publisher.client.close();
  expect(await channel.counts(queue)).toMatchObject({ ready: 500 });
});

test('connections that come and go leave nothing behind', async () => {
  const { channel, queue } = await declare({});
  channel.publish('', queue, 'x');
  await channel.sync();
  for (let round = 0; round < 50; round++) {
    const visitor = await openChannel();
    await visitor.consume(queue);
    await visitor.deliver(1);
    if (round % 2 === 0) visitor.client.cut();
    else await visitor.client.close();
  }
  await eventually(
    'the message to be back',
    () => channel.counts(queue),
    ({ ready, consumers }) => ready === 1 && consumers === 0,
  );
});

test('an unused queue goes when its x-expires is over, without being asked for', async () => {
  const { channel, queue } = await declare({ arguments: table({ 'x-expires': 50 }) });
  await unroutable(channel, queue);
  expect(await exists(queue)).toBe(false);
});

test('a queue with x-expires stays while it has a consumer', async () => {
  const { channel, queue } = await declare({ arguments: table({ 'x-expires': 400 }) });
  await channel.consume(queue);
  const other = await declare({ arguments: table({ 'x-expires': 500 }) });
  await unroutable(other.channel, other.queue);
  expect(await exists(queue)).toBe(true);
});
