/**
 * The protocol's times (ms) and sizes. What must hold, of clocks that run equally fast to one part in `DRIFT` and may
 * tell any time: whoever served has stopped before another one begins.
 *
 *   s  a leader sends an append that becomes certain, the last one
 *   r  a standby reads it: r >= s, since nobody reads what was not sent
 *   f  the standby sends its fence, `lease` later by its clock: f >= r + lease x (1 - 1/DRIFT)
 *   d  the leader delivers for the last time, `pauseAfter` behind s by its clock: d <= s + pauseAfter x (1 + 1/DRIFT)
 *
 *   d < f where pauseAfter x (1 + 1/DRIFT) < lease x (1 - 1/DRIFT)
 *
 * What is left between the two (300 ms) is for the turn that has looked at its clock and not yet delivered: a thread
 * that is stopped for longer right there delivers late, and no clock of its own can tell it so.
 */
export interface Timing {
  /** A standby that has heard nothing for so long tries to lead. */
  readonly lease: number;
  /** A leader that has appended nothing for so long appends a beat. */
  readonly beat: number;
  /** Behind the sending of the last append that is certain: nothing is delivered any more. */
  readonly pauseAfter: number;
  /** The same: clients are closed. */
  readonly closeAfter: number;
  /** Candidates wait for up to so long, by chance, before they begin: else all would at once. */
  readonly spread: number;
  /** Between a question about the stream that got no answer, or not yet the right one, and the next. */
  readonly ask: number;
  /** How often a node tells of itself, and looks whether the stream is still the one that it has read. */
  readonly status: number;
  /** Members that were heard of within this are waited for: what they have not applied is not purged. */
  readonly memberSeen: number;
  /** How often a leader lets go of what all have applied. */
  readonly purge: number;
}

export const TIMING: Timing = {
  lease: 1500,
  beat: 500,
  pauseAfter: 1200,
  closeAfter: 10_000,
  spread: 150,
  ask: 50,
  status: 1000,
  memberSeen: 10 * 60_000,
  purge: 10_000,
};

/** Sizes in octets, and counts. */
export interface Limits {
  /** Bodies that wait are gathered into one message of up to so much. */
  readonly message: number;
  /** Messages in flight. */
  readonly inFlight: number;
  /** What waits to be certain before a leader is full. */
  readonly waiting: number;
  /** What was given to the store and is not durable before reading pauses. */
  readonly unapplied: number;
  /** What the stream keeps at most, whoever has not applied it. */
  readonly kept: number;
}

export const LIMITS: Limits = {
  message: 512 << 10,
  inFlight: 4,
  waiting: 16 << 20,
  unapplied: 16 << 20,
  kept: 8 * 2 ** 30,
};

/** Clocks that differ by more than one part in so many break what the file's head says. */
const DRIFT = 1000;

/** Null: all that must hold of them does. */
export function wrongTiming({ lease, beat, pauseAfter, closeAfter }: Timing): string | null {
  if (pauseAfter * (1 + 1 / DRIFT) >= lease * (1 - 1 / DRIFT)) {
    return `a leader that pauses after ${pauseAfter} ms serves beside one that leads after ${lease} ms`;
  }
  if (2 * beat > pauseAfter) return `beats each ${beat} ms are too few for a leader that pauses after ${pauseAfter} ms`;
  if (closeAfter < pauseAfter) return `clients are closed after ${closeAfter} ms, before the pause at ${pauseAfter} ms`;
  return null;
}
