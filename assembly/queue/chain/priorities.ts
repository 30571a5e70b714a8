/**
 * Priorities of messages: a queue with PRIORITIES has a child queue for each priority above 0, made when it is first
 * used; messages of priority 0 stand in the queue itself. Claims go over the priorities from the highest. Waiters,
 * consumers, rules and grants are the queue's. Meets: publishers that make the same child (one of them wins the
 * compare-and-swap).
 */
import { atomicLoad, atomicLoad64, compareExchange } from '../../memory/atomic';
import { Message } from '../../memory/message';
import { PAGE } from '../../memory/root';
import { giveCell, givePage, takePage, yieldPromised } from '../../memory/units';
import { priorityOf } from '../../memory/properties';
import { isDrainedHere, isHeadSpilled, isReady } from './head';
import { Block, holdQueue, newQueue, Queue, readyHere } from './queue';
import { CLASSIC, unknownKind } from './kinds';
import { BYTES, GONE, PAUSED, PRIORITY, LOGGED_QUEUE } from './features';

/** Makes room for the children of a queue; false when there is no memory. */
export function openPriorities(queue: Queue, maxPriority: u32): bool {
  const page = takePage();
  if (!page) return false;
  memory.fill(page, 0, PAGE);
  queue.maxPriority = <u16>min<u32>(maxPriority, 255);
  queue.priorities = <u32>page;
  return true;
}

/**
 * The queue of a priority, or 0 when it was never used. Pairs with the compare-and-swap in `makePriority`: who sees the
 * child sees it laid out.
 */
@inline export function priorityAt(queue: Queue, priority: u32): Queue {
  return priority ? changetype<Queue>(atomicLoad(<usize>queue.priorities + priority * 4)) : queue;
}

/** The queue that a message of a queue with PRIORITIES goes to. */
export function priorityFor(queue: Queue, message: Message): Queue {
  const priority = min<u32>(priorityOf(message), queue.maxPriority);
  const child = priorityAt(queue, priority);
  return changetype<usize>(child) ? child : makePriority(queue, priority);
}

/** The queue of a priority, made if need be; 0: no memory, or there is no such priority. */
export function priorityMade(queue: Queue, priority: u32): Queue {
  if (!priority) return queue;
  if (!queue.priorities || priority > queue.maxPriority) return changetype<Queue>(0);
  const child = priorityAt(queue, priority);
  if (changetype<usize>(child)) return child;
  const made = makePriority(queue, priority);
  return changetype<usize>(made) == changetype<usize>(queue) ? changetype<Queue>(0) : made;
}

/**
 * Pages that a new priority may need: for its cell, and its block. Who publishes has them among those that are
 * promised.
 */
export const PRIORITY_PAGES: u32 = 2;

/** Without memory the message goes to priority 0. */
function makePriority(queue: Queue, priority: u32): Queue {
  yieldPromised(PRIORITY_PAGES);
  const fresh = newQueue();
  if (!fresh) return queue;
  const child = changetype<Queue>(fresh);
  child.parent = <u32>changetype<usize>(queue);
  child.features = PRIORITY | (queue.features & LOGGED_QUEUE);
  if (queue.logId) {
    child.logId = queue.logId + priority;
    changetype<Block>(child.headBlock).logStart = queue.logFirst;
  }
  // Pairs with the load in `priorityAt`, and with itself: of those who make the child one puts it there.
  const seen = compareExchange(<usize>queue.priorities + priority * 4, 0, <u32>fresh);
  if (seen) {
    givePage(child.headBlock);
    giveCell(fresh);
    return changetype<Queue>(seen);
  }
  holdQueue(queue);
  return child;
}

/** Messages that wait for a consumer. A moment's view when others are at work. */
export function readyCount(queue: Queue): u32 {
  if (queue.kind != CLASSIC) unknownKind();
  let count = readyHere(queue);
  if (!queue.priorities) return count;
  for (let priority: u32 = 1; priority <= queue.maxPriority; priority++) {
    const child = priorityAt(queue, priority);
    if (changetype<usize>(child)) count += readyHere(child);
  }
  return count;
}

/** Bytes of the bodies that wait. */
export function readyBytes(queue: Queue): f64 {
  if (queue.kind != CLASSIC) unknownKind();
  if (!(queue.features & BYTES) || !readyCount(queue)) return 0;
  // A moment's view of what others add and subtract.
  return <f64>max<i64>(0, <i64>atomicLoad64(changetype<usize>(queue) + offsetof<Queue>('readyBytes')));
}

/**
 * Whether the next message of a queue with PRIORITIES can be claimed: what is spilled holds back what stands in lower
 * priorities.
 */
export function isFrontReady(queue: Queue): bool {
  for (let priority: u32 = queue.maxPriority; priority; priority--) {
    const child = priorityAt(queue, priority);
    if (!changetype<usize>(child)) continue;
    if (isReady(child)) return true;
    if (isHeadSpilled(child)) return false;
  }
  return isReady(queue);
}

/** Whether who has found nothing need not look again (engine.isDrained). */
export function isDrained(queue: Queue): bool {
  if (queue.kind != CLASSIC) unknownKind();
  // Pairs with the operations in `setQueuePaused` and `retire`.
  if (atomicLoad(changetype<usize>(queue) + offsetof<Queue>('features')) & (PAUSED | GONE)) return true;
  for (let priority: u32 = queue.priorities ? queue.maxPriority : 0; priority; priority--) {
    const child = priorityAt(queue, priority);
    if (changetype<usize>(child) && !isDrainedHere(child)) return false;
  }
  return isDrainedHere(queue);
}
