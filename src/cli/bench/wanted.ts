/**
 * What `leveret bench` is to measure, from its flags. Nothing is measured here. What cannot be understood is one line
 * that says what would be.
 */
import { tmpdir } from 'node:os';
import type { WantedBench } from '../../bench/bench.js';
import { PARTS } from '../../bench/parts.js';
import { helpOf, readTable, type TableFlag } from '../config/flag-table.js';
import { type Kind, oneOf, text, wholeNumber, yesOrNo } from '../config/kinds.js';

const ROUNDS = { thorough: 5, quick: 2, most: 100 };
const SUBJECT = 'Options';

function flag<T>(kind: Kind<T>, help: string): TableFlag<T> {
  return { kind, subject: SUBJECT, help };
}

/** In the order in which the help tells them. */
export const BENCH_FLAGS = {
  only: flag(
    { ...oneOf(PARTS), argument: PARTS.join('|') },
    'the engines by themselves, or whole brokers; both if nothing is said',
  ),
  rounds: flag(
    wholeNumber(2, ROUNDS.most),
    `how often each figure is taken (default ${ROUNDS.thorough}, with --quick ${ROUNDS.quick})`,
  ),
  quick: flag(yesOrNo, 'as short as can be: shows that it works, and no more'),
  data: flag(
    text('DIR', 'the name of a directory'),
    "a directory on the disk that is to be measured (default: the system's for temporary files)",
  ),
  json: flag(yesOrNo, 'print JSON instead of tables'),
  markdown: flag(
    text('FILE', 'the name of a file'),
    "write tables as Markdown, or anew between the file's marks where it is there",
  ),
  svg: flag(text('FILE', 'the name of a file'), 'write a chart'),
};

type Given = { readonly [K in keyof typeof BENCH_FLAGS]?: ReturnType<(typeof BENCH_FLAGS)[K]['kind']['read']> };

export const BENCH_HELP = `Usage: leveret bench [options]

Measures the WebAssembly core and its twin in plain JavaScript beside each other, by themselves and in whole brokers,
with confidence intervals.

${helpOf(BENCH_FLAGS, [SUBJECT])}
`;

/** Reads what follows `bench`; null: help is wanted. Throws a `ConfigurationError`. */
export function wantedBench(args: readonly string[]): WantedBench | null {
  const given = readTable(args, BENCH_FLAGS) as Given | null;
  if (given === null) return null;
  const isQuick = given.quick === true;
  return {
    parts: given.only === undefined ? PARTS : [given.only],
    rounds: given.rounds ?? (isQuick ? ROUNDS.quick : ROUNDS.thorough),
    isQuick,
    directory: given.data ?? tmpdir(),
    isJson: given.json === true,
    markdown: given.markdown ?? null,
    svg: given.svg ?? null,
  };
}
