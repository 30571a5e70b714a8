/**
 * Absent messages: blocks of a queue whose messages are elsewhere (in page files, or still in the log). In the chain a single block, the stub, stands for all of
 * them: its slots are ABSENT, so cursors stop there; `stub.absent` says for how many blocks it stands. A queue has at most one stub. Only the coordinator moves
 * messages, one block of one queue out and one in at a time, so stubs and this module's state have one writer.
 *
 *   head … │ block │ block │ stub: positions start … start + absent × SLOTS │ block │ … tail
 *
 * Out: the first block behind the stub; without one, a block some way behind the head. All its slots are READY, so its publishers are done with it, and none
 * of them is RETURNED, since the head has never been there. They are marked ABSENT, then the head is read again: if it has not come to the block, the messages are ours.
 *   Proof. A cursor claims slots of the block that its expected head lies in, after it has seen them READY. Had it seen one of ours READY, before the mark, its
 *   expected head would lie in our block, and the head, which only grows, would have been there when we read it after the mark. All these operations
 *   are sequentially consistent (as in Dekker's algorithm: each side first writes or takes its stand, then looks at the other).
 * Otherwise the marks are taken back, by compare-and-swap: the new owner of a claimed slot may have written to it.
 * Publishers never walk over a position that they did not reserve later than they read their hint, and the hint has moved past a block before it joins the stub.
 *
 * In: the slots of the stub itself become READY again; the last one only when a new stub is linked behind it, and the old one is a block like any other.
 *
 * Image: units as in src/store/absent-source.ts: 24 octets, then the Message or Piece as it lies in memory.
 */
import { atomicAdd, atomicExchange, atomicLoad, atomicStore, compareExchange } from '../memory/atomic';
import { isLogging, placesDone } from '../log/lane';
import { retire } from '../memory/epoch';
import {
  aligned, borrowReserve, EXPIRING, flushReleases, FRAME_MAX, LOGGABLE, logNumber, Message, MESSAGE_HEAD, messageLength, Piece, PIECE_HEAD, pieceLength, release, releaseSimple,
  roomForMessage, roomForPiece
} from '../memory/message';
import { coordinator, Participant, participantAt, root, self } from '../memory/root';
import { givePage, ring, takePage } from '../memory/units';
import { blockAt } from './claim';
import { sharedFlag } from './publish';
import {
  ABSENT, Block, initBlock, LOGGED, logPosition, moveHintPast, nextOf, Queue, READY, REDELIVERED, releaseQueue, RETURNS_SHIFT, SHARED, slotAt, SLOTS, STATE_MASK
} from './queue';
import { addBytes, BYTES, expectExpiry, ruling, UNLIMITED } from './rules';
import { addDone } from './settle';
import { grant } from './waiters';

@unmanaged class Unit {
  span: u32;
  flags: u32;
  position: u64;
  id: u64;
}
const UNIT_HEAD: u32 = 24;
/** Of a unit: one more piece of the message before it. */
const PIECE: u32 = 0x80000000;
const NO_POSITION: u64 = u64.MAX_VALUE;
/** What a unit says of its slot: the rest follows from the message. */
const KEPT_FLAGS: u32 = (REDELIVERED | LOGGED | (0xffffffff << RETURNS_SHIFT)) & ~PIECE;
/** More positions than these between two blocks could not be told from a step back. */
const ABSENT_MAX: f64 = 1073741824;

@inline function stubOf(queue: Queue): Block { return changetype<Block>(atomicLoad(changetype<usize>(queue) + offsetof<Queue>("stub"))); }
@inline function setStub(queue: Queue, stub: Block): void {
  // Pairs with the load in `wishAhead`: a cursor that misses it finds the next message absent.
  atomicStore(changetype<usize>(queue) + offsetof<Queue>("stub"), <u32>changetype<usize>(stub));
}
@inline function headOf(queue: Queue): u32 { return atomicLoad(changetype<usize>(queue) + offsetof<Queue>("head")); }

// ── Counting ───────────────────────────────────────────────────────────────────────────────────────────────────

export function absentCount(queue: Queue): u32 {
  const stub = stubOf(queue);
  return changetype<usize>(stub) ? stub.absent * SLOTS - queue.absentFilled : 0;
}

/** Messages at the front that are here: from the head to the first that is absent. */
export function presentCount(queue: Queue): u32 {
  const stub = stubOf(queue);
  const head = headOf(queue);
  if (!changetype<usize>(stub)) return atomicLoad(changetype<usize>(queue) + offsetof<Queue>("tail")) - head;
  return <u32>max<i32>(0, <i32>(stub.start + queue.absentFilled - head));
}

