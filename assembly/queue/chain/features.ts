/**
 * Rules of queues: what one does beyond holding messages, as bits of its `features`, and the tests that follow from
 * them. Most queues have none, and then nothing here is called: `features` is read once a run, a turn, or a message
 * given back. Written by: the coordinator while workers run, each word valid on its own; EXPIRES and
 * CONSUMER_PRIORITIES by the workers, atomically; LOGGED_QUEUE and GONE once.
 */
import { atomicAdd64, atomicLoadF64 } from '../../memory/atomic';
import { EXPIRING, Message } from '../../memory/message';
import { expirationOf } from '../../memory/properties';
import { Queue } from './queue';

/** Messages die when they are too old: by the queue's rule; by their own (some message had one). */
export const TTL: u32 = 1;
export const EXPIRES: u32 = 2;
/** At most so many messages or bytes; `readyBytes` is kept; what is too much is refused. */
export const LENGTH: u32 = 4;
export const BYTES: u32 = 8;
export const REJECT: u32 = 16;
/** What dies is handed to the host. */
export const DEAD_LETTERS: u32 = 32;
/** Messages have priorities; and: this is the child of such a queue. */
export const PRIORITIES: u32 = 64;
export const PRIORITY: u32 = 128;
/** Give-backs are counted. */
export const COUNTED: u32 = 256;
/** Consumers have priorities. */
export const CONSUMER_PRIORITIES: u32 = 512;
/** Places of persistent messages are recorded in the log. */
export const LOGGED_QUEUE: u32 = 1024;

/** The queue is retired: nobody gets anything of it. */
export const GONE: u32 = 2048;

/** Messages may die of age. */
export const MORTAL: u32 = TTL | EXPIRES;
/** Messages are claimed one by one. */
export const SINGLY: u32 = MORTAL | BYTES | PRIORITIES | COUNTED;
/** Messages are enqueued one by one. */
export const GUARDED_FEATURES: u32 = REJECT | PRIORITIES;

/** Values of `overflow`; the same numbers as `Overflow` in the host's interface. */
export const DROP_HEAD: u32 = 0;
export const REJECT_PUBLISH: u32 = 1;
export const REJECT_PUBLISH_DLX: u32 = 2;
export const UNLIMITED: u32 = 0xffffffff;

/** The queue whose rules hold for what stands in `queue`. */
@inline export function ruling(queue: Queue): Queue {
  return queue.parent ? changetype<Queue>(queue.parent) : queue;
}

/**
 * Whether a message is too old for the queue at the time `now`: as in RabbitMQ its life is over when that has passed,
 * so one of 0 is never found.
 */
export function isExpired(queue: Queue, message: Message, now: f64): bool {
  let life = queue.features & TTL ? atomicLoadF64(changetype<usize>(queue) + offsetof<Queue>('ttl')) : Infinity;
  if (message.flags & EXPIRING) {
    const own = expirationOf(message);
    if (own >= 0) life = min(life, own);
  }
  return now >= message.arrival + life;
}

@inline export function addBytes(queue: Queue, bytes: i64): void {
  // Pairs with the load in `readyBytes`: a moment's view.
  atomicAdd64(changetype<usize>(queue) + offsetof<Queue>('readyBytes'), bytes);
}
