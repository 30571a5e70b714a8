/**
 * Messages leave memory and come back: whoever publishes, consumes, requeue or purges meanwhile sees the queue that he
 * would see without.
 */
import { describe, expect, test } from 'vitest';
import type { EngineKind } from '../../../src/engine/engine.js';
import { type Client, ENGINES } from '../support/bench.js';
import { publish } from '../support/frames.js';
import { ImageShelf, unitsOf } from '../support/image-shelf.js';
import { scenario } from '../support/scenario.js';

/** Longer than one frame, so that the message has pieces. */
const LONG = 300_000;
const PORTION = 512 * 1024;

async function spillScenario(kind: EngineKind, mebibytes = 64) {
  const made = await scenario(kind, mebibytes);
  const shelf = new ImageShelf(made.bench.coordinator);
  return { ...made, shelf, slots: made.bench.coordinator.slotsPerBlock };
}

/** Publishes the numbers from `first` on. */
function publishNumbers(publisher: Client, first: number, count: number, size = 0): void {
  const frames = Array.from({ length: count }, (_, i) =>
    publish(1, 'q', Buffer.from(`${first + i}`.padEnd(size, ' '))),
  );
  publisher.feed(Buffer.concat(frames));
}

const numbers = (first: number, end: number): string[] => Array.from({ length: end - first }, (_, i) => `${first + i}`);

