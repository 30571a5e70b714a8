/**
 * Nodes that follow, fence, write and end at random over the stream in memory, with all its faults. What must hold at
 * the end of each run, for whoever reads the stream from its beginning: what a leader was told is there once, where it
 * was told, and in order; nothing of a deposed one counts behind the fence; and every node has read the same.
 */
import { expect, test } from 'vitest';
import { simulate } from '../support/simulation.js';

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000_000);
const RUNS = Number(process.env.LEVERET_RUNS ?? 1500);

test('nothing that was confirmed is lost, out of order, or of a deposed writer', { timeout: 120_000 }, () => {
  console.info(`repeat with LEVERET_SEED=${SEED}`);
  const sum = { confirmed: 0, fences: 0, strays: 0, deposed: 0 };
  for (let seed = SEED; seed < SEED + RUNS; seed++) {
    const { broken, confirmed, fences, strays, deposed } = simulate(seed, 'faults');
    expect(broken, `LEVERET_SEED=${seed} LEVERET_RUNS=1`).toBeNull();
    sum.confirmed += confirmed;
    sum.fences += fences;
    sum.strays += strays;
    sum.deposed += deposed;
  }
  console.info(sum);
  // Else the runs show nothing.
  if (RUNS >= 1000) for (const count of Object.values(sum)) expect(count).toBeGreaterThan(RUNS / 10);
});

test('a stream that goes back is noticed by all who had read what is lost', { timeout: 120_000 }, () => {
  let noticed = 0;
  for (let seed = SEED; seed < SEED + RUNS / 3; seed++) {
    const outcome = simulate(seed, 'regressions');
    expect(outcome.broken, `LEVERET_SEED=${seed} LEVERET_RUNS=1`).toBeNull();
    noticed += outcome.noticed;
  }
  if (RUNS >= 1000) expect(noticed).toBeGreaterThan(RUNS / 100);
});
