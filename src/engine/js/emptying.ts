/** How queues are emptied, and go: purge, retire, free. */
import type { Absent } from './absent.js';
import { QueueCell, QueueFlag } from './layout.js';
import type { Memory } from './memory.js';
import { withQueue } from './queue-lock.js';
import type { Stock } from './stock.js';
import type { Sweeps } from './sweeps.js';
import { word } from './views.js';

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

  /** Drops what is ready; returns how many messages. */
  purge(queue: number): number {
    return withQueue(this.#memory, queue, () => this.#drop(queue));
  }

  retire(queue: number): number {
    return withQueue(this.#memory, queue, () => this.#retire(queue, QueueFlag.RETIRED));
  }

  free(queue: number): void {
    const isOver = withQueue(this.#memory, queue, () => {
      this.#retire(queue, QueueFlag.RETIRED | QueueFlag.FREED);
      return this.#stock.closeIfOver(queue);
    });
    if (isOver) this.#memory.freeCell(queue);
  }

  #retire(queue: number, flags: number): number {
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
    return this.#drop(queue);
  }

  /** What is here, what is absent once the head has come to it, and what is here behind that. */
  #drop(queue: number): number {
    this.#absent.abandon(queue);
    let count = this.#stock.dropReady(queue);
    for (let absent = this.#absent.dropLocked(queue); absent > 0; absent = this.#absent.dropLocked(queue)) {
      count += absent + this.#stock.dropReady(queue);
    }
    return count;
  }
}
