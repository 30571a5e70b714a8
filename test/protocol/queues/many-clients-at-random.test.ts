/**
 * Many clients do everything to the same few queues at once, and some of them are cut off. Whatever came of it, the
 * broker answers each request, and when all are gone the counts of the queues are what a client gets out of them.
 */
import { expect, test } from 'vitest';
import { type PlainObject, table } from '../../../src/amqp/table.js';
import { type BrokerOptions, isReferee, startBroker } from '../../support/broker.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { RawClient } from '../../support/raw-client.js';
import { eventually } from '../../support/waiting.js';

/** What queues are declared with; each declaration of a name has the same. */
const QUEUES: readonly PlainObject[] = [
  {},
  { 'x-max-length': 20 },
  { 'x-message-ttl': 0, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'nowhere' },
  { 'x-max-priority': 3, 'x-message-ttl': 20 },
  { 'x-single-active-consumer': true },
];
const CLIENTS = 12;
const STEPS = 60;

/** Numbers by chance that a seed repeats (mulberry32). */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const nameOf = (index: number): string => `turmoil ${index}`;

async function declare(channel: RawChannel, index: number): Promise<void> {
  await channel.call('queue.declare', { queue: nameOf(index), arguments: table(QUEUES[index] ?? {}) });
}

/** One step of a client: each waits for an answer of the broker, so that none can be forgotten. */
async function step(channel: RawChannel, index: number, what: number): Promise<void> {
  const queue = nameOf(index);
  switch (what) {
    case 0:
      await channel.call('queue.delete', { queue });
      return declare(channel, index);
    case 1:
      await channel.call('queue.purge', { queue });
      return;
    case 2:
      await channel.call('basic.consume', { queue });
      return;
    case 3:
      await channel.call('basic.recover', { requeue: true });
      return;
    case 4:
      channel.send('basic.nack', { deliveryTag: 0n, multiple: true, requeue: true });
      return channel.sync();
    case 5:
      channel.send('basic.ack', { deliveryTag: 0n, multiple: true });
      return channel.sync();
    default:
      for (let count = 0; count < 10; count++) {
        channel.publish('', queue, `${what}`, { properties: { priority: count % 4, deliveryMode: 1 + (count % 2) } });
      }
      return channel.sync();
  }
}

/**
 * A client that takes its steps on channels of its own, and is cut off, or not. A queue may be gone at any step, and
 * with it the channel.
 */
async function live(client: RawClient, random: (below: number) => number): Promise<void> {
  let channel = await client.openChannel();
  for (let count = 0; count < STEPS; count++) {
    const [index, what] = [random(QUEUES.length), random(12)];
    const ended = await step(channel, index, what).then(
      () => null,
      (error: Error) => error,
    );
    if (ended === null) continue;
    expect(ended.message).toMatch(/NOT_FOUND/);
    channel = await client.openChannel();
    await declare(channel, index);
  }
  if (random(3) === 0) client.socket.destroy();
  else await client.close();
}

async function play(options: BrokerOptions): Promise<void> {
  const seed = Number(process.env.LEVERET_SEED ?? Date.now() % 2 ** 31);
  console.log(`turmoil: repeat with LEVERET_SEED=${seed}`);
  const broker = await startBroker(options);
  try {
    const client = await RawClient.open(broker);
    const channel = await client.openChannel();
    for (const index of QUEUES.keys()) await declare(channel, index);
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => RawClient.open(broker)));
    await Promise.all(clients.map((one, i) => live(one, chance(seed + i))));
    for (const index of QUEUES.keys()) {
      await declare(channel, index);
      const queue = nameOf(index);
      const { ready } = await eventually(
        'its consumers to be gone',
        () => channel.counts(queue),
        ({ consumers }) => consumers === 0,
      );
      let got = 0;
      while ((await channel.get(queue, true)) !== null) got += 1;
      if (QUEUES[index]?.['x-message-ttl'] === undefined) expect([queue, got]).toEqual([queue, ready]);
      expect(await channel.counts(queue)).toEqual({ ready: 0, consumers: 0 });
    }
    await client.close();
  } finally {
    expect(await broker.stop()).toMatchObject({ code: 0 });
  }
}

test.skipIf(isReferee).each([1, 2])('with %i workers everything is answered, and nothing is left behind', (workers) =>
  play({ workers }),
);
