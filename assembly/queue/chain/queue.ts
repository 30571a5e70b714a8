/**
 * This folder is for a queue's chain of slots: its layout, claims, requeues, settling; all other folders of `queue`
 * and all above them may import it.
 *
 * Queues and their blocks: layouts, and the walk along the chain.
 *
 * A queue is an unbounded chain of blocks of slots. A slot has a position (0, 1, 2 …, wrapping at 2^32, compared by
 * subtraction), a state and a message. Publishers reserve positions at the tail, cursors claim them at the head, in
 * order.
 *
 * The hints `tailBlock` and `headBlock` name a block at or before the tail and the head; they only move forward, and
 * never stand at or before a block that is done. A hint is read BEFORE the tail is raised or the head is loaded, so
 * that the walk from it is forward. Whoever reserves the last slot of a block links the next block before the slot is
 * READY; so a done block has a successor. A queue that has ended (`endChain`) has no hints: its last block may be done
 * and used anew while claimed slots of older blocks are not settled.
 *
 * Messages that are elsewhere stand in the chain as one block with SPILLED slots, the gap block, for any number of
 * blocks (spilled.ts). So the next block need not begin where this one ends; but nobody walks over the gap block to a
 * position that it stands for.
 *
 * A queue with priorities has a child queue for each priority above 0 (priorities.ts), priority 0 being the queue
 * itself.
 *
 * Freed: a block when all its slots are done, by whoever settles the last, through limbo (epoch.ts); a queue cell when
 * it was freed by the host and its last block is done.
 */
import { Reclaimed } from '../../memory/epoch';
import { atomicAdd, atomicLoad, atomicStore, compareExchange } from '../../memory/atomic';
import { countIn, countOwn, freeCounters } from '../../memory/counters';
import { Message } from '../../memory/message';
import { CELL, giveCell, givePage, returnPromised, takeCell, takePage, takePromised } from '../../memory/units';
import { PAGE } from '../../memory/root';
import { IS_SMALL } from '../../memory/parts';

