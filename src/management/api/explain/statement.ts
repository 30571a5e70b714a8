/**
 * What is said of a queue: a sentence, the figures behind it, and what to do about it; and how figures are put into
 * words.
 */
import type { Json } from '../../http/listings.js';

export interface Statement {
  /** What it says, as programs know it; docs/explain.md has all of them. */
  readonly code: string;
  readonly text: string;
  readonly figures: Readonly<Record<string, Json>>;
  /** What whoever reads it may do; null: nothing need be done. */
  readonly next: string | null;
}

export function statement(
  code: string,
  text: string,
  figures: Readonly<Record<string, Json>>,
  next: string | null = null,
): Statement {
  return { code, text, figures, next };
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A time as people say it, in one or two units. */
export function duration(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.round(ms / SECOND))} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return joined(Math.floor(ms / HOUR), 'h', Math.floor((ms % HOUR) / MINUTE), 'min');
  return joined(Math.floor(ms / DAY), 'd', Math.floor((ms % DAY) / HOUR), 'h');
}

function joined(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
}

/** When that was, as it stands in logs. */
export function moment(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

export function count(number: number, noun: string, nouns = `${noun}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? noun : nouns}`;
}

/** So many in a second, or in a minute where that is few. */
export function rate(perSecond: number): string {
  if (perSecond >= 10) return `${Math.round(perSecond).toLocaleString('en')} a second`;
  if (perSecond >= 1) return `${perSecond.toFixed(1)} a second`;
  return `${(perSecond * 60).toFixed(1)} a minute`;
}

/** Figures need no more digits than people read. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
