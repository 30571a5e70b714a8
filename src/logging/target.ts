/**
 * Where the entries of the operator's log go, as a program that embeds the broker says it: a function, or a logger such
 * as pino's. What must hold: what the program throws there is the program's, and harms nothing of the broker.
 */
import type { Level } from './levels.js';
import type { Fields, LogEntry } from './logger.js';

/** As loggers of pino, bunyan and others have them: fields first, then the text. */
export interface LevelMethods {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type LogTarget = ((entry: LogEntry) => void) | LevelMethods;

/** Fields of an entry in the words of a program's own logger. */
type Said = Fields & { readonly area: string };

export function entryWriter(target: LogTarget): (entry: LogEntry) => void {
  if (typeof target === 'function') return target;
  return ({ level, area, message, fields }) => say(target, level, { area, ...fields }, message);
}

function say(target: LevelMethods, level: Level, fields: Said, message: string): void {
  if (level === 'warning') target.warn(fields, message);
  else target[level](fields, message);
}

/** Where nothing is said of a target: a line on standard error. */
export function toStandardError({ level, area, message }: LogEntry): void {
  process.stderr.write(`leveret: [${level}] ${area}: ${message}\n`);
}
