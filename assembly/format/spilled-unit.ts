/**
 * How a message lies in an image on its way out of memory and in (src/log/spill-source.ts): a unit, then the Message or
 * Piece as it lies in memory.
 */

@unmanaged export class Unit {
  /** Octets to the next unit. */
  span: u32;
  /** Of the slot; or UNIT_PIECE alone. */
  flags: u32;
  /** The log position; all ones: none. */
  position: u64;
  /** The message's number in the log, 0: none. */
  id: u64;
}
/** Octets of a unit before the Message or Piece. */
export const UNIT_HEAD: u32 = offsetof<Unit>();
/** One more piece of the message before it. */
export const UNIT_PIECE: u32 = 0x80000000;
