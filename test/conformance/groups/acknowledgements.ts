/** Acknowledging, rejecting, recovering: unknown tags, and where messages that come back are put. */

import type { RecordedChannel } from '../recorded-channel.js';
import { scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

const LETTERS = ['a', 'b', 'c', 'd', 'e'];

/** A queue with five messages, all of them got and not acknowledged. */
async function fiveTaken(stage: Stage): Promise<{ channel: RecordedChannel; queue: string }> {
  const channel = await stage.channel();
  const queue = await channel.queue(stage.name());
  await channel.fill(queue, LETTERS);
  for (const _ of LETTERS) await channel.quietly('basic.get', { queue });
  return { channel, queue };
}

const nack = (deliveryTag: bigint, flags: { multiple?: boolean; requeue?: boolean } = {}) =>
  ['basic.nack', { deliveryTag, ...flags }] as const;
const ack = (deliveryTag: bigint, multiple = false) => ['basic.ack', { deliveryTag, multiple }] as const;
const reject = (deliveryTag: bigint, requeue: boolean) => ['basic.reject', { deliveryTag, requeue }] as const;

type Step = ReturnType<typeof nack> | ReturnType<typeof ack> | ReturnType<typeof reject>;

/** What is said about the five, and how many are ready afterwards. */
const SETTLEMENTS: Readonly<Record<string, readonly [number, readonly Step[]]>> = {
  'ack one': [0, [ack(3n)]],
  'ack up to three': [0, [ack(3n, true)]],
  'ack all by 0': [0, [ack(0n, true)]],
  'nack one, back': [1, [nack(3n, { requeue: true })]],
  'nack one, away': [0, [nack(3n)]],
  'nack up to three, back': [3, [nack(3n, { multiple: true, requeue: true })]],
  'nack all by 0, back': [5, [nack(0n, { multiple: true, requeue: true })]],
  'nack all by 0, away': [0, [nack(0n, { multiple: true })]],
  'reject one, back': [1, [reject(3n, true)]],
  'reject one, away': [0, [reject(3n, false)]],
  'back one by one, last first': [5, [5n, 4n, 3n, 2n, 1n].map((tag) => reject(tag, true))],
  'back one by one, in order': [5, [1n, 2n, 3n, 4n, 5n].map((tag) => reject(tag, true))],
  'back in any order': [5, [3n, 1n, 5n, 2n, 4n].map((tag) => reject(tag, true))],
  'back up to three, but for one': [2, [ack(2n), nack(3n, { multiple: true, requeue: true })]],
  'ack up to four, but for one that went back': [1, [reject(2n, true), ack(4n, true)]],
};

/** Settlements of the five that are refused. */
const FAULTS: Readonly<Record<string, readonly Step[]>> = {
  'ack a tag twice': [ack(3n), ack(3n)],
  'ack a tag that is not given out yet': [ack(6n)],
  'ack up to a tag that is not given out yet': [ack(6n, true)],
  'ack up to one that is settled': [ack(3n), ack(3n, true)],
  'ack 0 without multiple': [ack(0n)],
  'ack all by 0 twice': [ack(0n, true), ack(0n, true)],
  'ack up to five twice': [ack(5n, true), ack(5n, true)],
  'nack a tag twice': [nack(3n, { requeue: true }), nack(3n, { requeue: true })],
  'nack 0 without multiple': [nack(0n)],
  'nack all by 0 twice': [nack(0n, { multiple: true }), nack(0n, { multiple: true })],
  'reject a tag twice': [reject(3n, true), reject(3n, true)],
  'reject 0': [reject(0n, true)],
  'reject after ack': [ack(1n), reject(1n, true)],
  'a huge tag': [ack(2n ** 63n)],
  'ack up to a huge tag': [ack(2n ** 63n, true)],
};

function settle(channel: RecordedChannel, steps: readonly Step[]): void {
  for (const [method, fields] of steps) channel.send(method, fields);
}

export const scenarios = [
  ...Object.entries(SETTLEMENTS).map(([label, [ready, steps]]) =>
    scenario(`five taken: ${label}`, async (stage) => {
      const { channel, queue } = await fiveTaken(stage);
      const other = await stage.channelOn(channel.raw.client, 'after the channel is closed');
      settle(channel, steps);
      await channel.until(queue, ready);
      await channel.bodies(queue);
      await channel.close();
      await other.bodiesWhenSettled(queue);
    }),
  ),

  ...Object.entries(FAULTS).map(([label, steps]) =>
    scenario(`fault: ${label}`, async (stage) => {
      const { channel } = await fiveTaken(stage);
      settle(channel, steps);
      await channel.syncOrFailure();
    }),
  ),

  scenario('fault: ack all by 0 with nothing taken', async (stage) => {
    const channel = await stage.channel();
    channel.send('basic.ack', { deliveryTag: 0n, multiple: true });
    await channel.syncOrFailure();
  }),

  scenario('fault: ack a tag of another channel', async (stage) => {
    const { channel } = await fiveTaken(stage);
    const other = await stage.channelOn(channel.raw.client, 'other');
    other.send('basic.ack', { deliveryTag: 1n });
    await other.failure();
  }),

  scenario('a fault requeues what was not acknowledged', async (stage) => {
    const { channel, queue } = await fiveTaken(stage);
    const other = await stage.channelOn(channel.raw.client, 'other');
    channel.send('basic.ack', { deliveryTag: 2n });
    channel.send('basic.ack', { deliveryTag: 9n });
    await channel.failure();
    await other.until(queue, 4);
    await other.bodies(queue);
  }),

  scenario('a channel that is closed requeues in order', async (stage) => {
    const { channel, queue } = await fiveTaken(stage);
    const other = await stage.channelOn(channel.raw.client, 'other');
    await other.fill(queue, ['f']);
    await channel.close();
    await other.until(queue, 6);
    await other.bodies(queue);
  }),

  scenario('a connection that is cut requeues in order', async (stage) => {
    const { channel, queue } = await fiveTaken(stage);
    const other = await stage.channel({ label: 'other' });
    await other.fill(queue, ['f']);
    channel.raw.client.cut();
    await other.until(queue, 6);
    await other.bodies(queue);
  }),

  scenario('requeued messages stand before those published meanwhile', async (stage) => {
    const { channel, queue } = await fiveTaken(stage);
    await channel.fill(queue, ['f']);
    channel.send('basic.nack', { deliveryTag: 4n, requeue: true });
    channel.send('basic.nack', { deliveryTag: 2n, requeue: true });
    await channel.until(queue, 3);
    await channel.bodies(queue);
  }),

  scenario('a consumer gets back what it requeues', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.quietly('basic.qos', { prefetchCount: 1 });
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    channel.publish('', queue, 'a');
    await channel.deliveries(1);
    channel.send('basic.nack', { deliveryTag: 1n, requeue: true });
    await channel.deliveries(1);
    channel.send('basic.reject', { deliveryTag: 2n, requeue: true });
    await channel.deliveries(1);
    channel.send('basic.ack', { deliveryTag: 3n });
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('recover: everything comes again, in order', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c']);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(3);
    channel.send('basic.ack', { deliveryTag: 2n });
    await channel.call('basic.recover', { requeue: true });
    await channel.deliveries(2);
  }),

  scenario('recover: what was got is ready again', async (stage) => {
    const { channel, queue } = await fiveTaken(stage);
    await channel.call('basic.recover', { requeue: true });
    await channel.until(queue, 5);
    await channel.bodies(queue);
  }),

  scenario('recover: nothing to recover', async (stage) => {
    const channel = await stage.channel();
    await channel.call('basic.recover', { requeue: true });
  }),

  scenario('recover: without requeue', async (stage) => {
    const channel = await stage.channel();
    await channel.call('basic.recover', { requeue: false });
  }),

  scenario('recover-async: has no answer', async (stage) => {
    const { channel, queue } = await fiveTaken(stage);
    channel.send('basic.recover-async', { requeue: true });
    await channel.until(queue, 5);
    await channel.bodies(queue);
  }),

  scenario('recover-async: without requeue', async (stage) => {
    const channel = await stage.channel();
    channel.send('basic.recover-async', { requeue: false });
    await channel.failure();
  }),

  scenario('recover: tags of before are unknown', async (stage) => {
    const { channel } = await fiveTaken(stage);
    await channel.call('basic.recover', { requeue: true });
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.failure();
  }),

  scenario('requeued on one channel, delivered on another', async (stage) => {
    const { channel, queue } = await fiveTaken(stage);
    const other = await stage.channelOn(channel.raw.client, 'other');
    await other.quietly('basic.consume', { queue, consumerTag: 't' });
    channel.send('basic.nack', { deliveryTag: 2n, multiple: true, requeue: true });
    await other.deliveries(2);
  }),

  scenario('purge: unacknowledged messages stay', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c']);
    await channel.call('basic.get', { queue });
    await channel.call('queue.purge', { queue });
    await channel.call('queue.purge', { queue });
    channel.send('basic.nack', { deliveryTag: 1n, requeue: true });
    await channel.until(queue, 1);
    await channel.bodies(queue);
  }),

  scenario('purge: no such queue', async (stage) => {
    const channel = await stage.channel();
    await channel.call('queue.purge', { queue: stage.name('missing') });
  }),

  scenario('purge: nowait', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a']);
    channel.send('queue.purge', { queue, nowait: true });
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('delete: counts ready messages', async (stage) => {
    const { channel, queue } = await fiveTaken(stage);
    await channel.fill(queue, ['f', 'g']);
    await channel.call('queue.delete', { queue });
    await channel.call('queue.delete', { queue });
  }),

  scenario('delete: if empty', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a']);
    await channel.call('queue.delete', { queue, ifEmpty: true });
  }),

  scenario('delete: if empty, with unacknowledged messages only', async (stage) => {
    const { channel, queue } = await fiveTaken(stage);
    await channel.call('queue.delete', { queue, ifEmpty: true });
  }),

  scenario('delete: if unused', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.call('queue.delete', { queue, ifUnused: true });
  }),

  scenario('delete: if unused and if empty, neither true', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b']);
    await channel.quietly('basic.qos', { prefetchCount: 1 });
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.skipDeliveries(1);
    await channel.call('queue.delete', { queue, ifUnused: true, ifEmpty: true });
  }),

  scenario('delete: nowait', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    channel.send('queue.delete', { queue, nowait: true });
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('delete: nowait, refused all the same', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a']);
    channel.send('queue.delete', { queue, nowait: true, ifEmpty: true });
    await channel.failure();
  }),
];
