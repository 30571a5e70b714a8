/**
 * Messages on their way out: a portion of one block. What leaves are READY slots in a row: behind the gap block, or,
 * without one, of a block some way behind the head; or, to the last, of the block that the head stands in, behind the
 * first message. Their publishers are done with them, and none of them is REQUEUED, since the head has never been
 * there. They are marked SPILLED; if no cursor can have claimed them by then, they are ours.
 *
 *   Behind spilled messages none can: a cursor's claim ends at a slot that is SPILLED.
 *   In a block that the head has not come to: a cursor claims slots of the block that its expected head lies in, after
 *   it has seen them READY. Had it seen one of ours READY, before the mark, its expected head would lie in our block, and
 *   the head, which only grows, would have been there when we read it after the mark. All these operations are
 *   sequentially consistent (as in Dekker's algorithm: each side first writes or takes its stand, then looks at the other).
 *   In the block that the head stands in: when all who were in the core at the mark have left it (epoch.ts). Whoever has
 *   come later sees the marks. From before the mark until then the block is held: those who have seen our slots READY may
 *   claim and settle all of it, and we leave the core in between.
 *
 * Otherwise the marks are taken back, by compare-and-swap: the new owner of a claimed slot may have written to it. Of a
 * block that the head stands in the first message stays: who sweeps, gets or waits has something to look at. It is
 * copied, so that it does not keep the segment in which it lies among those that leave. A long one leaves with the
 * others.
 */
import { arrivedAt } from '../../memory/latency';
import { UNIT_PIECE, UNIT_HEAD, Unit } from '../../format/spilled-unit';
import { atomicAdd, atomicLoad, atomicStore, compareExchange } from '../../memory/atomic';
import { checkpoint, OUT_FOUND, OUT_MARKED } from '../../memory/checkpoint';
import { newEpoch, othersLeft, retire } from '../../memory/epoch';
import {
  borrowReserve,
  flushReleases,
  LOGGABLE,
  logNumber,
  Message,
  messageLength,
  Piece,
  pieceLength,
  release,
  releaseSimple,
  roomForMessage,
} from '../../memory/message';
import { givePage } from '../../memory/units';
import {
  SPILLED_MAX,
  spilledCount,
  behindGap,
  headOf,
  KEPT_FLAGS,
  NO_POSITION,
  setGap,
  setSpilledArrival,
  gapOf,
  unitLength,
  welcome,
} from './spilled';
import { blockAt } from '../chain/head';
import {
  SPILLED,
  Block,
  logPosition,
  moveHintPast,
  nextOf,
  Queue,
  READY,
  releaseQueue,
  SHARED,
  Slot,
  slotAt,
  SLOTS,
  STATE_MASK,
} from '../chain/queue';
import { ruling } from '../chain/features';
import { addDone } from '../chain/settle';

/** As a margin: right behind the first message. */
export const AT_HEAD: i32 = -1;
/** Somebody may be claiming them: ask again. */
export const LATER: f64 = -1;

let outQueue: Queue = changetype<Queue>(0);
let outBlock: Block = changetype<Block>(0);
/** The slots that leave: from the first to before the end. */
let outFirst: u32 = 0;
let outEnd: u32 = 0;
/**
 * Whether they begin where the head stood; whether we wait for those who may be claiming them, and the stamp for that.
 */
let atHead: bool = false;
let waits: bool = false;
let stamp: u32 = 0;
/** The next slot to be written out, and the next piece of the message before it. */
let outIndex: u32 = 0;
let outPiece: usize = 0;

/** Messages of the portion that is on its way. */
export function outCount(): u32 {
  return outEnd - outFirst;
}

// ── Which ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Looks for the first slot that may leave next; false: there is none. */
function find(queue: Queue, margin: i32): bool {
  const gap = gapOf(queue);
  atHead = false;
  outFirst = 0;
  if (changetype<usize>(gap)) {
    // The last of them is on its way back: soon there is no gap block.
    if (!spilledCount(queue) || <f64>(gap.spilled + 1) * SLOTS > SPILLED_MAX) return false;
    outBlock = behindGap(gap);
    outFirst = queue.spilledPart;
  } else {
    // The hint before the head, so that the walk is forward. Pairs with `moveHint`.
    const hint = changetype<Block>(atomicLoad(changetype<usize>(queue) + offsetof<Queue>('headBlock')));
    const head = headOf(queue);
    outBlock = blockAt(hint, head);
    atHead = margin == AT_HEAD;
    if (atHead && changetype<usize>(outBlock)) outFirst = head - outBlock.start;
    for (let i: i32 = AT_HEAD; i < margin && changetype<usize>(outBlock); i++) outBlock = nextOf(outBlock);
  }
  return changetype<usize>(outBlock) != 0;
}

/**
 * Begins to send a portion away: of `most` octets, or one message. The octets of its image, 0: none may leave, −1: ask
 * again. What does not reach the end of its block stays if it has less than `least` octets. The caller is inside the
 * core.
 */