describe.each(ENGINES)('%s', (kind) => {
  test('what was sent away is counted, and comes back in its order', async () => {
    const { bench, publisher, consumer, queue, shelf, slots } = await spillScenario(kind);
    publishNumbers(publisher, 0, 9 * slots + 1);
    while (shelf.out(queue, 0));
    expect(bench.coordinator.spilledCount(queue)).toBe(8 * slots);
    expect(bench.coordinator.presentCount(queue)).toBe(slots);
    expect(bench.coordinator.readyCount(queue)).toBe(9 * slots + 1);
    publishNumbers(publisher, 9 * slots + 1, 2 * slots - 1);
    consumer.consume(1, 'q', { noAck: true });
    bench.serve();
    expect(consumer.bodies()).toEqual(numbers(0, slots));
    for (let block = 1; block < 9; block++) {
      expect(shelf.in(queue)).toBe(true);
      bench.serve();
      const end = block < 8 ? block + 1 : 11;
      expect(consumer.bodies()).toEqual(numbers(block * slots, end * slots));
    }
    expect(shelf.in(queue)).toBe(false);
    expect(bench.coordinator.readyCount(queue)).toBe(0);
  });

  test('memory that messages held is free once they are away, and all of it once they are consumed', async () => {
    const { bench, publisher, consumer, queue, shelf, slots } = await spillScenario(kind);
    const { coordinator } = bench;
    const before = coordinator.memoryUsed();
    publishNumbers(publisher, 0, 40 * slots, 1000);
    const full = coordinator.memoryUsed();
    while (shelf.out(queue, 0));
    expect(coordinator.memoryUsed()).toBeLessThan(before + (full - before) / 5);
    consumer.consume(1, 'q', { noAck: true });
    do bench.serve();
    while (shelf.in(queue));
    expect(consumer.bodies().length).toBe(40 * slots);
    // Open segments: two of the publisher, one of the coordinator.
    expect(coordinator.memoryUsed()).toBeLessThanOrEqual(before + 3 * 2 ** 20 + 512 * 1024);
  });

  test('a consumer that comes near what is spilled asks for it, and is served when it is back', async () => {
    const { bench, publisher, consumer, queue, shelf, slots } = await spillScenario(kind);
    const { coordinator } = bench;
    publishNumbers(publisher, 0, 4 * slots);
    shelf.out(queue, 0);
    expect(coordinator.sleep()).toBe(true);
    const rung = coordinator.doorbell();
    expect(coordinator.nextPageInRequest()).toBe(0);
    consumer.consume(1, 'q', { noAck: true });
    bench.serve();
    await rung;
    expect(coordinator.sleep()).toBe(false);
    expect(coordinator.nextPageInRequest()).toBe(queue);
    expect(coordinator.nextPageInRequest()).toBe(0);
    expect(consumer.bodies()).toEqual(numbers(0, slots));
    shelf.in(queue);
    bench.serve();
    expect(consumer.bodies()).toEqual(numbers(slots, 4 * slots));
  });

  test('a get finds nothing at an spilled message, and its worker is rung when it is back', async () => {
    const { bench, publisher, consumer, channel, engine, queue, shelf, slots } = await spillScenario(kind);
    publishNumbers(publisher, 0, 4 * slots);
    shelf.out(queue, 0);
    for (let i = 0; i < slots; i++) expect(engine.get(channel, queue, true)).toBe(true);
    bench.serve();
    consumer.bodies();
    expect(engine.get(channel, queue, true)).toBe(false);
    expect(engine.awaitNext(queue)).toBe(true);
    engine.wake();
    expect(engine.sleep()).toBe(true);
    const rung = engine.doorbell();
    shelf.in(queue);
    await rung;
    expect(engine.awaitNext(queue)).toBe(false);
    expect(engine.get(channel, queue, true)).toBe(true);
    bench.serve();
    expect(consumer.bodies()).toEqual([`${slots}`]);
  });

  test('a worker that is awake when an spilled message comes back does not sleep over it', async () => {
    const { bench, publisher, channel, engine, queue, shelf, slots } = await spillScenario(kind);
    publishNumbers(publisher, 0, 4 * slots);
    shelf.out(queue, 0);
    for (let i = 0; i < slots; i++) expect(engine.get(channel, queue, true)).toBe(true);
    bench.serve();
    engine.wake();
    expect(engine.get(channel, queue, true)).toBe(false);
    expect(engine.awaitNext(queue)).toBe(true);
    shelf.in(queue);
    expect(engine.sleep()).toBe(false);
    expect(engine.get(channel, queue, true)).toBe(true);
    bench.serve();
    expect(engine.sleep()).toBe(true);
  });

  test('messages with pieces, requeued ones and those of two queues come back as they were', async () => {
    const { bench, publisher, consumer, channel, engine, queue, slots } = await spillScenario(kind, 128);
    const shelf = new ImageShelf(bench.coordinator, PORTION);
    publishNumbers(publisher, 0, slots + 1);
    const long = Buffer.alloc(LONG, 'long ');
    for (let i = 0; i < 40; i++) publisher.feed(publish(1, 'q', long, { frameBody: 100_000 }));
    publishNumbers(publisher, 0, 2 * slots);
    while (shelf.out(queue, 0));
    expect(shelf.count(queue)).toBe(2);
    for (let i = 0; i < slots + 1; i++) {
      if (!engine.get(channel, queue, true)) {
        shelf.in(queue);
        expect(engine.get(channel, queue, true)).toBe(true);
      }
    }
    bench.serve();
    consumer.bodies();
    for (let i = 0; i < 40; i++) {
      expect(engine.get(channel, queue, true)).toBe(true);
      bench.serve();
      expect(consumer.bodies()).toEqual([long.toString()]);
    }
  });

  test('consumers that come to a block on its way out keep it', async () => {
    const { bench, publisher, consumer, queue, shelf, slots } = await spillScenario(kind);
    publishNumbers(publisher, 0, 4 * slots);
    consumer.consume(1, 'q', { noAck: true });
    expect(shelf.out(queue, 0, () => bench.serve())).toBe(false);
    expect(bench.coordinator.spilledCount(queue)).toBe(0);
    bench.serve();
    expect(consumer.bodies()).toEqual(numbers(0, 4 * slots));
  });

  test('what is purged on its way out or in is gone', async () => {
    const { bench, publisher, queue, shelf, slots } = await spillScenario(kind);
    const { coordinator } = bench;
    const used = coordinator.memoryUsed();
    publishNumbers(publisher, 0, 6 * slots);
    while (shelf.out(queue, 0));
    publishNumbers(publisher, 0, 2 * slots);
    expect(shelf.out(queue, 0, () => coordinator.purge(queue))).toBe(false);
    expect(coordinator.readyCount(queue)).toBe(0);
    shelf.forget(queue);
    publishNumbers(publisher, 0, 6 * slots);
    while (shelf.out(queue, 0));
    let purged = 0;
    const back = shelf.in(queue, () => {
      purged += coordinator.purge(queue);
    });
    expect(back).toBe(false);
    expect(purged).toBe(6 * slots);
    expect(coordinator.spilledCount(queue)).toBe(0);
    expect(coordinator.memoryUsed()).toBeLessThanOrEqual(used + 3 * 2 ** 20 + 512 * 1024);
  });

  test('a queue that is deleted takes its spilled messages along', async () => {
    const { bench, publisher, queue, shelf, slots } = await spillScenario(kind);
    const { coordinator } = bench;
    publishNumbers(publisher, 0, 6 * slots);
    while (shelf.out(queue, 0));
    expect(coordinator.retireQueue(queue)).toBe(6 * slots);
    coordinator.freeQueue(queue);
    expect(coordinator.nextPageInRequest()).toBe(0);
  });

  test('messages that were elsewhere from the first come before what is published', async () => {
    const { bench, publisher, consumer, queue, shelf, slots } = await spillScenario(kind);
    const { coordinator } = bench;
    publishNumbers(publisher, 0, 3 * slots);
    shelf.out(queue, 0);
    const recovered = bench.queue('recovered');
    expect(coordinator.setSpilled(recovered, slots + 10, 0)).toBe(true);
    expect(coordinator.spilledCount(recovered)).toBe(slots + 10);
    expect(coordinator.readyCount(recovered)).toBe(slots + 10);
    publisher.feed(publish(1, 'recovered', Buffer.from('new')));
    const [image] = shelf.images(queue);
    const staging = coordinator.takeStaging();
    consumer.consume(1, 'recovered', { noAck: true });
    bench.serve();
    expect(coordinator.nextPageInRequest()).toBe(recovered);
    expect(coordinator.pageIn(recovered)).toBe(slots);
    coordinator.bytes.set(image ?? Buffer.alloc(0), staging);
    coordinator.pageInTake(staging, image?.length ?? 0);
    expect(coordinator.pageInEnd(true)).toBe(true);
    bench.serve();
    expect(consumer.bodies()).toEqual(numbers(slots, 2 * slots));
    expect(coordinator.pageIn(recovered)).toBe(10);
    const units = unitsOf(image ?? Buffer.alloc(0)).slice(0, 10);
    coordinator.bytes.set(Buffer.concat(units), staging);
    coordinator.pageInTake(staging, Buffer.concat(units).length);
    expect(coordinator.pageInEnd(true)).toBe(true);
    bench.serve();
    expect(consumer.bodies()).toEqual([...numbers(slots, slots + 10), 'new']);
  });

  test('a limit is kept once the messages at the head are back, without further publishes', async () => {
    const { bench, publisher, engine, queue, shelf, slots } = await spillScenario(kind);
    publishNumbers(publisher, 0, 4 * slots);
    while (shelf.out(queue, 0));
    bench.setFeatures('q', { maxLength: 2 * slots });
    publishNumbers(publisher, 4 * slots, 1);
    bench.serve();
    expect(engine.readyCount(queue)).toBe(3 * slots + 1);
    expect(engine.sleep()).toBe(true);
    const rung = engine.doorbell();
    expect(bench.coordinator.nextPageInRequest()).toBe(queue);
    shelf.in(queue);
    await rung;
    engine.wake();
    bench.serve();
    shelf.in(queue);
    bench.serve();
    expect(engine.readyCount(queue)).toBe(2 * slots);
  });

  test('what has expired while it was away dies when it is back', async () => {
    const { bench, publisher, engine, queue, shelf, slots } = await spillScenario(kind);
    bench.setTime(1_000_000);
    bench.setFeatures('q', { ttl: 1000, deadLetters: true });
    publishNumbers(publisher, 0, 3 * slots);
    while (shelf.out(queue, 0));
    bench.setTime(1_002_000);
    bench.sweep();
    expect(engine.readyCount(queue)).toBe(2 * slots);
    expect(bench.coordinator.nextPageInRequest()).toBe(queue);
    while (shelf.in(queue)) bench.sweep();
    expect(bench.dead().map((one) => one.body)).toEqual(numbers(0, 3 * slots));
  });

  test('bytes are counted wherever messages are', async () => {
    const { bench, publisher, engine, queue, shelf, slots } = await spillScenario(kind);
    publishNumbers(publisher, 0, 4 * slots, 100);
    shelf.out(queue, 0);
    bench.setFeatures('q', { maxBytes: 10_000_000 });
    expect(engine.readyBytes(queue)).toBe(400 * slots);
    shelf.out(queue, 0);
    expect(engine.readyBytes(queue)).toBe(400 * slots);
    shelf.in(queue);
    expect(engine.readyBytes(queue)).toBe(400 * slots);
    bench.coordinator.purge(queue);
    expect(engine.readyBytes(queue)).toBe(0);
  });

  test('messages too long to be back together come back as consumers make room', async () => {
    const { bench, publisher, engine, channel, consumer, queue, shelf, slots } = await spillScenario(kind, 96);
    const size = 100_000;
    publishNumbers(publisher, 0, slots + 1, 1);
    publishNumbers(publisher, slots + 1, slots, size);
    publishNumbers(publisher, 2 * slots + 1, slots + 1, 1);
    while (shelf.out(queue, 0));
    const hog = bench.queue('hog');
    let rest: Uint8Array = Buffer.concat(
      Array.from({ length: 900 }, () => publish(1, 'hog', Buffer.alloc(size), { frameBody: size })),
    );
    rest = publisher.offer(rest);
    for (let i = 0; i < slots; i++) engine.get(channel, queue, true);
    bench.serve();
    consumer.bodies();
    const { coordinator } = bench;
    coordinator.pageIn(queue);
    expect(rest.length).toBeGreaterThan(0);
    const got: string[] = [];
    const images = shelf.images(queue);
    const staging = coordinator.takeStaging();
    for (const unit of unitsOf(images[0] ?? Buffer.alloc(0))) {
      coordinator.bytes.set(unit, staging);
      for (;;) {
        const taken = coordinator.pageInTake(staging, unit.length);
        if (taken === unit.length) break;
        expect(taken).toBe(-1);
        expect(engine.get(channel, queue, true)).toBe(true);
        bench.serve();
        got.push(...consumer.bodies().map((body) => body.trim()));
      }
    }
    expect(coordinator.pageInEnd(true)).toBe(true);
    expect(got.length).toBeGreaterThan(0);
    expect(got).toEqual(numbers(slots, slots + got.length));
    expect(coordinator.purge(hog)).toBeGreaterThan(0);
  });
});
