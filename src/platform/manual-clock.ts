/**
 * A clock that stands still until it is moved, for tests: one for all threads of a broker. What must hold: one thread
 * alone moves it; what waits in a thread is called by that thread's `runDue`, in the order of its time, and never
 * before.
 *
 * Memory   0 │ the time: ms since the Unix epoch (i64)
 *
 * Written by: the broker thread. Read by: all. Freed by: nobody, it lives as long as the broker.
 */
import type { Clock } from './clock.js';

interface Pending {
  readonly due: number;
  readonly work: () => void;
}

export class ManualClock implements Clock {
  readonly shared: SharedArrayBuffer;
  readonly #time: BigInt64Array;
  readonly #pending = new Set<Pending>();

  /** Begins at the machine's time, or goes by the memory of another one. */
  constructor(shared?: SharedArrayBuffer) {
    this.shared = shared ?? new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT);
    this.#time = new BigInt64Array(this.shared);
    if (shared === undefined) this.set(Date.now());
  }

  now(): number {
    return Number(Atomics.load(this.#time, 0));
  }

  elapsed(): number {
    return this.now();
  }

  after(delay: number, work: () => void): () => void {
    const pending = { due: this.now() + Math.max(0, delay), work };
    this.#pending.add(pending);
    // What is due already does not wait until the clock is moved.
    if (delay <= 0) setImmediate(() => this.#run(pending));
    return () => this.#pending.delete(pending);
  }

  /** Sets the time (ms since the Unix epoch). Nothing is called by that. */
  set(time: number): void {
    Atomics.store(this.#time, 0, BigInt(Math.floor(time)));
  }

  /** Calls what is due. Returns whether anything was. */
  runDue(): boolean {
    const now = this.now();
    const due = [...this.#pending].filter((pending) => pending.due <= now);
    due.sort((one, other) => one.due - other.due);
    for (const pending of due) this.#run(pending);
    return due.length > 0;
  }

  #run(pending: Pending): void {
    if (this.#pending.delete(pending)) pending.work();
  }
}

/** The clock of a thread; null: the machine's. */
export function clockOf(shared: SharedArrayBuffer | null): ManualClock | null {
  return shared === null ? null : new ManualClock(shared);
}
