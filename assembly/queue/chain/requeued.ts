/**
 * The requeued set: slots whose messages were requeued (nack, reject, recover, a channel or connection that closed).
 * They stay in their blocks; blocks that have some are linked in order of position, and are claimed before the head, so
 * that the original order is kept. Guarded by a lock of the queue that is touched only when something was returned.
 */
import { atomicAdd, atomicLoad, atomicStore, lock, unlock } from '../../memory/atomic';
import { Message } from '../../memory/message';
import { self } from '../../memory/root';
import { contentSize } from './claim';
import { isExpired } from './features';
import { Block, BLOCK_HEAD, blockOf, Queue, READY, REQUEUED, Slot, SLOT, slotAt, SLOTS, STATE_MASK } from './queue';

/** Whether the last `claimRequeued` found a message that had no room. */
export let requeuedLackedRoom: bool = false;

/** Puts a claimed slot back, with `mark` (REDELIVERED, or 0 when nobody has seen the message). */
export function putBack(queue: Queue, slot: Slot, mark: u32): void {
  const lockWord = changetype<usize>(queue) + offsetof<Queue>('requeuedLock');
  const block = blockOf(slot);
  const index = (<u32>(changetype<usize>(slot) - changetype<usize>(block)) - BLOCK_HEAD) / SLOT;
  lock(lockWord);
  // Pairs with the load in `claimRequeued`, under the same lock; atomic because cursors at the head may still look at
  // the slot.
  atomicStore(changetype<usize>(slot), (slot.state & ~STATE_MASK) | REQUEUED | mark);
  if (block.requeued == 0) {
    block.requeuedLow = index;
    insert(queue, block);
  } else if (index < block.requeuedLow) block.requeuedLow = index;
  block.requeued += 1;
  // Pairs with the load without the lock in `hasReady` and `claimRequeued`.
  atomicAdd(changetype<usize>(queue) + offsetof<Queue>('requeued'), 1);
  unlock(lockWord);
}

/**
 * Links a block into the set. What is returned together is mostly in order: the search starts at the last block
 * inserted.
 */
function insert(queue: Queue, block: Block): void {
  let before: usize = 0;
  let at = <usize>queue.requeuedFirst;
  if (queue.requeuedFinger && <i32>(changetype<Block>(queue.requeuedFinger).start - block.start) < 0) {
    before = queue.requeuedFinger;
    at = changetype<Block>(before).requeuedNext;
  }
  while (at && <i32>(changetype<Block>(at).start - block.start) < 0) {
    before = at;
    at = changetype<Block>(at).requeuedNext;
  }
  block.requeuedNext = <u32>at;
  const address = <u32>changetype<usize>(block);
  if (before) changetype<Block>(before).requeuedNext = address;
  else queue.requeuedFirst = address;
  queue.requeuedFinger = address;
}

/**
 * Claims the requeued slot with the lowest position, if its content fits into `room`; 0 when there is none or it does
 * not fit.
 */
export function claimRequeued(queue: Queue, room: u32, overhead: u32, frameMax: u32): Slot {
  requeuedLackedRoom = false;
  if (!atomicLoad(changetype<usize>(queue) + offsetof<Queue>('requeued'))) return changetype<Slot>(0);
  const lockWord = changetype<usize>(queue) + offsetof<Queue>('requeuedLock');
  lock(lockWord);
  const block = changetype<Block>(queue.requeuedFirst);
  if (!changetype<usize>(block)) {
    unlock(lockWord);
    return changetype<Slot>(0);
  }
  const slot = lowest(block);
  const message = changetype<Message>(slot.message);
  if (overhead + message.keyLength + contentSize(message, frameMax) > room) {
    requeuedLackedRoom = true;
    unlock(lockWord);
    return changetype<Slot>(0);
  }
  take(queue, block, slot);
  unlock(lockWord);
  return slot;
}

/**
 * Claims the requeued slot with the lowest position if its message is too old by now; 0 when there is none or it is
 * not.
 */
export function claimRequeuedExpired(queue: Queue, rules: Queue): Slot {
  const lockWord = changetype<usize>(queue) + offsetof<Queue>('requeuedLock');
  let slot = changetype<Slot>(0);
  lock(lockWord);
  const block = changetype<Block>(queue.requeuedFirst);
  if (changetype<usize>(block)) {
    slot = lowest(block);
    if (isExpired(rules, changetype<Message>(slot.message), self.now)) take(queue, block, slot);
    else slot = changetype<Slot>(0);
  }
  unlock(lockWord);
  return slot;
}

/** The lowest requeued slot of a block that has some. Under the lock. */
@inline function lowest(block: Block): Slot {
  let index = block.requeuedLow;
  while (index < SLOTS - 1 && (slotAt(block, index).state & STATE_MASK) != REQUEUED) index += 1;
  block.requeuedLow = index;
  return slotAt(block, index);
}

/** The requeued slot with the lowest position, or 0. Under the lock. */
export function firstRequeued(queue: Queue): Slot {
  const block = changetype<Block>(queue.requeuedFirst);
  return changetype<usize>(block) ? lowest(block) : changetype<Slot>(0);
}

/** Claims the slot that `lowest` found. Under the lock. */
@inline function take(queue: Queue, block: Block, slot: Slot): void {
  atomicStore(changetype<usize>(slot), (slot.state & ~STATE_MASK) | READY);
  block.requeuedLow += 1;
  block.requeued -= 1;
  if (block.requeued == 0) {
    queue.requeuedFirst = block.requeuedNext;
    if (queue.requeuedFinger == <u32>changetype<usize>(block)) queue.requeuedFinger = 0;
  }
  queue.takenBack += 1;
  // Pairs with the load without the lock in `hasReady` and `claimRequeued`.
  atomicAdd(changetype<usize>(queue) + offsetof<Queue>('requeued'), -1);
}
