/**
 * This folder is for consumers that wait and consumers that run; rules, spill and all above `queue` may import it.
 *
 * The run queue of each worker, what a queue knows of a consumer, and how a turn that was granted gets into the run
 * queue.
 * Ownership: a run queue is its worker's; an inbox is pushed to by anybody and taken whole by its worker; the links of
 * a consumer that waits are under its queue's waitersLock (waiters.ts).
 */
import { listLost } from '../../memory/contention';
import { atomicAdd, atomicExchange, atomicLoad, atomicStore, compareExchange } from '../../memory/atomic';
import { checkpoint, WAITER_UNLINKED } from '../../memory/checkpoint';
import { Participant, participantAt, self } from '../../memory/root';
import { ring } from '../../memory/units';
import { Queue } from '../chain/queue';

/** What the queue needs to know of a consumer; the rest follows in amqp/delivering/consumer.ts. A cell. */
@unmanaged export class Waiter {
  queue: u32;
  /** One of the constants below. Written by the owner, and under the queue's waitersLock by whoever grants. */
  state: u32;
  /** Index of the participant that owns it. */
  owner: u32;
  /** Link of the run queue or the inbox. */
  runNext: u32;
  waitNext: u32;
  waitPrevious: u32;
  /** COUNTED_TURN while a turn that was granted is under way; TURN when it was taken, and nothing was to be had. */
  granted: u32;
  /** Its place in the line of waiters: the number in which it became idle, wrapping. */
  place: u32;
  /** Priority, and links among the queue's consumers, under its waitersLock (consumer-priorities.ts). */
  consumerPriority: i32;
  consumerPriorityNext: u32;
  consumerPriorityPrevious: u32;
}

export const TURN: u32 = 1;
export const COUNTED_TURN: u32 = 2;

/** In the waiters of its queue. */
export const WAITING: u32 = 1;
/** In its worker's run queue or inbox. */
export const RUNNABLE: u32 = 2;
/** Out of credit: until an acknowledgement. */
export const NO_CREDIT: u32 = 3;
/** Its connection's box is full or busy: until the socket has taken it. */
export const NO_OUTPUT: u32 = 4;
/** Cancelled. */
export const DEAD: u32 = 5;

/** Puts an own consumer at the end of the own run queue. */
export function run(waiter: Waiter): void {
  waiter.state = RUNNABLE;
  waiter.runNext = 0;
  const address = <u32>changetype<usize>(waiter);
  if (self.runLast) changetype<Waiter>(self.runLast).runNext = address;
  else self.runFirst = address;
  self.runLast = address;
}

/** Takes the first consumer off the own run queue; 0 when it is empty. */
export function nextToRun(): Waiter {
  const waiter = changetype<Waiter>(self.runFirst);
  if (changetype<usize>(waiter)) {
    self.runFirst = waiter.runNext;
    if (!self.runFirst) self.runLast = 0;
  }
  return waiter;
}

/** Moves what others granted into the own run queue, in the order in which it was granted. */
export function drainInbox(): void {
  const inbox = changetype<usize>(self) + offsetof<Participant>('inbox');
  if (!atomicLoad(inbox)) return;
  // Pairs with the compare-and-swap in `leaveTurn`: what was pushed before is ours, what comes later stays.
  let at = <usize>atomicExchange(inbox, 0);
  let reversed: usize = 0;
  while (at) {
    const waiter = changetype<Waiter>(at);
    at = waiter.runNext;
    waiter.runNext = <u32>reversed;
    reversed = changetype<usize>(waiter);
  }
  while (reversed) {
    const waiter = changetype<Waiter>(reversed);
    reversed = waiter.runNext;
    if (waiter.state == DEAD) append(waiter);
    else run(waiter);
  }
}

/** A dead consumer passes through the run queue like the others, to be freed at its turn. */
function append(waiter: Waiter): void {
  run(waiter);
  waiter.state = DEAD;
}

/** Takes a waiter out; it will have a turn, and what is to be noted of that is noted. Under the lock. */
export function unlink(queue: Queue, waiter: Waiter): void {
  if (waiter.waitPrevious) changetype<Waiter>(waiter.waitPrevious).waitNext = waiter.waitNext;
  else queue.waitersFirst = waiter.waitNext;
  if (waiter.waitNext) changetype<Waiter>(waiter.waitNext).waitPrevious = waiter.waitPrevious;
  else queue.waitersLast = waiter.waitPrevious;
  // Pairs with the load in `endConsumer`, which is without the lock: who sees that the waiter has a turn sees whether
  // it is counted.
  atomicStore(changetype<usize>(waiter) + offsetof<Waiter>('state'), RUNNABLE);
  atomicAdd(changetype<usize>(queue) + offsetof<Queue>('waiting'), -1);
  checkpoint(WAITER_UNLINKED);
}

/** Grants a waiter its turn: `letRun` follows, without the lock. Under the lock. */
@inline export function grantTurn(queue: Queue, waiter: Waiter): void {
  countTurn(queue, waiter);
  unlink(queue, waiter);
}

function countTurn(queue: Queue, waiter: Waiter): void {
  waiter.granted = COUNTED_TURN;
  // Pairs with the subtraction in `takeTurn`.
  atomicAdd(changetype<usize>(queue) + offsetof<Queue>('grants'), 1);
}

/** How many consumers are on their way to messages that are meant for them. */
@inline export function turnsUnderWay(queue: Queue): u32 {
  // Pairs with the additions in `countTurn` and `takeTurn`: a moment's view.
  return atomicLoad(changetype<usize>(queue) + offsetof<Queue>('grants'));
}

/** Lets a consumer that was granted a turn run, on its own worker. */
@inline export function letRun(waiter: Waiter): void {
  if (waiter.owner == self.index) run(waiter);
  else leaveTurn(waiter);
}

/** Leaves a turn in the inbox of another worker's consumer, and rings. */
function leaveTurn(waiter: Waiter): void {
  const target = participantAt(waiter.owner);
  const inbox = changetype<usize>(target) + offsetof<Participant>('inbox');
  while (true) {
    const first = atomicLoad(inbox);
    waiter.runNext = first;
    // Pairs with the exchange in `drainInbox`, and with the load in `sleep`: a worker that misses it is still awake.
    if (compareExchange(inbox, first, <u32>changetype<usize>(waiter)) == first) break;
    listLost();
  }
  ring(target);
}
