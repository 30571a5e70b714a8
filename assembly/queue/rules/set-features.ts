/**
 * How the features of a queue change while it is used: by the coordinator, and by workers whose messages bring some
 * along. Meets: workers that read single words at any time; each is valid on its own.
 */
import {
  atomicAnd,
  atomicLoad,
  atomicLoad64,
  atomicOr,
  atomicStore,
  atomicStoreF64,
  compareExchange,
  lock,
  unlock,
} from '../../memory/atomic';
import { Message } from '../../memory/message';
import { blockAt, headBehindLoads } from '../chain/head';
import { grant } from '../consumers/waiters';
import { openPriorities, readyCount } from '../chain/priorities';
import { SPILLED, Block, nextOf, Queue, READY, REQUEUED, slotAt, SLOTS, STATE_MASK } from '../chain/queue';
import {
  addBytes,
  bitsOf,
  BYTES,
  CONSUMER_PRIORITIES,
  EXPIRES,
  featuresOf,
  GONE,
  LOGGED_QUEUE,
  PAUSED,
  PRIORITIES,
  QueueFeatures,
  TTL,
} from '../chain/features';
import { ANY_SWEEPER, hastenSweep, joinSweep, leaveSweep } from './sweep';

/** What stays whatever is set. */
const LASTING: u32 = EXPIRES | CONSUMER_PRIORITIES | LOGGED_QUEUE | GONE | PAUSED;

/**
 * Sets what the queue does from now on. False when there is no memory for the priorities, and nothing was changed.
 * Workers see it at their next look; routes to the queue are resolved anew.
 */
export function setQueueFeatures(queue: Queue, wanted: QueueFeatures): bool {
  if (wanted.maxPriority != 0 && !queue.priorities && !openPriorities(queue, <u32>wanted.maxPriority)) return false;
  const address = changetype<usize>(queue);
  let features = bitsOf(wanted);
  if (queue.priorities) features |= PRIORITIES;
  const kept = changetype<usize>(featuresOf(queue));
  // Pairs with the loads of workers, which see each number as it was or as it is.
  for (let at: usize = 0; at < offsetof<QueueFeatures>(); at += 8) {
    atomicStoreF64(kept + at, load<f64>(changetype<usize>(wanted) + at));
  }
  const counts = (queue.features & BYTES) != 0;
  const word = address + offsetof<Queue>('features');
  while (true) {
    const before = atomicLoad(word);
    // Pairs with the same operation of others: what workers have added stays.
    if (compareExchange(word, before, features | (before & LASTING)) == before) break;
  }
  if (features & BYTES && !counts) countReadyBytes(queue);
  if (features & TTL) joinSweep(queue, ANY_SWEEPER);
  else if (queue.sweeper && !(queue.features & EXPIRES)) {
    leaveSweep(queue);
    // Pairs with the `atomicOr` in `expectExpiry`: a worker that came in between is seen here, or finds no sweeper.
    atomicStore(address + offsetof<Queue>('sweeper'), 0);
    if (atomicLoad(word) & EXPIRES) joinSweep(queue, ANY_SWEEPER);
  }
  return true;
}

/** From now on nobody is given anything of it; or those are who have waited. */
export function setQueuePaused(queue: Queue, paused: bool): void {
  const word = changetype<usize>(queue) + offsetof<Queue>('features');
  if (paused) {
    atomicOr(word, PAUSED);
    return;
  }
  // Pairs with the loads in `hasReady` and `grantWaiters`: a consumer that is about to wait sees that it need not, and
  // who had published before and granted nobody a turn has made the message ready, which is counted here.
  atomicAnd(word, ~PAUSED);
  grant(queue, readyCount(queue));
}

/** A message with an expiration of its own is about to be enqueued. */
export function expectExpiry(queue: Queue, sweeper: u32): void {
  if (queue.features & EXPIRES) {
    hastenSweep(queue);
    return;
  }
  // Pairs with the compare-and-swap in `setQueueFeatures`.
  if (!(atomicOr(changetype<usize>(queue) + offsetof<Queue>('features'), EXPIRES) & EXPIRES)) joinSweep(queue, sweeper);
}

/** Counts what is there when the rule comes; what moves meanwhile may be counted twice or not at all. */
function countReadyBytes(queue: Queue): void {
  let bytes = bytesHere(queue);
  if (queue.priorities) {
    for (let priority: u32 = 1; priority <= queue.maxPriority; priority++) {
      // Pairs with the compare-and-swap in `makePriority`.
      const child = changetype<Queue>(atomicLoad(<usize>queue.priorities + priority * 4));
      if (changetype<usize>(child)) bytes += bytesHere(child);
    }
  }
  const before = <i64>atomicLoad64(changetype<usize>(queue) + offsetof<Queue>('readyBytes'));
  addBytes(queue, bytes - before);
}

function bytesHere(queue: Queue): i64 {
  const address = changetype<usize>(queue);
  const lockWord = address + offsetof<Queue>('requeuedLock');
  let bytes: i64 = 0;
  lock(lockWord);
  for (let at = <usize>queue.requeuedFirst; at; at = changetype<Block>(at).requeuedNext) {
    for (let i: u32 = 0; i < SLOTS; i++) {
      const slot = slotAt(changetype<Block>(at), i);
      if ((slot.state & STATE_MASK) == REQUEUED) bytes += changetype<Message>(slot.message).bodySize;
    }
  }
  unlock(lockWord);
  const hint = changetype<Block>(atomicLoad(address + offsetof<Queue>('headBlock')));
  const head = atomicLoad(address + offsetof<Queue>('head'));
  const gap = changetype<Block>(queue.gap);
  // Never positions of messages that are here, if nothing is spilled.
  const firstSpilled = changetype<usize>(gap) ? gap.start + queue.spilledFilled : head - 1;
  const behindSpilled = changetype<usize>(gap) ? gap.start + gap.spilled * SLOTS + queue.spilledPart : head;
  let block = blockAt(hint, head);
  let position = head;
  while (changetype<usize>(block)) {
    const index = position - block.start;
    if (index >= SLOTS) {
      block = nextOf(block);
      continue;
    }
    const slot = slotAt(block, index);
    // Pairs with the store of the publisher. What is about to go is still here.
    const state = atomicLoad(changetype<usize>(slot)) & STATE_MASK;
    if (position == firstSpilled) {
      bytes += queue.spilledBytes;
      position = behindSpilled;
      continue;
    }
    if (state != READY && state != SPILLED) break;
    const size = changetype<Message>(slot.message).bodySize;
    // Claimed meanwhile: then the message may be gone, and its size nonsense.
    if (<i32>(headBehindLoads(queue) - position) <= 0) bytes += size;
    position += 1;
  }
  return bytes;
}