export function beginOut(queue: Queue, margin: i32, least: f64, most: f64): f64 {
  if (waits && outQueue == queue) return own(least, most);
  if (changetype<usize>(outQueue) || ruling(queue).retired || !find(queue, margin)) return 0;
  checkpoint(OUT_FOUND);
  if (atHead && !hold(outBlock)) return 0;
  outEnd = markFrom(outBlock, outFirst);
  checkpoint(OUT_MARKED);
  if (outEnd == outFirst) {
    if (atHead) addDone(outBlock, 1);
    return 0;
  }
  outQueue = queue;
  waits = atHead;
  if (waits) stamp = newEpoch();
  return own(least, most);
}

/**
 * Keeps a block from being done until `addDone(block, 1)`; false: it is done, and whoever settled the last of it has
 * retired it.
 */
function hold(block: Block): bool {
  const done = changetype<usize>(block) + offsetof<Block>('done');
  while (true) {
    const before = atomicLoad(done);
    if (before == SLOTS) return false;
    // Pairs with the addition in `addDone`: either it comes to SLOTS, or we have taken one off before.
    if (compareExchange(done, before, before - 1) == before) return true;
  }
}

/** The messages are ours, if nobody has claimed one. */
function own(least: f64, most: f64): f64 {
  const first = outFirst;
  const head = headOf(outQueue) - outBlock.start;
  let ours = <i32>(head - first) < 0;
  if (waits) {
    if (!othersLeft(stamp)) return LATER;
    waits = false;
    addDone(outBlock, 1);
    ours = headOf(outQueue) - outBlock.start == first;
    if (ours && !changetype<Message>(slotAt(outBlock, first).message).next) {
      outFirst += 1;
      atHead = false;
    }
  }
  // Without those that wait this pairs with the compare-and-swap in `claim`.
  const octets = ours ? measure(least, most) : 0;
  if (!octets) {
    unmark(outQueue, outBlock, first, outEnd);
    outQueue = changetype<Queue>(0);
    return 0;
  }
  if (first != outFirst) {
    move(slotAt(outBlock, first));
    unmark(outQueue, outBlock, first, outFirst);
  }
  outIndex = outFirst;
  outPiece = 0;
  return octets;
}

/** Octets of the image of what leaves; 0: it is too little. What is too much stays. */
function measure(least: f64, most: f64): f64 {
  let octets: f64 = 0;
  let i = outFirst;
  for (; i < outEnd; i++) {
    const more = imageLength(changetype<Message>(slotAt(outBlock, i).message));
    if (i > outFirst && octets + more > most) break;
    octets += more;
  }
  if (i == SLOTS || i < outEnd || octets >= least) {
    // Nobody comes to the rest before what leaves is back: then they are granted.
    unmarkSlots(outBlock, i, outEnd);
    outEnd = i;
    return octets;
  }
  return 0;
}

function imageLength(message: Message): f64 {
  let octets = <f64>unitLength(messageLength(message));
  for (let at = message.next; at; at = changetype<Piece>(at).next)
    octets += <f64>unitLength(pieceLength(changetype<Piece>(at)));
  return octets;
}

/** Puts a message where others lie that stay long, if there is room. */
function move(slot: Slot): void {
  // Those who share it keep its segment anyway.
  if (slot.state & SHARED) return;
  const message = changetype<Message>(slot.message);
  const length = messageLength(message);
  const loggable = (message.flags & LOGGABLE) != 0;
  borrowReserve(true);
  const address = roomForMessage(length, true, loggable, loggable ? logNumber(slot.message) : 0);
  borrowReserve(false);
  if (!address) return;
  memory.copy(address, changetype<usize>(message), length);
  depart(outQueue);
  releaseSimple(slot.message);
  flushReleases();
  slot.message = <u32>address;
}

/** Messages are about to be freed that somebody may be looking at: pairs with the loads in `isHeld` (browse.ts). */
@inline function depart(queue: Queue): void {
  atomicAdd(changetype<usize>(queue) + offsetof<Queue>('departed'), 1);
}

// ── Marks ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Marks slots from one on, as long as they are READY; where that ends. */
function markFrom(block: Block, first: u32): u32 {
  let i = first;
  for (; i < SLOTS; i++) {
    const state = changetype<usize>(slotAt(block, i));
    const before = atomicLoad(state);
    // Pairs with the publisher's store: it is done with the slot. The swap fails only when a new owner has written to
    // the slot.
    if ((before & STATE_MASK) != READY || compareExchange(state, before, (before & ~STATE_MASK) | SPILLED) != before)
      break;
  }
  return i;
}

function unmarkSlots(block: Block, first: u32, end: u32): void {
  for (let i = end; i-- > first;) {
    const state = changetype<usize>(slotAt(block, i));
    let before = atomicLoad(state);
    while ((before & STATE_MASK) == SPILLED) {
      // Pairs with what the owner of a claimed slot may write; its mark means nothing any more.
      const seen = compareExchange(state, before, (before & ~STATE_MASK) | READY);
      if (seen == before) break;
      before = seen;
    }
  }
}

