/**
 * Looking at messages where they stand, and taking them out to move them elsewhere. All calls go for one priority of a
 * queue (`priorityOf`). Positions wrap at 2^32, and are compared by subtraction.
 */
import type { Message, Queue } from './references.js';

/** A copy of a message that is ready. */
export interface BrowsedMessage {
  readonly position: number;
  readonly redelivered: boolean;
  /** How often it was requeued, in a queue that counts that. */
  readonly requeues: number;
  /** When it came (ms since the Unix epoch). */
  readonly arrival: number;
  /** Exchange and routing key as two short strings. */
  readonly key: Uint8Array;
  /** The payload of its content header frame. */
  readonly header: Uint8Array;
  readonly bodySize: number;
  /** Its first octets. */
  readonly body: Uint8Array;
}

export interface BrowsedPortion {
  readonly messages: readonly BrowsedMessage[];
  /** Where the next call goes on. */
  readonly next: number;
  /**
   * more: the portion is done. spilled: what stands at `next` is elsewhere, or about to go. end: nothing follows.
   * short: there was no memory for copies.
   */
  readonly stop: 'more' | 'spilled' | 'end' | 'short';
}

/** A message that was taken out: it is nobody's but the caller's, until it is settled or put back. */
export interface TakenMessage {
  readonly slot: number;
  readonly message: Message;
  readonly position: number;
}

export interface BrowseCalls {
  /**
   * Copies ready messages in their order, from a position on (null: from the first), looking at up to `slots` places;
   * of each body up to `bodyMost` octets (at most 512 KiB). Nothing is taken out or marked.
   */
  browse(one: Queue, from: number | null, slots: number, bodyMost: number): BrowsedPortion;
  /**
   * Takes the first message out that stands at a position or behind it (null: the first), and before `end`. What is too
   * old dies instead ("again"). end: there is none. spilled: the next one is elsewhere; it was asked for. short: there
   * is no memory to record what is to become of it.
   */
  take(one: Queue, from: number | null, end: number): TakenMessage | 'again' | 'end' | 'spilled' | 'short';
  /**
   * The message has another place. Where that was taken in the same turn, the log has both or none of it: so a message
   * that is moved is there once, whatever happens.
   */
  settleTaken(taken: TakenMessage): void;
  /** The message goes back to its place, as if nobody had seen it. */
  putTakenBack(taken: TakenMessage): void;
}
