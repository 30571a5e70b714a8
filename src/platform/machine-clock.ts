/**
 * The machine's monotonic clock, which all threads of a process read alike: `performance.now` begins with each thread.
 * What must hold: it is never set, and what one thread has read another one can compare.
 */
import { type Clock, systemClock } from './clock.js';

/** Between the machine's clock and this thread's, whose beginning is its own (ms). */
const OFFSET = ((): number => {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6 - performance.now();
})();

export const machineClock: Clock = { ...systemClock, elapsed: () => performance.now() + OFFSET };
