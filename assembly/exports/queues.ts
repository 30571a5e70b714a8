/** Queues and what they do. */
import { enter, leave } from '../memory/epoch';
import { atomicLoadF64 } from '../memory/atomic';
import { root, self } from '../memory/root';
import { CELL } from '../memory/units';
import { drop, endQueue, retire, RETIRED_PORTION } from '../queue/emptying';
import { checkLength } from '../queue/rules/length';
import { readyBytes as countBytes, readyCount as countReady } from '../queue/chain/priorities';
import { newQueue, Queue } from '../queue/chain/queue';
import { LENGTH, QueueFeatures } from '../queue/chain/features';
import { frontArrival, frontTimestamp } from '../queue/rules/front';
import { setQueueFeatures, setQueuePaused } from '../queue/rules/set-features';
import { flushSettlements } from '../queue/chain/settle';

export function createQueue(): usize {
  return newQueue();
}

/** What it does from now on stands at `scratch`, as QueueFeatures. False: no memory. */
export function setFeatures(queue: usize): bool {
  enter();
  const done = setQueueFeatures(changetype<Queue>(queue), changetype<QueueFeatures>(self.scratch));
  leave();
  return done;
}

export function keepLength(queue: usize): void {
  if (<u32>(queue / CELL) % (root().participants - 1) != self.index) return;
  enter();
  const one = changetype<Queue>(queue);
  if (one.features & LENGTH && !one.retired) checkLength(one);
  flushSettlements();
  leave();
}

export function readyCount(queue: usize): u32 {
  return countReady(changetype<Queue>(queue));
}

export function readyBytes(queue: usize): f64 {
  return countBytes(changetype<Queue>(queue));
}

/** When the oldest message came that is next, or one of the numbers of rules/front.ts. `asks`: it may be asked back. */
export function oldestArrival(queue: usize, asks: bool): f64 {
  enter();
  const arrival = frontArrival(changetype<Queue>(queue), asks);
  leave();
  return arrival;
}

/** The `timestamp` of the message that is next, as the last `oldestArrival` found it. */
export function nextTimestamp(): f64 {
  return frontTimestamp;
}

export function setPaused(queue: usize, paused: bool): void {
  enter();
  setQueuePaused(changetype<Queue>(queue), paused);
  leave();
}

export function lastGet(queue: usize): f64 {
  // Pairs with the store in `takeOne`: a clock reading that stands for itself.
  return atomicLoadF64(queue + offsetof<Queue>('lastGet'));
}

/** Settles up to `most` messages that are ready, or forgets those of them that are spilled; how many. */
export function purge(queue: usize, most: u32): u32 {
  enter();
  const count = drop(changetype<Queue>(queue), most);
  leave();
  return count;
}

export function retireQueue(queue: usize): u32 {
  const target = changetype<Queue>(queue);
  retire(target);
  const ready = countReady(target);
  purge(queue, RETIRED_PORTION);
  return ready;
}

export function freeQueue(queue: usize): void {
  enter();
  const target = changetype<Queue>(queue);
  retire(target);
  drop(target, u32.MAX_VALUE);
  endQueue(target);
  leave();
}
