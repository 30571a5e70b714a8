/**
 * Claiming from a queue: a cursor takes the READY prefix at the head with one compare-and-swap, within one block and as
 * far as the box has room. Requeued slots come first (requeued.ts). Meets: publishers (their slots become READY in
 * any order; the prefix ends at the first that is not), other cursors (one of them wins the compare-and-swap, the
 * others look again).
 */
import { claimLost } from '../../memory/contention';
import { FRAME_BODY_MAX, FRAME_OVERHEAD } from '../../format/frame';
import { atomicLoad, compareExchange } from '../../memory/atomic';
import { checkpoint, CLAIM_SCANNED } from '../../memory/checkpoint';
import { Message } from '../../memory/message';
import { blockAt, headStands, isReady } from './head';
import { PAUSED } from './features';
import { CLASSIC, unknownKind } from './kinds';
import { isFrontReady } from './priorities';
import { SPILLED, Block, moveHint, Queue, READY, Slot, slotAt, SLOTS, STATE_MASK } from './queue';
import { requestPageIn, requestAhead } from './page-in-requests';

/** How many slots the last `claim` took; they follow the returned one in memory. */
export let claimed: u32 = 0;
/** Whether the last `claim` found a message that had no room. */
export let lackedRoom: bool = false;
/** Whether the last `claim` found the next message spilled; then it is asked for. */
export let foundSpilled: bool = false;

/** Bytes that header and body frames of a message take with a frame-max, at most. */
@inline export function contentSize(message: Message, frameMax: u32): u32 {
  const body = message.bodySize;
  if (body <= message.firstLength && body + FRAME_OVERHEAD <= frameMax)
    return message.headerLength + body + FRAME_OVERHEAD;
  const frames = body / (frameMax - FRAME_OVERHEAD) + body / FRAME_BODY_MAX + 2;
  return message.headerLength + body + FRAME_OVERHEAD * frames;
}

/**
 * Claims up to `most` messages whose contents, with `overhead` bytes each, fit into `room`. Returns the first slot or
 * 0. Slots are claimed once the head has moved past them. The caller is inside the core.
 */
export function claim(queue: Queue, most: u32, room: u32, overhead: u32, frameMax: u32): Slot {
  const address = changetype<usize>(queue);
  lackedRoom = false;
  foundSpilled = false;
  claimed = 0;
  let first = changetype<Slot>(0);
  do {
    lackedRoom = false;
    const hint = changetype<Block>(atomicLoad(address + offsetof<Queue>('headBlock')));
    const head = atomicLoad(address + offsetof<Queue>('head'));
    const block = blockAt(hint, head);
    if (!changetype<usize>(block)) return changetype<Slot>(0);
    const index = head - block.start;
    first = slotAt(block, index);
    const limit = min(most, SLOTS - index);
    let count: u32 = 0;
    let used: u32 = 0;
    while (count < limit) {
      const slot = slotAt(block, index + count);
      // Pairs with the store of the publisher.
      if ((atomicLoad(changetype<usize>(slot)) & STATE_MASK) != READY) break;
      // If another cursor has claimed the slot meanwhile, the message may be gone and its size nonsense; then the head
      // has moved, too: the compare-and-swap below says so, or `headStands`.
      const message = changetype<Message>(slot.message);
      const size = overhead + message.keyLength + contentSize(message, frameMax);
      if (size > room - used) {
        lackedRoom = true;
        break;
      }
      used += size;
      count += 1;
    }
    if (count == 0) {
      if (!(lackedRoom ? headStands(queue, head) : atomicLoad(address + offsetof<Queue>('head')) == head)) continue;
      if ((atomicLoad(changetype<usize>(first)) & STATE_MASK) == SPILLED) {
        foundSpilled = true;
        requestPageIn(queue);
      }
      return changetype<Slot>(0);
    }
    checkpoint(CLAIM_SCANNED);
    // Pairs with the same operation of other cursors: positions head … head + count − 1 are ours alone.
    if (compareExchange(address + offsetof<Queue>('head'), head, head + count) != head) {
      claimLost();
      continue;
    }
    if (block != hint) {
      moveHint(address + offsetof<Queue>('headBlock'), hint, block);
      if (queue.gap) requestAhead(queue, block);
    }
    claimed = count;
  } while (claimed == 0);
  return first;
}

/** Whether the next message of a queue can be claimed by a consumer. */
export function hasReady(queue: Queue): bool {
  if (queue.kind != CLASSIC) unknownKind();
  // Pairs with the operations in `setQueuePaused`.
  if (atomicLoad(changetype<usize>(queue) + offsetof<Queue>('features')) & PAUSED) return false;
  return queue.priorities ? isFrontReady(queue) : isReady(queue);
}
