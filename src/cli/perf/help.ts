/** What `leveret perf --help` prints, made from the table of flags. */
import { helpOf } from '../config/flag-table.js';
import { FLAGS, PERF_KEYS, type PerfKey, perfFlag, SUBJECTS } from './table.js';

export const PERF_HELP = `Usage: leveret perf [options]

Puts a load on a broker of AMQP 0-9-1, this one or any other, and measures rates and latencies.
Without options: one producer and one consumer on a queue of their own, until Ctrl-C.

${helpOf(FLAGS, SUBJECTS)}

Exit codes: 0, done; 1, the command line is wrong; 2, no message came; 69, the broker cannot be
reached, refuses, or has gone away.
`;

export function keysOf(subject: (typeof SUBJECTS)[number]): PerfKey[] {
  return PERF_KEYS.filter((key) => perfFlag(key).subject === subject);
}
