/**
 * Work that comes in crowds: a little of it is done in each turn of the event loop.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { PacedWork } from '../../src/connection/transport/paced-work.js';

/** Paced work that is kept in the order in which it was done, with what else each turn of the event loop brought. */
function pacedBy(aTurn: number) {
  const done: (string | number)[] = [];
  const work = new PacedWork<number>(aTurn, (item) => done.push(item));
  return { done, work };
}

test('others have their turn between one piece of work and the next, which come in order', async () => {
  const { done, work } = pacedBy(2);
  for (const item of [1, 2, 3, 4, 5]) work.add(item);
  for (const turn of ['a', 'b', 'c']) {
    await nextTurn();
    done.push(turn);
  }
  expect(done).toEqual([1, 2, 'a', 3, 4, 'b', 5, 'c']);
});

test('what comes while there is work waits for its turn, and what comes later begins anew', async () => {
  const { done, work } = pacedBy(1);
  work.add(1);
  work.add(2);
  await nextTurn();
  work.add(3);
  for (let turn = 0; turn < 2; turn++) await nextTurn();
  expect(done).toEqual([1, 2, 3]);
  work.add(4);
  expect(done).toEqual([1, 2, 3]);
  await nextTurn();
  expect(done).toEqual([1, 2, 3, 4]);
});

test('what waits when it is cleared is handed back, and never done', async () => {
  const { done, work } = pacedBy(2);
  for (const item of [1, 2, 3, 4, 5]) work.add(item);
  await nextTurn();
  expect(work.clear()).toEqual([3, 4, 5]);
  for (let turn = 0; turn < 3; turn++) await nextTurn();
  expect(done).toEqual([1, 2]);
  expect(work.clear()).toEqual([]);
});
