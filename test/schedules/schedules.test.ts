/**
 * The search for races itself: it finds what is planted, makes it again, and finds nothing where nothing is. How much
 * it goes through is for `npm run schedules`.
 */
import { beforeAll, expect, test } from 'vitest';
import { type Instrumented, instrument } from './instrument.js';
import { LAYOUT } from './machine.js';
import { FAULTS, plantedEdits } from './planted.js';
import { open, parseSchedule, printSchedule } from './report.js';
import { SCENARIOS } from './scenarios.js';
import { random } from './strategies.js';

const SEED = 1;
const PATIENCE = 60_000;
const SAMPLE = 20;
let core: Instrumented;

beforeAll(async () => {
  core = await instrument(LAYOUT, plantedEdits());
}, 300_000);

function scenarioOf(name: string) {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  return scenario;
}

test.each(FAULTS.map((fault, i) => ({ ...fault, number: i + 1 })))(
  'planted and found: $name',
  { timeout: 2 * PATIENCE },
  ({ scenario, number }) => {
    const until = performance.now() + PATIENCE;
    const { failure } = open(core, scenarioOf(scenario), number).explore({ schedules: Infinity, until, seed: SEED });
    if (failure === null) throw new Error('it was not found');
    const schedule = parseSchedule(printSchedule(failure.schedule));
    expect(open(core, scenarioOf(scenario), number).replay(schedule)).toBe(failure.message);
    expect(open(core, scenarioOf(scenario), 0).replay(schedule)).toBeNull();
  },
);

test('nothing is wrong in scenarios taken by chance, however they are interleaved', { timeout: 4 * PATIENCE }, () => {
  const seed = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000_000);
  console.log(`LEVERET_SEED=${seed}`);
  const below = random(seed);
  for (let i = 0; i < SAMPLE; i++) {
    const scenario = SCENARIOS[below(SCENARIOS.length)];
    if (scenario === undefined) throw new Error('there are no scenarios');
    const until = performance.now() + PATIENCE;
    const { failure } = open(core, scenario, 0).explore({ schedules: 100, until, seed });
    expect({ scenario: scenario.name, failure }).toEqual({ scenario: scenario.name, failure: null });
  }
});
