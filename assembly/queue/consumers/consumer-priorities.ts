/**
 * Priorities of consumers. A queue knows all its consumers, in order of priority; the list is changed when one comes or
 * goes, and read only by queues with CONSUMER_PRIORITIES. There a consumer pulls only while none of a higher priority
 * is able to: able are those that wait and those that have a turn; not those that lack credit or output. Everything
 * here is under the queue's waitersLock. Meets: a higher one that becomes unable stores its state, then passes its turn
 * on; a lower one registers as a waiter, then looks at the states again. Both touch `waiting` in between by an atomic
 * addition, so one of the two sees the other.
 */
import { atomicLoad, lock, unlock } from '../../memory/atomic';
import { Queue } from '../chain/queue';
import { CONSUMER_PRIORITIES, GONE } from '../chain/features';
import { grantTurn, letRun, RUNNABLE, Waiter, WAITING } from './run-queue';

/** Enters a consumer behind those of a higher priority; the order among equals means nothing. */
export function joinConsumerPriorities(queue: Queue, waiter: Waiter): void {
  const lockWord = changetype<usize>(queue) + offsetof<Queue>('waitersLock');
  lock(lockWord);
  let before = changetype<Waiter>(0);
  let at = changetype<Waiter>(queue.consumerPrioritiesFirst);
  while (changetype<usize>(at) && at.consumerPriority > waiter.consumerPriority) {
    before = at;
    at = changetype<Waiter>(at.consumerPriorityNext);
  }
  waiter.consumerPriorityNext = <u32>changetype<usize>(at);
  waiter.consumerPriorityPrevious = <u32>changetype<usize>(before);
  if (changetype<usize>(at)) at.consumerPriorityPrevious = <u32>changetype<usize>(waiter);
  if (changetype<usize>(before)) before.consumerPriorityNext = <u32>changetype<usize>(waiter);
  else queue.consumerPrioritiesFirst = <u32>changetype<usize>(waiter);
  unlock(lockWord);
}

export function leaveConsumerPriorities(queue: Queue, waiter: Waiter): void {
  const lockWord = changetype<usize>(queue) + offsetof<Queue>('waitersLock');
  lock(lockWord);
  if (waiter.consumerPriorityPrevious)
    changetype<Waiter>(waiter.consumerPriorityPrevious).consumerPriorityNext = waiter.consumerPriorityNext;
  else queue.consumerPrioritiesFirst = waiter.consumerPriorityNext;
  if (waiter.consumerPriorityNext)
    changetype<Waiter>(waiter.consumerPriorityNext).consumerPriorityPrevious = waiter.consumerPriorityPrevious;
  unlock(lockWord);
}

/** Whether a consumer of a higher priority is able to pull; one that only waits is granted a turn. */
export function higherAble(queue: Queue, waiter: Waiter): bool {
  const lockWord = changetype<usize>(queue) + offsetof<Queue>('waitersLock');
  lock(lockWord);
  let at = changetype<Waiter>(queue.consumerPrioritiesFirst);
  let state: u32 = 0;
  while (changetype<usize>(at) && at.consumerPriority > waiter.consumerPriority) {
    // Pairs with the stores of its own worker, which changes it without the lock: a moment's view.
    state = atomicLoad(changetype<usize>(at) + offsetof<Waiter>('state'));
    if (state == WAITING || state == RUNNABLE) break;
    at = changetype<Waiter>(at.consumerPriorityNext);
  }
  const found = changetype<usize>(at) != 0 && at.consumerPriority > waiter.consumerPriority;
  const grants = found && state == WAITING;
  if (grants) grantTurn(queue, at);
  unlock(lockWord);
  if (grants) letRun(at);
  return found;
}

/** Whether any consumer is able to pull. */
export function anyAble(queue: Queue): bool {
  if (!queue.consumers || queue.features & GONE) return false;
  const lockWord = changetype<usize>(queue) + offsetof<Queue>('waitersLock');
  lock(lockWord);
  let at = changetype<Waiter>(queue.consumerPrioritiesFirst);
  while (changetype<usize>(at) && !isAble(at)) at = changetype<Waiter>(at.consumerPriorityNext);
  unlock(lockWord);
  return changetype<usize>(at) != 0;
}

/** Its owner stores the state without the lock: a moment's view. */
@inline function isAble(waiter: Waiter): bool {
  const state = atomicLoad(changetype<usize>(waiter) + offsetof<Waiter>('state'));
  return state == WAITING || state == RUNNABLE;
}

/**
 * Enters a waiter behind those of a higher priority, and behind those of its own that became idle before it: one that
 * was granted a turn in vain has its old place again. Under the lock.
 */
export function enterLine(queue: Queue, waiter: Waiter): void {
  let before = changetype<Waiter>(0);
  let at = changetype<Waiter>(queue.waitersFirst);
  if (!waiter.granted) {
    queue.places += 1;
    waiter.place = queue.places;
    if (!(queue.features & CONSUMER_PRIORITIES)) {
      before = changetype<Waiter>(queue.waitersLast);
      at = changetype<Waiter>(0);
    }
  }
  while (
    changetype<usize>(at) &&
    (at.consumerPriority > waiter.consumerPriority ||
      (at.consumerPriority == waiter.consumerPriority && <i32>(at.place - waiter.place) < 0))
  ) {
    before = at;
    at = changetype<Waiter>(at.waitNext);
  }
  const address = <u32>changetype<usize>(waiter);
  waiter.waitNext = <u32>changetype<usize>(at);
  waiter.waitPrevious = <u32>changetype<usize>(before);
  if (changetype<usize>(at)) at.waitPrevious = address;
  else queue.waitersLast = address;
  if (changetype<usize>(before)) before.waitNext = address;
  else queue.waitersFirst = address;
}
