/**
 * This folder is for what queue features ask: expiry, lengths, dead letters; spill and all above `queue` may import
 * it.
 *
 * Peek, in a queue with rules: the message that is next, whatever priority it stands in and whether it was
 * requeued; and what at the head has become too old. Messages are claimed one by one here.
 */
import { claimLost } from '../../memory/contention';
import { FRAME_MAX } from '../../format/frame';
import { atomicLoad, compareExchange } from '../../memory/atomic';
import { checkpoint, NEXT_SCANNED } from '../../memory/checkpoint';
import { Message } from '../../memory/message';
import { self } from '../../memory/root';
import { claim, foundSpilled, lackedRoom } from '../chain/claim';
import { deadLetterOrDrop, EXPIRED } from './dead-letters';
import { blockAt, headStands, isReady } from '../chain/head';
import { priorityAt } from '../chain/priorities';
import { SPILLED, Block, moveHint, Queue, READY, REDELIVERED, Slot, slotAt, STATE_MASK } from '../chain/queue';
import { claimRequeuedExpired } from '../chain/requeued';
import { addBytes, BYTES, isExpired } from '../chain/features';
import { turnsUnderWay } from '../consumers/run-queue';
import { requestPageIn, requestAhead } from '../chain/page-in-requests';

/** Whether the last `claimNext` found a message that had no room. */
export let nextLackedRoom: bool = false;
/** Whether the last `claimNext` found that the next message is spilled. */
export let nextSpilled: bool = false;
/** Room that fits every content. */
export const ANY_ROOM: u32 = 0x7fffffff;

/** Claims the next message, if its content fits into `room`; 0 when there is none or it does not fit. */
export function claimNext(queue: Queue, room: u32, overhead: u32, frameMax: u32): Slot {
  let slot = changetype<Slot>(0);
  nextLackedRoom = false;
  nextSpilled = false;
  let priority: u32 = queue.priorities ? queue.maxPriority : 0;
  while (true) {
    const one = priorityAt(queue, priority);
    if (changetype<usize>(one)) {
      slot = claim(one, 1, room, overhead, frameMax, true);
      nextLackedRoom = lackedRoom;
      nextSpilled = foundSpilled;
      if (changetype<usize>(slot) || nextLackedRoom || nextSpilled) break;
    }
    if (!priority) break;
    priority -= 1;
  }
  if (changetype<usize>(slot) && queue.features & BYTES)
    addBytes(queue, -(<i64>changetype<Message>(slot.message).bodySize));
  return slot;
}

/** Claims the next message whatever its size. */
export function claimAny(queue: Queue): Slot {
  return claimNext(queue, ANY_ROOM, 0, FRAME_MAX);
}

/** So much older (ms) a message may be for a consumer that has been able to take it since before it was too old. */
export const LEEWAY: f64 = 1000;

/**
 * What was too old by then dies when anybody else looks; what came later is left to consumers that are on their way.
 */
export function expiryLimit(queue: Queue): f64 {
  return turnsUnderWay(queue) ? self.now - LEEWAY : self.now;
}

/**
 * Whether the message of a claimed slot was too old at `limit`; one that was requeued has no leeway, as nobody has
 * waited for it.
 */
export function isTooOld(queue: Queue, slot: Slot, limit: f64): bool {
  return isExpired(queue, changetype<Message>(slot.message), slot.state & REDELIVERED ? self.now : limit);
}

/** Whether the last `dropExpired` could not go on for want of memory. */
export let dropStuck: bool = false;

/**
 * Lets up to `most` messages die that were too old at `limit` and stand at the head: of the queue, or (`everywhere`)
 * of each of its priorities. Returns how many.
 */
export function dropExpired(queue: Queue, limit: f64, most: u32, everywhere: bool): u32 {
  let count: u32 = 0;
  dropStuck = false;
  let priority: u32 = queue.priorities ? queue.maxPriority : 0;
  for (; count < most; priority--) {
    const one = priorityAt(queue, priority);
    if (changetype<usize>(one)) {
      while (count < most) {
        const slot = claimExpired(one, queue, limit);
        if (!changetype<usize>(slot)) break;
        if (queue.features & BYTES) addBytes(queue, -(<i64>changetype<Message>(slot.message).bodySize));
        if (!deadLetterOrDrop(queue, slot, EXPIRED)) {
          dropStuck = true;
          return count;
        }
        count += 1;
      }
    }
    // As in RabbitMQ, what is alive in a priority protects those below; what is spilled may be.
    if (!priority || (!everywhere && changetype<usize>(one) && (expiredSpilled || isReady(one)))) break;
  }
  return count;
}

/** Whether the last `claimExpired` found the message at the head spilled. */
let expiredSpilled: bool = false;

/** Claims the message at the head of one priority if it was too old at `limit`, by the rules of `rules`. */
function claimExpired(queue: Queue, rules: Queue, limit: f64): Slot {
  const address = changetype<usize>(queue);
  expiredSpilled = false;
  while (atomicLoad(address + offsetof<Queue>('requeued'))) {
    const slot = claimRequeuedExpired(queue, rules);
    if (changetype<usize>(slot)) return slot;
    // It was not too old, unless somebody has taken it meanwhile.
    if (atomicLoad(address + offsetof<Queue>('requeued'))) return slot;
  }
  while (true) {
    const hint = changetype<Block>(atomicLoad(address + offsetof<Queue>('headBlock')));
    const head = atomicLoad(address + offsetof<Queue>('head'));
    const block = blockAt(hint, head);
    if (!changetype<usize>(block)) return changetype<Slot>(0);
    const slot = slotAt(block, head - block.start);
    // Pairs with the store of the publisher.
    const state = atomicLoad(changetype<usize>(slot)) & STATE_MASK;
    if (state != READY) {
      if (atomicLoad(address + offsetof<Queue>('head')) != head) continue;
      if (state == SPILLED) {
        expiredSpilled = true;
        requestPageIn(queue);
      }
      return changetype<Slot>(0);
    }
    // If another cursor has claimed the slot meanwhile, the message may be gone and its age nonsense; then the head has
    // moved, too: `headStands` or the compare-and-swap says so.
    if (!isExpired(rules, changetype<Message>(slot.message), limit)) {
      if (!headStands(queue, head)) continue;
      return changetype<Slot>(0);
    }
    checkpoint(NEXT_SCANNED);
    // Pairs with the same operation of other cursors.
    if (compareExchange(address + offsetof<Queue>('head'), head, head + 1) != head) {
      claimLost();
      continue;
    }
    if (block != hint) {
      moveHint(address + offsetof<Queue>('headBlock'), hint, block);
      if (queue.gap) requestAhead(queue, block);
    }
    return slot;
  }
}
