/** How queues are emptied, and go: purge, retire, free. A portion at a time, where there is much: the queue's lock is held meanwhile. */

import { QueueCell, QueueFlag } from './memory/layout.js';
import type { Memory } from './memory/memory.js';
import { word } from './memory/views.js';
import type { Stock } from './queues/queue-contents.js';
import { withQueue } from './queues/queue-lock.js';
import type { Sweeps } from './queues/swept-queues.js';
import type { Absent } from './spill/spilled.js';

/** So many messages go with the call that retires a queue: most queues are empty then. */
const RETIRED_PORTION = 4_096;

export class Emptying {
  readonly #memory: Memory;
  readonly #stock: Stock;
  readonly #absent: Absent;
  readonly #sweeps: Sweeps;

  constructor(memory: Memory, stock: Stock, absent: Absent, sweeps: Sweeps) {
    this.#memory = memory;
    this.#stock = stock;
    this.#absent = absent;
    this.#sweeps = sweeps;
  }

  /** Drops up to `most` messages of what is ready; returns how many. What is absent goes at once. */
  purge(queue: number, most: number): number {
    return withQueue(this.#memory, queue, () => this.#drop(queue, most));
  }

  /** Returns how many messages were ready. */
  retire(queue: number): number {
    return withQueue(this.#memory, queue, () => {
      this.#retire(queue, QueueFlag.RETIRED);
      const ready = Atomics.load(this.#memory.u32, word(queue, QueueCell.READY));
      this.#drop(queue, RETIRED_PORTION);
      return ready;
    });
  }

  free(queue: number): void {
    const isOver = withQueue(this.#memory, queue, () => {
      this.#retire(queue, QueueFlag.RETIRED | QueueFlag.FREED);
      this.#drop(queue, Number.POSITIVE_INFINITY);
      return this.#stock.closeIfOver(queue);
    });
    if (isOver) this.#memory.freeCell(queue);
  }

  #retire(queue: number, flags: number): void {
    Atomics.or(this.#memory.u32, word(queue, QueueCell.FLAGS), flags);
    this.#stock.long.delete(queue);
    this.#stock.stuck.delete(queue);
    this.#sweeps.leave(queue);
    const { lanes, wishes } = this.#stock;
    wishes.forget(queue);
    for (let level = lanes.levels(queue) - 1; level > 0; level--) {
      const lane = lanes.lane(queue, level);
      if (lane !== 0) wishes.forget(lane);
    }
  }

  /** What is here, what is absent once the head has come to it, and what is here behind that. */
  #drop(queue: number, most: number): number {
    this.#absent.abandon(queue);
    let count = this.#stock.dropReady(queue, most);
    while (count < most) {
      const absent = this.#absent.dropLocked(queue);
      if (absent === 0) break;
      count += absent;
      count += this.#stock.dropReady(queue, most - count);
    }
    return count;
  }
}
