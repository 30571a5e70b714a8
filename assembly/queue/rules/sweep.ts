/**
 * Sweeping: messages that are too old die even if nobody asks for them. Each queue whose messages may expire is swept
 * by one participant, which keeps such queues in a list. Only the head of a queue is looked at. How often depends on
 * what the queues hold (`sweepPause`). The list is linked through the queues and guarded by the participant's
 * sweepLock: the coordinator and publishers join, deletion leaves. A queue is left before it is freed, and not freed
 * before its sweeper has applied the deletion: so the sweep may use it without the lock.
 */
import { atomicLoad, atomicStore, compareExchange, lock, unlock } from '../../memory/atomic';
import { Participant, participantAt, root, self } from '../../memory/root';
import { ring } from '../../memory/units';
import { dropExpired, dropStuck, LEEWAY } from './peek';
import { readyCount as countReady } from '../chain/priorities';
import { Queue } from '../chain/queue';
import { EXPIRES, TTL, ttlOf } from '../chain/features';
import { turnsUnderWay } from '../consumers/run-queue';

/** Expired messages a call: in one queue, and in all. */
export const QUEUE_MOST: u32 = 256;
export const SWEEP_MOST: u32 = 4096;
/** So long (ms) a message is left to consumers that may be running, if nothing is said. */
export const SWEEP_DELAY: f64 = 5;

/**
 * Between two sweeps (ms): a message that nobody asks for may die so much too late. A queue with a time to live is
 * looked at a hundred times during that; one that holds messages with times of their own as often as any, since each
 * that is taken may uncover one that is due.
 */
export const REST_SHARE: f64 = 100;
export const REST_MIN: f64 = 10;
export const REST_MAX: f64 = 250;

let nextSweeper: u32 = 0;
let delay: f64 = SWEEP_DELAY;
/** What the last sweep found to be soon enough for the next. */
let rest: f64 = REST_MIN;

/** So long (ms) this participant leaves a message to consumers from now on. */
export function delaySweeps(ms: f64): void {
  delay = ms;
}

/** Until the next sweep (ms). */
export function sweepPause(): f64 {
  // Pairs with the store in `hastenSweep`: a moment's view, and the next one tells.
  return atomicLoad(changetype<usize>(self) + offsetof<Participant>('sweepSoon')) ? REST_MIN : rest;
}

/** Something has come to a queue, or is about to, that may be due before the next sweep. */
export function hastenSweep(queue: Queue): void {
  const sweeper = atomicLoad(changetype<usize>(queue) + offsetof<Queue>('sweeper'));
  if (!sweeper) return;
  const participant = participantAt(sweeper - 1);
  // Pairs with the stores in `sweepQueues`. Whoever reads a 0 just before it is set comes a rest too late, and no more
  // than that.
  if (!atomicLoad(changetype<usize>(participant) + offsetof<Participant>('sweepRests'))) return;
  atomicStore(changetype<usize>(participant) + offsetof<Participant>('sweepSoon'), 1);
  if (sweeper - 1 != self.index) ring(participant);
}

/** In place of a participant: the worker that is next. */
export const ANY_SWEEPER: u32 = 0xffffffff;

/** Lets a queue be swept, by participant `sweeper`, or (ANY_SWEEPER) by the worker that is next. */
export function joinSweep(queue: Queue, sweeper: u32): void {
  const workers = root().participants - 1;
  const index = sweeper < workers ? sweeper : nextSweeper++ % max<u32>(1, workers);
  // Pairs with the same operation of others: one of them enters the queue.
  if (compareExchange(changetype<usize>(queue) + offsetof<Queue>('sweeper'), 0, index + 1) != 0) {
    hastenSweep(queue);
    return;
  }
  const participant = participantAt(index);
  const lockWord = changetype<usize>(participant) + offsetof<Participant>('sweepLock');
  lock(lockWord);
  // Pairs with the store before `leaveSweep`: either we see that the queue is retired, or its deletion finds it in the
  // list.
  if (!atomicLoad(changetype<usize>(queue) + offsetof<Queue>('retired'))) {
    queue.sweepPrevious = 0;
    queue.sweepNext = participant.sweepFirst;
    if (participant.sweepFirst) changetype<Queue>(participant.sweepFirst).sweepPrevious = <u32>changetype<usize>(queue);
    participant.sweepFirst = <u32>changetype<usize>(queue);
    participant.sweepCount += 1;
    queue.sweepLinked = 1;
  }
  unlock(lockWord);
  // Pairs with the load in `sweepPause`, of a worker that is rung or looks at the end of its pass.
  atomicStore(changetype<usize>(participant) + offsetof<Participant>('sweepSoon'), 1);
  // A worker that sleeps must know.
  if (index != self.index) ring(participant);
}

