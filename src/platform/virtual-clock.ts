/**
 * Time that goes on only when it is told to, for simulations in one thread: work is called in the order of its time,
 * and in the order in which it was asked for where the time is the same. No timer of the system and no promise is
 * involved, so that a simulation takes as long as its work takes, and comes out the same each time.
 */
import type { Clock } from './clock.js';

interface Pending {
  readonly due: number;
  readonly order: number;
  /** Null: called off. */
  work: (() => void) | null;
}

export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  /** A binary heap: nobody is due before its parent. */
  readonly #heap: Pending[] = [];

  /** ms since the beginning, which stands for the epoch. */
  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  after(delay: number, work: () => void): () => void {
    const pending: Pending = { due: this.#now + Math.max(0, delay), order: this.#order++, work };
    this.#up(pending);
    return () => {
      pending.work = null;
    };
  }

  /** Calls what is due next, and goes on to its time. False: nothing waits. */
  step(): boolean {
    for (let pending = this.#pop(); pending !== undefined; pending = this.#pop()) {
      if (pending.work === null) continue;
      this.#now = pending.due;
      pending.work();
      return true;
    }
    return false;
  }

  /** Calls all that is due until this time, and what that asks for; then it is that time. */
  runUntil(time: number): void {
    for (let [next] = this.#heap; next !== undefined && next.due <= time; [next] = this.#heap) {
      if (next.work === null) this.#pop();
      else this.step();
    }
    this.#now = Math.max(this.#now, time);
  }

  #up(pending: Pending): void {
    const heap = this.#heap;
    let at = heap.length;
    for (; at > 0; ) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(pending, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = pending;
  }

  #pop(): Pending | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (left === undefined) break;
      const isRight = right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: Pending, other: Pending): boolean {
  return one.due < other.due || (one.due === other.due && one.order < other.order);
}
