/**
 * What the broker thread hears of a worker's log, and when.
 */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LogEvent } from '../../src/log/commit-log.js';
import { asLocation, inFile } from '../../src/store/log/file-location.js';
import { LogReport } from '../../src/worker/log-report.js';

let sent: (readonly LogEvent[])[];
let report: LogReport;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  report = new LogReport((events) => void sent.push(events));
});
afterEach(() => {
  vi.useRealTimers();
});

const placed = (end: number): LogEvent => ({
  type: 'placed',
  location: asLocation({ file: 0, end }),
  messageOctets: 0,
  facts: new Uint8Array(),
});
const passed: LogEvent = { type: 'passed', barrier: 1 };

test('batches are told together, in their order, a few milliseconds later', () => {
  for (const end of [1, 2, 3]) report.add(placed(end));
  expect(sent).toEqual([]);
  vi.advanceTimersByTime(5);
  expect(sent).toEqual([[placed(1), placed(2), placed(3)]]);
  vi.advanceTimersByTime(1_000);
  report.add(placed(4));
  vi.advanceTimersByTime(5);
  expect(sent[1]).toEqual([placed(4)]);
});

test('what others wait for is told at once, behind what came before', () => {
  report.add(placed(1));
  report.add(passed);
  expect(sent).toEqual([[placed(1), passed]]);
  vi.advanceTimersByTime(1_000);
  expect(sent).toHaveLength(1);
});

test('many batches do not wait', () => {
  for (let end = 0; end < 1_000; end++) report.add(placed(end));
  report.flush();
  const ends = sent.flat().map((event) => (event.type === 'placed' ? inFile(event.location).end : -1));
  expect(ends).toEqual([...Array(1_000).keys()]);
  expect(sent.length).toBeGreaterThan(10);
});
