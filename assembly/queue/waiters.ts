/**
 * Waiters and grants: consumers that found their queue empty wait in the order in which they became idle; a publisher takes as many
 * off as it brought messages and grants each a turn, through the run queue of the consumer's worker.
 *
 * A consumer registers and then looks once more; a publisher fills its slots and then looks for waiters. Both orders are sequentially
 * consistent, so one of the two sees the other: no message waits beside an idle consumer.
 * A consumer that stops pulling for any other reason than an empty queue passes its turn on (`passOn`).
 */
import { atomicAdd, atomicExchange, atomicLoad, compareExchange, lock, unlock } from '../memory/atomic';
import { Participant, participantAt, self } from '../memory/root';
import { ring } from '../memory/units';
import { hasReady } from './claim';
import { checkLength } from './length';
import { readyCount } from './levels';
import { Queue } from './queue';
import { higherAble, insertByRank } from './ranks';
import { LENGTH, RANKED } from './rules';

/** What the queue needs to know of a consumer; the rest follows in content/consumer.ts. A cell. */
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
  /** TURN when the turn was granted and nothing has been pulled since; COUNTED_TURN when the queue counts it and it was not taken yet. */
  granted: u32;
  /** Priority, and links among the queue's consumers, under its waitersLock (ranks.ts). */
  rank: i32;
  rankNext: u32;
  rankPrevious: u32;
}

export const TURN: u32 = 1;
export const COUNTED_TURN: u32 = 2;

/** In the waiters of its queue. */
export const WAITING: u32 = 1;
/** In its worker's run queue or inbox. */
export const RUNNABLE: u32 = 2;
/** Out of credit: until an acknowledgement. */
export const NO_CREDIT: u32 = 3;
/** Its connection's outbox is full or busy: until the socket has taken it. */
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
  const inbox = changetype<usize>(self) + offsetof<Participant>("inbox");
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

/** Registers an own consumer as idle, in front when it was granted a turn in vain. True: a message came meanwhile, pull again. */
export function wait(queue: Queue, waiter: Waiter): bool {
  const lockWord = changetype<usize>(queue) + offsetof<Queue>("waitersLock");
  const address = <u32>changetype<usize>(waiter);
  lock(lockWord);
  waiter.state = WAITING;
  if (queue.traits & RANKED) insertByRank(queue, waiter);
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
  atomicAdd(changetype<usize>(queue) + offsetof<Queue>("waiting"), 1);
  unlock(lockWord);
  if (!hasReady(queue)) return false;
  // Pairs with the addition in `passOn`: one of a higher rank that became unable sees us, or we see that it is.
  if ((queue.traits & RANKED) && higherAble(queue, waiter)) return false;
  return unwait(queue, waiter);
}

/** Takes an own consumer out of the waiters; false when somebody has granted it a turn meanwhile (then it is on its way). */
export function unwait(queue: Queue, waiter: Waiter): bool {
  const lockWord = changetype<usize>(queue) + offsetof<Queue>("waitersLock");
  lock(lockWord);
  const waits = waiter.state == WAITING;
  if (waits) unlink(queue, waiter);
  unlock(lockWord);
  return waits;
}

/** Takes a waiter out; it will have a turn. Under the lock. */
export function unlink(queue: Queue, waiter: Waiter): void {
  if (waiter.waitPrevious) changetype<Waiter>(waiter.waitPrevious).waitNext = waiter.waitNext;
  else queue.waitersFirst = waiter.waitNext;
  if (waiter.waitNext) changetype<Waiter>(waiter.waitNext).waitPrevious = waiter.waitPrevious;
  else queue.waitersLast = waiter.waitPrevious;
  waiter.state = RUNNABLE;
  atomicAdd(changetype<usize>(queue) + offsetof<Queue>("waiting"), -1);
}

/** Grants a turn to up to `count` waiters. Called after the slots are READY (or returned). */
@inline export function grant(queue: Queue, count: u32): void {
  if (atomicLoad(changetype<usize>(queue) + offsetof<Queue>("waiting"))) grantWaiters(queue, count);
}

function grantWaiters(queue: Queue, count: u32): void {
  const lockWord = changetype<usize>(queue) + offsetof<Queue>("waitersLock");
  while (count) {
    lock(lockWord);
    const waiter = changetype<Waiter>(queue.waitersFirst);
    if (changetype<usize>(waiter)) { unlink(queue, waiter); countTurn(queue, waiter); }
    unlock(lockWord);
    if (!changetype<usize>(waiter)) return;
    letRun(waiter);
    count -= 1;
  }
}

/** Notes that a waiter was granted its turn. Under the lock. */
@inline export function countTurn(queue: Queue, waiter: Waiter): void {
  if (queue.traits & LENGTH) {
    waiter.granted = COUNTED_TURN;
    // Read without the lock by who looks at the length; pairs with nothing: a moment's view.
    atomicAdd(changetype<usize>(queue) + offsetof<Queue>("grants"), 1);
  } else waiter.granted = TURN;
}

/** The turn is taken, or will never be. Called by the owner. */
@inline export function takeTurn(queue: Queue, waiter: Waiter): void {
  if (waiter.granted != COUNTED_TURN) return;
  waiter.granted = TURN;
  // Pairs with the load in `keepLimits`, which leaves the queue to us while turns are under way.
  if (atomicAdd(changetype<usize>(queue) + offsetof<Queue>("grants"), -1) == 1) checkLength(queue);
}

@inline export function letRun(waiter: Waiter): void {
  if (waiter.owner == self.index) run(waiter);
  else leaveTurn(waiter);
}

/** Leaves a turn in the inbox of another worker's consumer, and rings. */
function leaveTurn(waiter: Waiter): void {
  const target = participantAt(waiter.owner);
  const inbox = changetype<usize>(target) + offsetof<Participant>("inbox");
  while (true) {
    const first = atomicLoad(inbox);
    waiter.runNext = first;
    // Pairs with the exchange in `drainInbox`, and with the load in `sleep`: a worker that misses it is still awake.
    if (compareExchange(inbox, first, <u32>changetype<usize>(waiter)) == first) break;
  }
  ring(target);
}

/** A consumer that leaves messages behind hands its turn to one that waits. */
@inline export function passOn(queue: Queue): void {
  // A queue with ranks must see who waits after our state was stored: this pairs with the addition in `wait`.
  if (queue.traits & RANKED) atomicAdd(changetype<usize>(queue) + offsetof<Queue>("waiting"), 0);
  if (!atomicLoad(changetype<usize>(queue) + offsetof<Queue>("waiting")) || !hasReady(queue)) return;
  // Where there are ranks, equals may wait beside what a higher one has left.
  grantWaiters(queue, queue.traits & RANKED ? readyCount(queue) : 1);
}
