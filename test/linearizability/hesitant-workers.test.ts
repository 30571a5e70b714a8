/**
 * The same as in workers.test.ts where each participant hesitates now and then between two steps of the core, so that
 * others get in between where they seldom do. The core passes; faults that are planted in it do not.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { compileHesitant } from './hesitant-core.js';
import { expectExplained, hesitantHistories, type Plan, unexplained } from './run.js';

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000_000);
const PLAN: Plan = { workers: 3, rounds: 30, calls: 20, seed: SEED, consumes: false };
/** A fault shows in one of so many runs. */
const RUNS = 10;
/** Of those that make a wrong order, or lose, double or mix up messages, the ones that show soon in histories. */
const FAULTS = ['a cursor moves the head without a compare-and-swap', 'a slot is ready before its message is there'];
const PATIENCE = 300_000;

describe('calls of workers that hesitate have an order', () => {
  let module: WebAssembly.Module;
  beforeAll(async () => {
    module = await compileHesitant();
  }, PATIENCE);

  test.each([
    ['where they get', { consumes: false }],
    ['where they consume', { consumes: true }],
    ['where messages are taken one by one', { consumes: false, features: { ttl: 600_000, maxBytes: 2 ** 30 } }],
  ])('%s', { timeout: PATIENCE }, async (_name, run) => {
    console.log(`LEVERET_SEED=${SEED}`);
    expectExplained(await hesitantHistories(module, { ...PLAN, ...run }));
  });
});

describe('a planted fault is found', () => {
  test.each(FAULTS)('%s', { timeout: PATIENCE }, async (fault) => {
    console.log(`LEVERET_SEED=${SEED}`);
    const module = await compileHesitant(fault);
    let found: string | null = null;
    for (let run = 0; run < RUNS && found === null; run++) found = await wrong(module, { ...PLAN, seed: SEED + run });
    expect(found).not.toBeNull();
  });
});

/** What is wrong in a run: a history without an order, or a participant that has failed. */
async function wrong(module: WebAssembly.Module, plan: Plan): Promise<string | null> {
  try {
    for (const history of await hesitantHistories(module, plan)) {
      const found = unexplained(history);
      if (found?.decided) return found.text;
    }
    return null;
  } catch (error) {
    return String(error);
  }
}
