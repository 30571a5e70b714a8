/**
 * Time as messages, queues and consumers see it: the machine's, or one that a test moves. What is measured for the
 * broker's own sake, and what the other side of a socket has to keep to, goes by the machine's clock always.
 */

/** A clock, as far as something waits for it. */
export interface Clock {
  /** ms since the Unix epoch. */
  now(): number;
  /** ms since some moment; unlike `now` it is never set. */
  elapsed(): number;
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
  elapsed: () => performance.now(),
  after: (delay, work) => {
    const timer = setTimeout(work, Math.min(Math.max(delay, 1), DELAY_MAX));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
