/** The table of pairs in docs/schedules.md: `npm run schedules -- --table` writes it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { open } from './report.js';
import { OPERATIONS } from './scenarios/operations.js';
import { SCENARIOS, whyNever } from './scenarios/scenarios.js';
import type { Instrumented } from './search/instrument.js';

const PAGE = 'docs/schedules.md';
const HEADING = '| Pair | Schedules explored, or why they cannot meet |\n| --- | --- |\n';
/** For each pair; more are explored by every other search. */
const SCHEDULES = 300;
const SEED = 1;

/** Each two operations, with the reason if they cannot meet. */
export function everyPair(): { name: string; never: string | null }[] {
  return OPERATIONS.flatMap((one, i) =>
    OPERATIONS.slice(i).map((other) => ({ name: `${one.name} | ${other.name}`, never: whyNever(one, other) })),
  );
}

/** A pair as the table names it. */
export const titleOf = (name: string): string => name.replace(' | ', ' × ');

export function writeTable(core: Instrumented): void {
  const rows = everyPair().map(({ name, never }) => `| ${titleOf(name)} | ${never ?? explored(core, name)} |`);
  const page = readFileSync(PAGE, 'utf8');
  const before = page.slice(0, page.indexOf(HEADING));
  const after = page.slice(page.indexOf('\n\n', before.length + HEADING.length - 1));
  writeFileSync(PAGE, `${before}${HEADING}${rows.join('\n')}${after}`);
}

function explored(core: Instrumented, name: string): string {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`no scenario is named ${name}`);
  const found = open(core, scenario, 0).explore({ schedules: SCHEDULES, until: Infinity, seed: SEED });
  if (found.failure !== null) throw new Error(`${name}: ${found.failure.message}`);
  return scenario.apart ?? `${found.schedules}${found.complete ? ' (all)' : ''}`;
}
