import { expect, test } from 'vitest';
import { inPortions } from '../../src/management/http/portions.js';

test('many items are made in order, and others have their turns between', async () => {
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const items = Array.from({ length: 5_000 }, (_, index) => index);
  expect(await inPortions(items, (item) => item * 2)).toEqual(items.map((item) => item * 2));
  isDone = true;
  expect(turns).toBeGreaterThan(4);
});

test('of nothing nothing is made', async () => {
  expect(await inPortions([], String)).toEqual([]);
});
