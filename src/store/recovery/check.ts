/**
 * What is wrong with a log, whether anything that was confirmed is at risk, and what to do: the inspection in words for
 * an operator, and in a code for a script.
 */
import type { Inspection } from './inspect.js';

/** Exit codes of `leveret log DIR --check`. */
export const CheckCode = {
  /** Nothing is wrong. */
  GOOD: 0,
  /** The next start puts it in order; nothing that was confirmed is missing. */
  MENDED: 1,
  /** Something that was confirmed may be missing. */
  LOST: 2,
  /** It could not be looked at, or not to an end. */
  UNKNOWN: 3,
} as const;
export type CheckCode = (typeof CheckCode)[keyof typeof CheckCode];

interface Check {
  readonly code: CheckCode;
  readonly lines: readonly string[];
}

/** `used`: a broker is writing. */
export function check({ files, gone, lost }: Inspection, used: boolean): Check {
  if (used) {
    return { code: CheckCode.UNKNOWN, lines: ['a broker is using it: end the broker, and check again'] };
  }
  const found = [
    ...files.flatMap(({ name, damages }) => damages.map((damage) => `${name}: ${damage}`)),
    ...gone.map((name) => `${name}: it is gone`),
    ...(lost > 0 ? [`${lost} places whose message cannot be found`] : []),
  ];
  if (gone.length > 0 || lost > 0 || files.some(({ harm }) => harm === 'lost')) {
    const todo = [
      'what was confirmed may be missing: messages, or acknowledgements, so that messages come again',
      'put back a backup of the whole directory if there is one; else start the broker: it keeps what lies in damaged places in quarantine files, and all else comes back',
    ];
    return { code: CheckCode.LOST, lines: [...found, ...todo] };
  }
  if (found.length > 0) {
    const todo = 'nothing that was confirmed is at risk; nothing needs to be done: the next start puts it in order';
    return { code: CheckCode.MENDED, lines: [...found, todo] };
  }
  return { code: CheckCode.GOOD, lines: ['nothing is wrong'] };
}
