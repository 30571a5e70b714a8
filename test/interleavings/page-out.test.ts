/**
 * Messages on their way out of memory while a cursor claims them: their block is given back once, and not before
 * everybody is done with it.
 */
import { expect, test } from 'vitest';
import { publish } from '../engine/support/frames.js';
import { text } from '../engine/support/scenario.js';
import { openStage, type Player } from './support/stage.js';

/** As a margin: right behind the first message; what leaves: whatever is there. */
const AT_HEAD = -1;
const LEAST = 0;
const MOST = 1e6;
const LATER = -1;
const PAGE = 4096;

/** A queue of a full block, of which only the last `left` messages were not taken yet. */
async function almostEmptyBlock(left: number) {
  const { bench, workers, coordinator } = await openStage({ workers: 2 });
  const [cursor] = workers as [Player, Player];
  const slots = coordinator.engine.slotsPerBlock;
  const queue = bench.queue('q');
  const publisher = bench.client(1);
  publisher.open(1);
  for (let i = 0; i < slots; i++) publisher.feed(publish(1, 'q', text(`${i}`)));
  const consumer = bench.client();
  const channel = consumer.open(1);
  for (let i = left; i < slots; i++) expect(cursor.engine.get(channel, queue, true)).toBe(true);
  bench.serve();
  consumer.bodies();
  const used = coordinator.engine.memoryUsed();
  return {
    cursor,
    coordinator,
    queue,
    channel,
    /** What was delivered since. */
    bodies: (): string[] => {
      bench.serve();
      return consumer.bodies();
    },
    last: Array.from({ length: left }, (_, i) => `${slots - left + i}`),
    /** Pages that came free since. */
    pagesBack: (): number => (used - coordinator.engine.memoryUsed()) / PAGE,
  };
}

test('a cursor that has seen the last message before it is marked takes it, settles it, and the block goes once', async () => {
  const { cursor, coordinator, queue, channel, bodies, last, pagesBack } = await almostEmptyBlock(1);
  cursor.begin('get', channel, queue, true).until('CLAIM_SCANNED');
  coordinator.begin('pageOut', queue, AT_HEAD, LEAST, MOST).until('OUT_MARKED');
  expect(cursor.finish()).toBe(true);
  expect(coordinator.finish()).toBe(0);
  expect(bodies()).toEqual(last);
  expect(pagesBack()).toBe(1);
  expect(coordinator.engine.pageOut(queue, AT_HEAD, LEAST, MOST)).toBe(0);
});

test('a block that is done before it is held is left alone', async () => {
  const { cursor, coordinator, queue, channel, bodies, last, pagesBack } = await almostEmptyBlock(1);
  coordinator.begin('pageOut', queue, AT_HEAD, LEAST, MOST).until('OUT_FOUND');
  expect(cursor.engine.get(channel, queue, true)).toBe(true);
  expect(coordinator.finish()).toBe(0);
  expect(bodies()).toEqual(last);
  expect(pagesBack()).toBe(1);
});

test('while a cursor may be claiming what was marked, its block is kept, whoever settles all of it', async () => {
  const { cursor, coordinator, queue, channel, bodies, last, pagesBack } = await almostEmptyBlock(1);
  cursor.begin('get', channel, queue, true).until('CLAIM_SCANNED');
  expect(coordinator.engine.pageOut(queue, AT_HEAD, LEAST, MOST)).toBe(LATER);
  expect(coordinator.engine.pageOut(queue, AT_HEAD, LEAST, MOST)).toBe(LATER);
  expect(cursor.finish()).toBe(true);
  expect(bodies()).toEqual(last);
  expect(pagesBack()).toBe(0);
  expect(coordinator.engine.pageOut(queue, AT_HEAD, LEAST, MOST)).toBe(0);
  expect(pagesBack()).toBe(1);
});

test('what a cursor has claimed in between stays, and what is left may leave after that', async () => {
  const { cursor, coordinator, queue, channel, bodies, last } = await almostEmptyBlock(3);
  cursor.begin('get', channel, queue, true).until('CLAIM_SCANNED');
  expect(coordinator.engine.pageOut(queue, AT_HEAD, LEAST, MOST)).toBe(LATER);
  expect(cursor.finish()).toBe(true);
  expect(coordinator.engine.pageOut(queue, AT_HEAD, LEAST, MOST)).toBe(0);
  expect(coordinator.engine.pageOut(queue, AT_HEAD, LEAST, MOST)).toBeGreaterThan(0);
  expect(coordinator.engine.pageOutCount).toBe(1);
  expect(coordinator.engine.pageOutEnd(false)).toBe(false);
  for (let i = 0; i < 2; i++) expect(cursor.engine.get(channel, queue, true)).toBe(true);
  expect(bodies()).toEqual(last);
});

test('a queue that is deleted while its messages are marked lets go of its blocks once', async () => {
  const { cursor, coordinator, queue, channel, bodies, pagesBack } = await almostEmptyBlock(2);
  cursor.begin('get', channel, queue, true).until('CLAIM_SCANNED');
  expect(coordinator.engine.pageOut(queue, AT_HEAD, LEAST, MOST)).toBe(LATER);
  expect(coordinator.engine.retireQueue(queue)).toBe(2);
  expect(cursor.finish()).toBe(false);
  coordinator.engine.freeQueue(queue);
  expect(bodies()).toEqual([]);
  // The full block, the empty one behind it, and the queue's cell.
  expect(Math.floor(pagesBack())).toBe(2);
});
