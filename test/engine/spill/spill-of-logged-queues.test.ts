/**
 * Messages of logged queues, and of single priorities, that leave memory: they come back with their numbers and places
 * in the log.
 */
import { describe, expect, test } from 'vitest';
import type { Engine, EngineKind } from '../../../src/engine/engine.js';
import { UnitFlag } from '../../../src/log/spill-source.js';
import { Bench, type Client, ENGINES } from '../support/bench.js';
import { ack, properties, publish } from '../support/frames.js';
import { ImageShelf, unitsOf } from '../support/image-shelf.js';
import { placesOf, written } from '../support/log.js';

const QUEUE = 256;
const FIRST = 1_000;

async function loggedScenario(kind: EngineKind) {
  const bench = await Bench.open(kind, { mebibytes: 64 });
  bench.setTime(5_000);
  bench.startLog();
  const queue = bench.loggedQueue('q', QUEUE, FIRST);
  const publisher = bench.client();
  publisher.open(1);
  const consumer = bench.client();
  const channel = consumer.open(1);
  const { coordinator } = bench;
  return {
    bench,
    queue,
    publisher,
    consumer,
    channel,
    engine: bench.engine(),
    coordinator,
    slots: coordinator.slotsPerBlock,
  };
}

/** Every third message is transient. */
const isPersistent = (number: number): boolean => number % 3 !== 0;

function publishMixed(publisher: Client, first: number, end: number): void {
  const frames = Array.from({ length: end - first }, (_, i) =>
    publish(1, 'q', Buffer.from(`${first + i}`), { properties: properties({ persistent: isPersistent(first + i) }) }),
  );
  publisher.feed(Buffer.concat(frames));
}

/** What was recorded since the last call. */
function recorded(engine: Engine) {
  const taken: string[] = [];
  const done = new Set<string>();
  const messages: string[] = [];
  for (let batch = engine.takeBatch(); batch !== null; batch = engine.takeBatch()) {
    const found = written(engine, batch);
    taken.push(...placesOf(found.facts.taken));
    for (const place of placesOf(found.facts.done)) done.add(place);
    messages.push(...found.messages.map((one) => one.body.toString()));
    engine.batchDone(batch);
  }
  return { taken, done: [...done], messages };
}

function takeAll(bench: Bench, consumer: Client): string[] {
  bench.serve();
  const received = consumer.received().flatMap((one) => (one.kind === 'delivery' ? [one] : []));
  const last = received.at(-1);
  if (last !== undefined) consumer.feed(ack(1, last.tag, true));
  return received.map((one) => one.body.toString());
}

