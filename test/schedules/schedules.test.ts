/**
 * The search for races itself: it finds what is planted, makes it again, and finds nothing where nothing is. How much
 * it goes through is for `npm run schedules`.
 */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { open, parseSchedule, printSchedule } from './report.js';
import { FAULTS, plantedEdits } from './scenarios/planted.js';
import { SCENARIOS, TRIPLES } from './scenarios/scenarios.js';
import { type Instrumented, instrument } from './search/instrument.js';
import { LAYOUT } from './search/machine.js';
import { random } from './search/strategies.js';
import { everyPair, titleOf } from './table.js';

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
    const { schedule, limits } = parseSchedule(printSchedule(failure));
    expect(open(core, scenarioOf(scenario), number).replay(schedule, limits)).toBe(failure.message);
    expect(open(core, scenarioOf(scenario), 0).replay(schedule)).toBeNull();
    // Where some do less than they would, not all adds up in the end.
    expect(open(core, scenarioOf(scenario), 0).replay(schedule, limits)).not.toBe(failure.message);
  },
);

test.each(FAULTS.flatMap(({ name, scenario, isWeak }, i) => (isWeak ? [{ name, scenario, number: i + 1 }] : [])))(
  'none where memory is sequentially consistent: $name',
  { timeout: PATIENCE },
  ({ scenario, number }) => {
    const budget = { schedules: 1000, until: Infinity, seed: SEED, isWeak: false };
    expect(open(core, scenarioOf(scenario), number).explore(budget).failure).toBeNull();
  },
);

test('the table of pairs in the documentation has every pair', () => {
  const [pairs = ''] = readFileSync('docs/schedules.md', 'utf8').split('## Where three meet');
  const rows = pairs.matchAll(/^\| (.+ × .+?) \| (.+) \|$/gm);
  const table = new Map(Array.from(rows, ([, pair = '', what = '']) => [pair, what]));
  expect([...table.keys()]).toEqual(everyPair().map(({ name }) => titleOf(name)));
  for (const { name, never } of everyPair()) {
    const reason = never ?? SCENARIOS.find((scenario) => scenario.name === name)?.apart;
    if (reason === undefined) expect(table.get(titleOf(name))).toMatch(/^\d+/);
    else expect(table.get(titleOf(name))).toBe(reason);
  }
});

test('the table of triples in the documentation has every triple', () => {
  const [, triples = ''] = readFileSync('docs/schedules.md', 'utf8').split('## Where three meet');
  const items = triples.replaceAll('\n  ', ' ').matchAll(/^- (.+) × (.+?):(.*)$/gm);
  const names = Array.from(items, ([, one, other, thirds = '']) =>
    Array.from(thirds.matchAll(/[^,()]+/g), ([third]) => third.trim()).flatMap((third) =>
      third === '' ? [] : [`${one} | ${other} | ${third}`],
    ),
  ).flat();
  expect(names.sort()).toEqual(TRIPLES.map(({ name }) => name).sort());
});

test('a scenario whose participants do not meet fails, unless that is declared', () => {
  const apart = scenarioOf('settle | requeue');
  const budget = { schedules: 100, until: Infinity, seed: SEED };
  expect(open(core, apart, 0).explore(budget).failure).toBeNull();
  const undeclared = { ...apart, apart: undefined };
  expect(open(core, undeclared, 0).explore(budget).failure?.message).toContain('do not meet');
  const wrong = { ...scenarioOf('publish | claim'), apart: 'it was declared' };
  expect(open(core, wrong, 0).explore(budget).failure?.message).toContain('they meet');
});

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
