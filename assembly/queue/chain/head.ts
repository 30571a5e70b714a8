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
  return atomicLoad(changetype<usize>(queue) + offsetof<Queue>('requeued')) != 0 || headState(queue) == READY;
}

/** Whether nothing was returned, and the message at the head is spilled. */
export function isHeadSpilled(queue: Queue): bool {
  return !atomicLoad(changetype<usize>(queue) + offsetof<Queue>('requeued')) && headState(queue) == SPILLED;
}

/** Whether there is nothing for who takes: neither what was requeued, nor at the head. */
export function isDrainedHere(queue: Queue): bool {
  return !atomicLoad(changetype<usize>(queue) + offsetof<Queue>('requeued')) && isHeadDrained(queue);
}

/**
 * Whether there is nothing at the head, nor about to be: a message that is being published has its position before its
 * slot is filled, and holds up what is behind it for a moment. What is spilled is not looked at.
 */
export function isHeadDrained(queue: Queue): bool {
  const address = changetype<usize>(queue);
  const head = atomicLoad(address + offsetof<Queue>('head'));
  // The head first: it never passes the tail, so where both are the same the queue was empty in between.
  return atomicLoad(address + offsetof<Queue>('tail')) == head || headState(queue) == SPILLED;
}

/**
 * Whether the head still stands at a position where it was before. Unlike a load this also says so of plain loads
 * before it, of what was to be claimed there: an addition is a write, which no earlier load passes (an atomic load lets
 * them by, on ARM), and it pairs with the compare-and-swap of whoever claims. That one comes later, and what its owner
 * frees and others write over comes later still.
 */
export function headStands(queue: Queue, position: u32): bool {
  return atomicAdd(changetype<usize>(queue) + offsetof<Queue>('head'), 0) == position;
}

function headState(queue: Queue): u32 {
  const address = changetype<usize>(queue);
  const hint = changetype<Block>(atomicLoad(address + offsetof<Queue>('headBlock')));
  const head = atomicLoad(address + offsetof<Queue>('head'));
  const block = blockAt(hint, head);
  return changetype<usize>(block)
    ? atomicLoad(changetype<usize>(slotAt(block, head - block.start))) & STATE_MASK
    : EMPTY;
}
