/**
 * Messages on their way in, to the first slots of the gap block that are spilled. They become READY as they come, but
 * for the last of the gap block's own: that one only when a new gap block is linked behind it, if it stood for more,
 * and the old one is a block like any other. What comes at a time need not fill a block: it went out as a portion.
 */
import { arrivedAt } from '../../memory/latency';
import { UNIT_PIECE, UNIT_HEAD, Unit } from '../../format/spilled-unit';
import { FRAME_MAX } from '../../format/frame';
import { atomicAdd, atomicStore } from '../../memory/atomic';
import {
  borrowReserve,
  EXPIRING,
  flushReleases,
  LOGGABLE,
  Message,
  MESSAGE_HEAD,
  messageLength,
  Piece,
  PIECE_HEAD,
  pieceLength,
  release,
  releaseSimple,
  roomForMessage,
  roomForPiece,
} from '../../memory/message';
import { givePage, takePage } from '../../memory/units';
import { spilledEnd, fillSpilled, KEPT_FLAGS, NO_POSITION, setGap, setSpilledArrival, gapOf, welcome } from './spilled';
import {
  SPILLED,
  Block,
  initBlock,
  LOGGED,
  logPosition,
  nextOf,
  Queue,
  READY,
  SHARED,
  sharedFlag,
  slotAt,
  SLOTS,
  STATE_MASK,
} from '../chain/queue';
import { ruling } from '../chain/features';
import { expectExpiry } from '../rules/set-features';
import { ANY_SWEEPER } from '../rules/sweep';

let inQueue: Queue = changetype<Queue>(0);
let inGap: Block = changetype<Block>(0);
/** The page of the next gap block, if one is needed. */
let inPage: usize = 0;
/** The next slot to be taken. Those from `spilledFilled` on are taken and not READY yet. */
let inIndex: u32 = 0;
/** Where the next piece of the message taken last is linked. */
let inLink: usize = 0;
/** Octets of its body that are still to come. */
let inLeft: u32 = 0;
/** Its number in the log, and whether it may go there. */
let inId: u64 = 0;
let inLoggable: bool = false;

/**
 * Begins to bring the first spilled messages back: how many the gap block's own slots want; 0: none is spilled, −1: no
 * memory.
 */
export function beginIn(queue: Queue): i32 {
  const gap = gapOf(queue);
  if (changetype<usize>(inQueue) || !changetype<usize>(gap)) return 0;
  // More may be spilled by the end.
  inPage = takePage();
  if (!inPage) return -1;
  inQueue = queue;
  inGap = gap;
  inIndex = queue.spilledFilled;
  inLink = 0;
  inLeft = 0;
  return <i32>(spilledEnd(queue, gap) - inIndex);
}

/** Takes whole units; returns octets taken; −1: no memory, −2: they are not wanted, or are no units. */
export function takeIn(offset: usize, length: u32): i32 {
  if (!changetype<usize>(inQueue)) return UNWANTED;
  let at = offset;
  const end = offset + length;
  let outcome: i32 = 0;
  borrowReserve(true);
  while (<u32>(end - at) > UNIT_HEAD) {
    const unit = changetype<Unit>(at);
    if (unit.span > <u32>(end - at)) break;
    outcome = unit.flags & UNIT_PIECE ? takePiece(unit) : takeMessage(unit);
    if (outcome) break;
    at += unit.span;
  }
  borrowReserve(false);
  // A block of long messages may not fit into memory at once: what is here can be claimed.
  const whole = inLeft ? inIndex - 1 : inIndex;
  if (whole < spilledEnd(inQueue, inGap)) open(whole);
  return at == offset ? outcome : <i32>(at - offset);
}

/** Makes what was taken before slot `end` READY. */
function open(end: u32): void {
  const queue = inQueue;
  const first = queue.spilledFilled;
  if (first == end) return;
  for (let i = first; i < end; i++) queue.spilledBytes -= changetype<Message>(slotAt(inGap, i).message).bodySize;
  // The next one came with it, or later.
  setSpilledArrival(queue, arrivedAt(changetype<Message>(slotAt(inGap, end - 1).message)));
  passPlaces(queue, first, end);
  queue.spilledFilled = end;
  // The last one first: a cursor finds them all.
  for (let i = end; i-- > first;) {
    const state = changetype<usize>(slotAt(inGap, i));
    // Pairs with the load of a cursor, as a publisher's store does.
    atomicStore(state, (load<u32>(state) & ~STATE_MASK) | READY);
  }
  welcome(queue, end - first);
}

/**
 * The places of these slots are those of spilled messages no more: only now, since what was taken may still be given
 * up.
 */
function passPlaces(queue: Queue, first: u32, end: u32): void {
  for (let i = end; i-- > first;) {
    if (!(slotAt(inGap, i).state & LOGGED)) continue;
    queue.spilledPlace = logPosition(inGap, i) + 1;
    return;
  }
}

export const NO_MEMORY: i32 = -1;
export const UNWANTED: i32 = -2;

