/** Memory that a burst took for slots or output takes messages when the burst is gone. */
import { describe, expect, test } from 'vitest';
import { Bench, type Client, ENGINES } from '../support/bench.js';
import { publish } from '../support/frames.js';
import { text } from '../support/scenario.js';

const MEBIBYTE = 2 ** 20;
const MEBIBYTES = 32;
/** A burst leaves so much. */
const LEFT = 14 * MEBIBYTE;
const QUEUES = 60;
const BATCHES = 200;
const CLIENTS = 60;
/** A memory of which output may take much. */
const MANY_BOXES = 128;
const MOST_OF_MANY = 0.95;
const LARGE = publish(1, 'large', Buffer.alloc(100_000));
const SMALL = Buffer.concat(Array.from({ length: 250 }, () => publish(1, 'all', text('-'))));
/** Of what finds room in fresh memory; the rest may be lost to segments that something lies in still: cells too. */
const MOST = 0.85;
/** The same beside many queues that live: each keeps a block, and these lie in several segments. */
const MOST_BESIDE_QUEUES = 0.8;
/** With less that is free, messages leave for spill files. */
const NOT_SCARCE = 1 / 3;

async function open(kind: (typeof ENGINES)[number], mebibytes = MEBIBYTES) {
  const bench = await Bench.open(kind, { mebibytes, workers: 2 });
  bench.queue('large');
  const publisher = bench.client();
  publisher.open(1);
  return { bench, publisher, engine: bench.engine() };
}

/** Everybody has a pass, twice: so that each sees what the others left. */
function pass(bench: Bench): void {
  const all = [...bench.participants, bench.coordinator];
  for (const one of [...all, ...all]) {
    if (one.sleep()) one.wake();
  }
}

/** How many messages of 100 KB find room, when everybody gives what it can whenever there is none. */
function fill({ bench, publisher }: { bench: Bench; publisher: Client }): number {
  let count = 0;
  let left: Uint8Array = LARGE;
  for (let passes = 0; passes < 3; ) {
    left = publisher.offer(left);
    if (left.length === 0) {
      count++;
      left = LARGE;
    } else {
      pass(bench);
      passes++;
    }
  }
  return count;
}

/** All of them, each seventh after the other: pages that lie beside each other are given back far apart. */
function scattered<T>(items: readonly T[]): T[] {
  return items.flatMap((_, i) => items[(i * 7) % items.length] ?? []);
}

/** Queues that all get what is published to `all`. */
function manyQueues(bench: Bench): number[] {
  const names = Array.from({ length: QUEUES }, (_, i) => `q${i}`);
  bench.routes.set('all', names);
  return names.map((name) => bench.queue(name));
}

/** xorshift32: the same sequence for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

describe.each(ENGINES)('%s', (kind) => {
  test('slots of many queues, which are deleted by another than those who filled them', async () => {
    const expected = fill(await open(kind));
    const made = await open(kind);
    const { bench, publisher } = made;
    const queues = manyQueues(bench);
    while (bench.coordinator.memoryFree() > LEFT) publisher.feed(SMALL);
    for (const queue of scattered(queues)) bench.coordinator.freeQueue(queue);
    pass(bench);
    expect(bench.coordinator.memoryFree()).toBeGreaterThan(MEBIBYTES * MEBIBYTE * NOT_SCARCE);
    expect(fill(made)).toBeGreaterThan(MOST * expected);
  });

  test('slots of many queues, which are emptied in turn', async () => {
    const expected = fill(await open(kind));
    const made = await open(kind);
    const { bench, publisher } = made;
    const queues = manyQueues(bench);
    while (bench.coordinator.memoryFree() > LEFT) publisher.feed(SMALL);
    for (let round = 0, purged = 1; purged > 0; round++) {
      purged = 0;
      for (const queue of scattered(queues)) purged += bench.participants[round % 2]?.purge(queue, 1_000) ?? 0;
    }
    expect(fill(made)).toBeGreaterThan(MOST_BESIDE_QUEUES * expected);
  });

  test('deliveries that wait for their acknowledgement', async () => {
    const expected = fill(await open(kind));
    const made = await open(kind);
    const { bench, publisher, engine } = made;
    bench.routes.set('all', ['q']);
    const queue = bench.queue('q');
    const consumer = bench.client(1);
    consumer.consume(1, 'q');
    for (let i = 0; i < BATCHES && bench.coordinator.memoryFree() > LEFT; i++) {
      publisher.feed(SMALL);
      bench.serve(1);
    }
    consumer.close();
    while (engine.purge(queue, 10_000) > 0);
    expect(fill(made)).toBeGreaterThan(MOST * expected);
  });

  test('output that waited for many clients', async () => {
    const expected = fill(await open(kind, MANY_BOXES));
    const made = await open(kind, MANY_BOXES);
    const { bench, publisher } = made;
    const clients = Array.from({ length: CLIENTS }, (_, i) => bench.client(i % 2));
    const names = clients.map((_, i) => `q${i}`);
    for (const name of names) bench.queue(name);
    bench.routes.set('all', names);
    for (const [i, client] of clients.entries()) client.consume(1, `q${i}`, { noAck: true });
    for (let i = 0; i < 4; i++) {
      publisher.feed(publish(1, 'all', Buffer.alloc(100_000)));
      for (const engine of bench.participants) for (let turn = 0; turn < 10; turn++) engine.serve();
    }
    for (const worker of [0, 1]) bench.serve(worker);
    expect(clients.map((client) => client.bodies().length)).toEqual(clients.map(() => 4));
    for (const client of clients) client.close();
    expect(fill(made)).toBeGreaterThan(MOST_OF_MANY * expected);
  });

  test('random play leaves all of it', async () => {
    const seed = Number(process.env.LEVERET_SEED ?? Math.floor(Math.random() * 2 ** 31));
    console.info(`random bursts: repeat with LEVERET_SEED=${seed}`);
    const random = randomFrom(seed);
    const expected = fill(await open(kind));
    const made = await open(kind);
    const { bench, publisher } = made;
    const queues = manyQueues(bench);
    for (let step = 0; step < 300; step++) {
      const engine = [...bench.participants, bench.coordinator][random(3)] ?? made.engine;
      const free = bench.coordinator.memoryFree();
      if (free > LEFT && random(2) === 0) publisher.feed(SMALL);
      else engine.purge(queues[random(QUEUES)] ?? 0, random(2_000));
      if (random(10) === 0) pass(bench);
    }
    for (const queue of queues) made.engine.freeQueue(queue);
    expect(fill(made)).toBeGreaterThan(MOST * expected);
  });
});
