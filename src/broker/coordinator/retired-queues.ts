/**
 * Queues that are deleted, and lists of counters, whose memory waits for the slowest worker: until a worker has applied
 * the deletion, a route, a consumer or a connection of its may still use them.
 * What must hold: each is freed once, after every worker has reached the epoch in which it was deleted.
 */
import type { CounterList, Queue } from '../../engine/engine.js';
import { fatal } from '../../platform/fatal.js';
import type { Emptying } from '../decisions/emptying.js';
import type { CounterLists } from '../topology/counter-lists.js';
import type { WorkerEpochs } from './worker-epochs.js';

interface Waiting {
  readonly epoch: number;
  readonly queues: readonly Queue[];
  readonly lists: readonly CounterList[];
}

export class RetiredQueues {
  readonly #emptying: Emptying;
  readonly #counterLists: CounterLists;
  readonly #epochs: WorkerEpochs;
  /** In the order of their epochs. */
  readonly #waiting: Waiting[] = [];

  constructor(emptying: Emptying, counterLists: CounterLists, epochs: WorkerEpochs) {
    this.#emptying = emptying;
    this.#counterLists = counterLists;
    this.#epochs = epochs;
  }

  await(queues: readonly Queue[], lists: readonly CounterList[], epoch: number): void {
    if (queues.length > 0 || lists.length > 0) this.#waiting.push({ epoch, queues, lists });
    // A worker may have told before `post` has returned.
    this.freeReached();
  }

  /** A worker has reached another epoch. */
  freeReached(): void {
    const next = this.#waiting.findIndex(({ epoch }) => !this.#epochs.allReached(epoch));
    const free = this.#waiting.splice(0, next === -1 ? this.#waiting.length : next);
    for (const { queues, lists } of free) {
      for (const list of lists) this.#counterLists.close(list);
      this.#emptying.free(queues).catch(fatal);
    }
  }
}
