/**
 * Kinds of queues. A queue's `kind` says how messages are taken in, given out, settled, counted and dropped; what all
 * kinds share knows nothing of it: consumers, their turns, credit and tags, output, the counters, how a queue ends.
 * Each operation asks once, for a whole run or pull, and the classic kind comes first:
 *
 *   enqueue     publish.ts: enqueue                    admit one  amqp/receiving/guarded-publish.ts: admit
 *   pull        amqp/delivering/deliver.ts: pull       get        amqp/delivering/deliver.ts: claimLiving
 *   requeue     amqp/delivering/requeue.ts: requeue    reject     amqp/delivering/requeue.ts: reject
 *   acknowledge settle.ts, by OTHER_KIND in the state of the slot, which is at hand: no look at the queue
 *   count       priorities.ts: readyCount, readyBytes  able       claim.ts: hasReady
 *   purge       emptying.ts: drop, endQueue
 *
 * What is given out is named by the address of a slot in a page whose head is a Block: its `queue` says whose it is.
 * There is one kind so far: the classic queue, of which a message is given to one consumer and is gone when that is
 * done with it. Priorities, ages, lengths, dead letters, the log's places and spill are features of this kind
 * (features.ts). Written before anybody else knows the queue, then constant.
 */
export const CLASSIC: u16 = 0;

/** A queue of a kind that nobody knows: a mistake of ours. */
export function unknownKind(): void {
  unreachable();
}
