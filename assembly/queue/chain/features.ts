/**
 * What a queue does beyond holding messages: as bits of its `features`, the numbers to them, and the tests that follow.
 * Most queues have none, and then nothing here is called: `features` is read once a run, a turn, or a message
 * requeued. Written by: the coordinator while workers run, each word valid on its own; EXPIRES and
 * CONSUMER_PRIORITIES by the workers, atomically; LOGGED_QUEUE and GONE once.
 */
import { arrivedAt } from '../../memory/latency';
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

/** Nobody is given anything of it, until it is told to go on. Written by the coordinator. */
export const PAUSED: u32 = 4096;

/** Messages only wait here for the host: neither what comes nor what dies is counted. */
export const UNCOUNTED: u32 = 8192;

/** Messages may die of age. */
export const MORTAL: u32 = TTL | EXPIRES;
/** Messages are claimed one by one. */
export const SINGLY: u32 = MORTAL | BYTES | PRIORITIES | COUNTED;
/** Messages are enqueued one by one. */
export const GUARDED_FEATURES: u32 = REJECT | PRIORITIES;

/**
 * Of what a queue does, all that is a number, each of them 64 bits: as the host hands it over, and as line 5 of the
 * queue keeps it. Written by the coordinator, one after the other, each valid on its own; read by all. A new feature is
 * a field here, its place among the exports and in the host's `FEATURE_AT`, and its behaviour.
 *
 *   octets  0 │ ttl         8 │ maxLength     16 │ maxBytes       24 │ deliveryLimit
 *          32 │ overflow   40 │ deadLetters   48 │ deliveryCount  56 │ maxPriority
 */
@unmanaged export class QueueFeatures {
  /** Time to live (ms), most ready messages, most bytes of their bodies; Infinity: no limit. */
  ttl: f64;
  maxLength: f64;
  maxBytes: f64;
  /** Most requeues of a message; Infinity: no limit. */
  deliveryLimit: f64;
  overflow: f64;
  /** 1: what dies is handed to the host; AWAITED: the same, and messages come for nothing else. */
  deadLetters: f64;
  /** 1: deliveries after the first say how many there were. */
  deliveryCount: f64;
  /** As it was asked for; `maxPriority` of the queue says what holds. */
  maxPriority: f64;
}

@inline export function featuresOf(queue: Queue): QueueFeatures {
  return changetype<QueueFeatures>(changetype<usize>(queue) + offsetof<Queue>('f1'));
}

/** Pairs with the store in `setQueueFeatures`: this limit or the one before it. */
@inline export function ttlOf(queue: Queue): f64 {
  return atomicLoadF64(changetype<usize>(featuresOf(queue)) + offsetof<QueueFeatures>('ttl'));
}

@inline export function maxLengthOf(queue: Queue): f64 {
  // Pairs with the store in `setQueueFeatures`: the number is seen whole.
  return atomicLoadF64(changetype<usize>(featuresOf(queue)) + offsetof<QueueFeatures>('maxLength'));
}

@inline export function maxBytesOf(queue: Queue): f64 {
  // Pairs with the store in `setQueueFeatures`: the number is seen whole.
  return atomicLoadF64(changetype<usize>(featuresOf(queue)) + offsetof<QueueFeatures>('maxBytes'));
}

/** The bits that follow from the numbers. */
export function bitsOf(wanted: QueueFeatures): u32 {
  let bits: u32 = 0;
  if (wanted.ttl != Infinity) bits |= TTL;
  if (wanted.maxLength != Infinity || wanted.maxBytes != Infinity) bits |= LENGTH;
  if (wanted.maxBytes != Infinity) bits |= BYTES;
  if (bits & LENGTH && <u32>wanted.overflow != DROP_HEAD) bits |= REJECT;
  if (wanted.deadLetters != 0) bits |= DEAD_LETTERS;
  if (<u32>wanted.deadLetters == AWAITED) bits |= UNCOUNTED;
  if (wanted.deliveryLimit != Infinity || wanted.deliveryCount != 0) bits |= COUNTED;
  return bits;
}

/** A value of `deadLetters`; the same number as `AWAITED` in the host's interface. */
export const AWAITED: u32 = 2;

/** Values of `overflow`; the same numbers as `Overflow` in the host's interface. */
export const DROP_HEAD: u32 = 0;
export const REJECT_PUBLISH: u32 = 1;
export const REJECT_PUBLISH_DLX: u32 = 2;

/** The queue whose rules hold for what stands in `queue`. */
@inline export function ruling(queue: Queue): Queue {
  return queue.parent ? changetype<Queue>(queue.parent) : queue;
}

/**
 * Whether a message is too old for the queue at the time `now`: as in RabbitMQ its life is over when that has passed,
 * so one of 0 is never found.
 */
export function isExpired(queue: Queue, message: Message, now: f64): bool {
  let life = queue.features & TTL ? ttlOf(queue) : Infinity;
  if (message.flags & EXPIRING) {
    const own = expirationOf(message);
    if (own >= 0) life = min(life, own);
  }
  return now >= arrivedAt(message) + life;
}

@inline export function addBytes(queue: Queue, bytes: i64): void {
  // Pairs with the load in `readyBytes`: a moment's view.
  atomicAdd64(changetype<usize>(queue) + offsetof<Queue>('readyBytes'), bytes);
}
