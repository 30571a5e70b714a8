/** Messages that are elsewhere: the coordinator's calls. */
import { enter, leave } from '../memory/epoch';
import { giveSegment, takeSegment } from '../memory/units';
import {
  firstSpilled as positionOfFirst,
  spilledCount as countSpilled,
  presentCount as countPresent,
  setSpilled as makeSpilled,
} from '../queue/spill/spilled';
import { dropSpilledPriorities } from '../queue/emptying';
import { beginIn, endIn, takeIn } from '../queue/spill/page-in';
import { beginOut, endOut, fillOut, outCount } from '../queue/spill/page-out';
import { priorityAt, priorityMade } from '../queue/chain/priorities';
import { Queue } from '../queue/chain/queue';
import { awaitNext as awaitNextOf, nextPageInRequest as firstPageInRequest } from '../queue/chain/page-in-requests';

/** The queue of a priority, which is a queue of its own here; 0: it is not there, or there is no memory to make it. */
export function priorityOf(queue: usize, priority: u32, make: bool): usize {
  const one = changetype<Queue>(queue);
  if (priority && (!one.priorities || priority > one.maxPriority)) return 0;
  return changetype<usize>(make ? priorityMade(one, priority) : priorityAt(one, priority));
}

export function setSpilled(queue: usize, count: f64, bytes: f64): bool {
  return makeSpilled(changetype<Queue>(queue), count, bytes);
}

export function spilledCount(queue: usize): u32 {
  return countSpilled(changetype<Queue>(queue));
}

export function firstSpilled(queue: usize): u32 {
  return positionOfFirst(changetype<Queue>(queue));
}

export function presentCount(queue: usize): u32 {
  return countPresent(changetype<Queue>(queue));
}

export function pageOut(queue: usize, margin: i32, least: f64, most: f64): f64 {
  enter();
  const octets = beginOut(changetype<Queue>(queue), margin, least, most);
  leave();
  return octets;
}

export function pageOutFill(offset: usize, length: u32): u32 {
  return fillOut(offset, length);
}

export function pageOutCount(): u32 {
  return outCount();
}

export function pageOutEnd(done: bool): bool {
  enter();
  const away = endOut(done);
  leave();
  return away;
}

export function pageIn(queue: usize): i32 {
  return beginIn(changetype<Queue>(queue));
}

export function pageInTake(offset: usize, length: u32): i32 {
  enter();
  const taken = takeIn(offset, length);
  leave();
  return taken;
}

export function pageInEnd(done: bool): bool {
  enter();
  const back = endIn(done);
  leave();
  return back;
}

export function dropSpilled(queue: usize): u32 {
  enter();
  const count = dropSpilledPriorities(changetype<Queue>(queue));
  leave();
  return count;
}

export function nextPageInRequest(): usize {
  return firstPageInRequest();
}

/** A segment for images on their way, or 0. */
export function takeStaging(): usize {
  return takeSegment(0);
}

export function giveStaging(segment: usize): void {
  giveSegment(segment);
}

export function awaitNext(queue: usize): bool {
  enter();
  const spilled = awaitNextOf(changetype<Queue>(queue));
  leave();
  return spilled;
}
