/** What a thread costs is counted, and counting it costs no memory. */
import { afterEach, expect, test } from 'vitest';
import { Counter } from '../../src/engine/engine.js';
import { ThreadFigures } from '../../src/worker/thread-figures.js';
import { eventually } from '../support/waiting.js';

const TICK_MS = 100;
const counted = new Map<Counter, number>();
const engine = { count: (counter: Counter, more: number) => counted.set(counter, (counted.get(counter) ?? 0) + more) };
const figures = new ThreadFigures(engine, TICK_MS);

afterEach(() => figures.rest());

/** Makes about `octets` of garbage. */
function litter(octets: number): void {
  const kept: number[][] = [];
  for (let i = 0; i < octets / 800; i++) kept[i % 100] = new Array<number>(100).fill(i);
}

test('pauses and allocations are counted however often the heap is collected, and memory stays as it is', async () => {
  let now = 0;
  const pass = () => {
    litter(4 << 20);
    now += TICK_MS;
    figures.tick(now);
  };
  pass();
  await eventually(
    'some pauses',
    async () => {
      pass();
      return counted.get(Counter.GC_PAUSES) ?? 0;
    },
    (pauses) => pauses > 20,
  );
  const before = process.memoryUsage.rss();
  for (let i = 0; i < 1500; i++) {
    pass();
    if (i % 20 === 0) await new Promise((resume) => setImmediate(resume));
  }
  expect(process.memoryUsage.rss() - before).toBeLessThan(64 << 20);
  expect(counted.get(Counter.GC_PAUSES)).toBeGreaterThan(100);
  expect(counted.get(Counter.GC_MICROS)).toBeGreaterThan(0);
  expect(counted.get(Counter.JS_OCTETS)).toBeGreaterThan(16 << 20);
  expect(counted.get(Counter.CPU_MICROS)).toBeGreaterThan(0);
});
