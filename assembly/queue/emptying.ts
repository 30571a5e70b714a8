/**
 * How queues are emptied, and go. A portion at a time: who empties a long queue leaves the core in between (epoch.ts),
 * so that others may use again what was freed. Meets: cursors, as one of them; publishers of a queue that is purged,
 * whose messages may be among those that are dropped. A retired queue takes no more, and its consumers get nothing.
 */
import { FRAME_MAX } from '../format/frame';
import { atomicLoad, atomicOr, atomicStore } from '../memory/atomic';
import { claim, claimed } from './chain/claim';
import { abandon, dropSpilled } from './spill/forget';
import { claimAny } from './rules/peek';
import { CLASSIC, unknownKind } from './chain/kinds';
import { priorityAt, readyCount } from './chain/priorities';
import { endChain, Queue, releaseQueue, Slot, SLOT, SLOTS } from './chain/queue';
import { GONE, SINGLY } from './chain/features';
import { addDone, flushSettlements, settle } from './chain/settle';
import { leaveSweep } from './rules/sweep';

/** So many messages go with the call that retires a queue: most queues are empty then. */
export const RETIRED_PORTION: u32 = 4096;

/**
 * Settles up to `bound` messages that are ready and forgets what is spilled; bounded by what was there at the start,
 * too. What is spilled goes at once.
 */
export function drop(queue: Queue, bound: u32): u32 {
  if (queue.kind != CLASSIC) unknownKind();
  const most = min(bound, readyCount(queue));
  let count: u32 = 0;
  abandonPriorities(queue);
  while (count < most) {
    const settled = dropPresent(queue, most - count);
    const spilled = dropSpilledPriorities(queue);
    if (!settled && !spilled) break;
    count += settled + spilled;
  }
  return count;
}

/** What is under way with the queue's spilled messages is over. */
function abandonPriorities(queue: Queue): void {
  abandon(queue);
  for (let priority: u32 = 1; queue.priorities != 0 && priority <= queue.maxPriority; priority++)
    abandon(priorityAt(queue, priority));
}

export function dropSpilledPriorities(queue: Queue): u32 {
  let count = dropSpilled(queue);
  for (let priority: u32 = 1; queue.priorities != 0 && priority <= queue.maxPriority; priority++) {
    const child = priorityAt(queue, priority);
    if (changetype<usize>(child)) count += dropSpilled(child);
  }
  return count;
}

/** Settles up to `most` messages that are ready, as far as they are here. */
function dropPresent(queue: Queue, most: u32): u32 {
  let count: u32 = 0;
  while (count < most) {
    if (queue.features & SINGLY) {
      const slot = claimAny(queue);
      if (!changetype<usize>(slot)) break;
      settle(slot);
      count += 1;
      continue;
    }
    const first = claim(queue, most - count, u32.MAX_VALUE, 0, FRAME_MAX, true);
    if (!changetype<usize>(first)) break;
    const taken = claimed;
    for (let i: u32 = 0; i < taken; i++) settle(changetype<Slot>(changetype<usize>(first) + i * SLOT));
    count += taken;
  }
  flushSettlements();
  return count;
}

/** From now on nothing comes into the queue, and no consumer gets anything. */
export function retire(queue: Queue): void {
  // Read by those about to pull: one that has not seen it takes what it would have taken before.
  atomicOr(changetype<usize>(queue) + offsetof<Queue>('features'), GONE);
  // Before the queue leaves its sweep: pairs with the load in `joinSweep`.
  atomicStore(changetype<usize>(queue) + offsetof<Queue>('retired'), 1);
  leaveSweep(queue);
}

/**
 * Ends a retired queue that holds nothing: nobody will use it any more but those who have yet to settle its messages.
 */
export function endQueue(queue: Queue): void {
  for (let priority: u32 = 1; queue.priorities != 0 && priority <= queue.maxPriority; priority++) {
    const child = priorityAt(queue, priority);
    if (changetype<usize>(child)) end(child);
  }
  end(queue);
}

/** Nobody publishes any more: the tail stands in the last block, and its unused slots will never be. */
function end(queue: Queue): void {
  const last = endChain(queue);
  addDone(last, SLOTS - (queue.tail - last.start));
  releaseQueue(queue);
}
