/**
 * Length limits: what a queue has beyond them dies from the front, or is refused at its end. While consumers may take the surplus at once (the queue has some,
 * and turns that were granted are on their way) the queue is only noted, and looked at again at the end of the participant's turn; and so it is while its
 * first message is absent, but then only when somebody rings.
 * Ownership: the list of noted queues is the participant's; each entry keeps its queue's cell.
 */
import { atomicLoad, atomicLoadF64 } from '../memory/atomic';
import { Message } from '../memory/message';
import { OVER_MAX, PARTICIPANT_OVER, self } from '../memory/root';
import { die, MAXLEN } from './death';
import { claimAny, frontAbsent } from './front';
import { readyCount } from './levels';
import { holdQueue, Queue, releaseQueue } from './queue';
import { BYTES, readyBytes, REJECT } from './rules';
import { awaitFront } from './wishes';

/** Messages on their way to consumers for which a turn was granted. */
const UNDER_WAY: f64 = 1024;

@inline function maxLength(queue: Queue): f64 { return atomicLoadF64(changetype<usize>(queue) + offsetof<Queue>("maxLength")); }
@inline function maxBytes(queue: Queue): f64 { return atomicLoadF64(changetype<usize>(queue) + offsetof<Queue>("maxBytes")); }
@inline function turnsUnderWay(queue: Queue): bool { return atomicLoad(changetype<usize>(queue) + offsetof<Queue>("grants")) != 0; }

function isOver(queue: Queue): bool {
  if (<f64>readyCount(queue) > maxLength(queue)) return true;
  return (queue.traits & BYTES) != 0 && readyBytes(queue) > maxBytes(queue);
}

/** Something came into a queue with LENGTH. */
export function checkLength(queue: Queue): void {
  if ((queue.traits & REJECT) || !isOver(queue)) return;
  if (queue.consumers == 0 || <f64>readyCount(queue) > 2 * maxLength(queue) + UNDER_WAY || !note(queue, true)) dropSurplus(queue);
}

/** Lets messages die from the front until the limits are kept. */
function dropSurplus(queue: Queue): void {
  while (isOver(queue)) {
    const slot = claimAny(queue);
    if (!changetype<usize>(slot)) {
      // Whoever brings it back rings; without room for a note the next publish looks again.
      if (frontAbsent && note(queue, false) && !awaitFront(queue)) self.overSoon = 1;
      return;
    }
    if (!die(queue, slot, MAXLEN)) return;
  }
}

@inline function noted(index: u32): usize { return changetype<usize>(self) + PARTICIPANT_OVER + index * 4; }

/** Notes a queue, to be looked at in this turn (`soon`) or after a ring; false when there is no room for more. */
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

/** Keeps the limits of the queues that were noted. True: some of them still wait for turns that were granted. */
export function keepLimits(): bool {
  const count = self.overCount;
  let kept: u32 = 0;
  self.overSoon = 0;
  for (let i: u32 = 0; i < count; i++) {
    const queue = changetype<Queue>(load<u32>(noted(i)));
    let keep = !queue.retired && isOver(queue);
    if (keep) {
      if (turnsUnderWay(queue)) self.overSoon = 1;
      else {
        // The queue is noted already, here: should it be noted anew, its place stays.
        dropSurplus(queue);
        keep = frontAbsent && isOver(queue);
      }
    }
    if (keep) {
      store<u32>(noted(kept), <u32>changetype<usize>(queue));
      kept += 1;
    } else releaseQueue(queue);
  }
  self.overCount = kept;
  return self.overSoon != 0;
}

/** Whether a queue with REJECT takes one more message. */
export function hasRoom(queue: Queue, message: Message): bool {
  const limit = maxLength(queue);
  const length = <f64>readyCount(queue) + 1;
  if (length <= limit && (!(queue.traits & BYTES) || readyBytes(queue) + <f64>message.bodySize <= maxBytes(queue))) return true;
  return turnsUnderWay(queue) && length <= (limit == Infinity ? 0 : limit) + UNDER_WAY;
}