// ── Absent from the first ──────────────────────────────────────────────────────────────────────────────────────

/** The first `count` messages of a queue that was just made are elsewhere. False: no memory, or too many. */
export function setAbsent(queue: Queue, count: f64): bool {
  if (count <= 0) return count == 0;
  if (count > ABSENT_MAX) return false;
  const page = takePage();
  if (!page) return false;
  const stub = changetype<Block>(queue.headBlock);
  const blocks = (<u32>count + SLOTS - 1) / SLOTS;
  const pad = blocks * SLOTS - <u32>count;
  const behind = changetype<Block>(page);
  initBlock(behind, queue, blocks * SLOTS, stub.logStart);
  atomicAdd(changetype<usize>(queue) + offsetof<Queue>("blocks"), 1);
  fillAbsent(stub);
  stub.absent = blocks;
  stub.next = <u32>page;
  stub.done = pad;
  queue.tailBlock = <u32>page;
  queue.tail = blocks * SLOTS;
  queue.head = pad;
  queue.absentUncounted = <u32>count;
  queue.absentFilled = pad;
  setStub(queue, stub);
  return true;
}

function fillAbsent(block: Block): void {
  for (let i: u32 = 0; i < SLOTS; i++) slotAt(block, i).state = ABSENT;
}

// ── Out ────────────────────────────────────────────────────────────────────────────────────────────────────────

let outQueue: Queue = changetype<Queue>(0);
let outBlock: Block = changetype<Block>(0);
/** The next slot to be written out, and the next piece of the message before it. */
let outIndex: u32 = 0;
let outPiece: usize = 0;

/** The block that may leave next: behind the stub, or `margin` blocks behind the one that the head stands in; 0 when there is none that is full. */
function candidate(queue: Queue, margin: u32): Block {
  const stub = stubOf(queue);
  let block = stub;
  if (!changetype<usize>(block)) {
    const hint = changetype<Block>(atomicLoad(changetype<usize>(queue) + offsetof<Queue>("headBlock")));
    block = blockAt(hint, headOf(queue));
    for (let i: u32 = 0; i < margin && changetype<usize>(block); i++) block = nextOf(block);
    if (!changetype<usize>(block)) return block;
  }
  block = nextOf(block);
  return changetype<usize>(block) && changetype<usize>(nextOf(block)) ? block : changetype<Block>(0);
}

/** Begins to send a block away; the octets of its image, 0: none may leave. The caller is inside the core. */
export function beginOut(queue: Queue, margin: u32): f64 {
  if (changetype<usize>(outQueue) || ruling(queue).retired) return 0;
  const stub = stubOf(queue);
  if (changetype<usize>(stub) && <f64>(stub.absent + 1) * SLOTS > ABSENT_MAX) return 0;
  const block = candidate(queue, margin);
  if (!changetype<usize>(block) || !mark(queue, block)) return 0;
  outQueue = queue;
  outBlock = block;
  outIndex = 0;
  outPiece = 0;
  let octets: f64 = 0;
  for (let i: u32 = 0; i < SLOTS; i++) octets += imageLength(changetype<Message>(slotAt(block, i).message));
  return octets;
}

function imageLength(message: Message): f64 {
  let octets = <f64>(aligned(messageLength(message)) + UNIT_HEAD);
  for (let at = message.next; at; at = changetype<Piece>(at).next) octets += <f64>(aligned(pieceLength(changetype<Piece>(at))) + UNIT_HEAD);
  return octets;
}

/** Marks all slots of a block; false when one is not READY, or the head has come to it: then they are as before. See the proof above. */
function mark(queue: Queue, block: Block): bool {
  // A look at the last one spares most attempts in vain.
  if ((atomicLoad(changetype<usize>(slotAt(block, SLOTS - 1))) & STATE_MASK) != READY) return false;
  for (let i: u32 = 0; i < SLOTS; i++) {
    const state = changetype<usize>(slotAt(block, i));
    const before = atomicLoad(state);
    // Pairs with the publisher's store: it is done with the slot. The swap fails only when a new owner has written to the slot.
    if ((before & STATE_MASK) == READY && compareExchange(state, before, (before & ~STATE_MASK) | ABSENT) == before) continue;
    unmark(queue, block, i);
    return false;
  }
  // Pairs with the compare-and-swap in `claim`.
  if (<i32>(headOf(queue) - block.start) < 0) return true;
  unmark(queue, block, SLOTS);
  return false;
}

