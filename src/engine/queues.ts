/** Queues and what they do by their rules. Any participant calls these, if nothing else is said. */
import { OVERFLOW_DROP_HEAD, OVERFLOW_REJECT_PUBLISH, OVERFLOW_REJECT_PUBLISH_DLX } from '../numbers/core.js';
import type { Queue } from './references.js';

/** What a queue does with a message that it has no room for. */
export const Overflow = {
  /** The oldest ready messages die (reason MAXLEN). */
  DROP_HEAD: OVERFLOW_DROP_HEAD,
  /** The message is refused: basic.nack where confirms are on. */
  REJECT_PUBLISH: OVERFLOW_REJECT_PUBLISH,
  /** The message is refused, and dies (reason MAXLEN). */
  REJECT_PUBLISH_DLX: OVERFLOW_REJECT_PUBLISH_DLX,
} as const;
export type Overflow = (typeof Overflow)[keyof typeof Overflow];

/** What a queue does beyond holding messages. A queue without any of it pays nothing for it. */
export interface QueueRules {
  /** Time to live of its messages (ms, 0 …), besides each message's own `expiration`; the smaller holds. */
  readonly ttl: number | null;
  /** Most ready messages, most bytes of their bodies. */
  readonly maxLength: number | null;
  readonly maxBytes: number | null;
  readonly overflow: Overflow;
  /** What dies here is handed to the host (`nextDead`); otherwise it is dropped. */
  readonly deadLetters: boolean;
  /** Highest priority (1 … 255); 0: all messages are equal. Given once, before the first message. */
  readonly maxPriority: number;
  /** How often a message may be requeued (0 …): once more and it dies. */
  readonly deliveryLimit: number | null;
  /** Deliveries after the first carry the header `x-delivery-count`. */
  readonly deliveryCount: boolean;
}

export interface QueueCalls {
  /** Makes an empty queue; 0 when there is no memory. */
  createQueue(): Queue;
  /**
   * Coordinator: sets what the queue does from now on; false when there is no memory (nothing is changed then). Routes
   * to it must be resolved anew (`raiseTopology`).
   */
  setRules(queue: Queue, rules: QueueRules): boolean;
  /**
   * Worker: the queue's rules have changed. What is too much by them dies, through one of the workers that call this.
   */
  keepLength(queue: Queue): void;
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
