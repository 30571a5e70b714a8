/** What `leveret perf --help` prints, made from the table of flags. */
import { wrapped } from '../config/help.js';
import { PERF_KEYS, type PerfKey, perfFlag, SUBJECTS } from './table.js';

const INDENT = 32;
const WIDTH = 100;

export const PERF_HELP = `Usage: leveret perf [options]

Puts a load on a broker of AMQP 0-9-1, this one or any other, and measures rates and latencies.
Without options: one producer and one consumer on a queue of their own, until Ctrl-C.

${SUBJECTS.map((subject) => `${subject}:\n${keysOf(subject).map(entry).join('\n')}`).join('\n\n')}

Exit codes: 0, done; 1, the command line is wrong; 2, no message came; 69, the broker cannot be
reached, refuses, or has gone away.
`;

export function keysOf(subject: (typeof SUBJECTS)[number]): PerfKey[] {
  return PERF_KEYS.filter((key) => perfFlag(key).subject === subject);
}

/** How a flag is written, its letter first. */
export function flagText(key: PerfKey): string {
  const { kind, short, aliases = [] } = perfFlag(key);
  const names = [...(short === undefined ? [] : [`-${short}`]), ...[key, ...aliases].map((name) => `--${name}`)];
  return `${names.join(', ')}${kind.argument === null ? '' : ` ${kind.argument}`}`;
}

function entry(key: PerfKey): string {
  const head = `  ${flagText(key)}`;
  const lines = wrapped(perfFlag(key).help, WIDTH - INDENT);
  const [first = '', ...rest] = head.length < INDENT - 1 ? lines : ['', ...lines];
  return [head.padEnd(INDENT).concat(first).trimEnd(), ...rest.map((line) => ' '.repeat(INDENT).concat(line))].join(
    '\n',
  );
}
