/**
 * Logged queues: what the coordinator says of them before their first message, and what it asks when everything has
 * come to rest.
 */
import { atomicLoad, atomicOr } from '../../memory/atomic';
import { blockAt } from './head';
import { priorityAt } from './priorities';
import {
  Block,
  LOGGED,
  logPosition,
  nextOf,
  Queue,
  READY,
  REDELIVERED,
  REQUEUED,
  slotAt,
  SLOTS,
  STATE_MASK,
} from './queue';
import { LOGGED_QUEUE } from './features';

/** The queue's number in the log, and the log position of the first message to come, in each of its priorities. */
export function enterLog(queue: Queue, id: u64, next: u64): void {
  const block = changetype<Block>(queue.tailBlock);
  queue.logId = id;
  queue.logFirst = next;
  block.logStart = next - <u64>(queue.tail - block.start);
  // Pairs with the loads of publishers: they see it with their routes, which are resolved anew.
  atomicOr(changetype<usize>(queue) + offsetof<Queue>('features'), LOGGED_QUEUE);
}

// ── Ready messages that were delivered before ──────────────────────────────────────────────────────────────────

let queue: Queue = changetype<Queue>(0);
let priority: u32 = 0;
/** Where the walk stands; first over the blocks of the requeued set, then from the head. */
let block: Block = changetype<Block>(0);
let index: u32 = 0;
let state: u32 = 0;

/** What `nextDelivered` found. */
export let deliveredPriority: u32 = 0;
export let deliveredFrom: u64 = 0;

/**
 * Begins a walk over the queue's places in the log whose messages are ready and were delivered before. Nobody else
 * works with the queue.
 */
export function walkDelivered(walked: Queue): void {
  queue = walked;
  priority = 0;
  deliveredPriority = 0;
  beginRequeued(walked);
}

function beginRequeued(one: Queue): void {
  state = REQUEUED;
  block = changetype<Block>(one.requeuedFirst);
  index = 0;
}

function beginAtHead(one: Queue): void {
  // Pairs with nothing: nobody else works with the queue.
  const head = atomicLoad(changetype<usize>(one) + offsetof<Queue>('head'));
  state = READY;
  block = blockAt(changetype<Block>(one.headBlock), head);
  index = changetype<usize>(block) ? head - block.start : 0;
}

/** The next run: how many positions follow from `deliveredFrom` on; 0: no more. */
export function nextDelivered(): u32 {
  let count: u32 = 0;
  while (true) {
    while (changetype<usize>(block)) {
      for (; index < SLOTS; index++) {
        const word = slotAt(block, index).state;
        if ((word & STATE_MASK) != state || (word & (REDELIVERED | LOGGED)) != (REDELIVERED | LOGGED)) continue;
        const position = logPosition(block, index);
        if (!count) deliveredFrom = position;
        else if (position != deliveredFrom + count) return count;
        count += 1;
      }
      block = state == REQUEUED ? changetype<Block>(block.requeuedNext) : nextOf(block);
      index = 0;
    }
    if (count) return count;
    if (!nextWalk()) return 0;
  }
}

/** From the requeued set to the head, and from priority to priority. */
function nextWalk(): bool {
  let one = priorityAt(queue, priority);
  if (state == REQUEUED) {
    beginAtHead(one);
    deliveredPriority = priority;
    return true;
  }
  do {
    if (!queue.priorities || priority == queue.maxPriority) return false;
    priority += 1;
    one = priorityAt(queue, priority);
  } while (!changetype<usize>(one));
  beginRequeued(one);
  deliveredPriority = priority;
  return true;
}
