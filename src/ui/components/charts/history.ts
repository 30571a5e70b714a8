/** What the broker has kept of its figures, as lines over time: a chart has its past at once, also after a reload. */
import type { Line } from './figures.js';

export interface Sample {
  readonly sample: number;
  /** ms */
  readonly timestamp: number;
}

/** `NAME_details` of the API. */
export interface Details {
  readonly rate: number;
  readonly samples?: readonly Sample[];
}

export interface History {
  readonly times: readonly number[];
  readonly lines: readonly Line[];
}

/** Over what a chart looks back. */
export const SPANS = [
  { name: '2 minutes', age: 120, step: 5 },
  { name: '10 minutes', age: 600, step: 5 },
  { name: 'hour', age: 3600, step: 30 },
  { name: '8 hours', age: 28_800, step: 300 },
  { name: 'day', age: 86_400, step: 600 },
] as const;

export type Span = (typeof SPANS)[number];

/** What a chart shows until another one is chosen. */
export const FIRST_SPAN: Span = SPANS[1];

/** Asks the API for samples. */
export function spanQuery({ age, step }: Span): Readonly<Record<string, number>> {
  return { lengths_age: age, lengths_incr: step, msg_rates_age: age, msg_rates_incr: step };
}

/** How much there was. */
export function levels(named: Readonly<Record<string, Details | undefined>>): History {
  return history(named, (samples) => samples.map(({ sample }) => sample));
}

/** How fast a counter grew. */
export function rates(named: Readonly<Record<string, Details | undefined>>): History {
  return history(named, (samples) =>
    samples.map((now, at) => {
      const before = samples[at - 1];
      if (before === undefined || now.timestamp === before.timestamp) return null;
      // A counter begins anew with the broker.
      return Math.max(0, ((now.sample - before.sample) * 1000) / (now.timestamp - before.timestamp));
    }),
  );
}

function history(
  named: Readonly<Record<string, Details | undefined>>,
  valuesOf: (samples: readonly Sample[]) => readonly (number | null)[],
): History {
  const series = Object.entries(named).map(([label, details]) => {
    // The API tells the newest first.
    const samples = [...(details?.samples ?? [])].reverse();
    const values = valuesOf(samples);
    return { label, at: new Map(samples.map(({ timestamp }, index) => [timestamp, values[index] ?? null])) };
  });
  const times = [...new Set(series.flatMap(({ at }) => [...at.keys()]))].sort((one, other) => one - other);
  return {
    times,
    lines: series.map(({ label, at }) => ({ label, values: times.map((time) => at.get(time) ?? null) })),
  };
}
