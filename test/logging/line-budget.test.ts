/** Lines that clients cause: none of them can fill the log, nor take the lines of another. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LineBudget } from '../../src/logging/line-budget.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const RATE = { atOnce: 10, perSecond: 2 };

test('a source has so many lines at once, then so many a second, and what is left out is counted', () => {
  let now = 0;
  const leftOut: number[] = [];
  const budget = new LineBudget(
    RATE,
    (count) => leftOut.push(count),
    () => now,
  );
  const taken = (times: number): number => Array.from({ length: times }, () => budget.take('a')).filter(Boolean).length;
  expect(taken(100)).toBe(10);
  now += 1_000;
  expect(taken(100)).toBe(2);
  vi.advanceTimersByTime(60_000);
  expect(leftOut).toEqual([188]);
});

test('a source that is loud takes nothing from others, however many these are', () => {
  const budget = new LineBudget(
    RATE,
    () => {},
    () => 0,
  );
  for (let times = 0; times < 1_000; times++) budget.take('loud');
  expect(budget.take('quiet')).toBe(true);
  let all = 0;
  for (let source = 0; source < 100_000; source++) if (budget.take(`source ${source}`)) all++;
  expect(all).toBeLessThanOrEqual(2 * RATE.atOnce);
});