/** A line (64 bytes) for each group of words that different participants write. */
@unmanaged export class Queue {
  /** line 0: next position to reserve. Written by publishers (atomic add). */
  tail: u32;
  tailBlock: u32;
  a2: u64;
  a3: u64;
  a4: u64;
  a5: u64;
  a6: u64;
  a7: u64;
  a8: u64;
  /** line 1: first position not claimed. Written by cursors (compare-and-swap). */
  head: u32;
  headBlock: u32;
  /** The round in which consumers share what is ready: where it ends, and what each may take at once (deliver.ts). */
  roundEnd: u32;
  roundShare: u32;
  b3: u64;
  b4: u64;
  b5: u64;
  b6: u64;
  b7: u64;
  b8: u64;
  /** line 2: the requeued set (requeued.ts). `requeued` is read without the lock; the rest belongs to its holder. */
  requeued: u32;
  requeuedLock: u32;
  requeuedFirst: u32;
  requeuedFinger: u32;
  /** How often one of them was taken, wrapping (extent.ts). */
  takenBack: u32;
  c3: u32;
  c4: u64;
  c5: u64;
  c6: u64;
  c7: u64;
  c8: u64;
  /** line 3: consumers that wait (waiters.ts). `waiting` is read without the lock; the rest belongs to its holder. */
  waiting: u32;
  waitersLock: u32;
  waitersFirst: u32;
  waitersLast: u32;
  /** All consumers of the queue, in order of priority (consumer-priorities.ts). */
  consumerPrioritiesFirst: u32;
  /** Turns that were granted and not yet taken. Read and counted down without the lock. */
  grants: u32;
  /** How many places in the line of waiters were given out. */
  places: u32;
  reserved28: u32;
  d5: u64;
  d6: u64;
  d7: u64;
  d8: u64;
  /** line 4: rarely written. */
  consumers: u32;
  retired: u32;
  /**
   * Blocks that are not done, plus 1 until the host has freed the queue, plus 1 for each child, and for each list that
   * names the queue.
   */
  blocks: u32;
  /** What the queue does beyond holding messages (features.ts); 0 for most. */
  features: u32;
  /** Page of the children's addresses by priority, 0 without PRIORITIES; and of a child, its queue. */
  priorities: u32;
  parent: u32;
  /**
   * 1 + the participant that sweeps the queue, 0 when nobody does; the rest is under that participant's sweepLock
   * (sweep.ts).
   */
  sweeper: u32;
  sweepLinked: u32;
  sweepNext: u32;
  sweepPrevious: u32;
  /** The highest priority of its messages, at most 255. */
  maxPriority: u16;
  /** How it works (kinds.ts): CLASSIC, which is 0. */
  kind: u16;
  /** Its counters: a list (memory/counters.ts). */
  counters: u32;
  /**
   * The queue's number in the log, 0: it is not logged; a priority's is that of priority 0 and the priority. And the
   * log position of the first message.
   */
  logId: u64;
  logFirst: u64;
  // line 5: QueueFeatures (features.ts)
  f1: u64;
  f2: u64;
  f3: u64;
  f4: u64;
  f5: u64;
  f6: u64;
  f7: u64;
  f8: u64;
  /**
   * line 6: bytes of ready bodies, for queues with BYTES. Written by publishers and cursors (atomic add); may be
   * negative for a moment.
   */
  readyBytes: i64;
  /**
   * When the first message came that is spilled, or the one before it (ms since the Unix epoch); 0: nobody knows. Written
   * by the coordinator (atomic), read by whoever looks (rules/front.ts).
   */
  spilledArrival: f64;
  g3: u64;
  g4: u64;
  g5: u64;
  g6: u64;
  g7: u64;
  g8: u64;
  /** line 7: messages that are elsewhere (spilled.ts). The gap block, or 0; written by the coordinator, read by all. */
  gap: u32;
  /**
   * 1 while the queue is among the page-in requests, and the next one there; 1 when workers wait for its first message
   * to be back (page-in-requests.ts).
   */
  pageInRequested: u32;
  pageInNext: u32;
  awaited: u32;
  /** Bytes of the spilled bodies. The coordinator's alone, as all that follows. */
  spilledBytes: i64;
  /**
   * Slots at the beginning of the block behind those that the gap block stands for that are spilled, too; it is the gap
   * block itself if it stands for none.
   */
  spilledPart: u32;
  /** Slots at the gap block's beginning that are not spilled: done, or back already. */
  spilledFilled: u32;
  /**
   * In a logged queue: no spilled message has a lower log position, and none that is here and not done has this one or
   * a higher, up to the gap block's end.
   */
  spilledPlace: u64;
  /** Dead messages that hosts keep, and the bytes of their bodies. Written by workers (atomic add). */
  keptBytes: i64;
  /** The clock at the last basic.get. Written by whoever gets. */
  lastGet: f64;
  kept: u32;
  /** Counted up before messages that were ready leave memory, or move there, for who looks at them (browse.ts). */
  departed: u32;
}

@unmanaged export class Block extends Reclaimed {
  /** Of a gap block: how many whole blocks it stands for; otherwise 0. Written by the coordinator. */
  spilled: u32;
  /** Position of the first slot. Written before the block is linked, then constant. */
  start: u32;
  /** Slots settled (atomic add); at SLOTS the block is done. */
  done: u32;
  queue: u32;
  /** Requeued slots here and the lowest of them; under the queue's requeuedLock. */
  requeued: u32;
  requeuedLow: u32;
  /** Next block of the requeued set; under the lock. */
  requeuedNext: u32;
  /**
   * In logged queues: page of the log positions (u64) of all slots, or 0: they count on from `logStart`. Freed with the
   * block.
   */
  logTable: u32;
  reserved44: u32;
  /**
   * Log position of the first slot; the successor's is SLOTS more, whatever the table says. Written before the block is
   * linked, then constant.
   */
  logStart: u64;
}

/**
 * Written by: its publisher, `message` first, until it is READY; whoever has claimed it, by plain stores; who puts it
 * back and who takes it from there, under the queue's requeuedLock; page-out and page-in, which mark it by
 * compare-and-swap and by atomic stores. Read by: cursors and who looks; what they read of a claimed slot they throw
 * away, as the head has moved. Freed with its block.
 */
@unmanaged export class Slot {
  state: u32;
  message: u32;
}

