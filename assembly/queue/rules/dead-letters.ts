/**
 * Dead letters: messages that leave their queue without having been acknowledged. In a queue without DEAD_LETTERS one
 * is dropped; otherwise the host of this participant is told (`nextDead`) and publishes it anew, wherever the queue
 * says. Until then the slot stays claimed and the message held, so nothing is lost. Ownership: the list of the dead is
 * the participant's. An entry whose slot is 0 (a publish that was refused) holds message and queue by itself.
 */
import { appendEntry, appendPromised, dropEntry, Fifo, firstEntry } from '../../memory/fifo';
import { atomicAdd, atomicAdd64 } from '../../memory/atomic';
import { countOwn, DEAD_DROPPED, DIED, DIED_MAXLEN, REQUEUED } from '../../memory/counters';
import { Message, release, retain } from '../../memory/message';
import { Participant, self } from '../../memory/root';
import { countAt, holdQueue, Queue, queueOf, REDELIVERED, releaseQueue, SHARED, Slot } from '../chain/queue';
import { putBack } from '../chain/requeued';
import { addBytes, BYTES, DEAD_LETTERS, ruling, UNCOUNTED } from '../chain/features';
import { settle } from '../chain/settle';
import { grant } from '../consumers/waiters';

/** Reasons; the same numbers as `DeadLetterReason` in the host's interface. */
export const REJECTED: u32 = 0;
export const EXPIRED: u32 = 1;
export const MAXLEN: u32 = 2;
export const DELIVERY_LIMIT: u32 = 3;

@unmanaged class Dead {
  message: u32;
  slot: u32;
  queue: u32;
  reason: u32;
}
const DEAD: u32 = 16;

@inline function deadList(): Fifo {
  return changetype<Fifo>(changetype<usize>(self) + offsetof<Participant>('deadFirst'));
}

/**
 * Makes the message of a claimed slot a dead letter, or drops it. False: no memory to keep it for the host; it stands
 * in its queue again, and the slot is nobody's who called this.
 */
export function deadLetterOrDrop(queue: Queue, slot: Slot, reason: u32): bool {
  if (queue.retired) {
    settle(slot);
    return true;
  }
  if (!(queue.features & DEAD_LETTERS)) {
    countAt(queue, DIED + reason, 1);
    countOwn(DEAD_DROPPED + reason, 1);
    settle(slot);
    return true;
  }
  const entry = changetype<Dead>(appendEntry(deadList(), DEAD));
  if (!changetype<usize>(entry)) {
    if (queue.features & BYTES) addBytes(queue, changetype<Message>(slot.message).bodySize);
    const delivered = reason == REJECTED || reason == DELIVERY_LIMIT;
    if (delivered) countAt(queue, REQUEUED, 1);
    putBack(queueOf(slot), slot, delivered ? REDELIVERED : 0);
    grant(queue, 1);
    return false;
  }
  entry.message = slot.message;
  // The host may keep the message after it has settled the dead letter.
  slot.state |= SHARED;
  entry.slot = <u32>changetype<usize>(slot);
  entry.queue = <u32>changetype<usize>(queue);
  entry.reason = reason;
  if (!(queue.features & UNCOUNTED)) countAt(queue, DIED + reason, 1);
  return true;
}

/** A publish was refused, and its message becomes a dead letter for that. A page is promised. */
export function deadLetterRefused(queue: Queue, message: Message): void {
  if (!(queue.features & DEAD_LETTERS)) return countOwn(DEAD_DROPPED + MAXLEN, 1);
  countAt(queue, DIED_MAXLEN, 1);
  const entry = changetype<Dead>(appendPromised(deadList(), DEAD));
  retain(message);
  holdQueue(queue);
  entry.message = <u32>changetype<usize>(message);
  entry.slot = 0;
  entry.queue = <u32>changetype<usize>(queue);
  entry.reason = MAXLEN;
}

/**
 * The oldest of the dead, with queue and reason in the results; 0 when there is none. Those of queues that are being
 * deleted are dropped.
 */
export function firstDead(): usize {
  while (true) {
    const entry = changetype<Dead>(firstEntry(deadList()));
    if (!changetype<usize>(entry)) return 0;
    if (changetype<Queue>(entry.queue).retired) {
      settleDeadFirst();
      continue;
    }
    self.deadQueue = entry.queue;
    self.deadReason = entry.reason;
    return entry.message;
  }
}

/** Lets go of the oldest of the dead. */
export function settleDeadFirst(): void {
  const entry = changetype<Dead>(firstEntry(deadList()));
  if (!changetype<usize>(entry)) return;
  if (entry.slot) settle(changetype<Slot>(entry.slot));
  else {
    release(changetype<Message>(entry.message));
    releaseQueue(changetype<Queue>(entry.queue));
  }
  dropEntry(deadList(), DEAD);
}

/**
 * Takes the oldest of the dead off the list without letting go of it; its slot, or 0 when it has none. While the host
 * keeps it, it counts towards the queue's limits, beside what is ready.
 */
export function keepFirst(): usize {
  const entry = changetype<Dead>(firstEntry(deadList()));
  if (!changetype<usize>(entry) || !entry.slot) return 0;
  const slot = entry.slot;
  countKept(changetype<Queue>(entry.queue), changetype<Slot>(slot), 1);
  dropEntry(deadList(), DEAD);
  return slot;
}

/** Lets go of what the host kept. */
export function settleDeadKeptSlot(slot: Slot): void {
  countKept(ruling(queueOf(slot)), slot, -1);
  settle(slot);
}

function countKept(queue: Queue, slot: Slot, change: i32): void {
  const address = changetype<usize>(queue);
  // Read by `hasRoom`: a moment's view.
  atomicAdd(address + offsetof<Queue>('kept'), change);
  atomicAdd64(address + offsetof<Queue>('keptBytes'), <i64>change * changetype<Message>(slot.message).bodySize);
}

/** The host has settled all dead letters. */
@inline export function noneDead(): bool {
  return self.deadFirst == 0;
}