describe.each(ENGINES)('%s', (kind) => {
  test('what was away is done at its own place, and is not recorded anew', async () => {
    const { bench, queue, publisher, consumer, engine, coordinator, slots } = await loggedScenario(kind);
    const count = 4 * slots;
    publishMixed(publisher, 0, count);
    const { taken, messages } = recorded(engine);
    expect(messages.length).toBe(taken.length);
    const shelf = new ImageShelf(coordinator);
    while (shelf.out(queue, 0));
    expect(shelf.count(queue)).toBe(3);
    consumer.consume(1, 'q');
    const got: string[] = [];
    do got.push(...takeAll(bench, consumer));
    while (shelf.in(queue));
    expect(got).toEqual(Array.from({ length: count }, (_, i) => `${i}`));
    expect(recorded(engine)).toEqual({ taken: [], done: taken, messages: [] });
  });

  test('what is purged while it is away is recorded as done, and nothing else', async () => {
    const { bench, queue, publisher, consumer, engine, coordinator, slots } = await loggedScenario(kind);
    publishMixed(publisher, 0, 4 * slots);
    const { taken } = recorded(engine);
    const shelf = new ImageShelf(coordinator);
    while (shelf.out(queue, 0));
    shelf.in(queue);
    consumer.consume(1, 'q', { prefetch: 700 });
    bench.serve();
    expect(coordinator.purge(queue)).toBe(4 * slots - 700);
    const { done } = recorded(coordinator);
    const unacked = taken.slice(0, Math.floor((700 * 2) / 3));
    expect(taken.filter((place) => !done.includes(place))).toEqual(unacked);
    publishMixed(publisher, 1, 2);
    expect(done).not.toContain(recorded(engine).taken[0]);
  });

  test('what is purged on its way back is recorded as done, the last of it, too', async () => {
    const { queue, publisher, engine, coordinator, slots } = await loggedScenario(kind);
    publishMixed(publisher, 0, 4 * slots);
    const { taken } = recorded(engine);
    const shelf = new ImageShelf(coordinator);
    while (shelf.out(queue, 0));
    expect(shelf.in(queue, () => coordinator.purge(queue))).toBe(false);
    const { done } = recorded(coordinator);
    expect(taken.filter((place) => !done.includes(place))).toEqual([]);
  });

  test('recovered messages keep their places, with gaps between them', async () => {
    const { bench, queue, publisher, consumer, engine, coordinator, slots } = await loggedScenario(kind);
    publishMixed(publisher, 0, 3 * slots);
    recorded(engine);
    const shelf = new ImageShelf(coordinator);
    shelf.out(queue, 0);
    const units = unitsOf(shelf.images(queue)[0] ?? Buffer.alloc(0)).filter(
      (unit) => unit.readUInt32LE(4) & UnitFlag.LOGGED,
    );
    // In the log a message stands at each tenth place.
    for (const [i, unit] of units.entries()) unit.writeBigUInt64LE(BigInt(2 ** 33 + i * 10), 8);
    const recovered = bench.queue('recovered');
    coordinator.setLogId(recovered, 512, 2 ** 34);
    expect(coordinator.setSpilled(recovered, units.length, 0)).toBe(true);
    expect(coordinator.pageIn(recovered)).toBe(units.length);
    const staging = coordinator.takeStaging();
    coordinator.bytes.set(Buffer.concat(units), staging);
    coordinator.pageInTake(staging, Buffer.concat(units).length);
    coordinator.giveStaging(staging);
    expect(coordinator.pageInEnd(true)).toBe(true);
    consumer.consume(1, 'recovered');
    expect(takeAll(bench, consumer).length).toBe(units.length);
    expect(recorded(engine).done).toEqual(units.map((_, i) => `512:${2 ** 33 + i * 10}`));
    publisher.feed(publish(1, 'recovered', Buffer.from('next'), { properties: properties({ persistent: true }) }));
    expect(recorded(engine).taken).toEqual([`512:${2 ** 34}`]);
  });

  test.each([
    1, 10,
  ])('few recovered messages keep their places (every %d.), and share a block with what is published', async (gap) => {
    const { bench, queue, publisher, consumer, engine, coordinator, slots } = await loggedScenario(kind);
    publishMixed(publisher, 0, 3 * slots);
    recorded(engine);
    const shelf = new ImageShelf(coordinator);
    shelf.out(queue, 0);
    const units = unitsOf(shelf.images(queue)[0] ?? Buffer.alloc(0))
      .filter((unit) => unit.readUInt32LE(4) & UnitFlag.LOGGED)
      .slice(0, 6);
    const next = 2 ** 34;
    const positions = units.map((_, i) => next - (units.length - i) * gap);
    for (const [i, unit] of units.entries()) unit.writeBigUInt64LE(BigInt(positions[i] ?? 0), 8);
    const recovered = bench.queue('recovered');
    coordinator.setLogId(recovered, 512, next);
    expect(coordinator.setSpilled(recovered, units.length, 0)).toBe(true);
    const publishOne = (body: string): void => {
      publisher.feed(publish(1, 'recovered', Buffer.from(body), { properties: properties({ persistent: true }) }));
    };
    publishOne('before');
    expect(coordinator.pageIn(recovered)).toBe(units.length);
    const staging = coordinator.takeStaging();
    const bring = (some: readonly Buffer[]): void => {
      coordinator.bytes.set(Buffer.concat(some), staging);
      coordinator.pageInTake(staging, Buffer.concat(some).length);
    };
    bring(units.slice(0, 4));
    publishOne('between');
    bring(units.slice(4));
    coordinator.giveStaging(staging);
    expect(coordinator.pageInEnd(true)).toBe(true);
    publishOne('after');
    expect(recorded(engine).taken).toEqual([0, 1, 2].map((i) => `512:${next + i}`));
    consumer.consume(1, 'recovered');
    expect(takeAll(bench, consumer).slice(units.length)).toEqual(['before', 'between', 'after']);
    expect(recorded(engine).done).toEqual([...positions, next, next + 1, next + 2].map((place) => `512:${place}`));
  });

  test('a recovered queue takes no more blocks than one that holds its messages', async () => {
    const { bench, coordinator, slots } = await loggedScenario(kind);
    const cell = 512;
    const page = 4096;
    for (const [i, count] of [1, slots - 1, slots, slots + 1, 9 * slots].entries()) {
      // Cells come out of pages, by eight.
      const before = coordinator.memoryUsed();
      const queue = bench.queue(`recovered ${i}`);
      expect(coordinator.setSpilled(queue, count, 0)).toBe(true);
      expect(coordinator.memoryUsed() - before).toBeLessThanOrEqual(cell + (count < slots ? 1 : 2) * page);
      expect(coordinator.spilledCount(queue)).toBe(count);
    }
  });

  test('what is purged of few recovered messages is recorded, and nothing of what is published', async () => {
    const { bench, consumer, publisher, engine, coordinator } = await loggedScenario(kind);
    const recovered = bench.queue('recovered');
    coordinator.setLogId(recovered, 512, 1_000);
    expect(coordinator.setSpilled(recovered, 3, 0)).toBe(true);
    expect(coordinator.dropSpilled(recovered)).toBe(3);
    publisher.feed(publish(1, 'recovered', Buffer.from('new'), { properties: properties({ persistent: true }) }));
    expect(recorded(engine).taken).toEqual(['512:1000']);
    const { done } = recorded(coordinator);
    expect(done).toEqual(expect.arrayContaining(['512:997', '512:998', '512:999']));
    expect(done).not.toContain('512:1000');
    consumer.consume(1, 'recovered', { noAck: true });
    bench.serve();
    expect(consumer.bodies()).toEqual(['new']);
  });

  test('messages of each priority leave and come back, and are given out by their priority', async () => {
    const { bench, publisher, consumer, coordinator, slots } = await loggedScenario(kind);
    const queue = bench.queue('ranked');
    bench.setFeatures('ranked', { maxPriority: 3 });
    const count = 3 * slots;
    const frames = Array.from({ length: 2 * count }, (_, i) =>
      publish(1, 'ranked', Buffer.from(`${i}`), { properties: properties({ priority: i < count ? 1 : 2 }) }),
    );
    publisher.feed(Buffer.concat(frames));
    const shelf = new ImageShelf(coordinator);
    const priorities = [1, 2].map((priority) => coordinator.priorityOf(queue, priority, false));
    expect(priorities).not.toContain(0);
    expect(coordinator.priorityOf(queue, 3, false)).toBe(0);
    for (const priority of priorities) while (shelf.out(priority, 0));
    expect(priorities.map((priority) => coordinator.spilledCount(priority))).toEqual([2 * slots, 2 * slots]);
    expect(coordinator.readyCount(queue)).toBe(2 * count);
    consumer.consume(1, 'ranked', { noAck: true });
    const got: string[] = [];
    for (;;) {
      bench.serve();
      got.push(...consumer.bodies());
      const pageInRequested = coordinator.nextPageInRequest();
      if (pageInRequested === 0) break;
      shelf.in(pageInRequested);
    }
    expect(got).toEqual([count, 0].flatMap((first) => Array.from({ length: count }, (_, i) => `${first + i}`)));
  });
});
