/**
 * What several workers do to one queue at once has an order: each call happened at one moment between its beginning and
 * its end, as if the queue did one thing at a time. Found by chance, on real threads, on both engines.
 */
import { describe, expect, test } from 'vitest';
import { ENGINES } from '../engine/support/bench.js';
import { expectExplained, histories, type Plan } from './run.js';

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000_000);
const ROUNDS = { wasm: 20, js: 16 };
/** Of all workers together, in a round: longer histories of many take too long to be explained. */
const CALLS = 64;
const WORKERS = [2, 4, 8];
/** Rules under which messages are taken one by one. */
const RULED = { ttl: 600_000, maxBytes: 2 ** 30, deliveryCount: true };

const RUNS: [name: string, plan: Pick<Plan, 'consumes' | 'features'>][] = [
  ['that get', { consumes: false }],
  ['that consume', { consumes: true }],
  ['that get from a queue with rules', { consumes: false, features: RULED }],
  ['that consume from a queue with rules', { consumes: true, features: RULED }],
];

describe.each(ENGINES)('%s', (kind) => {
  describe.each(WORKERS)('%i workers', (workers) => {
    test.each(RUNS)('%s: their calls have an order', { timeout: 180_000 }, async (_name, run) => {
      console.log(`LEVERET_SEED=${SEED}`);
      const all = await histories(kind, { ...run, workers, rounds: ROUNDS[kind], calls: CALLS / workers, seed: SEED });
      expectExplained(all);
      expect(all.flat().filter(({ call }) => call.does === 'take').length).toBeGreaterThan((ROUNDS[kind] * CALLS) / 10);
    });
  });
});