/** Takes the marks of the first `count` slots back, and lets those go on who found them. */
function unmark(queue: Queue, block: Block, count: u32): void {
  for (let i = count; i--;) {
    const state = changetype<usize>(slotAt(block, i));
    let before = atomicLoad(state);
    while ((before & STATE_MASK) == ABSENT) {
      // Pairs with what the owner of a claimed slot may write; its mark means nothing any more.
      const seen = compareExchange(state, before, (before & ~STATE_MASK) | READY);
      if (seen == before) break;
      before = seen;
    }
  }
  welcome(queue, count);
}

/** Messages can be claimed that could not before. */
function welcome(queue: Queue, count: u32): void {
  if (!count) return;
  const ruler = ruling(queue);
  grant(ruler, count);
  // Pairs with the store in `awaitFront`.
  if (!atomicExchange(changetype<usize>(ruler) + offsetof<Queue>("awaited"), 0)) return;
  for (let i: u32 = 0; i < root().participants - 1; i++) {
    const worker = participantAt(i);
    // Before the ring: one that is awake does not hear it, and looks here before it sleeps.
    atomicStore(changetype<usize>(worker) + offsetof<Participant>("back"), 1);
    ring(worker);
  }
}

/** Writes whole units of the image; returns octets, 0 at its end. */
export function fillOut(offset: usize, length: u32): u32 {
  if (!changetype<usize>(outQueue)) return 0;
  let at = offset;
  const end = offset + length;
  while (true) {
    const piece = changetype<Piece>(outPiece);
    if (outPiece) {
      const octets = pieceLength(piece);
      if (!fits(at, end, octets)) break;
      at = writeUnit(at, PIECE, NO_POSITION, 0, outPiece, octets);
      outPiece = piece.next;
      continue;
    }
    if (outIndex == SLOTS) break;
    const slot = slotAt(outBlock, outIndex);
    const message = changetype<Message>(slot.message);
    const octets = messageLength(message);
    if (!fits(at, end, octets)) break;
    const copy = changetype<Message>(at + UNIT_HEAD);
    const place = slot.state & LOGGED ? logPosition(outBlock, outIndex) : NO_POSITION;
    const id = message.flags & LOGGABLE ? logNumber(slot.message) : 0;
    at = writeUnit(at, slot.state & KEPT_FLAGS, place, id, slot.message, octets);
    copy.refs = 1;
    copy.next = 0;
    outPiece = message.next;
    outIndex += 1;
  }
  return <u32>(at - offset);
}

@inline function fits(at: usize, end: usize, octets: u32): bool { return aligned(octets) + UNIT_HEAD <= <u32>(end - at); }

function writeUnit(at: usize, flags: u32, position: u64, id: u64, from: usize, octets: u32): usize {
  const unit = changetype<Unit>(at);
  unit.span = aligned(octets) + UNIT_HEAD;
  unit.flags = flags;
  unit.position = position;
  unit.id = id;
  memory.copy(at + UNIT_HEAD, from, octets);
  return at + unit.span;
}

/** The messages are away (`done`), or stay. False: they stay, since the head has come to them or nobody wants them any more. */
export function endOut(done: bool): bool {
  const queue = outQueue;
  const block = outBlock;
  if (!changetype<usize>(queue)) return false;
  outQueue = changetype<Queue>(0);
  const stub = stubOf(queue);
  if (!done || (!changetype<usize>(stub) && headOf(queue) == block.start)) {
    unmark(queue, block, SLOTS);
    return false;
  }
  let bytes: i64 = 0;
  for (let i: u32 = 0; i < SLOTS; i++) {
    const slot = slotAt(block, i);
    bytes += changetype<Message>(slot.message).bodySize;
    if (slot.state & SHARED) release(changetype<Message>(slot.message));
    else releaseSimple(slot.message);
  }
  flushReleases();
  queue.absentBytes += bytes;
  // Whoever enters from now on does not find it from the tail's side; from the head's side nobody comes so far.
  moveHintPast(changetype<usize>(queue) + offsetof<Queue>("tailBlock"), block);
  if (!changetype<usize>(stub)) {
    if (queue.logId) queue.absentPlace = logPosition(block, 0);
    block.absent = 1;
    setStub(queue, block);
    return true;
  }
  stub.absent += 1;
  // Pairs with the load in `nextOf`.
  atomicStore(changetype<usize>(stub) + offsetof<Block>("next"), block.next);
  if (block.logTable) givePage(block.logTable);
  retire(changetype<usize>(block));
  releaseQueue(queue);
  return true;
}

