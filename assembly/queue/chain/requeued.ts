/**
 * The requeued set: slots whose messages were requeued (nack, reject, recover, a channel or connection that closed).
 * They stay in their blocks; blocks that have some are linked in order of position, and are claimed before the head, so
 * that the original order is kept. Guarded by a lock of the queue that is touched only when something was returned.
 */
import { atomicAdd, atomicLoad, atomicStore, lock, unlock } from '../../memory/atomic';
import { Message } from '../../memory/message';
import { self } from '../../memory/root';
import { contentSize } from './content-size';
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
  // Pairs with the loads without the lock in `hasReady` and `claim`.
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

/**
 * The first block that holds a requeued slot at a position or behind it, or may; 0: there is none. It is a block until
 * the caller leaves the core: while it is in the set, not all of its slots are done.
 */
export function requeuedBlockFrom(queue: Queue, position: u32): Block {
  const lockWord = changetype<usize>(queue) + offsetof<Queue>('requeuedLock');
  lock(lockWord);
  const block = changetype<Block>(queue.requeuedFirst);
  const found = blockFrom(block, position);
  unlock(lockWord);
  return found;
}

/** From a block of the set on. Under the lock. */
@inline function blockFrom(first: Block, position: u32): Block {
  let block = first;
  while (changetype<usize>(block) && <i32>(block.start + SLOTS - 1 - position) < 0)
    block = changetype<Block>(block.requeuedNext);
  return block;
}

/** Claims the requeued slot with the lowest position from one on and before another; 0: there is none. */
export function takeRequeuedFrom(queue: Queue, from: u32, end: u32): Slot {
  // Pairs with the addition in `putBack`.
  if (!atomicLoad(changetype<usize>(queue) + offsetof<Queue>('requeued'))) return changetype<Slot>(0);
  const lockWord = changetype<usize>(queue) + offsetof<Queue>('requeuedLock');
  let found = changetype<Slot>(0);
  lock(lockWord);
  let block = blockFrom(changetype<Block>(queue.requeuedFirst), from);
  while (changetype<usize>(block) && !changetype<usize>(found) && <i32>(block.start - end) < 0) {
    found = takeFromBlock(queue, block, from, end);
    block = changetype<Block>(block.requeuedNext);
  }
  unlock(lockWord);
  return found;
}

/** The same in one block of the set. Under the lock. */
function takeFromBlock(queue: Queue, block: Block, from: u32, end: u32): Slot {
  let index = <u32>max<i32>(<i32>(from - block.start), <i32>block.requeuedLow);
  const last = <u32>min<i32>(<i32>(end - block.start), SLOTS);
  while (index < last && (slotAt(block, index).state & STATE_MASK) != REQUEUED) index += 1;
  if (index >= last) return changetype<Slot>(0);
  const slot = slotAt(block, index);
  markTaken(queue, slot);
  if (index == block.requeuedLow) block.requeuedLow += 1;
  block.requeued -= 1;
  if (!block.requeued) unlink(queue, block);
  return slot;
}

/** Takes a block out of the set, wherever it stands. Under the lock. */
function unlink(queue: Queue, block: Block): void {
  const address = <u32>changetype<usize>(block);
  let before = changetype<Block>(0);
  for (let at = queue.requeuedFirst; at != address; at = before.requeuedNext) before = changetype<Block>(at);
  if (changetype<usize>(before)) before.requeuedNext = block.requeuedNext;
  else queue.requeuedFirst = block.requeuedNext;
  if (queue.requeuedFinger == address) queue.requeuedFinger = 0;
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
  markTaken(queue, slot);
  block.requeuedLow += 1;
  block.requeued -= 1;
  if (block.requeued == 0) {
    queue.requeuedFirst = block.requeuedNext;
    if (queue.requeuedFinger == <u32>changetype<usize>(block)) queue.requeuedFinger = 0;
  }
}

/** A requeued slot is claimed. Under the lock. */
@inline function markTaken(queue: Queue, slot: Slot): void {
  // Pairs with the loads of who looks at it (browse.ts), before its message can be freed.
  atomicStore(changetype<usize>(slot), (slot.state & ~STATE_MASK) | READY);
  queue.takenBack += 1;
  // Pairs with the loads without the lock in `hasReady` and `claim`.
  atomicAdd(changetype<usize>(queue) + offsetof<Queue>('requeued'), -1);
}
