/**
 * Checkpoints: places between two steps of an algorithm where a test may stop a participant and let the others go on
 * (test/interleavings). They are in the checking build alone (asconfig.json, target `checking`: the same sources with
 * CHECKING defined); there each calls the import `checking.reached`. In the other builds a checkpoint is nothing, and
 * the import is not there.
 *
 * Each is named after what has just been done. The numbers are exports of the checking build, by which tests know them.
 */

// @ts-ignore: decorator
@external("checking", "reached")
declare function reached(point: u32): void;

@inline export function checkpoint(point: u32): void {
  if (isDefined(CHECKING)) reached(point);
}

/**
 * Whether this is the checking build: one participant runs at a time there, so that nobody would let go of what is
 * waited for.
 */
@inline export function isChecking(): bool {
  return isDefined(CHECKING);
}

/** A cursor has found slots READY and not yet moved the head past them (queue/chain/claim.ts). */
export const CLAIM_SCANNED: u32 = 1;
/** The same of the next message of a queue with rules (queue/rules/peek.ts). */
export const NEXT_SCANNED: u32 = 2;
/** A portion that is to leave is marked (queue/spill/page-out.ts). */
export const OUT_MARKED: u32 = 3;
/** A portion's block was found, and nothing done yet (queue/spill/page-out.ts). */
export const OUT_FOUND: u32 = 4;
/**
 * A waiting consumer is no waiter any more; whoever granted it a turn holds the lock still
 * (queue/consumers/run-queue.ts).
 */
export const WAITER_UNLINKED: u32 = 5;
/** A consumer that ends has given back the turn that it was granted (amqp/delivering/consumer.ts). */
export const TURN_GIVEN_BACK: u32 = 6;
/** A run has its positions, and no block was linked for them yet (queue/publish.ts). */
export const POSITIONS_RESERVED: u32 = 7;
/**
 * Who counts has found a block of counters, or the place of a cell with some, that nobody has yet (memory/counters.ts).
 */
export const COUNTERS_MISSED: u32 = 8;
/** Who looks has found a slot in some state; and has copied its message, and not yet looked again (queue/browse.ts). */
export const BROWSE_FOUND: u32 = 9;
export const BROWSE_COPIED: u32 = 10;