// ── In ─────────────────────────────────────────────────────────────────────────────────────────────────────────

let inQueue: Queue = changetype<Queue>(0);
let inStub: Block = changetype<Block>(0);
/** The page of the next stub, if one is needed. */
let inPage: usize = 0;
/** The next slot to be taken. Those from `absentFilled` on are taken and not READY yet. */
let inIndex: u32 = 0;
/** Where the next piece of the message taken last is linked. */
let inLink: usize = 0;
/** Octets of its body that are still to come. */
let inLeft: u32 = 0;
/** Its number in the log, and whether it may go there. */
let inId: u64 = 0;
let inLoggable: bool = false;

/** Begins to bring the first absent block back: how many messages it wants; 0: none is absent, −1: no memory. */
export function beginIn(queue: Queue): i32 {
  const stub = stubOf(queue);
  if (changetype<usize>(inQueue) || !changetype<usize>(stub)) return 0;
  inPage = stub.absent > 1 ? takePage() : 0;
  if (stub.absent > 1 && !inPage) return -1;
  inQueue = queue;
  inStub = stub;
  inIndex = queue.absentFilled;
  inLink = 0;
  inLeft = 0;
  return <i32>(SLOTS - inIndex);
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
    outcome = unit.flags & PIECE ? takePiece(unit) : takeMessage(unit);
    if (outcome) break;
    at += unit.span;
  }
  borrowReserve(false);
  // A block of long messages may not fit into memory at once: what is here can be claimed.
  const whole = inLeft ? inIndex - 1 : inIndex;
  if (whole < SLOTS) open(whole);
  return at == offset ? outcome : <i32>(at - offset);
}

/** Makes what was taken before slot `end` READY. */
function open(end: u32): void {
  const queue = inQueue;
  const first = queue.absentFilled;
  if (first == end) return;
  countBytes(queue, first, end);
  passPlaces(queue, first, end);
  queue.absentFilled = end;
  // The last one first: a cursor finds them all.
  for (let i = end; i-- > first;) {
    const state = changetype<usize>(slotAt(inStub, i));
    // Pairs with the load of a cursor, as a publisher's store does.
    atomicStore(state, (load<u32>(state) & ~STATE_MASK) | READY);
  }
  welcome(queue, end - first);
}

/** The places of these slots are those of absent messages no more: only now, since what was taken may still be given up. */
function passPlaces(queue: Queue, first: u32, end: u32): void {
  for (let i = end; i-- > first;) {
    if (!(slotAt(inStub, i).state & LOGGED)) continue;
    queue.absentPlace = logPosition(inStub, i) + 1;
    return;
  }
}

const NO_MEMORY: i32 = -1;
const UNWANTED: i32 = -2;

function takeMessage(unit: Unit): i32 {
  const message = changetype<Message>(changetype<usize>(unit) + UNIT_HEAD);
  if (inLeft || inIndex == SLOTS || !holds(unit, MESSAGE_HEAD) || message.firstLength > message.bodySize || !holds(unit, messageLength(message))) return UNWANTED;
  if ((unit.flags & LOGGED) && !place(unit.position)) return NO_MEMORY;
  inId = unit.id;
  inLoggable = (message.flags & LOGGABLE) != 0;
  const address = roomForMessage(messageLength(message), inLoggable, inId);
  if (!address) return NO_MEMORY;
  memory.copy(address, changetype<usize>(message), messageLength(message));
  const copy = changetype<Message>(address);
  copy.refs = 1;
  copy.next = 0;
  const slot = slotAt(inStub, inIndex);
  slot.message = <u32>address;
  // Pairs with the load of a cursor, for which nothing changes.
  atomicStore(changetype<usize>(slot), ABSENT | (unit.flags & KEPT_FLAGS) | sharedFlag(copy));
  inLink = address + offsetof<Message>("next");
  inLeft = copy.bodySize - copy.firstLength;
  inIndex += 1;
  // After a restart nobody has said so yet.
  if (copy.flags & EXPIRING) expectExpiry(ruling(inQueue), UNLIMITED);
  return 0;
}

