/** A queue that is paused takes messages and gives none out; when it goes on, those are served who have waited. */
import { describe, expect, test } from 'vitest';
import { DeadLetterReason, type EngineKind } from '../../../src/engine/engine.js';
import { Bench, ENGINES } from '../support/bench.js';
import { ack, nack, properties, publish } from '../support/frames.js';
import { publishTexts, scenario, text } from '../support/scenario.js';

async function twoWorkers(kind: EngineKind) {
  const bench = await Bench.open(kind, { workers: 2 });
  const queue = bench.queue('q');
  const publisher = bench.client(0);
  publisher.open(1);
  return { bench, queue, publisher, pause: (paused: boolean) => bench.coordinator.setPaused(queue, paused) };
}

describe.each(ENGINES)('%s', (kind) => {
  test.each([
    0, 1,
  ])('a consumer of worker %i that waits gets nothing until the queue goes on, then all', async (worker) => {
    const { bench, queue, publisher, pause } = await twoWorkers(kind);
    const consumer = bench.client(worker);
    consumer.consume(1, 'q', { noAck: true });
    bench.serve(worker);
    pause(true);
    publishTexts(publisher, 'a', 'b');
    bench.serve(worker);
    expect(consumer.bodies()).toEqual([]);
    expect(bench.coordinator.readyCount(queue)).toBe(2);
    expect(bench.engine(worker).isOwed(queue, null)).toBe(false);
    pause(false);
    expect(bench.engine(worker).isOwed(queue, null)).toBe(true);
    bench.serve(worker);
    expect(consumer.bodies()).toEqual(['a', 'b']);
  });

  test('one that comes to a paused queue waits, too', async () => {
    const { bench, publisher, pause } = await twoWorkers(kind);
    publishTexts(publisher, 'a');
    pause(true);
    const consumer = bench.client(1);
    consumer.consume(1, 'q');
    bench.serve(1);
    expect(consumer.bodies()).toEqual([]);
    pause(false);
    bench.serve(1);
    expect(consumer.bodies()).toEqual(['a']);
  });

  test('what is acknowledged meanwhile brings nothing more; what is given back waits in its place', async () => {
    const { bench, publisher, pause } = await twoWorkers(kind);
    const consumer = bench.client(1);
    consumer.consume(1, 'q', { prefetch: 2 });
    publishTexts(publisher, 'a', 'b', 'c');
    bench.serve(1);
    expect(consumer.bodies()).toEqual(['a', 'b']);
    pause(true);
    consumer.feed(Buffer.concat([ack(1, 2), nack(1, 1, false, true)]));
    bench.serve(1);
    expect(consumer.bodies()).toEqual([]);
    pause(false);
    bench.serve(1);
    expect(consumer.bodies()).toEqual(['a', 'c']);
  });

  test('basic.get finds nothing in it', async () => {
    const { bench, engine, channel, queue, publisher } = await scenario(kind);
    publishTexts(publisher, 'a');
    bench.coordinator.setPaused(queue, true);
    expect(engine.get(channel, queue, true)).toBe(false);
    bench.coordinator.setPaused(queue, false);
    expect(engine.get(channel, queue, true)).toBe(true);
  });

  test('messages expire and are too many as ever', async () => {
    const { bench, publisher, consumer, queue } = await scenario(kind, 32, {
      ttl: 1000,
      maxLength: 3,
      deadLetters: true,
    });
    bench.setTime(1_000_000);
    consumer.consume(1, 'q');
    bench.serve();
    bench.coordinator.setPaused(queue, true);
    publishTexts(publisher, 'a', 'b', 'c', 'd');
    bench.serve();
    expect(bench.dead()).toEqual([{ body: 'a', queue: 'q', reason: DeadLetterReason.MAXLEN }]);
    bench.setTime(1_003_000);
    bench.sweep();
    expect(bench.dead().map(({ body }) => body)).toEqual(['b', 'c', 'd']);
    expect(consumer.bodies()).toEqual([]);
  });

  test('stays paused when its features change', async () => {
    const { bench, publisher, consumer, queue } = await scenario(kind);
    consumer.consume(1, 'q', { noAck: true });
    bench.serve();
    bench.coordinator.setPaused(queue, true);
    bench.setFeatures('q', { maxLength: 100 });
    publishTexts(publisher, 'a');
    bench.serve();
    expect(consumer.bodies()).toEqual([]);
  });

  test('priorities of messages and consumers hold when it goes on', async () => {
    const { bench, publisher, consumer, queue } = await scenario(kind, 32, { maxPriority: 5 });
    const low = bench.client();
    low.consume(1, 'q', { priority: -1 });
    consumer.consume(1, 'q', { prefetch: 2, priority: 5 });
    bench.serve();
    bench.coordinator.setPaused(queue, true);
    for (const priority of [1, 5, 3])
      publisher.feed(publish(1, 'q', text(`${priority}`), { properties: properties({ priority }) }));
    bench.serve();
    bench.coordinator.setPaused(queue, false);
    bench.serve();
    expect(consumer.bodies()).toEqual(['5', '3']);
    expect(low.bodies()).toEqual(['1']);
  });

  test('can be emptied and deleted', async () => {
    const { bench, publisher, queue, consumer } = await scenario(kind);
    const id = consumer.consume(1, 'q');
    bench.coordinator.setPaused(queue, true);
    publishTexts(publisher, 'a', 'b');
    expect(bench.coordinator.purge(queue)).toBe(2);
    publishTexts(publisher, 'c');
    expect(bench.coordinator.retireQueue(queue)).toBe(1);
    bench.engine().cancelConsumer(id);
    bench.coordinator.freeQueue(queue);
    bench.serve();
    expect(consumer.bodies()).toEqual([]);
  });

  test('nothing is lost, doubled or left behind, however often it is paused amid random traffic of two workers', async () => {
    const { bench, queue, publisher, pause } = await twoWorkers(kind);
    let seed = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000);
    process.stdout.write(`seed ${seed}\n`);
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    const consumers = [bench.client(0), bench.client(1)];
    for (const consumer of consumers) consumer.consume(1, 'q', { noAck: true });
    const seen: string[] = [];
    let sent = 0;
    let isPaused = false;
    const serve = (worker: number): void => {
      bench.serve(worker);
      const bodies = consumers.flatMap((consumer) => consumer.bodies());
      if (isPaused) expect(bodies).toEqual([]);
      seen.push(...bodies);
    };
    for (let step = 0; step < 2000; step++) {
      switch (random(4)) {
        case 0:
          isPaused = !isPaused;
          pause(isPaused);
          break;
        case 1:
          publishTexts(publisher, ...Array.from({ length: 1 + random(5) }, () => `${sent++}`));
          break;
        default:
          serve(random(2));
      }
    }
    isPaused = false;
    pause(false);
    for (let round = 0; round < 3; round++) for (const worker of [0, 1]) serve(worker);
    expect(bench.coordinator.readyCount(queue)).toBe(0);
    expect(seen.map(Number).sort((one, two) => one - two)).toEqual(Array.from({ length: sent }, (_, i) => i));
  });
});
