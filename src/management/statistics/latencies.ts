/**
 * How long deliveries took, by quantiles: since the start, and in the last minute. What must hold: what is kept for that
 * is bounded; a minute is one to within five seconds, once the broker has run for one.
 */
import type { Engine } from '../../engine/engine.js';
import { LATENCY_BUCKETS, latencyBound } from '../../engine/latency.js';

/** Between two samples (ms), and how many are kept. */
const INTERVAL = 5_000;
const KEPT = 12;
const MICROS = 1e6;
/** What the last bucket stands for (µs): it has no end. */
const LONGEST = 2 ** 32;

/** Seconds; null where nothing was delivered. */
export interface Quantiles {
  readonly deliveries: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

type Timing = Pick<Engine, 'latencyCount'>;

export class Latencies {
  readonly #engine: Timing;
  /** Histograms, the oldest first. */
  readonly #kept: Float64Array[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(engine: Timing) {
    this.#engine = engine;
  }

  start(): void {
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), INTERVAL).unref();
  }

  stop(): void {
    clearInterval(this.#timer ?? undefined);
  }

  sinceStart(): Quantiles {
    return quantiles(this.#now());
  }

  lastMinute(): Quantiles {
    const [oldest] = this.#kept;
    return quantiles(this.#now().map((count, bucket) => count - (oldest?.[bucket] ?? 0)));
  }

  #sample(): void {
    if (this.#kept.length === KEPT) this.#kept.shift();
    this.#kept.push(this.#now());
  }

  #now(): Float64Array {
    return Float64Array.from({ length: LATENCY_BUCKETS }, (_, bucket) => this.#engine.latencyCount(bucket));
  }
}

function quantiles(counts: Float64Array): Quantiles {
  const deliveries = counts.reduce((sum, count) => sum + count, 0);
  const of = (quantile: number): number | null => {
    if (deliveries === 0) return null;
    let before = 0;
    const bucket = counts.findIndex((count) => {
      before += count;
      return before >= quantile * deliveries;
    });
    return Math.min(latencyBound(bucket), LONGEST) / MICROS;
  };
  return { deliveries, p50: of(0.5), p95: of(0.95), p99: of(0.99) };
}