/** Gives the slot that is filled next its position in the log; false: no memory. */
function place(position: u64): bool {
  const block = inStub;
  if (!block.logTable) {
    // A block of which nothing is here yet begins where its first message says.
    if (!inIndex) block.logStart = position;
    if (block.logStart + inIndex == position) return true;
    const page = takePage();
    if (!page) return false;
    for (let i: u32 = 0; i < SLOTS; i++) store<u64>(page + i * 8, block.logStart + i);
    // The slots that can be claimed already have the same positions there.
    block.logTable = <u32>page;
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
  inLink = address + offsetof<Piece>("next");
  inLeft -= copy.length;
  return 0;
}

/** Whether a unit is well formed and has room for so many octets. */
@inline function holds(unit: Unit, octets: u32): bool { return !(unit.span & 7) && octets <= FRAME_MAX * 3 && unit.span >= UNIT_HEAD + octets; }

/** All are there (`done`), or what was taken last is given up. False: some are still absent. */
export function endIn(done: bool): bool {
  const queue = inQueue;
  if (!changetype<usize>(queue)) return false;
  const back = done && inIndex == SLOTS && !inLeft;
  if (back) {
    linkNextStub(queue, inStub);
    // Only now: whoever claims the last slot finds the next block behind it.
    open(SLOTS);
    queue.absentFilled = 0;
  } else giveUp();
  inQueue = changetype<Queue>(0);
  return back;
}

function giveUp(): void {
  if (inPage) givePage(inPage);
  for (let i = inQueue.absentFilled; i < inIndex; i++) {
    const slot = slotAt(inStub, i);
    if (slot.state & SHARED) release(changetype<Message>(slot.message));
    else releaseSimple(slot.message);
  }
  flushReleases();
}

/** The stub stands for its own slots alone from now on, what else it stood for is behind it. */
function linkNextStub(queue: Queue, stub: Block): void {
  const next = changetype<Block>(inPage);
  if (inPage) {
    initBlock(next, queue, stub.start + SLOTS, 0);
    fillAbsent(next);
    next.absent = stub.absent - 1;
    next.next = stub.next;
    atomicAdd(changetype<usize>(queue) + offsetof<Queue>("blocks"), 1);
    // Pairs with the load in `nextOf`.
    atomicStore(changetype<usize>(stub) + offsetof<Block>("next"), <u32>inPage);
  }
  stub.absent = 0;
  setStub(queue, next);
}

/** What `readyBytes` counted all the time stays counted; what it did not know of is added. */
function countBytes(queue: Queue, first: u32, end: u32): void {
  let bytes: i64 = 0;
  for (let i = first; i < end; i++) bytes += changetype<Message>(slotAt(inStub, i).message).bodySize;
  if (queue.absentUncounted) {
    // Those end with a block.
    queue.absentUncounted -= end - first;
    if (ruling(queue).traits & BYTES) addBytes(ruling(queue), bytes);
  } else queue.absentBytes -= bytes;
}

// ── Nobody wants them ──────────────────────────────────────────────────────────────────────────────────────────

/** What is under way with this queue is over: its messages are where they were. */
export function abandon(queue: Queue): void {
  if (outQueue == queue) endOut(false);
  if (inQueue == queue) endIn(false);
}

/** Forgets the absent messages once all before them are claimed; returns how many, 0: there are none, or it is too early. Inside the core; the coordinator's. */
export function dropAbsent(queue: Queue): u32 {
  const stub = stubOf(queue);
  if (!changetype<usize>(stub) || self != coordinator()) return 0;
  abandon(queue);
  const address = changetype<usize>(queue);
  const head = headOf(queue);
  const behind = nextOf(stub);
  // Cursors see the old head and nothing READY there, or the new one; none of them moves it.
  if (head != stub.start + queue.absentFilled || compareExchange(address + offsetof<Queue>("head"), head, behind.start) != head) return 0;
  setStub(queue, changetype<Block>(0));
  if (ruling(queue).traits & BYTES) addBytes(ruling(queue), -queue.absentBytes);
  queue.absentBytes = 0;
  queue.absentUncounted = 0;
  // What lies between was absent, was done before, or was never in the log. What is behind was published in this life, in a row.
  const place = queue.absentPlace;
  if (queue.logId && isLogging() && !ruling(queue).retired && behind.logStart > place) placesDone(queue.logId, place, behind.logStart - place);
  stub.absent = 0;
  addDone(stub, SLOTS - queue.absentFilled);
  queue.absentFilled = 0;
  welcome(queue, SLOTS);
  return behind.start - head;
}