export const BLOCK_HEAD: u32 = 64;
export const SLOT: u32 = offsetof<Slot>();
export const SLOTS: u32 = (PAGE - BLOCK_HEAD) / SLOT;

/**
 * States of a slot: the low bits of its word. A claimed slot keeps READY: that it lies before the head says that it is
 * claimed.
 */
export const EMPTY: u32 = 0;
export const READY: u32 = 1;
export const REQUEUED: u32 = 2;
/** The message is elsewhere, or about to go: nobody may claim it (spilled.ts). */
export const SPILLED: u32 = 3;
export const STATE_MASK: u32 = 7;
/**
 * Flags of a slot: delivered before; and: the message has other holders or several pieces, so `release` must look at
 * it.
 */
export const REDELIVERED: u32 = 8;
export const SHARED: u32 = 16;
/** Its place is in the log: settling it is recorded, too. No slot has it where there is no log. */
export const LOGGED: u32 = IS_SMALL ? 0 : 32;
/** Of a queue that is not classic: settling it is that kind's (kinds.ts). */
export const OTHER_KIND: u32 = 64;
/** Above them, in queues with COUNTED: how often the message was requeued. */
export const REQUEUES_SHIFT: u32 = 8;
export const REQUEUES_ONE: u32 = 1 << REQUEUES_SHIFT;
export const REQUEUES_MAX: u32 = 0xffffff;

@inline export function slotAt(block: Block, index: u32): Slot {
  return changetype<Slot>(changetype<usize>(block) + BLOCK_HEAD + index * SLOT);
}

@inline export function blockOf(slot: Slot): Block {
  return changetype<Block>(changetype<usize>(slot) & ~(<usize>PAGE - 1));
}

@inline export function indexOf(slot: Slot): u32 {
  return (<u32>(changetype<usize>(slot) & (PAGE - 1)) - BLOCK_HEAD) / SLOT;
}

@inline export function queueOf(slot: Slot): Queue {
  return changetype<Queue>(blockOf(slot).queue);
}

/** Counts what this participant has done with a queue, which is none of a priority: for the queue, and for itself. */
@inline export function countAt(queue: Queue, counter: u32, more: u64): void {
  countOwn(counter, more);
  countIn(countersOf(queue), counter, more);
}

/** The list of a queue's counters. */
@inline export function countersOf(queue: Queue): usize {
  return changetype<usize>(queue) + offsetof<Queue>('counters');
}

/** The log position of a slot in a logged queue. */
@inline export function logPosition(block: Block, index: u32): u64 {
  return block.logTable ? load<u64>(<usize>block.logTable + index * 8) : block.logStart + index;
}

/** An empty queue, or 0 when there is no memory. */
export function newQueue(): usize {
  const cell = takeCell();
  if (!cell) return 0;
  const page = takePage();
  if (!page) {
    giveCell(cell);
    return 0;
  }
  const queue = changetype<Queue>(cell);
  initBlock(changetype<Block>(page), queue, 0, 0);
  queue.tailBlock = <u32>page;
  queue.headBlock = <u32>page;
  queue.blocks = 2;
  return cell;
}

export function initBlock(block: Block, queue: Queue, start: u32, logStart: u64): void {
  memory.fill(changetype<usize>(block), 0, PAGE);
  block.start = start;
  block.logStart = logStart;
  block.queue = <u32>changetype<usize>(queue);
}

/** The successor of a block; made when there is none, of a page that is promised. */
export function linkedNext(block: Block): Block {
  const link = changetype<usize>(block) + offsetof<Block>('next');
  const next = atomicLoad(link);
  if (next) return changetype<Block>(next);
  const page = takePromised();
  const queue = changetype<Queue>(block.queue);
  initBlock(changetype<Block>(page), queue, block.start + SLOTS, block.logStart + SLOTS);
  // Counted before it can be seen, so that `blocks` never reaches 0 while one of them is in use.
  atomicAdd(changetype<usize>(queue) + offsetof<Queue>('blocks'), 1);
  // Pairs with the load above and in `nextOf`: whoever sees the link sees the block laid out.
  const seen = compareExchange(link, 0, <u32>page);
  if (!seen) return changetype<Block>(page);
  atomicAdd(changetype<usize>(queue) + offsetof<Queue>('blocks'), -1);
  returnPromised(page);
  return changetype<Block>(seen);
}

