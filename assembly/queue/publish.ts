/**
 * This folder is for queues, which know nothing of the protocol; `amqp` and the exports may import it.
 *
 * Publishing to a queue: positions for a run of messages are reserved by one atomic add, then filled. Nothing may stop
 * or trap between the two, since a reserved and unfilled slot holds up the claims behind it: pages for blocks are
 * promised before. Meets: other publishers (own positions each), cursors (see a slot only when it is READY).
 */
import { atomicAdd, atomicLoad, atomicStore } from '../memory/atomic';
import { isLogging, placesTaken, record } from '../log/journal';
import { checkpoint, POSITIONS_RESERVED } from '../memory/checkpoint';
import { ENQUEUED, OCTETS_ENQUEUED } from '../memory/counters';
import { LOGGABLE, Message, release } from '../memory/message';
import { checkLength } from './rules/length';
import { root } from '../memory/root';
import { CLASSIC, unknownKind } from './chain/kinds';
import { PRIORITY_PAGES, priorityFor } from './chain/priorities';
import { countAt, linkedNext, LOGGED, moveHint, Block, Queue, READY, sharedFlag, slotAt, SLOTS } from './chain/queue';
import { addBytes, BYTES, LENGTH, PRIORITIES, LOGGED_QUEUE, UNCOUNTED } from './chain/features';
import { grant } from './consumers/waiters';

/** Pages that are promised to one message ahead, at most: the rest is asked for queue by queue. */
export const PAGES_AHEAD: u32 = 512;
/** For what answers a publish: a refusal, or a confirm that waits. */
export const ANSWER_PAGES: u32 = 1;
/** Longest run. */
export const RUN_MAX: u32 = 256;

/**
 * Pages that one run may need for one queue, when each participant is a publisher. Say that a run has to link blocks
 * behind the last linked one. Nobody who owned that one's last position, or a later one, has ended: it would have
 * linked its own blocks. So all positions from there to the end of our run belong to runs that are under way, one of
 * each participant, ours among them: at most participants × RUN_MAX, of which all but the first lie in blocks to be
 * linked. k such positions take k / SLOTS blocks and a begun one, or the next one when the last of them ends its block.
 */
export function runPages(): u32 {
  return (root().participants * RUN_MAX - 1) / SLOTS + 1;
}

/** The same for one message to a queue with rules: there may be a new priority, and a place among the dead. */
export function guardedPages(): u32 {
  return runPages() + PRIORITY_PAGES + 1;
}

/**
 * Enqueues `count` messages, whose addresses stand at `messages`, with the flags for each slot (SHARED or 0). The
 * caller is inside the core (`enter`) and was promised `runPages` pages. Each message's `refs` counts this queue
 * already.
 */
export function enqueue(queue: Queue, messages: usize, count: u32, flags: u32): void {
  if (queue.retired) {
    for (let i: u32 = 0; i < count; i++) release(changetype<Message>(load<u32>(messages + i * 4)));
    return;
  }
  if (!(queue.features & UNCOUNTED)) {
    countAt(queue, ENQUEUED, count);
    countAt(queue, OCTETS_ENQUEUED, octetsOf(messages, count));
  }
  switch (queue.kind) {
    case CLASSIC:
      enqueueClassic(queue, messages, count, flags);
      break;
    default:
      unknownKind();
  }
}

/** Octets of the bodies. */
@inline function octetsOf(messages: usize, count: u32): u64 {
  let octets: u64 = 0;
  for (let i: u32 = 0; i < count; i++) octets += changetype<Message>(load<u32>(messages + i * 4)).bodySize;
  return octets;
}

@inline function enqueueClassic(queue: Queue, messages: usize, count: u32, flags: u32): void {
  if (queue.features) {
    enqueueRuled(queue, messages, count, flags);
    return;
  }
  fill(queue, messages, count, flags);
  grant(queue, count);
}

/** The same for a queue with rules. */
function enqueueRuled(queue: Queue, messages: usize, count: u32, flags: u32): void {
  const features = queue.features;
  // Before anybody can claim them.
  if (features & BYTES) addBytes(queue, octetsOf(messages, count));
  const logged = (features & LOGGED_QUEUE) != 0 && isLogging();
  if (features & PRIORITIES) {
    for (let i: u32 = 0; i < count; i++) {
      const message = messages + i * 4;
      const priority = priorityFor(queue, changetype<Message>(load<u32>(message)));
      if (logged) fillLogged(priority, message, 1, flags);
      else fill(priority, message, 1, flags);
    }
  } else if (logged) fillLogged(queue, messages, count, flags);
  else fill(queue, messages, count, flags);
  grant(queue, count);
  if (features & LENGTH) checkLength(queue);
}

/** Reserves positions and fills them. */
@inline function fill(queue: Queue, messages: usize, count: u32, flags: u32): void {
  const address = changetype<usize>(queue);
  const hint = changetype<Block>(atomicLoad(address + offsetof<Queue>('tailBlock')));
  const position = atomicAdd(address + offsetof<Queue>('tail'), count);
  checkpoint(POSITIONS_RESERVED);
  let block = hint;
  let index = position - block.start;
  while (index >= SLOTS) {
    block = linkedNext(block);
    index = position - block.start;
  }
  for (let i: u32 = 0; i < count; i++) {
    if (index == SLOTS) {
      block = linkedNext(block);
      index = 0;
    }
    if (index == SLOTS - 1) linkedNext(block);
    const slot = slotAt(block, index);
    const message = load<u32>(messages + i * 4);
    slot.message = message;
    // Pairs with the load of a cursor: whoever sees READY sees the message, too.
    atomicStore(changetype<usize>(slot), READY | flags | sharedFlag(changetype<Message>(message)));
    index += 1;
  }
  if (block != hint) moveHint(address + offsetof<Queue>('tailBlock'), hint, block);
}

/**
 * The same in a logged queue: what is loggable is recorded with its place. The caller has reserved room for that
 * (log/journal.ts).
 */
function fillLogged(queue: Queue, messages: usize, count: u32, flags: u32): void {
  const address = changetype<usize>(queue);
  const hint = changetype<Block>(atomicLoad(address + offsetof<Queue>('tailBlock')));
  const position = atomicAdd(address + offsetof<Queue>('tail'), count);
  checkpoint(POSITIONS_RESERVED);
  let block = hint;
  let index = position - block.start;
  while (index >= SLOTS) {
    block = linkedNext(block);
    index = position - block.start;
  }
  // Numbers and positions in a row.
  let inRow: u32 = 0;
  let firstId: u64 = 0;
  let firstPosition: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    if (index == SLOTS) {
      block = linkedNext(block);
      index = 0;
    }
    if (index == SLOTS - 1) linkedNext(block);
    const slot = slotAt(block, index);
    const message = changetype<Message>(load<u32>(messages + i * 4));
    let state = READY | flags | sharedFlag(message);
    if (message.flags & LOGGABLE) {
      const id = record(message);
      const at = block.logStart + index;
      state |= LOGGED;
      if (inRow && id == firstId + inRow && at == firstPosition + inRow) inRow += 1;
      else {
        if (inRow) placesTaken(queue.logId, firstPosition, firstId, inRow);
        firstId = id;
        firstPosition = at;
        inRow = 1;
      }
    }
    slot.message = <u32>changetype<usize>(message);
    // Pairs with the load of a cursor: whoever sees READY sees the message, too.
    atomicStore(changetype<usize>(slot), state);
    index += 1;
  }
  if (inRow) placesTaken(queue.logId, firstPosition, firstId, inRow);
  if (block != hint) moveHint(address + offsetof<Queue>('tailBlock'), hint, block);
}
