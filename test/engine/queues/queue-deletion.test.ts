/**
 * A queue goes while clients still hold messages of it: whatever they do with them later, its blocks are given back
 * once, and nobody else's. What lies between: the pages of its other blocks are used again, by queues that come after
 * it.
 */
import { describe, expect, test } from 'vitest';
import type { Channel, EngineKind, Queue } from '../../../src/engine/engine.js';
import { Bench, type Client, ENGINES } from '../support/bench.js';
import { ack, nack, properties, publish } from '../support/frames.js';
import { AT_HEAD, ImageShelf } from '../support/image-shelf.js';
import { text } from '../support/scenario.js';

/** So many pages at least are free again once the deleted queue's blocks have left limbo. */
const LATER_QUEUES = 64;
/** Open segments, and what participants keep at hand. */
const AT_HAND = 6 * 2 ** 20;

interface Stage {
  readonly bench: Bench;
  readonly queue: Queue;
  readonly publisher: Client;
  /** Holds messages on its channel 1. */
  readonly holder: Client;
  readonly channel: Channel;
  readonly slots: number;
}

async function stage(kind: EngineKind): Promise<Stage> {
  const bench = await Bench.open(kind, { mebibytes: 64 });
  const publisher = bench.client();
  publisher.open(1);
  const holder = bench.client();
  const channel = holder.open(1);
  return { bench, queue: bench.queue('q'), publisher, holder, channel, slots: bench.coordinator.slotsPerBlock };
}

function fill(publisher: Client, count: number, given: Parameters<typeof properties>[0] = {}): void {
  const frame = publish(1, 'q', text('x'.repeat(20)), { properties: properties(given) });
  publisher.feed(Buffer.concat(Array.from({ length: count }, () => frame)));
}

function hold({ bench, queue, channel }: Stage, count: number): void {
  const engine = bench.engine();
  for (let i = 0; i < count; i++) {
    expect(engine.get(channel, queue, false)).toBe(true);
    bench.serve();
  }
}

function take({ bench, queue, channel }: Stage, count: number): void {
  const engine = bench.engine();
  for (let i = 0; i < count; i++) {
    engine.get(channel, queue, true);
    bench.serve();
  }
}

/** What a queue is when it goes; one message at least is held by then. */
const QUEUES: Readonly<Record<string, (stage: Stage) => void>> = {
  'whose last block is begun': (one) => {
    fill(one.publisher, one.slots + 1);
    hold(one, 1);
  },
  'whose last block is empty': (one) => {
    fill(one.publisher, one.slots);
    hold(one, 1);
  },
  'of one block': (one) => {
    fill(one.publisher, 3);
    hold(one, 1);
  },
  'whose middle blocks have gone': (one) => {
    fill(one.publisher, 5 * one.slots + 7);
    hold(one, 1);
    take(one, 3 * one.slots);
    hold(one, 1);
  },
  'with messages that were requeued': (one) => {
    fill(one.publisher, 3 * one.slots + 1);
    hold(one, 2 * one.slots);
    one.holder.feed(Buffer.concat([nack(1, 5, false, true), nack(1, one.slots + 5, false, true)]));
  },
  'whose consumer is cancelled and keeps what it has': (one) => {
    fill(one.publisher, 2 * one.slots + 1);
    const consumer = one.holder.consume(1, 'q', { prefetch: 2 * one.slots });
    one.bench.serve();
    one.bench.engine().cancelConsumer(consumer);
  },
  'with priorities': (one) => {
    one.bench.setFeatures('q', { maxPriority: 3 });
    for (const priority of [0, 1, 3]) fill(one.publisher, 2 * one.slots + 1, { priority });
    hold(one, 2 * one.slots + 5);
    take(one, 2 * one.slots);
    hold(one, 1);
  },
  'with limits, ages and bytes': (one) => {
    one.bench.setFeatures('q', { maxLength: 3 * one.slots, maxBytes: 1e6, ttl: 1e6 });
    fill(one.publisher, 3 * one.slots);
    hold(one, 1);
    fill(one.publisher, one.slots + 1);
  },
  'whose dead letters are not settled': (one) => {
    one.bench.setFeatures('q', { deadLetters: true });
    fill(one.publisher, 2 * one.slots + 1);
    hold(one, 3);
    one.holder.feed(nack(1, 2, false, false));
    expect(one.bench.engine().nextDead()).not.toBe(0);
  },
  'that is logged': (one) => {
    one.bench.startLog();
    one.bench.loggedQueue('q', 256, 1000);
    fill(one.publisher, 2 * one.slots + 1, { persistent: true });
    hold(one, 1);
  },
  'that is logged, with priorities': (one) => {
    one.bench.startLog();
    one.bench.setFeatures('q', { maxPriority: 2 });
    one.bench.loggedQueue('q', 256, 1000);
    for (const priority of [0, 2]) fill(one.publisher, 2 * one.slots + 1, { priority, persistent: true });
    hold(one, 2 * one.slots + 2);
  },
  'whose messages are spilled': (one) => {
    fill(one.publisher, 6 * one.slots + 5);
    hold(one, 1);
    const shelf = new ImageShelf(one.bench.coordinator);
    while (shelf.out(one.queue, 0));
  },
  'whose messages are spilled but for the first': (one) => {
    fill(one.publisher, 2 * one.slots + 5);
    hold(one, 1);
    const shelf = new ImageShelf(one.bench.coordinator);
    while (shelf.out(one.queue, AT_HEAD, undefined, { least: 0, most: 1e6 }));
  },
  'whose messages are partly back': (one) => {
    fill(one.publisher, 6 * one.slots + 5);
    hold(one, 1);
    const shelf = new ImageShelf(one.bench.coordinator);
    while (shelf.out(one.queue, 0));
    shelf.in(one.queue);
    take(one, one.slots);
    hold(one, 1);
  },
  'whose messages are on their way out': (one) => {
    fill(one.publisher, 3 * one.slots);
    hold(one, 1);
    expect(one.bench.coordinator.pageOut(one.queue, AT_HEAD, 0, 1e6)).toBeGreaterThan(0);
  },
  'whose messages are on their way in': (one) => {
    fill(one.publisher, 4 * one.slots);
    hold(one, 1);
    const shelf = new ImageShelf(one.bench.coordinator);
    while (shelf.out(one.queue, 0));
    expect(one.bench.coordinator.pageIn(one.queue)).toBeGreaterThan(0);
  },
};

