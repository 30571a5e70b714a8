/**
 * How long deliveries take, as in the core (assembly/memory/latency.ts): of all between two calls of `record` some are
 * kept, evenly, each standing for those up to the next. The histogram is numbers behind the participant's counters.
 */
import { LATENCY_BUCKETS, LATENCY_STEPS } from '../../../numbers/core.js';
import type { Counters } from './counters.js';
import { LATENCIES } from './layout.js';

const SAMPLES = 16;
const PHASES = 4096;
const SUM = LATENCIES + LATENCY_BUCKETS;
const LONGEST = 2 ** 32 - 1;

/** The time of day with a fraction: the microseconds of the monotonic clock, modulo PHASES. */
export function stampOf(now: number, micros: number): number {
  return now + (Math.floor(micros) % PHASES) / PHASES;
}

/** Microseconds from one stamp to a later one. */
function between(from: number, to: number): number {
  const coarse = (Math.floor(to) - Math.floor(from)) * 1000;
  const fine = ((((to % 1) - (from % 1)) * PHASES + PHASES) % PHASES) | 0;
  const micros = fine + Math.round((coarse - fine) / PHASES) * PHASES;
  return Math.min(Math.max(micros, 0), LONGEST);
}

function bucketOf(micros: number): number {
  if (micros < LATENCY_STEPS) return micros;
  const octave = 31 - Math.clz32(micros) - Math.log2(LATENCY_STEPS);
  return (octave + 1) * LATENCY_STEPS + ((micros >>> octave) & (LATENCY_STEPS - 1));
}

export class Latencies {
  readonly #counters: Counters;
  readonly #samples = new Float64Array(SAMPLES);
  #count = 0;
  /** Deliveries that a sample stands for, and how many come until the next one is kept. */
  #stride = 1;
  #untilNext = 1;

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  /** Nobody has said yet when they were written. */
  get hasSamples(): boolean {
    return this.#count > 0;
  }

  /** A message is on its way to a socket. */
  note(stamp: number): void {
    this.#untilNext -= 1;
    if (this.#untilNext > 0) return;
    if (this.#count === SAMPLES) {
      for (let i = 1; i < SAMPLES / 2; i++) this.#samples[i] = this.#samples[i * 2] ?? 0;
      this.#count = SAMPLES / 2;
      this.#stride *= 2;
    }
    this.#samples[this.#count] = stamp;
    this.#count += 1;
    this.#untilNext = this.#stride;
  }

  /** All deliveries so far have been written, by now. */
  record(stamp: number): void {
    const last = this.#count - 1;
    for (let i = 0; i <= last; i++) {
      const micros = between(this.#samples[i] ?? 0, stamp);
      const deliveries = i < last ? this.#stride : this.#stride - this.#untilNext + 1;
      this.#counters.count(LATENCIES + bucketOf(micros), deliveries);
      // Less than 2^32 at once: what took longer is not more than the longest.
      this.#counters.count(SUM, Math.min(micros * deliveries, LONGEST));
    }
    this.#count = 0;
    this.#stride = 1;
    this.#untilNext = 1;
  }

  /** Of all participants. */
  countOf(bucket: number): number {
    return this.#counters.sum(LATENCIES + bucket);
  }

  /** Of all participants (µs). */
  sum(): number {
    return this.#counters.sum(SUM);
  }
}
