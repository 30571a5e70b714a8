/** Queues and what they do. Any participant calls these, if nothing else is said. */
import type { QueueFeatures } from './queue-features.js';
import type { Queue } from './references.js';

export interface QueueCalls {
  /** Makes an empty queue; 0 when there is no memory. */
  createQueue(): Queue;
  /**
   * Coordinator: sets what the queue does from now on; false when there is no memory (nothing is changed then). Routes
   * to it must be resolved anew (`raiseTopology`).
   */
  setFeatures(queue: Queue, features: QueueFeatures): boolean;
  /**
   * Worker: the queue's features have changed. What is too much by them dies, through one of the workers that call
   * this.
   */
  keepLength(queue: Queue): void;
  /**
   * Coordinator: from now on nobody is given anything of the queue, by basic.get neither; or everybody is again. What is
   * published, expires or is too much goes its way. It stays so whatever features are set.
   */
  setPaused(queue: Queue, paused: boolean): void;
  /** Messages that wait for a consumer (not those delivered and unacknowledged). */
  readyCount(queue: Queue): number;
  /** Bytes of their bodies; counted for queues with `maxBytes`, else 0. */
  readyBytes(queue: Queue): number;
  /** When a message was last asked for by `get` (ms since the Unix epoch; 0: never). */
  lastGet(queue: Queue): number;
  /**
   * Drops ready messages, all or about `most`; returns how many: 0 when there are none, or all are about to go
   * otherwise.
   */
  purge(queue: Queue, most?: number): number;
  /**
   * First step of deleting: from now on nobody gets anything of the queue, and what is published or requeued is
   * dropped. Returns how many messages were ready. Some of them are dropped, the rest is left to `purge`.
   */
  retireQueue(queue: Queue): number;
  /**
   * Last step (it drops what is left), once every participant has applied the deletion (no route, no consumer): its
   * memory is free when its last unacknowledged message is settled.
   */
  freeQueue(queue: Queue): void;
}
