/**
 * Waiters and grants: consumers that found their queue empty wait in the order in which they became idle; a publisher
 * takes as many off as it brought messages and grants each a turn, through the run queue of the consumer's worker.
 *
 * A consumer registers and then looks once more; a publisher fills its slots and then looks for waiters. Both orders
 * are sequentially consistent, so one of the two sees the other: no message waits beside an idle consumer. A consumer
 * that stops pulling for any other reason than an empty queue passes its turn on (`passOn`).
 */
import { atomicAdd, atomicLoad, lock, unlock } from '../../memory/atomic';
import { hasReady } from '../chain/claim';
import { readyCount } from '../chain/priorities';
import { Queue } from '../chain/queue';
import { higherAble, insertByConsumerPriority } from './consumer-priorities';
import { CONSUMER_PRIORITIES, PAUSED } from '../chain/features';
import { grantTurn, letRun, unlink, Waiter, WAITING } from './run-queue';

/**
 * Registers an own consumer as idle, in front when it was granted a turn in vain. True: a message came meanwhile, pull
 * again.
 */
export function wait(queue: Queue, waiter: Waiter): bool {
  const lockWord = changetype<usize>(queue) + offsetof<Queue>('waitersLock');
  const address = <u32>changetype<usize>(waiter);
  lock(lockWord);
  waiter.state = WAITING;
  if (queue.features & CONSUMER_PRIORITIES) insertByConsumerPriority(queue, waiter);
  else if (waiter.granted) {
    waiter.waitPrevious = 0;
    waiter.waitNext = queue.waitersFirst;
    if (queue.waitersFirst) changetype<Waiter>(queue.waitersFirst).waitPrevious = address;
    else queue.waitersLast = address;
    queue.waitersFirst = address;
  } else {
    waiter.waitNext = 0;
    waiter.waitPrevious = queue.waitersLast;
    if (queue.waitersLast) changetype<Waiter>(queue.waitersLast).waitNext = address;
    else queue.waitersFirst = address;
    queue.waitersLast = address;
  }
  // Pairs with the load in `grant`, as `hasReady` below pairs with the store of READY before it.
  atomicAdd(changetype<usize>(queue) + offsetof<Queue>('waiting'), 1);
  unlock(lockWord);
  if (!hasReady(queue)) return false;
  // Pairs with the addition in `passOn`: one of a higher priority that became unable sees us, or we see that it is.
  if (queue.features & CONSUMER_PRIORITIES && higherAble(queue, waiter)) return false;
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
  // Pairs with the addition in `wait`, whose consumer looks at the slots once more behind it: he sees them, or we
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
    if (changetype<usize>(waiter)) grantTurn(queue, waiter);
    unlock(lockWord);
    if (!changetype<usize>(waiter)) return;
    letRun(waiter);
    count -= 1;
  }
}

/** A consumer that leaves messages behind hands its turn to one that waits. */
@inline export function passOn(queue: Queue): void {
  // A queue with consumer priorities must see who waits after our state was stored: this pairs with the addition in
  // `wait`.
  if (queue.features & CONSUMER_PRIORITIES) atomicAdd(changetype<usize>(queue) + offsetof<Queue>('waiting'), 0);
  if (!atomicLoad(changetype<usize>(queue) + offsetof<Queue>('waiting')) || !hasReady(queue)) return;
  // Where there are consumer priorities, equals may wait beside what a higher one has left.
  grantWaiters(queue, queue.features & CONSUMER_PRIORITIES ? readyCount(queue) : 1);
}
