/**
 * `…_details` as RabbitMQ's HTTP API has it: the rate of what was sampled last and, where the query asks for a range
 * (`msg_rates_age` and `msg_rates_incr`, in seconds), samples, the newest first, their average and the average rate.
 */
import { HttpError } from '../http/errors.js';
import type { JsonObject } from '../http/listings.js';
import type { Point } from './histories.js';

/** How far back, and how many seconds between two samples. */
export interface Range {
  readonly age: number;
  readonly increment: number;
}

/** Samples of a range, at most; as in RabbitMQ. */
const SAMPLES_MAX = 500;

/** What a query asks for under a name; null: no range, or what is no number, which RabbitMQ overlooks, too. */
export function rangeOf(query: unknown, name: 'lengths' | 'msg_rates' | 'data_rates'): Range | null {
  const given = query as { readonly [parameter: string]: string | undefined };
  const [age, increment] = [given[`${name}_age`], given[`${name}_incr`]];
  if (age === undefined || increment === undefined || !isWhole(age) || !isWhole(increment)) return null;
  if (Number(increment) > 0 && Number(age) / Number(increment) <= SAMPLES_MAX)
    return { age: Number(age), increment: Number(increment) };
  const reason = `Invalid range parameters: age ${age}, incr ${increment}`;
  throw new HttpError(400, 'invalid_range_parameters', reason);
}

function isWhole(text: string): boolean {
  return /^\d{1,9}$/.test(text);
}

/** When samples were taken. */
export interface SampleTimes {
  /** The number of the last one, and when it was taken (ms since the Unix epoch). */
  readonly last: number;
  readonly lastAt: number;
  /** Between two samples (ms). */
  readonly interval: number;
}

/** `grown`: since the sample before the last one. `points`: newest first, at least one. */
export function details(
  times: SampleTimes,
  grown: number,
  points: () => readonly Point[],
  range: Range | null,
): JsonObject {
  const rate = rounded(grown / (times.interval / 1000));
  if (range === null) return { rate };
  const step = range.increment * 1000;
  const newest = Math.floor(times.lastAt / step) * step;
  const count = Math.floor(range.age / range.increment) + 1;
  const moments = Array.from({ length: count }, (_, index) => newest - index * step);
  const known = points();
  const samples = moments.map((timestamp) => ({ sample: Math.round(valueAt(known, times, timestamp)), timestamp }));
  const [first, last] = [samples[0], samples.at(-1)];
  const seconds = ((count - 1) * step) / 1000;
  return {
    rate,
    samples,
    avg: rounded(samples.reduce((sum, { sample }) => sum + sample, 0) / count),
    avg_rate: seconds === 0 ? 0 : rounded(((first?.sample ?? 0) - (last?.sample ?? 0)) / seconds),
  };
}

/** Between two points a series goes straight; before the first it was as it was there. */
export function valueAt(points: readonly Point[], { last, lastAt, interval }: SampleTimes, time: number): number {
  const sample = last - (lastAt - time) / interval;
  let later = points[0];
  for (const point of points) {
    if (point.sample <= sample) {
      if (later === undefined || later.sample <= sample) return point.value;
      const part = (sample - point.sample) / (later.sample - point.sample);
      return point.value + part * (later.value - point.value);
    }
    later = point;
  }
  return later?.value ?? 0;
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
