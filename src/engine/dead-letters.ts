/** Messages whose time is over and messages that died: workers sweep queues, and hand what died to the host. */
import { DEAD_DELIVERY_LIMIT, DEAD_EXPIRED, DEAD_MAXLEN, DEAD_REJECTED } from '../numbers/core.js';
import type { Message, Queue } from './references.js';

/** Why a message died. */
export const DeadLetterReason = {
  /** basic.reject, or basic.nack, without requeue. */
  REJECTED: DEAD_REJECTED,
  /** Its time to live, or the queue's, is over. */
  EXPIRED: DEAD_EXPIRED,
  /** The queue was too long. */
  MAXLEN: DEAD_MAXLEN,
  /** It was requeued more often than the queue allows. */
  DELIVERY_LIMIT: DEAD_DELIVERY_LIMIT,
} as const;
export type DeadLetterReason = (typeof DeadLetterReason)[keyof typeof DeadLetterReason];

export interface DeadLetterCalls {
  /** Queue and reason of the message that `nextDead` gave out. */
  readonly deadQueue: Queue;
  readonly deadReason: DeadLetterReason;
  /**
   * Queues whose messages may expire and that this worker sweeps. As long as there are some, `sweep` must be called,
   * and again after `sweepPause`.
   */
  expiringQueues(): number;
  /**
   * How long until the next sweep (ms): less, at the end of a pass, when something has come meanwhile that may be due
   * before.
   */
  sweepPause(): number;
  /**
   * So long (ms) a sweep of this participant leaves what has expired to consumers of its queue, which may be about to
   * take it. A clock that is moved by hand needs 0: nothing more is under way when it is moved.
   */
  setSweepDelay(milliseconds: number): void;
  /** Lets what has expired at the heads of those queues die; bounded. True: there is more to do at once. */
  sweep(): boolean;
  /**
   * The oldest message that died through this worker in a queue with `deadLetters`, or 0; with `deadQueue`,
   * `deadReason`. It is the same until `settleDead`.
   */
  nextDead(): Message;
  /** The host is done with what `nextDead` gave out. */
  settleDead(): void;
  /**
   * In place of `settleDead`: the host keeps the message, which counts towards its queue's limits until
   * `settleDeadKept` with the number returned. 0: it had been refused, and no queue has it; nothing was done.
   */
  keepDead(): number;
  settleDeadKept(kept: number): void;
}
