/**
 * Where messages of a queue are that are not in memory, from the next on: in spill files, or in log files after a
 * restart. A source is read once, in order. It gives units as the core takes them back (8-aligned, little-endian):
 *
 *    0 │ span u32         octets to the next unit
 *    4 │ flags u32        of the slot; or PIECE alone: one more piece of the message before it
 *    8 │ log position u64 all ones: none
 *   16 │ id u64           the message's number in the log, 0: none
 *   24 │ Message or Piece, and what follows it
 *
 * What must hold: a message counts with its first unit, and its pieces follow before the next message. Whoever deletes
 * or purges the queue writes down that its messages are done; a source is only told that nobody wants them any more.
 */
import {
  SLOT_LOGGED,
  SLOT_REDELIVERED,
  SLOT_REQUEUES_SHIFT,
  UNIT_HEAD,
  UNIT_PIECE,
  UNIT_REQUEUES_MAX,
} from '../numbers/core.js';

/** Octets of a unit before the Message or Piece. */
export { UNIT_HEAD };
/** Octets of any unit, at most; so much room a target has at least. */
export const UNIT_MAX = 512 * 1024;

/** Flags of a unit. */
export const UnitFlag = {
  /** The message was delivered before. */
  REDELIVERED: SLOT_REDELIVERED,
  /** The message is in the log, at its place in this queue. */
  LOGGED: SLOT_LOGGED,
  /** Not a message, but one more piece of the one before it. */
  PIECE: UNIT_PIECE,
} as const;

/** Above them: how often the message was requeued. */
export const REQUEUES_SHIFT = SLOT_REQUEUES_SHIFT;
export const REQUEUES_MAX = UNIT_REQUEUES_MAX;

export interface Filled {
  /** Whole units only. */
  readonly octets: number;
  /** Messages whose first unit is among them. */
  readonly messages: number;
}

export interface SpilledSource {
  /** Messages that are still to come. */
  readonly remaining: number;
  /**
   * Writes the next units into `target`: as many as fit, of at most `most` messages. Pieces of a message that an
   * earlier call has begun come first, even when `most` is 0. It writes at least one unit while there are some to
   * write. Rejects when they cannot be read: then it may be called again. One call at a time.
   */
  fill(most: number, target: Uint8Array): Promise<Filled>;
  /**
   * The next units but for those of `skip` messages, as `fill` will give them: of up to `most` messages and about
   * `octets` octets; of a message that is longer its beginning. Nothing is taken. Rejects when they cannot be read.
   */
  look(skip: number, most: number, octets: number): Promise<Uint8Array>;
  /** Nobody wants the rest. No call of `fill` is under way. */
  drop(): void;
}
