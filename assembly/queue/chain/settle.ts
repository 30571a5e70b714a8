/**
 * Settling: what happens to a claimed slot when its message is acknowledged, rejected for good, or needed none. The
 * slot counts as done; counts are gathered while they fall into one block and added at once. The last one to settle in
 * a block retires it. Meets: other settlers of the same block (atomic add; exactly one of them reaches SLOTS).
 */
import { atomicAdd } from '../../memory/atomic';
import { retire } from '../../memory/epoch';
import { ACKNOWLEDGED } from '../../memory/counters';
import { flushReleases, Message, release, releaseSimple } from '../../memory/message';
import { self } from '../../memory/root';
import { givePage } from '../../memory/units';
import { flushDone, isLogging, placeDone } from '../../log/journal';
import {
  Block,
  blockOf,
  countAt,
  indexOf,
  LOGGED,
  logPosition,
  moveHintPast,
  OTHER_KIND,
  Queue,
  releaseQueue,
  SHARED,
  Slot,
  SLOTS,
} from './queue';
import { ruling } from './features';
import { unknownKind } from './kinds';

/** Settles a slot and lets go of its message. */
@inline export function settle(slot: Slot): void {
  if (slot.state & (SHARED | LOGGED | OTHER_KIND)) letGo(slot);
  else releaseSimple(slot.message);
  settleSlot(slot);
}

/** Lets go of a message that others may hold, or whose place is in the log. */
function letGo(slot: Slot): void {
  if (slot.state & OTHER_KIND) unknownKind();
  if (slot.state & LOGGED) recordDone(slot);
  if (slot.state & SHARED) release(changetype<Message>(slot.message));
  else releaseSimple(slot.message);
}

/** Nothing is recorded of a queue that is being deleted: it is gone as a whole. */
function recordDone(slot: Slot): void {
  const block = blockOf(slot);
  const queue = changetype<Queue>(block.queue);
  if (!isLogging() || ruling(queue).retired) return;
  placeDone(queue.logId, logPosition(block, indexOf(slot)));
}

@inline function settleSlot(slot: Slot): void {
  const block = <u32>changetype<usize>(blockOf(slot));
  if (block == self.settleBlock) {
    self.settleCount += 1;
    return;
  }
  flushSettled();
  self.settleBlock = block;
  self.settleCount = 1;
}

/** Adds what was gathered. Called at the end of each call that may settle, before `leave`. */
export function flushSettlements(): void {
  flushSettled();
  self.settleBlock = 0;
  flushReleases();
  if (self.doneCount) flushDone();
}

/** The same of what a client has acknowledged. */
@inline export function settleAcknowledged(slot: Slot): void {
  settle(slot);
  // Behind it: this is one of those in `settleBlock` now.
  self.acknowledged += 1;
}

function flushSettled(): void {
  if (!self.settleCount) return;
  const count = self.settleCount;
  self.settleCount = 0;
  if (self.acknowledged) countAcknowledged();
  addDone(changetype<Block>(self.settleBlock), count);
}

/** Before their slots are done: with the last of them the queue may go. */
function countAcknowledged(): void {
  const count = self.acknowledged;
  self.acknowledged = 0;
  countAt(ruling(changetype<Queue>(changetype<Block>(self.settleBlock).queue)), ACKNOWLEDGED, count);
}

/** Counts slots as done; with the last one the block is retired. */
export function addDone(block: Block, count: u32): void {
  // Pairs with itself, and with the compare-and-swap in `hold` (page-out.ts): one comes to SLOTS, after all others.
  if (atomicAdd(changetype<usize>(block) + offsetof<Block>('done'), count) + count != SLOTS) return;
  const queue = changetype<Queue>(block.queue);
  moveHintPast(changetype<usize>(queue) + offsetof<Queue>('tailBlock'), block);
  moveHintPast(changetype<usize>(queue) + offsetof<Queue>('headBlock'), block);
  if (block.logTable) givePage(block.logTable);
  retire(block);
  releaseQueue(queue);
}
