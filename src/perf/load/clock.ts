/**
 * The clocks of stamps. `monotonic` is nanoseconds of the machine's own clock, the same in all its threads and programs,
 * and what PerfTest writes; `wall` is milliseconds since 1970, for a producer and a consumer on two machines.
 */

export type ClockKind = 'monotonic' | 'wall';

const NS_PER_MS = 1e6;
const US_PER_MS = 1000;
const NS_PER_US = 1000;

/** What `performance.now` is behind the machine's clock, in this thread (ns). */
const behind = Number(process.hrtime.bigint()) - performance.now() * NS_PER_MS;

export interface Clock {
  /** What is written into a message, at most 2^53. */
  now(): number;
  /** Microseconds of a difference of two. */
  microseconds(difference: number): number;
}

export const CLOCKS: Readonly<Record<ClockKind, Clock>> = {
  monotonic: {
    now: () => Math.floor(performance.now() * NS_PER_MS + behind),
    microseconds: (difference) => difference / NS_PER_US,
  },
  wall: { now: () => Date.now(), microseconds: (difference) => difference * US_PER_MS },
};
