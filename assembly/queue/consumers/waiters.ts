/**
 * Waiters and grants: consumers that found their queue empty wait in the order in which they became idle; a publisher
 * takes as many off as it brought messages and grants each a turn, through the run queue of the consumer's worker. Never
 * are more turns granted than there are messages, and who has none leaves alone what they are for (`shareOf`).
 *
 * A consumer registers and then looks once more; a publisher fills its slots and then looks for waiters. Both orders
 * are sequentially consistent, so one of the two sees the other: no message waits beside an idle consumer. A consumer
 * that stops pulling for any other reason than an empty queue passes its turn on (`passOn`).
 */
import { atomicAdd, atomicLoad, lock, unlock } from '../../memory/atomic';
import { hasReady } from '../chain/claim';
import { readyCount } from '../chain/priorities';
import { EMPTY, Queue } from '../chain/queue';
import { stateAhead } from '../chain/head';
import { enterLine, higherAble } from './consumer-priorities';
import { CONSUMER_PRIORITIES, PAUSED } from '../chain/features';
import { grantTurn, letRun, turnsUnderWay, unlink, Waiter, WAITING } from './run-queue';

/** Registers an own consumer as idle, at its old place when it was granted a turn in vain. `isOwed` must follow. */
export function enterWaiters(queue: Queue, waiter: Waiter): void {
  const lockWord = changetype<usize>(queue) + offsetof<Queue>('waitersLock');
  lock(lockWord);
  waiter.state = WAITING;
  enterLine(queue, waiter);
  // Pairs with the load in `grant`, as `hasReady` below pairs with the store of READY before it.
  atomicAdd(changetype<usize>(queue) + offsetof<Queue>('waiting'), 1);
  unlock(lockWord);
}

/**
 * Looks once more for an own consumer that was registered. True: a message came meanwhile, pull again; where there are
 * no consumer priorities, whoever is first in line is granted a turn instead.
 */
export function isOwed(queue: Queue, waiter: Waiter): bool {
  if (!(queue.features & CONSUMER_PRIORITIES)) {
    passOn(queue);
    return false;
  }
  if (!hasReady(queue)) return false;
  // Pairs with the addition in `passOn`: one of a higher priority that became unable sees us, or we see that it is.
  if (higherAble(queue, waiter)) return false;
  return unwait(queue, waiter);
}

/**
 * Takes an own consumer out of the waiters; false when somebody has granted it a turn meanwhile (then it is on its
 * way).
 */
export function unwait(queue: Queue, waiter: Waiter): bool {
  const lockWord = changetype<usize>(queue) + offsetof<Queue>('waitersLock');
  lock(lockWord);
  const waits = waiter.state == WAITING;
  if (waits) unlink(queue, waiter);
  unlock(lockWord);
  return waits;
}

/** Grants a turn to up to `count` waiters. Called after the slots are READY (or returned). */
@inline export function grant(queue: Queue, count: u32): void {
  // Pairs with the addition in `enterWaiters`, whose consumer looks at the slots once more behind it: he sees them, or we
  // him.
  if (atomicLoad(changetype<usize>(queue) + offsetof<Queue>('waiting'))) grantWaiters(queue, count);
}

function grantWaiters(queue: Queue, count: u32): void {
  // Pairs with the operation in `setQueuePaused`, which grants what was not granted before.
  if (atomicLoad(changetype<usize>(queue) + offsetof<Queue>('features')) & PAUSED) return;
  const lockWord = changetype<usize>(queue) + offsetof<Queue>('waitersLock');
  while (count) {
    lock(lockWord);
    const waiter = changetype<Waiter>(queue.waitersFirst);
    const grants = changetype<usize>(waiter) != 0 && hasMore(queue);
    if (grants) grantTurn(queue, waiter);
    unlock(lockWord);
    if (!grants) return;
    letRun(waiter);
    count -= 1;
  }
}

/**
 * Whether a message is there for which nobody has a turn yet. Under the lock, so nobody grants one meanwhile. Turns are
 * counted before messages, and end after the claim: so who claims in between makes us see too few, and never too many.
 * He looks himself when his turn has ended.
 */
function hasMore(queue: Queue): bool {
  // Where there are consumer priorities, who is granted a turn may have to stand back.
  if (queue.features & CONSUMER_PRIORITIES) return true;
  const turns = turnsUnderWay(queue);
  // Positions of what is elsewhere have no slots.
  if (queue.priorities || queue.gap) return readyCount(queue) > turns;
  // Pairs with the addition in `putBack`.
  const back = atomicLoad(changetype<usize>(queue) + offsetof<Queue>('requeued'));
  // Of what is being published nobody has a turn: who does it will grant it.
  return turns < back || stateAhead(queue, turns - back) != EMPTY;
}

/**
 * A consumer that leaves messages behind, or goes to the end of the line, lets who is first in it have a turn, unless
 * turns are under way for all that is there.
 */
export function passOn(queue: Queue): void {
  // A queue with consumer priorities must see who waits after our state was stored: this pairs with the addition in
  // `enterWaiters`.
  if (queue.features & CONSUMER_PRIORITIES) atomicAdd(changetype<usize>(queue) + offsetof<Queue>('waiting'), 0);
  if (!atomicLoad(changetype<usize>(queue) + offsetof<Queue>('waiting')) || !hasReady(queue)) return;
  // Where there are consumer priorities, equals may wait beside what a higher one has left.
  grantWaiters(queue, queue.features & CONSUMER_PRIORITIES ? readyCount(queue) : 1);
}
