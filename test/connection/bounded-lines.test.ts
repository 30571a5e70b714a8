/** Lines that strangers cause: the same once in a while, and only so many in all, with a count of the rest. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BoundedLines } from '../../src/connection/errors/bounded-lines.js';

let told: string[];
let lines: BoundedLines;
beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  lines = new BoundedLines('strangers', (line) => told.push(line));
});
afterEach(() => vi.useRealTimers());

test('the same is told once, and later with the count of what was left out', () => {
  for (let i = 0; i < 5; i++) lines.tell('hare', 'a hare came');
  expect(told).toEqual(['a hare came']);
  vi.advanceTimersByTime(60_000);
  lines.tell('hare', 'a hare came');
  lines.tell('fox', 'a fox came');
  expect(told.slice(1)).toEqual(['a hare came, after 4 more that were not listed', 'a fox came']);
});

test('a flood of what is never the same takes ten lines and one with the count, even when nothing more comes', () => {
  for (let i = 0; i < 5000; i++) lines.tell(`${i}`, `${i} came`);
  expect(told).toHaveLength(10);
  vi.advanceTimersByTime(10_000);
  expect(told.slice(10)).toEqual(['4990 more strangers not listed']);
  lines.tell('fox', 'a fox came');
  expect(told.slice(11)).toEqual(['a fox came']);
});

test('nothing is told by itself once it is stopped', () => {
  for (let i = 0; i < 20; i++) lines.tell(`${i}`, `${i} came`);
  lines.stop();
  vi.advanceTimersByTime(60_000);
  expect(told).toHaveLength(10);
});