/** Takes a queue that was marked retired out of the list that it may stand in. */
export function leaveSweep(queue: Queue): void {
  // Pairs with the compare-and-swap in `joinSweep`, which looks behind it whether the queue was retired.
  const sweeper = atomicLoad(changetype<usize>(queue) + offsetof<Queue>('sweeper'));
  if (!sweeper) return;
  const participant = participantAt(sweeper - 1);
  const lockWord = changetype<usize>(participant) + offsetof<Participant>('sweepLock');
  lock(lockWord);
  if (queue.sweepLinked) {
    queue.sweepLinked = 0;
    if (queue.sweepPrevious) changetype<Queue>(queue.sweepPrevious).sweepNext = queue.sweepNext;
    else participant.sweepFirst = queue.sweepNext;
    if (queue.sweepNext) changetype<Queue>(queue.sweepNext).sweepPrevious = queue.sweepPrevious;
    if (participant.sweepAt == <u32>changetype<usize>(queue)) participant.sweepAt = queue.sweepNext;
    participant.sweepCount -= 1;
  }
  unlock(lockWord);
}

/** The next queue of the own list, round after round; 0 when it is empty. */
function nextSwept(): Queue {
  const lockWord = changetype<usize>(self) + offsetof<Participant>('sweepLock');
  lock(lockWord);
  const queue = changetype<Queue>(self.sweepAt ? self.sweepAt : self.sweepFirst);
  if (changetype<usize>(queue)) self.sweepAt = queue.sweepNext;
  unlock(lockWord);
  return queue;
}

/** What was too old by then dies. */
@inline function sweepTime(queue: Queue): f64 {
  if (turnsUnderWay(queue)) return self.now - LEEWAY;
  return queue.consumers ? self.now - delay : self.now;
}

/** How long a queue may go without a look (ms). */
function restOf(queue: Queue): f64 {
  if (queue.features & EXPIRES && countReady(queue)) return REST_MIN;
  if (!(queue.features & TTL)) return REST_MAX;
  const life = ttlOf(queue);
  return min(max(life / REST_SHARE, REST_MIN), REST_MAX);
}

/** One round over the own queues. True: stopped at its bounds. */
export function sweepQueues(): bool {
  // Before any queue is looked at: pairs with the loads in `hastenSweep` and `sweepPause`.
  atomicStore(changetype<usize>(self) + offsetof<Participant>('sweepSoon'), 0);
  atomicStore(changetype<usize>(self) + offsetof<Participant>('sweepRests'), 1);
  rest = REST_MAX;
  const more = sweepRound();
  if (rest <= REST_MIN) atomicStore(changetype<usize>(self) + offsetof<Participant>('sweepRests'), 0);
  return more;
}

function sweepRound(): bool {
  let left = SWEEP_MOST;
  let more = false;
  for (let round = self.sweepCount; round; round--) {
    const queue = nextSwept();
    if (!changetype<usize>(queue)) break;
    const most = min(QUEUE_MOST, left);
    const count = dropExpired(queue, sweepTime(queue), most, true);
    rest = min(rest, restOf(queue));
    if (dropStuck) {
      rest = REST_MIN;
      return false;
    }
    if (count == most) more = true;
    left -= count;
    if (!left) return true;
  }
  return more;
}
