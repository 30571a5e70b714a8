/** What is remembered of counters and levels, compared with a list of all that was sampled. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { details, rangeOf } from '../../../src/management/statistics/details.js';
import { Histories, type Ring } from '../../../src/management/statistics/histories.js';

const RINGS: readonly Ring[] = [
  { every: 1, slots: 5 },
  { every: 4, slots: 6 },
  { every: 20, slots: 6 },
];
const [COUNTER, LEVEL] = [0, 1];

describe('a history', () => {
  it('tells what counters and levels were, finely of what is near and coarsely of what is far', () => {
    const step = fc.record({ grown: fc.nat(1000), level: fc.nat(1000) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 300, size: 'max' }), (steps) => {
        const histories = new Histories(RINGS, 1, 1);
        const other = histories.open();
        const place = histories.open();
        const counters: number[] = [];
        for (const [sample, { grown, level }] of steps.entries()) {
          counters.push((counters.at(-1) ?? 0) + grown);
          histories.record(place, sample, Float64Array.of(counters[sample] ?? 0, level));
          histories.record(other, sample, Float64Array.of(sample, 0));
        }
        const last = steps.length - 1;
        const truth = [counters, steps.map(({ level }) => level)];
        for (const series of [COUNTER, LEVEL]) {
          const points = histories.points(place, series, last);
          for (const { sample, value } of points) expect(value).toBe(truth[series]?.[sample] ?? 0);
          expect(histories.grownBy(place, series, last)).toBe(
            (truth[series]?.[last] ?? 0) - (truth[series]?.[last - 1] ?? 0),
          );
          // Each of the last ones, and as far back as the coarsest ring goes.
          for (const [back, { sample }] of points.slice(0, 4).entries()) expect(sample).toBe(last - back);
          if (last >= 5 * 20) expect(points.at(-1)?.sample).toBeLessThanOrEqual(last - 4 * 20);
        }
        expect(histories.lastOf(other, COUNTER)).toBe(last);
      }),
    );
  });

  it('tells that a level was nothing before the first sample', () => {
    const histories = new Histories(RINGS, 1, 1);
    const place = histories.open();
    // Longer than the finest ring goes back: what is first known by a coarser one was not so all the time before.
    for (let sample = 1; sample <= 10; sample++) histories.record(place, sample, Float64Array.of(0, 500));
    const points = histories.points(place, LEVEL, 10);
    expect(points.at(-1)).toEqual({ sample: -1, value: 0 });
    expect(points.slice(0, -1).every(({ value }) => value === 500)).toBe(true);
  });

  it('that takes the place of another begins with nothing', () => {
    const histories = new Histories(RINGS, 1, 1);
    const place = histories.open();
    histories.record(place, 1, Float64Array.of(7, 8));
    histories.close(place);
    const next = histories.open();
    expect(histories.lastOf(next, COUNTER)).toBe(0);
    expect(histories.points(next, COUNTER, 1).every(({ value }) => value === 0)).toBe(true);
  });
});

describe('details', () => {
  const points = [
    { sample: 10, value: 100 },
    { sample: 9, value: 80 },
    { sample: 4, value: 30 },
  ];
  const times = { last: 10, lastAt: 1_000_000, interval: 5000 };

  it('are a rate by the second where no range is asked for', () => {
    expect(details(times, 20, () => points, null)).toEqual({ rate: 4 });
  });

  it('have samples at even times, the newest first, and their averages', () => {
    expect(details(times, 20, () => points, { age: 30, increment: 10 })).toEqual({
      rate: 4,
      samples: [
        { sample: 100, timestamp: 1_000_000 },
        { sample: 70, timestamp: 990_000 },
        { sample: 50, timestamp: 980_000 },
        { sample: 30, timestamp: 970_000 },
      ],
      avg: 62.5,
      avg_rate: 2.333333,
    });
  });

  it('refuse more samples than RabbitMQ gives, and overlook what is no number', () => {
    expect(rangeOf({ lengths_age: '600', lengths_incr: '5' }, 'lengths')).toEqual({ age: 600, increment: 5 });
    expect(rangeOf({ lengths_age: '600' }, 'lengths')).toBeNull();
    expect(rangeOf({ lengths_age: 'abc', lengths_incr: '5' }, 'lengths')).toBeNull();
    for (const increment of ['0', '1'])
      expect(() => rangeOf({ lengths_age: '501', lengths_incr: increment }, 'lengths')).toThrow(
        `Invalid range parameters: age 501, incr ${increment}`,
      );
  });

  it('keeps what it has while others go, and gives back what those took', () => {
    // Null: a new one comes; a number: one of those that are there goes.
    const comings = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, fc.nat(1000)), {
      maxLength: 600,
      size: 'max',
    });
    fc.assert(
      fc.property(comings, fc.integer({ min: 0, max: 600 }), (steps, survivors) => {
        const histories = new Histories(RINGS, 1, 1);
        const chunk = 64 * histories.octets;
        const known = new Map<number, number>();
        let sample = 0;
        const close = (index: number): void => {
          const place = [...known.keys()][index % Math.max(1, known.size)];
          if (place === undefined) return;
          histories.close(place);
          known.delete(place);
        };
        const check = (): void => {
          expect(histories.octetsInAll).toBeLessThanOrEqual((Math.ceil(known.size / 64) + 1) * chunk);
          for (const [place, value] of known) {
            expect(histories.lastOf(place, COUNTER)).toBe(value);
            expect(histories.lastOf(place, LEVEL)).toBe(-value);
          }
        };
        for (const step of steps) {
          if (step !== null) close(step);
          else {
            sample += 1;
            const place = histories.open();
            histories.record(place, sample, Float64Array.of(sample, -sample));
            known.set(place, sample);
          }
        }
        check();
        while (known.size > survivors) close(sample);
        check();
      }),
      { numRuns: 50 },
    );
  });
});
