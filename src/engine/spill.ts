/**
 * Messages that are elsewhere: the coordinator calls these; one portion is on its way out and one on its way in at a
 * time.
 */
import { PAGE_IN_NO_MEMORY, PAGE_IN_UNWANTED, PAGE_OUT_AT_HEAD, PAGE_OUT_LATER } from '../numbers/core.js';
import type { Queue } from './references.js';

export { PAGE_IN_NO_MEMORY, PAGE_IN_UNWANTED, PAGE_OUT_AT_HEAD, PAGE_OUT_LATER };

export interface SpillCalls {
  /** Messages of a block: so many leave and come back together at most. */
  readonly slotsPerBlock: number;
  /**
   * The queue that holds the messages of one priority of a queue with priorities: what is said here of queues goes for
   * it, too; priority 0 is the queue itself. 0: there is no such priority; it was never used or, to be made, lacks
   * memory.
   */
  priorityOf(queue: Queue, priority: number, make: boolean): Queue;
  /**
   * The first `count` messages of a queue that was just made, with bodies of `bytes` in all, are elsewhere. False: no
   * memory, or more than 2^30.
   */
  setSpilled(queue: Queue, count: number, bytes: number): boolean;
  spilledCount(queue: Queue): number;
  /** The position of the first spilled message; it means nothing when there is none. */
  firstSpilled(queue: Queue): number;
  /** Ready messages before the first spilled one (of priority 0; those that were requeued not counted). */
  presentCount(queue: Queue): number;
  /** Room for an image on its way, `stagingBytes` of core memory; 0: no memory. Until `giveStaging`. */
  takeStaging(): number;
  giveStaging(offset: number): void;
  readonly stagingBytes: number;
  /**
   * Begins to send away messages in a row of one block: those behind the spilled ones; of a queue without such those of
   * the block `margin` blocks behind the one next to the first message's; with the margin PAGE_OUT_AT_HEAD those of
   * that one itself, where the first stays unless it is longer than a frame. At most `most` octets, or one message;
   * what does not reach the end of its block stays if it has less than `least`. The octets of the image; 0: none may
   * leave; PAGE_OUT_LATER: somebody may be claiming them, ask again soon (or end it).
   */
  pageOut(queue: Queue, margin: number, least: number, most: number): number;
  /** Messages on their way out. */
  readonly pageOutCount: number;
  /**
   * Writes whole units of the image (src/log/spill-source.ts); returns octets, 0 at its end. Any unit fits into 512
   * KiB.
   */
  pageOutFill(offset: number, length: number): number;
  /** They are away, or stay here. False: they stay, since consumers have come to them, or the queue was purged. */
  pageOutEnd(done: boolean): boolean;
  /** Begins to bring messages of the next block back: how many of it are spilled; 0: none, PAGE_IN_NO_MEMORY. */
  pageIn(queue: Queue): number;
  /**
   * Takes whole units; returns octets taken; PAGE_IN_NO_MEMORY: none for the next one now; PAGE_IN_UNWANTED: nobody
   * wants them any more, or it is no unit.
   */
  pageInTake(offset: number, length: number): number;
  /** What came is whole, or the message that has come in part, or last, is given up and must come anew (false). */
  pageInEnd(done: boolean): boolean;
  /**
   * Forgets the spilled messages, once all before them are claimed; returns how many, 0: it is too early, or there are
   * none. `purge`, `retireQueue` and `freeQueue` on the coordinator do so themselves. In a queue with a log id they are
   * recorded as done.
   */
  dropSpilled(queue: Queue): number;
  /** A queue whose spilled messages are wanted; 0: none. The coordinator's doorbell rings for it, if it sleeps. */
  nextPageInRequest(): Queue;
  /** Any participant: whether the next message of a queue is spilled; then all workers are rung when it is back. */
  awaitNext(queue: Queue): boolean;
}