@inline export function nextOf(block: Block): Block {
  // Pairs with the compare-and-swap in `linkedNext`: the block is laid out.
  return changetype<Block>(atomicLoad(changetype<usize>(block) + offsetof<Block>('next')));
}

/** Moves a hint on, if it still stands where we found it. */
@inline export function moveHint(hint: usize, from: Block, to: Block): void {
  // Pairs with the loads of hints, and with itself: a hint that others have moved further stays there.
  compareExchange(hint, <u32>changetype<usize>(from), <u32>changetype<usize>(to));
}

/** Moves a hint past a done block, so that whoever enters from now on cannot reach it. */
export function moveHintPast(hint: usize, block: Block): void {
  while (true) {
    const at = changetype<Block>(atomicLoad(hint));
    // Pairs with the stores in `endChain`: the queue has ended, and nobody comes by its hints any more.
    if (!changetype<usize>(at)) return;
    // A hint to another queue's block, or to a page that is no block any more, would never be passed.
    if (at.queue != block.queue) unreachable();
    if (<i32>(at.start - block.start) > 0) return;
    const next = nextOf(block);
    if (!changetype<usize>(next)) unreachable();
    moveHint(hint, at, next);
  }
}

/**
 * Nobody publishes or claims any more, and nothing is ready: takes the queue's hints away, and returns the block in
 * which the tail stands. From now on blocks go without a look at the hints. The last one has no successor to which they
 * could move, and may be done while older blocks are not.
 */
export function endChain(queue: Queue): Block {
  const address = changetype<usize>(queue);
  // Pairs with `moveHint`; the stores below with the loads in `moveHintPast`.
  let last = changetype<Block>(atomicLoad(address + offsetof<Queue>('tailBlock')));
  while (queue.tail - last.start >= SLOTS) last = nextOf(last);
  // Before the last block can be stamped: whoever entered earlier may still read it (epoch.ts), whoever enters later
  // finds no hint.
  atomicStore(address + offsetof<Queue>('tailBlock'), 0);
  atomicStore(address + offsetof<Queue>('headBlock'), 0);
  return last;
}

/**
 * Messages that wait for a consumer, those of the queue's children not counted. A moment's view when others are at
 * work.
 */
export function readyHere(queue: Queue): u32 {
  const address = changetype<usize>(queue);
  // The head first: it never passes the tail, so the difference is not negative.
  const head = atomicLoad(address + offsetof<Queue>('head'));
  return atomicLoad(address + offsetof<Queue>('tail')) - head + atomicLoad(address + offsetof<Queue>('requeued'));
}

/** Lets go of one of the queue's `blocks`; with the last one the cell is free. */
export function releaseQueue(queue: Queue): void {
  // Pairs with itself, and with the additions of who holds the queue:
  // Whoever brings it to 0 is the last to know the queue, and sees all that the others did before their own
  // subtraction.
  if (atomicAdd(changetype<usize>(queue) + offsetof<Queue>('blocks'), -1) != 1) return;
  const parent = changetype<Queue>(queue.parent);
  if (queue.priorities) givePage(queue.priorities);
  freeCounters(countersOf(queue));
  giveCell(changetype<usize>(queue));
  if (changetype<usize>(parent)) releaseQueue(parent);
}

/** Keeps the cell of a queue until `releaseQueue`. Only who may still use the queue may call this. */
export function holdQueue(queue: Queue): void {
  // Pairs with the subtraction in `releaseQueue`, which does not come to 0 before this one's.
  atomicAdd(changetype<usize>(queue) + offsetof<Queue>('blocks'), 1);
}

// Looked at while the core is compiled.
if (offsetof<Queue>() > CELL) ERROR('a queue is longer than its cell');
if (offsetof<Block>() > BLOCK_HEAD) ERROR('a block is longer than its head');

/** A long message has pieces that its release must find. */
@inline export function sharedFlag(message: Message): u32 {
  return message.bodySize > message.firstLength ? SHARED : 0;
}
