/**
 * A queue goes while clients still hold messages of it, and its memory is used again: whatever they do with them later,
 * the broker goes on.
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
const { openChannel, connect } = useRawConnections(broker);

/** More than fit into two blocks of the core: each of two priorities has a second one. */
const MESSAGES = 1200;
/** So many queues use again what the one that is gone has left. */
const LATER = 100;

/** Publishes many messages and waits until they are in the queue. */
async function fill(channel: RawChannel, queue: string): Promise<void> {
  for (let i = 0; i < MESSAGES; i++) channel.publish('', queue, `${i}`, { properties: { priority: i % 2 } });
  await channel.sync();
}

/** Waits until a queue is gone, without using it: a mandatory message comes back then. */
async function gone(queue: string): Promise<void> {
  const channel = await openChannel();
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

interface Held {
  readonly queue: string;
  /** Declared the queue. */
  readonly owner: RawChannel;
  /** Holds its first message. */
  readonly holder: RawChannel;
  readonly tag: bigint;
}

/** `whenDeclared`: what the owner does before anything else. */
async function holdFirst(
  fields: Parameters<RawChannel['call']>[1] & object,
  whenDeclared?: (owner: RawChannel, queue: string) => Promise<unknown>,
): Promise<Held> {
  const queue = name();
  const owner = await openChannel();
  await owner.call('queue.declare', { queue, ...fields });
  await whenDeclared?.(owner, queue);
  await fill(owner, queue);
  const holder = 'exclusive' in fields ? await owner.client.openChannel() : await openChannel();
  const message = await holder.get(queue);
  return { queue, owner, holder, tag: message?.deliveryTag ?? 0n };
}

/** Ways in which a queue goes. */
const WAYS: Readonly<Record<string, () => Promise<Held>>> = {
  'is deleted': async () => {
    const held = await holdFirst({});
    await held.owner.call('queue.delete', { queue: held.queue });
    return held;
  },
  'with priorities is deleted': async () => {
    const held = await holdFirst({ arguments: table({ 'x-max-priority': 2 }) });
    await held.owner.call('queue.delete', { queue: held.queue });
    return held;
  },
  'loses its last consumer': async () => {
    const held = await holdFirst({ autoDelete: true });
    const consumerTag = await held.owner.consume(held.queue, { noAck: true });
    await held.owner.deliver(MESSAGES - 1);
    await held.owner.call('basic.cancel', { consumerTag });
    await gone(held.queue);
    return held;
  },
  expires: async () => {
    // As long as it has a consumer it does not expire.
    let consumerTag = '';
    const held = await holdFirst({ arguments: table({ 'x-expires': 100 }) }, async (owner, queue) => {
      await owner.call('basic.qos', { prefetchCount: 1 });
      consumerTag = await owner.consume(queue);
    });
    await held.owner.call('basic.cancel', { consumerTag });
    await gone(held.queue);
    return held;
  },
  'goes with its connection': async () => {
    const held = await holdFirst({ exclusive: true });
    held.owner.client.cut();
    await gone(held.queue);
    return held;
  },
};

/** What becomes of the message that is held. */
const ENDINGS: Readonly<Record<string, (held: Held) => void>> = {
  'is acknowledged': ({ holder, tag }) => holder.send('basic.ack', { deliveryTag: tag }),
  'is requeued': ({ holder, tag }) => holder.send('basic.nack', { deliveryTag: tag, requeue: true }),
  'loses its channel': ({ holder }) => holder.send('channel.close', { replyCode: 200, replyText: 'done' }),
  'loses its connection': ({ holder }) => holder.client.cut(),
};

const stories = Object.keys(WAYS).flatMap((way) => Object.keys(ENDINGS).map((ending) => [way, ending] as const));

test.each(
  stories,
)('a queue that %s while a message of it is held, which then %s, harms nobody', async (way, ending) => {
  const held = await WAYS[way]?.();
  if (held === undefined) throw new Error(`no way ${way}`);
  const later = await openChannel();
  for (let i = 0; i < LATER; i++) {
    const { queue } = await later.call('queue.declare', { exclusive: true });
    later.publish('', queue, 'x');
  }
  await later.sync();
  if (!held.holder.client.socket.destroyed) ENDINGS[ending]?.(held);
  await later.client.close();
  // Each worker takes some of them.
  for (let i = 0; i < 8; i++) {
    const client = await connect();
    const channel = await client.openChannel();
    await channel.sync();
    await client.close();
  }
  expect(broker().alive).toBe(true);
});
