/**
 * A command's flags as a table of them, each once: the parser, the help and the completion are made from it. What must
 * hold: whatever is wrong with a command line is one line that tells what would be right.
 */
import { readFileSync } from 'node:fs';
import { ConfigurationError, type Flag, readFlags, readValue } from './flags.js';
import { wrapped } from './help.js';
import type { Kind } from './kinds.js';

export interface TableFlag<T> {
  readonly kind: Kind<T>;
  /** Under which heading of the help it stands. */
  readonly subject: string;
  /** One sentence, without capital and full stop. */
  readonly help: string;
  readonly short?: string;
  /** Other names of ours. */
  readonly aliases?: readonly string[];
}

export type FlagTable = Readonly<Record<string, TableFlag<unknown>>>;

const INDENT = 32;
const WIDTH = 100;

/** The values that are given; null: help is wanted. `take`: what is no flag. Throws a `ConfigurationError`. */
export function readTable(
  args: readonly string[],
  table: FlagTable,
  take?: (word: string) => void,
): Readonly<Record<string, unknown>> | null {
  const texts = readFlags(args, flagsOf(table), take);
  if (texts.has('help')) return null;
  const values: Record<string, unknown> = {};
  for (const [key, { name, texts: given }] of texts) {
    const kind = table[key]?.kind;
    if (kind !== undefined) values[key] = readValue(kind, kind.fromTexts(given), `--${name}`);
  }
  return values;
}

function flagsOf(table: FlagTable): Map<string, Flag<string>> {
  return new Map<string, Flag<string>>([
    ['help', { key: 'help', argument: null, short: 'h' }],
    ...Object.entries(table).flatMap(([key, { kind, short, aliases = [] }]) => {
      const named: Flag<string> = { key, argument: kind.argument };
      return [
        [key, short === undefined ? named : { ...named, short }] as const,
        ...aliases.map((alias) => [alias, named] as const),
      ];
    }),
  ]);
}

/** How a flag is written, its letter first. */
export function flagText(key: string, { kind, short, aliases = [] }: TableFlag<unknown>): string {
  const names = [...(short === undefined ? [] : [`-${short}`]), ...[key, ...aliases].map((name) => `--${name}`)];
  return `${names.join(', ')}${kind.argument === null ? '' : ` ${kind.argument}`}`;
}

/** The flags as a help lists them, by subjects. */
export function helpOf(table: FlagTable, subjects: readonly string[]): string {
  const of = (subject: string): string[] =>
    Object.entries(table).flatMap(([key, flag]) => (flag.subject === subject ? [entry(key, flag)] : []));
  return subjects.map((subject) => `${subject}:\n${of(subject).join('\n')}`).join('\n\n');
}

function entry(key: string, flag: TableFlag<unknown>): string {
  const head = `  ${flagText(key, flag)}`;
  const lines = wrapped(flag.help, WIDTH - INDENT);
  const [first = '', ...rest] = head.length < INDENT - 1 ? lines : ['', ...lines];
  return [head.padEnd(INDENT).concat(first).trimEnd(), ...rest.map((line) => ' '.repeat(INDENT).concat(line))].join(
    '\n',
  );
}

/** The text of a file that a flag names; null: it names none. Throws a `ConfigurationError`. */
export function fileOf(key: string, path: string | undefined): string | null {
  if (path === undefined) return null;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigurationError(`--${key} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
