/** The tables of pairs and triples in docs/schedules.md: `npm run schedules -- --table` writes them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { open } from './report.js';
import { whyNever } from './scenarios/meetings.js';
import { OPERATIONS } from './scenarios/operations.js';
import { SCENARIOS, TRIPLES } from './scenarios/scenarios.js';
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
  write(
    HEADING,
    everyPair().map(({ name, never }) => `| ${titleOf(name)} | ${never ?? explored(core, name)} |`),
  );
}

/** Puts rows under a heading of the page. */
function write(heading: string, rows: readonly string[]): void {
  const page = readFileSync(PAGE, 'utf8');
  const before = page.slice(0, page.indexOf(heading));
  const after = page.slice(page.indexOf('\n\n', before.length + heading.length - 1));
  writeFileSync(PAGE, `${before}${heading}${rows.join('\n')}${after}`);
}

const TRIPLES_BEGIN = '- publish × publish:';
const LINE_MAX = 116;
/** For each triple. */
const SCHEDULES_OF_TRIPLES = 20;

/** Each two operations with the thirds that stand behind them in the list. */
export function writeTriples(core: Instrumented): void {
  const rows = new Map<string, { with: string[]; without: string[] }>();
  for (const triple of TRIPLES) {
    const [one = '', other = '', third = ''] = triple.meets;
    const search = open(core, triple, 0);
    const { failure } = search.explore({ schedules: SCHEDULES_OF_TRIPLES, until: Infinity, seed: SEED });
    if (failure !== null) throw new Error(`${triple.name}: ${failure.message}`);
    const row = rows.get(`${one} × ${other}`) ?? { with: [], without: [] };
    rows.set(`${one} × ${other}`, row);
    row[search.words.isSharedBy(3) ? 'with' : 'without'].push(third);
  }
  const page = readFileSync(PAGE, 'utf8');
  const begin = page.indexOf(TRIPLES_BEGIN);
  const items = Array.from(rows, ([pair, row]) => {
    const thirds = row.with.length > 0 ? ` ${row.with.join(', ')}` : '';
    return folded(`- ${pair}:${thirds}${row.without.length > 0 ? ` (${row.without.join(', ')})` : ''}`);
  });
  writeFileSync(PAGE, `${page.slice(0, begin)}${items.join('\n')}${page.slice(page.indexOf('\n\n', begin))}`);
}

/** An item of a list, in lines that are short enough. */
function folded(item: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of item.split(' ')) {
    if (line.length + 1 + word.length > LINE_MAX) {
      lines.push(line);
      line = `  ${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}

function explored(core: Instrumented, name: string): string {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`no scenario is named ${name}`);
  const found = open(core, scenario, 0).explore({ schedules: SCHEDULES, until: Infinity, seed: SEED });
  if (found.failure !== null) throw new Error(`${name}: ${found.failure.message}`);
  return scenario.apart ?? `${found.schedules}${found.complete ? ' (all)' : ''}`;
}
