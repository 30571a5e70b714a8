/**
 * Length limits: what a queue has beyond them dies from the head, or is refused at its end. While consumers may take
 * the surplus at once (the queue has some, and turns that were granted are on their way) the queue is only noted, and
 * looked at again at the end of the participant's pass; if turns are under way still, whoever takes the last of them
 * looks at it. While its first message is spilled it stays noted, and is looked at when somebody rings. Ownership: the
 * list of noted queues is the participant's; each entry keeps its queue's cell.
 */
import { atomicAdd, atomicLoad, atomicLoad64 } from '../../memory/atomic';
import { Message } from '../../memory/message';
import { OVER_MAX, PARTICIPANT_OVER, self } from '../../memory/root';
import { deadLetterOrDrop, MAXLEN } from './dead-letters';
import { claimAny, nextSpilled } from './peek';
import { readyBytes, readyCount } from '../chain/priorities';
import { holdQueue, Queue, releaseQueue } from '../chain/queue';
import { BYTES, LENGTH, maxBytesOf, maxLengthOf, REJECT } from '../chain/features';
import { COUNTED_TURN, TURN, turnsUnderWay, Waiter } from '../consumers/run-queue';
import { awaitNext } from '../chain/page-in-requests';

/** Messages on their way to consumers for which a turn was granted. */
export const UNDER_WAY: f64 = 1024;

function isOver(queue: Queue): bool {
  if (<f64>readyCount(queue) > maxLengthOf(queue)) return true;
  return (queue.features & BYTES) != 0 && readyBytes(queue) > maxBytesOf(queue);
}

/** Something came into a queue with LENGTH. */
export function checkLength(queue: Queue): void {
  if (queue.features & REJECT || !isOver(queue)) return;
  if (queue.consumers == 0 || <f64>readyCount(queue) > 2 * maxLengthOf(queue) + UNDER_WAY || !note(queue, true))
    dropSurplus(queue);
}

/** Lets messages die from the head until the limits are kept. */
function dropSurplus(queue: Queue): void {
  while (isOver(queue)) {
    const slot = claimAny(queue);
    if (!changetype<usize>(slot)) {
      // Whoever brings it back rings; without room for a note the next publish looks again.
      if (nextSpilled && note(queue, false) && !awaitNext(queue)) self.overSoon = 1;
      return;
    }
    if (!deadLetterOrDrop(queue, slot, MAXLEN)) return;
  }
}

@inline function noted(index: u32): usize {
  return changetype<usize>(self) + PARTICIPANT_OVER + index * 4;
}

/** Notes a queue, to be looked at in this pass (`soon`) or after a ring; false when there is no room for more. */
function note(queue: Queue, soon: bool): bool {
  const address = <u32>changetype<usize>(queue);
  if (soon) self.overSoon = 1;
  for (let i: u32 = 0; i < self.overCount; i++) if (load<u32>(noted(i)) == address) return true;
  if (self.overCount == OVER_MAX) return false;
  holdQueue(queue);
  store<u32>(noted(self.overCount), address);
  self.overCount += 1;
  return true;
}

/** Keeps the limits of the queues that were noted. */
export function keepLimits(): void {
  const count = self.overCount;
  let kept: u32 = 0;
  self.overSoon = 0;
  for (let i: u32 = 0; i < count; i++) {
    const queue = changetype<Queue>(load<u32>(noted(i)));
    let keep = false;
    // Pairs with the subtraction in `takeTurn`: either we see that no turn is under way, or who takes the last one sees
    // what is too much.
    if (!queue.retired && !turnsUnderWay(queue) && isOver(queue)) {
      // The queue is noted already, here: should it be noted anew, its place stays.
      dropSurplus(queue);
      keep = nextSpilled && isOver(queue);
    }
    if (keep) {
      store<u32>(noted(kept), <u32>changetype<usize>(queue));
      kept += 1;
    } else releaseQueue(queue);
  }
  self.overCount = kept;
}

/**
 * The turn is taken, or will never be. Called by the owner, when it has claimed what it was granted the turn for: so
 * that who counts may find more turns than messages meanwhile, and never less. Who has ended a turn looks whether
 * another one is to be granted, as others may have granted one less for it.
 */
@inline export function takeTurn(queue: Queue, waiter: Waiter): void {
  if (markTurnTaken(waiter)) countTurnTaken(queue);
}

/** Whether a turn is under way: the first half of `takeTurn`, after which the waiter can be granted another one. */
@inline export function markTurnTaken(waiter: Waiter): bool {
  if (waiter.granted != COUNTED_TURN) return false;
  waiter.granted = TURN;
  return true;
}

/** The second half. */
export function countTurnTaken(queue: Queue): void {
  // Pairs with the load in `keepLimits`, which leaves the queue to us while turns are under way.
  if (atomicAdd(changetype<usize>(queue) + offsetof<Queue>('grants'), -1) == 1 && queue.features & LENGTH)
    checkLength(queue);
}

/** Whether a queue with REJECT takes one more message. */
export function hasRoom(queue: Queue, message: Message): bool {
  const address = changetype<usize>(queue);
  const limit = maxLengthOf(queue);
  // A moment's view of what others add and subtract.
  const length = <f64>readyCount(queue) + <f64>atomicLoad(address + offsetof<Queue>('kept')) + 1;
  if (length <= limit) {
    if (!(queue.features & BYTES)) return true;
    const bytes = readyBytes(queue) + <f64>(<i64>atomicLoad64(address + offsetof<Queue>('keptBytes')));
    if (bytes + <f64>message.bodySize <= maxBytesOf(queue)) return true;
  }
  return turnsUnderWay(queue) && length <= (limit == Infinity ? 0 : limit) + UNDER_WAY;
}
