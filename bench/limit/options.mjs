/**
 * The command line of the comparison.
 */
import { parseArgs } from 'node:util';
import { NAMES } from './workloads.mjs';

/**
 * @typedef {{ only: ReadonlySet<string>, seconds: number, warmup: number, rounds: number, against: string | undefined
 * }} Options
 */

const HELP = `Usage: npm run bench:limit -- [options]

Runs Leveret beside the relay, the least that a broker can do, in turn, and prints the medians. Exits with 1 when
messages were lost, doubled or reordered; a figure that is not what is wanted is only marked.

  --only NAMES   comma-separated, of: ${NAMES.join(', ')}
  --seconds N    measured seconds of each run (default 5), after a warm-up of up to one second
  --rounds N     runs of each (default 3)
  --against DIR  only compares the rates with those of another checkout, built already, side by side
`;

/**
 * @param {readonly string[]} args
 * @returns {Options | undefined} nothing when help was asked for, and printed
 */
export function readOptions(args) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: NAMES.join(',') },
      seconds: { type: 'string', default: '5' },
      rounds: { type: 'string', default: '3' },
      against: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return undefined;
  }
  const only = values.only.split(',');
  const unknown = only.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) throw new Error(`--only: no ${unknown.join(', ')}; there are ${NAMES.join(', ')}`);
  const seconds = positive('--seconds', values.seconds);
  return {
    only: new Set(only),
    seconds,
    warmup: Math.min(1, seconds),
    rounds: Math.ceil(positive('--rounds', values.rounds)),
    against: values.against,
  };
}

/**
 * @param {string} flag
 * @param {string} text
 */
function positive(flag, text) {
  const value = Number(text);
  if (value > 0) return value;
  throw new Error(`${flag} wants a number above 0, not '${text}'`);
}