/** What becomes of the messages that are held. */
const ENDINGS: Readonly<Record<string, (stage: Stage) => void>> = {
  'are acknowledged': ({ holder }) => holder.feed(ack(1, 0, true)),
  'are acknowledged, the last first': ({ bench, holder, channel }) => {
    for (let tag = bench.engine().lastTag(channel); tag > 0; tag--) {
      if (bench.engine().isUnacked(channel, tag)) holder.feed(ack(1, tag));
    }
  },
  'are requeued': ({ holder }) => holder.feed(nack(1, 0, true, true)),
  'are rejected': ({ holder }) => holder.feed(nack(1, 0, true, false)),
  'lose their channel': ({ bench, channel }) => {
    bench.engine().closeChannel(channel);
    bench.engine().freeChannel(channel);
  },
  'lose their connection': ({ holder }) => holder.close(),
};

const cases = Object.keys(QUEUES).flatMap((queue) => Object.keys(ENDINGS).map((ending) => [queue, ending] as const));

describe.each(ENGINES)('%s', (kind) => {
  test.each(cases)('a queue %s goes, and the messages that are held %s', async (queue, ending) => {
    const one = await stage(kind);
    const { bench, publisher } = one;
    const before = bench.coordinator.memoryUsed();
    QUEUES[queue]?.(one);
    bench.coordinator.retireQueue(one.queue);
    bench.coordinator.freeQueue(one.queue);
    bench.queues.delete('q');
    // The coordinator passes by once more, so that nothing is left in its limbo; then it uses the pages again.
    const later = Array.from({ length: LATER_QUEUES }, (_, i) => {
      const made = bench.coordinator.createQueue();
      bench.queues.set(`later ${i}`, made);
      return made;
    });
    for (let i = 0; i < LATER_QUEUES; i++) publisher.feed(publish(1, `later ${i}`, text(`${i}`)));
    ENDINGS[ending]?.(one);
    bench.dead();
    bench.serve();
    const reader = bench.client();
    for (const [i] of later.entries()) reader.consume(1, `later ${i}`, { noAck: true });
    bench.serve();
    expect(reader.bodies().sort()).toEqual(later.map((_, i) => `${i}`).sort());
    reader.close();
    publisher.close();
    for (const one of later) {
      bench.coordinator.retireQueue(one);
      bench.coordinator.freeQueue(one);
    }
    bench.serve();
    expect(bench.coordinator.memoryUsed()).toBeLessThan(before + AT_HAND);
  });
});
