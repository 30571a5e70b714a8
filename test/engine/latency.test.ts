/** How long deliveries took, as participants keep it: of the sampled ones, each standing for those up to the next. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engine/engine.js';
import { Counter } from '../../src/engine/engine.js';
import { LATENCY_BUCKETS, latencyBound } from '../../src/engine/latency.js';
import { Bench, ENGINES } from './support/bench.js';
import { publish } from './support/frames.js';
import { text } from './support/scenario.js';

/** A day in 2026 (ms). */
const DAY = 1_800_000_000_000;
/** Of the monotonic clock (µs). */
const MONOTONIC = 77_123_456;

/** Sets both clocks to so many microseconds after the beginning; the time of day may be one millisecond wrong. */
function setClock(engine: Engine, micros: number, wrongBy = 0): void {
  engine.setTime(DAY + Math.floor(micros / 1000) + wrongBy, MONOTONIC + micros);
}

function histogram(engine: Engine): Map<number, number> {
  const counts = new Map<number, number>();
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
    const count = engine.latencyCount(bucket);
    if (count > 0) counts.set(bucket, count);
  }
  return counts;
}

describe.each(ENGINES)('%s', (kind) => {
  test('a delivery is kept by its microseconds, however long it took and however wrong the time of day is', async () => {
    const bench = await Bench.open(kind);
    const engine = bench.engine();
    bench.queue('q');
    const client = bench.client();
    client.open(1);
    client.consume(1, 'q');
    let expected = new Map<number, number>();
    const random = fc.record({
      from: fc.nat(10_000_000),
      took: fc.oneof(fc.nat(20), fc.nat(5_000), fc.nat(2_000_000), fc.nat(4_000_000_000)),
      wrong: fc.constantFrom(-1, 0, 1),
    });
    fc.assert(
      fc.property(random, ({ from, took, wrong }) => {
        setClock(engine, from);
        client.feed(publish(1, 'q', text('x')));
        setClock(engine, from + took, from + took > 1000 ? wrong : 0);
        expect(engine.hasUntimed).toBe(false);
        bench.serve();
        expect(engine.hasUntimed).toBe(true);
        const end = from + took;
        engine.timeDeliveries(DAY + Math.floor(end / 1000) + wrong, MONOTONIC + end);
        expect(engine.hasUntimed).toBe(false);
        const counts = histogram(engine);
        const [bucket = -1] = [...counts].find(([one, count]) => count !== (expected.get(one) ?? 0)) ?? [];
        expected = counts;
        expect(took).toBeLessThanOrEqual(latencyBound(bucket));
        expect(took).toBeGreaterThan(bucket === 0 ? -1 : latencyBound(bucket - 1));
      }),
      { numRuns: 200 },
    );
    expect([...expected.values()].reduce((sum, count) => sum + count, 0)).toBe(engine.counted(Counter.DELIVERED));
  });

  test('many deliveries are sampled evenly, and all of them count', async () => {
    const bench = await Bench.open(kind);
    const engine = bench.engine();
    bench.queue('q');
    const client = bench.client();
    client.open(1);
    // One a millisecond, written after the last has come.
    const count = 1000;
    for (let i = 0; i < count; i++) {
      setClock(engine, i * 1000);
      client.feed(publish(1, 'q', text('x')));
    }
    client.consume(1, 'q');
    setClock(engine, count * 1000);
    bench.serve();
    engine.timeDeliveries(DAY + count, MONOTONIC + count * 1000);
    const counts = [...histogram(engine)];
    expect(counts.reduce((sum, [, of]) => sum + of, 0)).toBe(count);
    const quick = counts.filter(([bucket]) => latencyBound(bucket) < (count / 2) * 1000);
    const half = quick.reduce((sum, [, of]) => sum + of, 0);
    expect(half).toBeGreaterThan(count * 0.4);
    expect(half).toBeLessThan(count * 0.6);
    expect(engine.latencySum() / count / 1000).toBeCloseTo(count / 2, -2);
  });

  test('publishes on channels with confirms are counted apart', async () => {
    const bench = await Bench.open(kind);
    const engine = bench.engine();
    bench.queue('q');
    const client = bench.client();
    client.open(1);
    engine.setConfirm(client.open(2));
    client.feed(publish(1, 'q', text('x')));
    client.feed(Buffer.concat([publish(2, 'q', text('y')), publish(2, 'nowhere', text('z'))]));
    bench.serve();
    expect(engine.counted(Counter.RECEIVED)).toBe(3);
    expect(engine.counted(Counter.RECEIVED_CONFIRMING)).toBe(2);
  });
});

test('bounds of buckets rise by a sixteenth at most, and the last has none', () => {
  const bounds = Array.from({ length: LATENCY_BUCKETS }, (_, bucket) => latencyBound(bucket));
  expect(bounds.at(-1)).toBe(Number.POSITIVE_INFINITY);
  for (let i = 1; i < bounds.length - 1; i++) {
    const [before = 0, bound = 0] = [bounds[i - 1], bounds[i]];
    expect(bound).toBeGreaterThan(before);
    expect(bound - before).toBeLessThanOrEqual(Math.max(1, (before + 1) / 16));
  }
});
