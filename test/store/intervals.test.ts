/**
 * Sets of positions as runs, against plain sets.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gaps } from '../../dist/store/batch.js';
import { Intervals } from '../../dist/store/intervals.js';

const run = fc.record({ from: fc.nat(60), count: fc.nat(12) });

function members(runs: readonly { from: number; count: number }[]): Set<number> {
  return new Set(runs.flatMap(({ from, count }) => Array.from({ length: count }, (_, i) => from + i)));
}

test('runs added in any order have the members of a plain set, as few runs as can be', () => {
  fc.assert(
    fc.property(fc.array(run), (runs) => {
      const set = new Intervals(runs);
      const expected = members(runs);
      for (let position = 0; position < 80; position++) expect(set.has(position)).toBe(expected.has(position));
      const kept = set.runs();
      expect(members(kept)).toEqual(expected);
      kept.slice(1).forEach(({ from }, i) => {
        const before = kept[i] as { from: number; count: number };
        expect(from).toBeGreaterThan(before.from + before.count);
      });
    }),
  );
});

test('what one set has without another is what plain sets say', () => {
  fc.assert(
    fc.property(fc.array(run), fc.array(run), (some, others) => {
      const rest = new Intervals(some).without(new Intervals(others));
      const gone = members(others);
      expect(members(rest)).toEqual(new Set([...members(some)].filter((position) => !gone.has(position))));
    }),
  );
});

test('the gaps between runs are what is below and not in them', () => {
  fc.assert(
    fc.property(fc.array(run), fc.nat(80), (runs, below) => {
      const ascending = new Intervals(runs).runs();
      const kept = members(ascending);
      const expected = Array.from({ length: below }, (_, i) => i).filter((position) => !kept.has(position));
      expect(members(gaps(below, ascending))).toEqual(new Set(expected));
    }),
  );
});
