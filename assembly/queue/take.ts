/**
 * Taking messages out one by one to move them elsewhere: who moves goes through one priority from the first on, to where
 * it ended when he began. What he does not want goes back to its place as if nobody had seen it: not marked as
 * redelivered, not counted as requeued. Meets: cursors and settlers, as one of them.
 *
 * The place that a message has in the log is done in the same batch in which it takes its new one, if both are recorded
 * in one turn of this participant: room for that is made before.
 */
import { makeRoom } from '../log/journal';
import { FRAME_MAX } from '../format/frame';
import { Message } from '../memory/message';
import { claim, foundSpilled } from './chain/claim';
import { addBytes, BYTES, LENGTH, MORTAL, ruling } from './chain/features';
import { isHeadDrained } from './chain/head';
import { CLASSIC, unknownKind } from './chain/kinds';
import { blockOf, indexOf, Queue, queueOf, SHARED, Slot } from './chain/queue';
import { putBack, takeRequeuedFrom } from './chain/requeued';
import { settle } from './chain/settle';
import { grant } from './consumers/waiters';
import { deadLetterOrDrop, EXPIRED } from './rules/dead-letters';
import { checkLength } from './rules/length';
import { ANY_ROOM, expiryLimit, isTooOld } from './rules/peek';

/** What comes of a call: a message; none is left; the next one is spilled; there is no memory; look again. */
const TAKE_DONE: u32 = 0;
const TAKE_END: u32 = 1;
export const TAKE_SPILLED: u32 = 2;
export const TAKE_SHORT: u32 = 3;
export const TAKE_AGAIN: u32 = 4;

/** Octets of the journal for the places that one message leaves and takes: in a thousand queues, at most. */
const JOURNAL_ROOM: u32 = 65536;

export let takeOutcome: u32 = TAKE_END;
/** Where the message stood that was taken last. */
export let takenPosition: u32 = 0;

/** Claims the first message of a priority that stands at a position or behind it, and before `end`; 0: see above. */
export function takeFrom(one: Queue, from: u32, end: u32): Slot {
  const queue = ruling(one);
  if (queue.kind != CLASSIC) unknownKind();
  takeOutcome = TAKE_END;
  if (queue.retired) return changetype<Slot>(0);
  if (!makeRoom(JOURNAL_ROOM)) {
    takeOutcome = TAKE_SHORT;
    return changetype<Slot>(0);
  }
  let slot = takeRequeuedFrom(one, from, end);
  if (!changetype<usize>(slot)) slot = takeReady(one, end);
  if (!changetype<usize>(slot)) return slot;
  takenPosition = blockOf(slot).start + indexOf(slot);
  if (queue.features & BYTES) addBytes(queue, -(<i64>changetype<Message>(slot.message).bodySize));
  if (queue.features & MORTAL && isTooOld(queue, slot, expiryLimit(queue))) {
    takeOutcome = deadLetterOrDrop(queue, slot, EXPIRED) ? TAKE_AGAIN : TAKE_SHORT;
    return changetype<Slot>(0);
  }
  // The host may keep the message after it has settled the slot.
  slot.state |= SHARED;
  takeOutcome = TAKE_DONE;
  return slot;
}

function takeReady(one: Queue, end: u32): Slot {
  if (<i32>(one.head - end) >= 0) return changetype<Slot>(0);
  const slot = claim(one, 1, ANY_ROOM, 0, FRAME_MAX, false);
  if (!changetype<usize>(slot)) {
    if (foundSpilled) takeOutcome = TAKE_SPILLED;
    // What is being published had its place when he began. What was put back stands before where he goes on.
    else if (!isHeadDrained(one)) takeOutcome = TAKE_AGAIN;
    return slot;
  }
  if (<i32>(blockOf(slot).start + indexOf(slot) - end) < 0) return slot;
  // Others have claimed all before it.
  putBack(one, slot, 0);
  grant(ruling(one), 1);
  return changetype<Slot>(0);
}

/** The message has its new place. */
export function settleTaken(slot: Slot): void {
  settle(slot);
}

/** The message goes back to where it was. */
export function putTakenBack(slot: Slot): void {
  const one = queueOf(slot);
  const queue = ruling(one);
  if (queue.retired) {
    settle(slot);
    return;
  }
  const features = queue.features;
  if (features & BYTES) addBytes(queue, changetype<Message>(slot.message).bodySize);
  putBack(one, slot, 0);
  grant(queue, 1);
  if (features & LENGTH) checkLength(queue);
}
