/**
 * How queues are emptied, and go: purge, retire, free. A portion at a time, where there is much: the queue's lock is
 * held meanwhile.
 */

import { RETIRED_PORTION } from '../../numbers/core.js';
import { QueueCell, QueueFlag } from './memory/layout.js';
import type { Memory } from './memory/memory.js';
import { word } from './memory/views.js';
import type { QueueContents } from './queues/queue-contents.js';
import { withQueue } from './queues/queue-lock.js';
import type { Queues } from './queues/queues.js';
import type { Sweeps } from './queues/swept-queues.js';

export class Emptying {
  readonly #memory: Memory;
  readonly #contents: QueueContents;
  readonly #queues: Queues;
  readonly #sweeps: Sweeps;

  constructor(memory: Memory, contents: QueueContents, queues: Queues) {
    this.#memory = memory;
    this.#contents = contents;
    this.#queues = queues;
    this.#sweeps = queues.sweeps;
  }

  /** Drops up to `most` messages of what is ready; returns how many. What is spilled goes at once. */
  purge(queue: number, most: number): number {
    return withQueue(this.#memory, queue, () => this.#queues.drop(queue, most));
  }

  /** Returns how many messages were ready. */
  retire(queue: number): number {
    return withQueue(this.#memory, queue, () => {
      this.#retire(queue, QueueFlag.RETIRED);
      const ready = this.#queues.ready(queue);
      this.#queues.drop(queue, RETIRED_PORTION);
      return ready;
    });
  }

  free(queue: number): void {
    const isOver = withQueue(this.#memory, queue, () => {
      this.#retire(queue, QueueFlag.RETIRED | QueueFlag.FREED);
      this.#queues.drop(queue, Number.POSITIVE_INFINITY);
      return this.#contents.closeIfOver(queue);
    });
    if (isOver) this.#memory.freeCell(queue);
  }

  #retire(queue: number, flags: number): void {
    Atomics.or(this.#memory.u32, word(queue, QueueCell.FLAGS), flags);
    this.#contents.long.delete(queue);
    this.#contents.stuck.delete(queue);
    this.#sweeps.leave(queue);
    const { chains, pageInRequests } = this.#contents;
    pageInRequests.forget(queue);
    for (let priority = chains.priorities(queue) - 1; priority > 0; priority--) {
      const chain = chains.chain(queue, priority);
      if (chain !== 0) pageInRequests.forget(chain);
    }
  }
}
