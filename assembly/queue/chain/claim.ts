/**
 * Claiming from a queue: a cursor takes the READY prefix at the head with one compare-and-swap, within one block and as
 * far as the box has room. Requeued slots come first (requeued.ts). Meets: publishers (their slots become READY in
 * any order; the prefix ends at the first that is not), other cursors (one of them wins the compare-and-swap, the
 * others look again), and who puts slots back.
 *
 * A claim at the head happens, for all who could tell, when it looks for the second time whether anything was requeued.
 * That is between its look at the head and the compare-and-swap that finds the head still there. So at that moment what
 * it takes was first of all that was ready; what is put back later is put back behind it in time.
 */
import { claimLost } from '../../memory/contention';
import { atomicLoad, compareExchange } from '../../memory/atomic';
import { checkpoint, CLAIM_SCANNED } from '../../memory/checkpoint';
import { Message } from '../../memory/message';
import { contentSize } from './content-size';
import { blockAt, headStands, isReady } from './head';
import { PAUSED } from './features';
import { CLASSIC, unknownKind } from './kinds';
import { isFrontReady } from './priorities';
import { SPILLED, Block, moveHint, Queue, READY, Slot, slotAt, SLOTS, STATE_MASK } from './queue';
import { requestPageIn, requestAhead } from './page-in-requests';
import { claimRequeued, requeuedLackedRoom } from './requeued';

/** How many slots the last `claim` took; they follow the returned one in memory. */
export let claimed: u32 = 0;
/** Whether the last `claim` took a message that was requeued: there may be more. */
export let claimedBack: bool = false;
/** Whether the last `claim` found a message that had no room. */
export let lackedRoom: bool = false;
/** Whether the last `claim` found the next message spilled; then it is asked for. */
export let foundSpilled: bool = false;

/**
 * Claims up to `most` messages whose contents, with `overhead` bytes each, fit into `room`. Returns the first slot or
 * 0. Slots at the head are claimed once the head has moved past them. `back`: what was requeued goes first, one at a
 * time. The caller is inside the core.
 */
export function claim(queue: Queue, most: u32, room: u32, overhead: u32, frameMax: u32, back: bool): Slot {
  const address = changetype<usize>(queue);
  foundSpilled = false;
  claimedBack = false;
  claimed = 0;
  let first = changetype<Slot>(0);
  do {
    // Pairs with the addition in `putBack`.
    if (back && atomicLoad(address + offsetof<Queue>('requeued'))) {
      first = claimRequeued(queue, room, overhead, frameMax);
      lackedRoom = requeuedLackedRoom;
      claimedBack = changetype<usize>(first) != 0;
      if (claimedBack) claimed = 1;
      if (claimedBack || lackedRoom) return first;
      // Others have taken it.
    }
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
    // The second look, behind that at the head: see above.
    if (back && atomicLoad(address + offsetof<Queue>('requeued'))) continue;
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
