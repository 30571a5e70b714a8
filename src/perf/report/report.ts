/**
 * What a run comes to, as plain values: what `--json` prints. docs/perf.schema.json says what programs may count on; a
 * test holds both together.
 */
import type { Latencies } from '../measure/histogram.js';
import type { Sample } from '../measure/recorder.js';
import type { Plan } from '../plan.js';
import type { Outcome } from '../run.js';

export interface Amount {
  readonly count: number;
  /** A second: over all, and the middle of the intervals. */
  readonly rate: number;
  readonly medianRate: number;
}

export interface SampleReport {
  /** Seconds from the start to its end. */
  readonly at: number;
  readonly publishedRate: number;
  readonly consumedRate: number;
  readonly confirmedRate: number;
  /** Microseconds; null: none was measured. */
  readonly latency: Latencies | null;
  readonly confirmLatency: Latencies | null;
  readonly blocked: number;
}

export interface Report {
  readonly name: string;
  readonly startedAt: string;
  readonly seconds: number;
  readonly producers: number;
  readonly consumers: number;
  readonly queues: number;
  readonly threads: number;
  readonly published: Amount;
  readonly consumed: Amount;
  readonly confirmed: Amount;
  readonly nacked: number;
  readonly returned: number;
  readonly redelivered: number;
  readonly latency: Latencies | null;
  readonly confirmLatency: Latencies | null;
  readonly samples: readonly SampleReport[];
  /** What ended the run before it was over; null: nothing did. */
  readonly failure: string | null;
}

const COUNTED = ['published', 'consumed', 'confirmed'] as const;

export function reportOf(plan: Plan, outcome: Outcome): Report {
  const { seconds, counted, samples, latency, confirmLatency, failure } = outcome;
  const [published, consumed, confirmed] = COUNTED.map((name): Amount => {
    const rates = samples.map((sample) => rateOf(sample, name)).sort((one, other) => one - other);
    return {
      count: counted[name],
      rate: rounded(seconds > 0 ? counted[name] / seconds : 0),
      medianRate: rates[Math.floor(rates.length / 2)] ?? 0,
    };
  }) as [Amount, Amount, Amount];
  return {
    name: plan.name,
    startedAt: outcome.startedAt.toISOString(),
    seconds: Math.round(seconds * 1000) / 1000,
    producers: plan.producers,
    consumers: plan.consumers,
    queues: plan.queues.length,
    threads: plan.threads,
    published,
    consumed,
    confirmed,
    nacked: counted.nacked,
    returned: counted.returned,
    redelivered: counted.redelivered,
    latency,
    confirmLatency,
    samples: samples.map(sampleReport),
    failure,
  };
}

function sampleReport(sample: Sample): SampleReport {
  return {
    at: Math.round(sample.at * 1000) / 1000,
    publishedRate: rateOf(sample, 'published'),
    consumedRate: rateOf(sample, 'consumed'),
    confirmedRate: rateOf(sample, 'confirmed'),
    latency: sample.latency,
    confirmLatency: sample.confirmLatency,
    blocked: sample.blocked,
  };
}

export function rateOf({ counted, seconds }: Sample, name: (typeof COUNTED)[number]): number {
  return seconds > 0 ? rounded(counted[name] / seconds) : 0;
}

/** Slow ones have a digit more. */
function rounded(rate: number): number {
  return rate < 100 ? Math.round(rate * 10) / 10 : Math.round(rate);
}
