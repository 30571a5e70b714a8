/**
 * Participants that begin to count for a queue at the same moment: each has a block of its own, and nothing is lost.
 */
import { expect, test } from 'vitest';
import { Counter } from '../../src/engine/engine.js';
import { publish } from '../engine/support/frames.js';
import { text } from '../engine/support/scenario.js';
import { openStage, type Player } from './support/stage.js';

const CELL = 512;

/** A queue with messages, for which only the first worker has counted; and how each of the others gets one. */
async function countedQueue(workers: number, messages: number) {
  const { bench, workers: all, coordinator } = await openStage({ workers });
  const queue = bench.queue('q');
  const publisher = bench.client(0);
  publisher.open(1);
  for (let i = 0; i < messages; i++) publisher.feed(publish(1, 'q', text(`${i}`)));
  const others = all.slice(1).map((player, i) => {
    const channel = bench.client(i + 1).open(1);
    return {
      get: (): void => expect(player.engine.get(channel, queue, true)).toBe(true),
      beginGet: (): void => player.begin('get', channel, queue, true).until('COUNTERS_MISSED'),
      finish: (): void => expect(player.finish()).toBe(true),
    };
  });
  const serve = (): void => {
    for (const [worker] of all.entries()) bench.serve(worker);
  };
  serve();
  return { engine: (coordinator as Player).engine, queue, others, serve };
}

type Getter = Awaited<ReturnType<typeof countedQueue>>['others'][number];

test('two workers that see the same block free get one each', async () => {
  const { engine, queue, others, serve } = await countedQueue(3, 4);
  const [slow, quick] = others as [Getter, Getter];
  slow.beginGet();
  quick.get();
  slow.finish();
  expect(engine.countedAt(queue, Counter.DELIVERED)).toBe(2);
  serve();
  slow.get();
  quick.get();
  expect(engine.countedAt(queue, Counter.DELIVERED)).toBe(4);
  expect(engine.countedAt(queue, Counter.ENQUEUED)).toBe(4);
});

test('of two workers that bring room for more blocks one takes it back, and both count there', async () => {
  const { engine, queue, others, serve } = await countedQueue(5, 8);
  const [second, third, slow, quick] = others as [Getter, Getter, Getter, Getter];
  second.get();
  third.get();
  serve();
  const used = engine.memoryUsed();
  slow.beginGet();
  quick.get();
  slow.finish();
  serve();
  expect(engine.memoryUsed()).toBe(used + CELL);
  for (const one of [slow, quick, second, third]) one.get();
  expect(engine.countedAt(queue, Counter.DELIVERED)).toBe(8);
});
