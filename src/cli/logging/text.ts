/** Entries of the operator's log as lines for people. */
import type { LogEntry } from '../../logging/logger.js';

/** `2026-11-29 12:00:00.000 [info] connection: …`, in local time, and below it the stack of a defect. */
export function textOf({ time, level, area, message, fields }: LogEntry): string {
  const { stack } = fields ?? {};
  const below = typeof stack === 'string' ? `\n${stack}` : '';
  return `${stamp(time)} [${level}] ${area}: ${message}${below}\n`;
}

function stamp(time: number): string {
  const offset = new Date(time).getTimezoneOffset() * 60_000;
  return new Date(time - offset).toISOString().slice(0, -1).replace('T', ' ');
}
