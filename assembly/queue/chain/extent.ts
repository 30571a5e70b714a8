/**
 * How far a queue goes at one time, so that later it can be told whether all that stood there has been claimed,
 * whatever has come meanwhile. Two numbers for each priority, kept by the host: the tail, which the head is to reach;
 * and of what was requeued, how many will have been taken when as many are as stood there. All of them wrap at 2^32,
 * and are compared by subtraction.
 */
import { atomicLoad, lock, unlock } from '../../memory/atomic';
import { priorityAt } from './priorities';
import { Queue } from './queue';

/** Priorities of a queue, used or not. */
export function priorityCount(queue: Queue): u32 {
  return queue.priorities ? queue.maxPriority + 1 : 1;
}

/** The position behind the last message of a priority. A priority that was never used ends where it will begin. */
export function endOf(queue: Queue, priority: u32): u32 {
  const one = priorityAt(queue, priority);
  // Pairs with the addition of publishers: what was confirmed has its position.
  return changetype<usize>(one) ? atomicLoad(changetype<usize>(one) + offsetof<Queue>('tail')) : 0;
}

/** How many will have been taken of what was requeued to a priority when all are that are there. */
export function backEndOf(queue: Queue, priority: u32): u32 {
  const one = priorityAt(queue, priority);
  if (!changetype<usize>(one)) return 0;
  const lockWord = changetype<usize>(one) + offsetof<Queue>('requeuedLock');
  lock(lockWord);
  const end = one.takenBack + one.requeued;
  unlock(lockWord);
  return end;
}

/** Whether some of what stood in a priority then is not claimed yet. */
export function isLeft(queue: Queue, priority: u32, end: u32, backEnd: u32): bool {
  const one = priorityAt(queue, priority);
  if (!changetype<usize>(one)) return false;
  const address = changetype<usize>(one);
  // Pairs with the compare-and-swap of cursors, and for what was taken with nothing: a moment's view.
  if (<i32>(atomicLoad(address + offsetof<Queue>('head')) - end) < 0) return true;
  return <i32>(atomicLoad(address + offsetof<Queue>('takenBack')) - backEnd) < 0;
}
