/** Time as the coordinator uses it, so that tests can make it pass. */
export interface Clock {
  /** ms since the Unix epoch. */
  now(): number;
  /** Calls `work` once, when about `delay` ms have passed; what it returns calls it off. */
  after(delay: number, work: () => void): () => void;
}

/** The longest delay that a timer takes (ms). */
const DELAY_MAX = 2 ** 31 - 1;

/**
 * The machine's clock. A timer keeps no process alive, and may be early when its delay is longer than timers can be.
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delay, work) => {
    const timer = setTimeout(work, Math.min(Math.max(delay, 1), DELAY_MAX));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
