/**
 * The head of a queue, looked at without claiming anything. What is seen may have gone a moment later: cursors claim by
 * a compare-and-swap (claim.ts).
 */
import { atomicAdd, atomicLoad } from '../../memory/atomic';
import { SPILLED, Block, EMPTY, nextOf, Queue, READY, slotAt, SLOTS, STATE_MASK } from './queue';

/** The block that holds `position`, from a hint at or before it; 0 when it is not linked yet. */
@inline export function blockAt(hint: Block, position: u32): Block {
  let block = hint;
  while (position - block.start >= SLOTS) {
    block = nextOf(block);
    if (!changetype<usize>(block)) break;
  }
  return block;
}

/** Whether a message waits at the head or in the requeued set. */
export function isReady(queue: Queue): bool {
  // Pairs with the addition in `putBack`.
  return atomicLoad(changetype<usize>(queue) + offsetof<Queue>('requeued')) != 0 || stateAhead(queue, 0) == READY;
}

/** Whether nothing was returned, and the message at the head is spilled. */
export function isHeadSpilled(queue: Queue): bool {
  // Pairs with the addition in `putBack`.
  return !atomicLoad(changetype<usize>(queue) + offsetof<Queue>('requeued')) && stateAhead(queue, 0) == SPILLED;
}

/** Whether there is nothing for who takes: neither what was requeued, nor at the head. */
export function isDrainedHere(queue: Queue): bool {
  // Pairs with the addition in `putBack`. Before the head: who claims there has looked here (claim.ts).
  return !atomicLoad(changetype<usize>(queue) + offsetof<Queue>('requeued')) && isHeadDrained(queue);
}

/**
 * Whether there is nothing at the head, nor about to be: a message that is being published has its position before its
 * slot is filled, and holds up what is behind it for a moment. What is spilled is not looked at.
 */
export function isHeadDrained(queue: Queue): bool {
  const address = changetype<usize>(queue);
  // Pairs with the compare-and-swap of cursors, and below with the addition of publishers.
  const head = atomicLoad(address + offsetof<Queue>('head'));
  // The head first: it never passes the tail, so where both are the same the queue was empty in between.
  return atomicLoad(address + offsetof<Queue>('tail')) == head || stateAhead(queue, 0) == SPILLED;
}

/**
 * The head, as it is when all loads before this have happened: of what was to be claimed there. An addition is a write,
 * which no earlier load passes (an atomic load lets them by, on ARM), and it pairs with the compare-and-swap of whoever
 * claims. If that one comes later, what its owner frees and others write over comes later still.
 */
@inline export function headBehindLoads(queue: Queue): u32 {
  return atomicAdd(changetype<usize>(queue) + offsetof<Queue>('head'), 0);
}

/** Whether the head still stands at a position where it was before the loads of what is there. */
export function headStands(queue: Queue, position: u32): bool {
  return headBehindLoads(queue) == position;
}

/** The state of the slot so far behind the head; EMPTY, if its block is not linked yet. */
export function stateAhead(queue: Queue, ahead: u32): u32 {
  const address = changetype<usize>(queue);
  // The hint before the head, so that the walk is forward. Pairs with `moveHint`; the others with cursors and
  // publishers.
  const hint = changetype<Block>(atomicLoad(address + offsetof<Queue>('headBlock')));
  const position = atomicLoad(address + offsetof<Queue>('head')) + ahead;
  const block = blockAt(hint, position);
  return changetype<usize>(block)
    ? atomicLoad(changetype<usize>(slotAt(block, position - block.start))) & STATE_MASK
    : EMPTY;
}
