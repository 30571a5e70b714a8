/**
 * The front of a queue: how old the message is that comes next, looked at without claiming anything, by whoever wants
 * to know. What is seen may be gone a moment later. Meets: cursors that claim the message meanwhile; then its octets
 * are nonsense, the head has moved, and the look is repeated. The caller is inside the core.
 */
import { arrivedAt } from '../../memory/latency';
import { atomicLoad, atomicLoadF64, lock, unlock } from '../../memory/atomic';
import { Message } from '../../memory/message';
import { timestampOf } from '../../memory/properties';
import { blockAt, headStands } from '../chain/head';
import { CLASSIC, unknownKind } from '../chain/kinds';
import { requestPageIn } from '../chain/page-in-requests';
import { priorityAt } from '../chain/priorities';
import { Block, Queue, READY, slotAt, SPILLED, STATE_MASK } from '../chain/queue';
import { firstRequeued } from '../chain/requeued';

/** In place of an arrival: nothing is ready; it is spilled, and nobody knows when it came. */
export const EMPTY_FRONT: f64 = 0;
export const UNKNOWN_FRONT: f64 = -1;

/** The `timestamp` (s) of the message that the last `frontArrival` found to be next, −1: it has none, or is spilled. */
export let frontTimestamp: f64 = -1;

/** Of the message that `arrivalAt` saw. */
let seenTimestamp: f64 = -1;

/**
 * When the oldest of the messages came that are next in their priorities (ms since the Unix epoch), or one of the above.
 * `asks`: one of which nobody knows is asked back.
 */
export function frontArrival(queue: Queue, asks: bool): f64 {
  if (queue.kind != CLASSIC) unknownKind();
  frontTimestamp = -1;
  let oldest: f64 = EMPTY_FRONT;
  let priority: u32 = queue.priorities ? queue.maxPriority : 0;
  while (true) {
    const one = priorityAt(queue, priority);
    if (changetype<usize>(one)) {
      const arrival = arrivalAt(one, asks);
      if (arrival != EMPTY_FRONT) {
        if (oldest == EMPTY_FRONT) frontTimestamp = seenTimestamp;
        oldest = oldest == EMPTY_FRONT ? arrival : min(oldest, arrival);
      }
    }
    if (!priority) return oldest;
    priority -= 1;
  }
}

/** The same of one priority. */
function arrivalAt(queue: Queue, asks: bool): f64 {
  const address = changetype<usize>(queue);
  seenTimestamp = -1;
  if (atomicLoad(address + offsetof<Queue>('requeued'))) {
    const lockWord = address + offsetof<Queue>('requeuedLock');
    lock(lockWord);
    const slot = firstRequeued(queue);
    let arrival: f64 = EMPTY_FRONT;
    if (changetype<usize>(slot)) arrival = look(changetype<Message>(slot.message));
    unlock(lockWord);
    if (arrival != EMPTY_FRONT) return arrival;
  }
  while (true) {
    const hint = changetype<Block>(atomicLoad(address + offsetof<Queue>('headBlock')));
    if (!changetype<usize>(hint)) return EMPTY_FRONT;
    const head = atomicLoad(address + offsetof<Queue>('head'));
    const block = blockAt(hint, head);
    if (!changetype<usize>(block)) return EMPTY_FRONT;
    const slot = slotAt(block, head - block.start);
    // Pairs with the store of the publisher.
    const state = atomicLoad(changetype<usize>(slot)) & STATE_MASK;
    if (state == READY) {
      const arrival = look(changetype<Message>(slot.message));
      if (headStands(queue, head)) return arrival;
      continue;
    }
    if (atomicLoad(address + offsetof<Queue>('head')) != head) continue;
    if (state != SPILLED) return EMPTY_FRONT;
    const arrival = atomicLoadF64(address + offsetof<Queue>('spilledArrival'));
    if (arrival != 0) return arrival;
    if (asks) requestPageIn(queue);
    return UNKNOWN_FRONT;
  }
}

@inline function look(message: Message): f64 {
  seenTimestamp = timestampOf(message);
  return arrivedAt(message);
}