/** Takes the marks of some slots back, and lets those go on who found them. */
function unmark(queue: Queue, block: Block, first: u32, end: u32): void {
  unmarkSlots(block, first, end);
  welcome(queue, end - first);
}

// ── The image ──────────────────────────────────────────────────────────────────────────────────────────────────

/** Writes whole units of the image; returns octets, 0 at its end. */
export function fillOut(offset: usize, length: u32): u32 {
  if (!changetype<usize>(outQueue) || waits) return 0;
  let at = offset;
  const end = offset + length;
  while (true) {
    const piece = changetype<Piece>(outPiece);
    if (outPiece) {
      const octets = pieceLength(piece);
      if (!fits(at, end, octets)) break;
      at = writeUnit(at, UNIT_PIECE, NO_POSITION, 0, outPiece, octets);
      outPiece = piece.next;
      continue;
    }
    if (outIndex == outEnd) break;
    const slot = slotAt(outBlock, outIndex);
    const message = changetype<Message>(slot.message);
    const octets = messageLength(message);
    if (!fits(at, end, octets)) break;
    const copy = changetype<Message>(at + UNIT_HEAD);
    const place = outQueue.logId ? logPosition(outBlock, outIndex) : NO_POSITION;
    const id = message.flags & LOGGABLE ? logNumber(slot.message) : 0;
    at = writeUnit(at, slot.state & KEPT_FLAGS, place, id, slot.message, octets);
    copy.refs = 1;
    copy.next = 0;
    outPiece = message.next;
    outIndex += 1;
  }
  return <u32>(at - offset);
}

@inline function fits(at: usize, end: usize, octets: u32): bool {
  return unitLength(octets) <= <u32>(end - at);
}

function writeUnit(at: usize, flags: u32, position: u64, id: u64, from: usize, octets: u32): usize {
  const unit = changetype<Unit>(at);
  unit.span = unitLength(octets);
  unit.flags = flags;
  unit.position = position;
  unit.id = id;
  memory.copy(at + UNIT_HEAD, from, octets);
  return at + unit.span;
}

// ── The end ────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * The messages are away (`done`), or stay. False: they stay, since the head has come to them or nobody wants them any
 * more.
 */
export function endOut(done: bool): bool {
  const queue = outQueue;
  const block = outBlock;
  if (!changetype<usize>(queue)) return false;
  outQueue = changetype<Queue>(0);
  const stays = waits || !done || (!changetype<usize>(gapOf(queue)) && isReached(queue));
  if (stays) unmark(queue, block, outFirst, outEnd);
  if (waits) {
    waits = false;
    addDone(block, 1);
  }
  if (stays) return false;
  if (!changetype<usize>(gapOf(queue)))
    setSpilledArrival(queue, arrivedAt(changetype<Message>(slotAt(block, outFirst).message)));
  depart(queue);
  let bytes: i64 = 0;
  for (let i = outFirst; i < outEnd; i++) {
    const slot = slotAt(block, i);
    bytes += changetype<Message>(slot.message).bodySize;
    if (slot.state & SHARED) release(changetype<Message>(slot.message));
    else releaseSimple(slot.message);
  }
  flushReleases();
  queue.spilledBytes += bytes;
  join(queue, block);
  return true;
}

/** Whether somebody waits for the messages, or is about to find them spilled without having asked for them. */
function isReached(queue: Queue): bool {
  if (headOf(queue) != outBlock.start + outFirst) return false;
  const ruler = ruling(queue);
  // Who waits from now on has asked before, and is heard after this.
  return (
    // Pairs with the additions in `enterWaiters`, and the store of who awaits what is spilled:
    !atHead ||
    atomicLoad(changetype<usize>(ruler) + offsetof<Queue>('waiting')) != 0 ||
    atomicLoad(changetype<usize>(ruler) + offsetof<Queue>('awaited')) != 0
  );
}

/** What has left joins what is spilled. */
function join(queue: Queue, block: Block): void {
  const gap = gapOf(queue);
  const whole = outEnd == SLOTS;
  // Whoever enters from now on does not find it from the tail's side; from the head's side nobody comes so far.
  if (whole) moveHintPast(changetype<usize>(queue) + offsetof<Queue>('tailBlock'), block);
  queue.spilledPart = whole ? 0 : outEnd;
  if (!changetype<usize>(gap)) {
    if (queue.logId) queue.spilledPlace = logPosition(block, outFirst);
    queue.spilledFilled = outFirst;
    block.spilled = whole ? 1 : 0;
    setGap(queue, block);
    return;
  }
  if (!whole) return;
  gap.spilled += 1;
  if (gap == block) return;
  // Pairs with the load in `nextOf`.
  atomicStore(changetype<usize>(gap) + offsetof<Block>('next'), block.next);
  if (block.logTable) givePage(block.logTable);
  retire(block);
  releaseQueue(queue);
}

/** What is under way with this queue is over: its messages are where they were. */
export function abandonOut(queue: Queue): void {
  if (outQueue == queue) endOut(false);
}
