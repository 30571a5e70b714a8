/**
 * How long deliveries take, from when a message went to its queues to when it was written to its socket: the core
 * samples and keeps it, in a histogram of each participant. The clocks that it is told stand here.
 */
import { LATENCY_BUCKETS, LATENCY_STEPS } from '../numbers/core.js';
import { machineClock } from '../platform/machine-clock.js';

export { LATENCY_BUCKETS };

export interface LatencyCalls {
  /** Deliveries were sampled that nobody has timed yet. */
  readonly hasUntimed: boolean;
  /**
   * All that was delivered has been written, by now: the time of day (as for `setTime`) and `micros`. Call it when
   * `hasUntimed`.
   */
  timeDeliveries(now: number, micros: number): void;
  /** How many deliveries of all participants took as long as a bucket says; its number is below LATENCY_BUCKETS. */
  latencyCount(bucket: number): number;
  /** The time that all deliveries took together (µs). */
  latencySum(): number;
}

/** The machine's monotonic clock, the same for all threads (µs). */
export function micros(): number {
  return machineClock.elapsed() * 1e3;
}

/** What a delivery of this bucket took at most (µs); the last one has no end. */
export function latencyBound(bucket: number): number {
  if (bucket === LATENCY_BUCKETS - 1) return Number.POSITIVE_INFINITY;
  if (bucket < LATENCY_STEPS) return bucket;
  const octave = Math.floor(bucket / LATENCY_STEPS) - 1;
  return (LATENCY_STEPS + (bucket % LATENCY_STEPS) + 1) * 2 ** octave - 1;
}
