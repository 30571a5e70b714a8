/**
 * Kinds of queues: how messages are taken in, given out, settled, counted and dropped. What all kinds share knows
 * nothing of it: consumers, their turns and credit, tags, output, the counters, and how a queue is deleted.
 *
 * All calls but `ready` and `readyBytes` are made under the queue's lock, and once for a whole run. What is given out
 * is named by the address of a slot, in a page whose head names the queue (`Block.QUEUE`): so whoever settles it finds
 * the queue, and the kind.
 */
import type { Claim, Claimant } from './claim.js';

/** The numbers of kinds in `QueueCell.KIND`. */
export const CLASSIC = 0;

export interface QueueKind {
  /** Whether one more message may be enqueued; what becomes of it otherwise is the kind's, but its reference stays. */
  admits(queue: number, message: number): boolean;
  /** Puts messages at the end, one reference each, and lets consumers go on. A page is ensured. */
  enqueue(queue: number, messages: Uint32Array, count: number, expires: boolean): void;
  /**
   * Gives a consumer, or a basic.get, up to `max` messages that together fit in `room`, and says why no more; a
   * consumer for which there are none now is registered (`Claimant.onEmpty`).
   */
  claim(queue: number, max: number, room: number, claimant: Claimant, claim: Claim): void;
  /** What was given out is done with; is rejected for good; or is to be given out again. */
  settle(queue: number, slots: Uint32Array, count: number): void;
  reject(queue: number, slots: Uint32Array, count: number): void;
  requeue(queue: number, slots: Uint32Array, count: number): void;
  /** Messages that a consumer may get, and the bytes of their bodies where those are counted. */
  ready(queue: number): number;
  readyBytes(queue: number): number;
  /** Drops up to `most` of them, or about so many; how many. */
  drop(queue: number, most: number): number;
}
