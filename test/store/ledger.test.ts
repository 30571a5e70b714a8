/**
 * What counts, by ranges: facts in any order come to the same, millions of places cost little.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BatchBuilder } from '../../dist/store/log/batch.js';
import { LogFiles } from '../../dist/store/log/log-files.js';
import { LogLedger } from '../../dist/store/recovery/ledger.js';
import { PositionRanges } from '../../dist/store/recovery/position-ranges.js';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

test('ranges are what a map of positions is', () => {
  const change = fc.record({
    from: fc.nat(60),
    count: fc.integer({ min: 1, max: 12 }),
    value: fc.integer({ min: -1, max: 2 }),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const ranges = new PositionRanges();
      const map = new Map<number, number>();
      for (const { from, count, value } of changes) {
        const told = new Map<number, number>();
        const gone = (first: number, length: number, old: number): void => {
          for (let at = first; at < first + length; at++) told.set(at, old);
        };
        const before = new Map([...map].filter(([at]) => at >= from && at < from + count));
        if (value < 0) ranges.remove(from, count, gone);
        else ranges.set(from, count, value, gone);
        expect(told).toEqual(before);
        for (let at = from; at < from + count; at++) value < 0 ? map.delete(at) : map.set(at, value);
      }
      const seen = new Map<number, number>();
      let last = { end: -1, value: -1 };
      let size = 0;
      ranges.forEach((from, count, value) => {
        expect(from > last.end || (from === last.end && value !== last.value)).toBe(true);
        for (let at = from; at < from + count; at++) seen.set(at, value);
        last = { end: from + count, value };
        size += 1;
      });
      expect(ranges.size).toBe(size);
      expect([...seen]).toEqual([...map].sort(([a], [b]) => a - b));
      for (let at = 0; at < 75; at++) expect(ranges.at(at)).toBe(map.get(at) ?? -1);
      const gaps = new Set<number>();
      ranges.forEachGap(3, 50, (from, count) => {
        for (let at = from; at < from + count; at++) gaps.add(at);
      });
      expect([...gaps]).toEqual([...Array(50).keys()].map((at) => at + 3).filter((at) => !map.has(at)));
    }),
  );
});

test('many single places are kept in order', () => {
  const ranges = new PositionRanges();
  const order = Array.from({ length: 5000 }, (_, i) => (i * 1237) % 5000);
  for (const position of order) ranges.set(position * 2, 1, position % 3);
  expect(ranges.size).toBe(5000);
  for (const position of order) expect(ranges.at(position * 2)).toBe(position % 3);
  for (const position of order.slice(0, 4990)) ranges.remove(position * 2, 1);
  expect(ranges.list()).toEqual(
    order
      .slice(4990)
      .sort((a, b) => a - b)
      .map((position) => ({ from: position * 2, count: 1 })),
  );
});

test('a place that is done before it is heard that it was taken holds nothing', () => {
  const files = new LogFiles();
  const ledger = new LogLedger(files);
  const [one, two] = [files.file(1, 0), files.file(2, 0)];
  const done = new BatchBuilder();
  done.ack(256, [{ from: 2, count: 3 }]);
  ledger.heard(done.facts(), two);
  const taken = new BatchBuilder();
  taken.enqueue(256, 0, 0, [10, 11, 12, 13, 14, 15]);
  ledger.heard(taken.facts(), one);
  expect(one).toMatchObject({ live: 3, places: 6 });
  expect(ledger.held(256, [{ from: 0, count: 9 }])).toEqual([
    { from: 0, count: 2 },
    { from: 5, count: 1 },
  ]);
  // A copy counts in place of the message.
  const copy = new BatchBuilder();
  copy.enqueue(256, 0, 0, [10]);
  ledger.heard(copy.facts(), two);
  expect([one.live, two.live]).toEqual([2, 1]);
  expect(ledger.checkpoint(256)).toMatchObject({ next: 6, done: [{ from: 2, count: 3 }] });
  ledger.deleted(256);
  expect([one.live, two.live]).toEqual([0, 0]);
  ledger.heard(taken.facts(), one);
  expect(one.live).toBe(0);
});

test('twenty million messages cost little time and memory', () => {
  const files = new LogFiles();
  const ledger = new LogLedger(files);
  const RUN = 100;
  const RANGES = 200_000;
  const WINDOW = 64;
  // What earlier tests have left behind must not be taken for what is given back here.
  collectGarbage();
  const before = process.memoryUsage();
  const begun = performance.now();
  let most = 0;
  // Two writers alternate, so that no two ranges are one; all are there before the first is done.
  for (let run = 0; run < RANGES; run++) {
    ledger.enqueued(256, run * RUN, RUN, files.file(1 + (run % 2), Math.floor(run / 1000)));
  }
  const after = process.memoryUsage();
  most = after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed;
  // Done in order, but for windows in which the odd ones come after the even ones.
  for (let first = 0; first < RANGES; first += WINDOW) {
    for (const odd of [0, 1]) {
      for (let run = first + odd; run < Math.min(first + WINDOW, RANGES); run += 2) ledger.done(256, run * RUN, RUN);
    }
  }
  const seconds = (performance.now() - begun) / 1000;
  expect(seconds).toBeLessThan(10);
  expect(most).toBeLessThan(100e6);
  expect([...files.states.values()].every(({ live }) => live === 0)).toBe(true);
  expect(ledger.checkpoint(256)).toEqual({
    queue: 256,
    next: RUN * RANGES,
    done: [{ from: 0, count: RUN * RANGES }],
    delivered: [],
    requeues: new Map(),
  });
});