function takeMessage(unit: Unit): i32 {
  const message = changetype<Message>(changetype<usize>(unit) + UNIT_HEAD);
  if (
    inLeft ||
    inIndex == spilledEnd(inQueue, inGap) ||
    !holds(unit, MESSAGE_HEAD) ||
    message.firstLength > message.bodySize ||
    !holds(unit, messageLength(message))
  )
    return UNWANTED;
  if (unit.position != NO_POSITION && !place(unit.position)) return NO_MEMORY;
  inId = unit.id;
  inLoggable = (message.flags & LOGGABLE) != 0;
  const address = roomForMessage(messageLength(message), false, inLoggable, inId);
  if (!address) return NO_MEMORY;
  memory.copy(address, changetype<usize>(message), messageLength(message));
  const copy = changetype<Message>(address);
  copy.refs = 1;
  copy.next = 0;
  const slot = slotAt(inGap, inIndex);
  slot.message = <u32>address;
  // Pairs with the load of a cursor, for which nothing changes.
  atomicStore(changetype<usize>(slot), SPILLED | (unit.flags & KEPT_FLAGS) | sharedFlag(copy));
  inLink = address + offsetof<Message>('next');
  inLeft = copy.bodySize - copy.firstLength;
  inIndex += 1;
  // After a restart nobody has said so yet.
  if (copy.flags & EXPIRING) expectExpiry(ruling(inQueue), ANY_SWEEPER);
  return 0;
}

/** Gives the slot that is filled next its position in the log; false: no memory. */
function place(position: u64): bool {
  const block = inGap;
  if (!block.logTable) {
    // A block of which nothing is here yet begins where its first message says; one to which messages are published
    // goes on from where it began.
    if (!inIndex && block.spilled) block.logStart = position;
    if (block.logStart + inIndex == position) return true;
    const page = takePage();
    if (!page) return false;
    for (let i: u32 = 0; i < SLOTS; i++) store<u64>(page + i * 8, block.logStart + i);
    // The slots that can be claimed already, or are filled meanwhile, have the same positions there. Pairs with the
    // load in `logPosition`, which may see either.
    atomicStore(changetype<usize>(block) + offsetof<Block>('logTable'), <u32>page);
  }
  store<u64>(<usize>block.logTable + inIndex * 8, position);
  return true;
}

function takePiece(unit: Unit): i32 {
  const piece = changetype<Piece>(changetype<usize>(unit) + UNIT_HEAD);
  if (!holds(unit, PIECE_HEAD) || piece.length > inLeft || !holds(unit, pieceLength(piece))) return UNWANTED;
  const address = roomForPiece(pieceLength(piece), inLoggable, inId);
  if (!address) return NO_MEMORY;
  memory.copy(address, changetype<usize>(piece), pieceLength(piece));
  const copy = changetype<Piece>(address);
  copy.next = 0;
  store<u32>(inLink, <u32>address);
  inLink = address + offsetof<Piece>('next');
  inLeft -= copy.length;
  return 0;
}

/** Whether a unit is well formed and has room for so many octets. */
@inline function holds(unit: Unit, octets: u32): bool {
  return !(unit.span & 7) && octets <= FRAME_MAX * 3 && unit.span >= UNIT_HEAD + octets;
}

/** What came is whole (`done`), or what was taken last is given up. False: it is, and must come anew. */
export function endIn(done: bool): bool {
  const queue = inQueue;
  if (!changetype<usize>(queue)) return false;
  const back = done && !inLeft;
  if (!back) giveUp();
  else if (inIndex < spilledEnd(queue, inGap)) open(inIndex);
  else {
    linkNextGap(queue, inGap);
    // Only now: whoever claims the last slot finds the next block behind it.
    open(inIndex);
    queue.spilledFilled = 0;
  }
  if (inPage) givePage(inPage);
  inQueue = changetype<Queue>(0);
  return back;
}

function giveUp(): void {
  for (let i = inQueue.spilledFilled; i < inIndex; i++) {
    const slot = slotAt(inGap, i);
    if (slot.state & SHARED) release(changetype<Message>(slot.message));
    else releaseSimple(slot.message);
  }
  flushReleases();
}

/** The gap block's own slots are not spilled any more; what else is has a gap block behind it. */
function linkNextGap(queue: Queue, gap: Block): void {
  if (gap.spilled > 1) {
    const next = changetype<Block>(inPage);
    inPage = 0;
    initBlock(next, queue, gap.start + SLOTS, 0);
    fillSpilled(next, SLOTS);
    next.spilled = gap.spilled - 1;
    next.next = gap.next;
    atomicAdd(changetype<usize>(queue) + offsetof<Queue>('blocks'), 1);
    // Pairs with the load in `nextOf`.
    atomicStore(changetype<usize>(gap) + offsetof<Block>('next'), <u32>changetype<usize>(next));
    gap.spilled = 0;
    setGap(queue, next);
    return;
  }
  const next = gap.spilled && queue.spilledPart ? nextOf(gap) : changetype<Block>(0);
  if (!changetype<usize>(next)) queue.spilledPart = 0;
  gap.spilled = 0;
  setGap(queue, next);
}

/** What is under way with this queue is over: its messages are where they were. */
export function abandonIn(queue: Queue): void {
  if (inQueue == queue) endIn(false);
}
