/**
 * What `leveret bench` is to measure, from its flags. Nothing is measured here. What cannot be understood is one line
 * that says what would be.
 */
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import type { WantedBench } from '../../bench/bench.js';
import { PARTS, type Part } from '../../bench/parts.js';
import { ConfigurationError } from '../config/flags.js';
import { nearest } from '../config/nearest.js';

const ROUNDS = { thorough: 5, quick: 2, most: 100 };

interface Flag {
  /** Null: it takes none. */
  readonly value: string | null;
  readonly help: string;
}

/** In the order in which the help tells them. */
export const BENCH_FLAGS = {
  only: {
    value: PARTS.join('|'),
    help: 'the engines by themselves, or whole brokers; both if nothing is said',
  },
  rounds: {
    value: 'N',
    help: `how often each figure is taken, from 2 on (default ${ROUNDS.thorough}, with --quick ${ROUNDS.quick})`,
  },
  quick: { value: null, help: 'as short as can be: shows that it works, and no more' },
  data: {
    value: 'DIR',
    help: "a directory on the disk that is to be measured (default: the system's for temporary files)",
  },
  json: { value: null, help: 'print JSON instead of tables' },
  markdown: { value: 'FILE', help: "write tables as Markdown, or anew between the file's marks where it is there" },
  svg: { value: 'FILE', help: 'write a chart' },
} as const satisfies Record<string, Flag>;

export const BENCH_HELP = `Usage: leveret bench [options]

Measures the WebAssembly core and its twin in plain JavaScript beside each other, by themselves and in whole brokers,
with confidence intervals.

${Object.entries(BENCH_FLAGS)
  .map(([name, { value, help }]) => `  ${`--${name}${value === null ? '' : ` ${value}`}`.padEnd(24)}${help}`)
  .join('\n')}
`;

/** Reads what follows `bench`; null: help is wanted. Throws a `ConfigurationError`. */
export function wantedBench(args: readonly string[]): WantedBench | null {
  const values = parsed(args);
  if (values.help === true) return null;
  const isQuick = values.quick === true;
  return {
    parts: values.only === undefined ? PARTS : [part(values.only)],
    rounds: rounds(values.rounds, isQuick),
    isQuick,
    directory: file('data', values.data) ?? tmpdir(),
    isJson: values.json === true,
    markdown: file('markdown', values.markdown),
    svg: file('svg', values.svg),
  };
}

function parsed(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        rounds: { type: 'string' },
        quick: { type: 'boolean' },
        data: { type: 'string' },
        json: { type: 'boolean' },
        markdown: { type: 'string' },
        svg: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (error) {
    // Such as an unknown flag; the rest of it is advice for those who wrote a program.
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/);
    throw new ConfigurationError(`bench: ${reason}${meant(reason)}`);
  }
}

/** The flag that an unknown one may stand for. */
function meant(reason: string): string {
  const [, unknown] = /^Unknown option '--([^']+)'/.exec(reason) ?? [];
  const near = unknown === undefined ? null : nearest(unknown, Object.keys(BENCH_FLAGS));
  return near === null ? '' : `; did you mean --${near}?`;
}

function part(text: string): Part {
  const known = PARTS.find((one) => one === text);
  if (known !== undefined) return known;
  throw new ConfigurationError(`--only must be ${PARTS.join(' or ')}, not '${text}'`);
}

function rounds(text: string | undefined, isQuick: boolean): number {
  if (text === undefined) return isQuick ? ROUNDS.quick : ROUNDS.thorough;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 2 && value <= ROUNDS.most) return value;
  throw new ConfigurationError(`--rounds must be a whole number from 2 to ${ROUNDS.most}, not '${text}'`);
}

function file(name: string, text: string | undefined): string | null {
  if (text === '') throw new ConfigurationError(`--${name} must name a ${name === 'data' ? 'directory' : 'file'}`);
  return text ?? null;
}
