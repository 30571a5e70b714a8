/**
 * Messages: in wire form, in segments. A participant appends to its own two open segments: the hot one, and the cold
 * one for queues that hold many messages already, so that what stays long does not pin the memory of what goes soon.
 * With a log there are two more, for what may go into it.
 *
 * Segment  0 │ live u32: while open, OPEN less what was released; after sealing, messages and pieces not yet released
 *         64 │ messages and pieces, 8-aligned
 *
 * Message  0 │ refs u32        queues that hold it (and 1 for content being sent in parts); the last to let go releases it
 *          4 │ next u32        second piece of a long body, or 0
 *          8 │ bodySize u32
 *         12 │ headerLength u32  whole header frame: 7 octets, payload, end octet
 *         16 │ firstLength u32   body octets in this first piece
 *         20 │ keyLength u16, flags u16
 *         24 │ arrival f64     when it went to its queues, or before that its content header came (Unix ms, with a
 *            │                 fraction: latency.ts)
 *         32 │ key: exchange and routing key as two short strings
 *            │ header frame
 *            │ body frame of `firstLength` octets (none when the body is empty)
 *
 * Piece    0 │ next u32, 4 │ length u32, 8 │ one whole body frame
 *
 * Before each loggable message and piece: the head of its log record (format/record.ts), 16 octets, and its number in
 * the log u64, 0 until it has one. So what lies from there on is a record whose payload is the number, the message or
 * piece and what follows it.
 *
 * A first piece holds at most FRAME_BODY_MAX octets of body, so each stored frame is one that the largest frame-max
 * allows: delivery is one copy and a patched channel number. The channel numbers stored here mean nothing. Written by:
 * the receiving worker until it is enqueued, then nobody (but `refs`). Freed by: the last holder, any participant.
 */
import { FRAME_BODY, FRAME_BODY_MAX, FRAME_END, FRAME_HEAD, FRAME_OVERHEAD } from '../format/frame';
import {
  RECORD_HEAD,
  RECORD_ID,
  RECORD_LEAD,
  RECORD_LENGTH_AT,
  RECORD_MESSAGE,
  RECORD_PIECE,
  RECORD_TYPE_AT,
} from '../format/record';
import { atomicAdd, atomicLoad, atomicStore, atomicSub } from './atomic';
import { write32 } from './bytes';
import { IS_SMALL } from './parts';
import { Participant, root, SEGMENT, self } from './root';
import { giveSegment, takeSegment } from './units';

@unmanaged export class Message {
  refs: u32;
  next: u32;
  bodySize: u32;
  headerLength: u32;
  firstLength: u32;
  keyLength: u16;
  /** MANDATORY, EXPIRING, ASK, LOGGABLE: as they stand in log records. */
  flags: u16;
  arrival: f64;
}
/** The publish was mandatory; it has a valid `expiration`; it must go to the host. */
export const MANDATORY: u32 = 1;
export const EXPIRING: u32 = 2;
export const ASK: u32 = 4;
/** It is persistent, and its participant has a log. */
export const LOGGABLE: u32 = IS_SMALL ? 0 : 8;

@unmanaged export class Piece {
  next: u32;
  length: u32;
}

export const MESSAGE_HEAD: u32 = offsetof<Message>();
export const PIECE_HEAD: u32 = offsetof<Piece>();
export const SEGMENT_HEAD: u32 = 64;
/** More than a segment can hold messages. */
const OPEN: u32 = 1 << 30;

@inline export function keyOf(message: Message): usize {
  return changetype<usize>(message) + MESSAGE_HEAD;
}

@inline export function headerOf(message: Message): usize {
  return keyOf(message) + message.keyLength;
}

@inline export function bodyFrameOf(message: Message): usize {
  return headerOf(message) + message.headerLength;
}

@inline export function pieceFrameOf(piece: Piece): usize {
  return changetype<usize>(piece) + PIECE_HEAD;
}

// ── Open segments ──────────────────────────────────────────────────────────────────────────────────────────────

@inline export function aligned(length: u32): u32 {
  return (length + 7) & ~7;
}

/** An open segment: three words of the participant. */
@unmanaged class Opened {
  segment: u32;
  offset: u32;
  count: u32;
}

/** Room for `length` bytes in an open segment, or 0. */
function append(length: u32, cold: bool): usize {
  return appendTo(
    changetype<Opened>(
      changetype<usize>(self) + (cold ? offsetof<Participant>('coldSegment') : offsetof<Participant>('hotSegment')),
    ),
    length,
  );
}

@inline function appendTo(open: Opened, length: u32): usize {
  const need = aligned(length);
  if ((!open.segment || open.offset + need > SEGMENT) && !openNext(open)) return 0;
  const at = <usize>open.segment + open.offset;
  open.offset += need;
  open.count += 1;
  return at;
}

/** The same for a message or piece that may go into the log, with the octets before it. */
function appendLoggable(length: u32, cold: bool, type: u32): usize {
  const open = cold ? offsetof<Participant>('durableColdSegment') : offsetof<Participant>('durableSegment');
  const at = appendTo(changetype<Opened>(changetype<usize>(self) + open), RECORD_LEAD + length);
  if (!at) return 0;
  store<u32>(at + RECORD_LENGTH_AT, RECORD_ID + length);
  store<u32>(at + RECORD_TYPE_AT, type);
  store<u64>(at + RECORD_HEAD, 0);
  return at + RECORD_LEAD;
}

let borrowing: bool = false;
/** Whether new messages may use half of the reserve: copies of dead messages do, since the dead are freed then. */
export function borrowReserve(allowed: bool): void {
  borrowing = allowed;
}

function openNext(open: Opened): bool {
  const fresh = takeSegment(borrowing ? root().reserve >> 1 : root().reserve);
  if (!fresh) return false;
  if (open.segment) sealSegment(open.segment, open.count);
  // Nobody else has a message of it yet; the release of the first one comes after its publication.
  markOpen(fresh);
  open.segment = <u32>fresh;
  open.offset = SEGMENT_HEAD;
  open.count = 0;
  return true;
}

export function markOpen(segment: usize): void {
  // Pairs with the subtractions in `releaseFrom`: those of others come later, as they find the messages by operations
  // that come later.
  atomicStore(segment, OPEN);
}

/** One more reason to keep the segment of an address. Only who knows that it is kept may call this. */
export function holdSegment(address: usize): void {
  // Pairs with the subtraction in `releaseFrom`, which does not come to 0 before this one's.
  atomicAdd(address & ~(<usize>SEGMENT - 1), 1);
}

/**
 * From OPEN − released to appended − released. Pairs with the subtraction in `releaseFrom`: whoever brings the count to
 * 0 gives the segment back.
 */
export function sealSegment(segment: usize, count: u32): void {
  if (atomicSub(segment, OPEN - count) == OPEN - count) giveSegment(segment);
}

/** Lets go of so many messages, pieces and other reasons to keep a segment. */
export function releaseFrom(segment: usize, count: u32): void {
  // Pairs with itself: whoever comes to 0 is the last, and what others read of the segment is read.
  if (atomicSub(segment, count) == count) giveSegment(segment);
}

// ── Making ─────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Room for a message whose body is `bodySize` octets, with its head filled in; the caller copies key and header frame,
 * then calls `frameFirst` and copies the body. 0: no memory.
 */
@inline export function newMessage(
  keyLength: u32,
  headerLength: u32,
  bodySize: u32,
  cold: bool,
  loggable: bool,
): usize {
  const first = min(bodySize, FRAME_BODY_MAX);
  const length = MESSAGE_HEAD + keyLength + headerLength + (first ? first + FRAME_OVERHEAD : 0);
  const address = loggable ? appendLoggable(length, cold, RECORD_MESSAGE) : append(length, cold);
  if (!address) return 0;
  const message = changetype<Message>(address);
  message.refs = 1;
  message.next = 0;
  message.bodySize = bodySize;
  message.headerLength = headerLength;
  message.firstLength = first;
  message.keyLength = <u16>keyLength;
  message.flags = loggable ? <u16>LOGGABLE : 0;
  message.arrival = self.stamp;
  return address;
}

/** Octets of a message in its first piece; and of a further piece. */
@inline export function messageLength(message: Message): u32 {
  const first = message.firstLength;
  return MESSAGE_HEAD + message.keyLength + message.headerLength + (first ? first + FRAME_OVERHEAD : 0);
}

@inline export function pieceLength(piece: Piece): u32 {
  return PIECE_HEAD + piece.length + FRAME_OVERHEAD;
}

/**
 * Room for a message that is copied from elsewhere, and for a piece of one; a loggable one gets its number. 0: no
 * memory.
 */
export function roomForMessage(length: u32, cold: bool, loggable: bool, id: u64): usize {
  return loggable ? numbered(appendLoggable(length, cold, RECORD_MESSAGE), id) : append(length, cold);
}
export function roomForPiece(length: u32, loggable: bool, id: u64): usize {
  return loggable ? numbered(appendLoggable(length, false, RECORD_PIECE), id) : append(length, false);
}

function numbered(address: usize, id: u64): usize {
  if (address) setLogNumber(address, id);
  return address;
}

/** The number in the log of a loggable message or piece; 0: none yet. */
@inline export function logNumber(unit: usize): u64 {
  return load<u64>(unit - RECORD_ID);
}

@inline export function setLogNumber(unit: usize, id: u64): void {
  store<u64>(unit - RECORD_ID, id);
}

/** Pieces of a body beyond the first. */
@inline export function furtherPieces(message: Message): u32 {
  return (message.bodySize - message.firstLength + FRAME_BODY_MAX - 1) / FRAME_BODY_MAX;
}

/**
 * Writes head and end of the first body frame, so that with `firstLength` octets of body the first piece is finished.
 */
@inline export function frameFirst(message: Message): void {
  if (message.firstLength) frameBody(bodyFrameOf(message), message.firstLength);
}

/** Room for the next piece of a long body, or 0. */
export function newPiece(length: u32, loggable: bool): usize {
  const size = PIECE_HEAD + length + FRAME_OVERHEAD;
  const address = loggable ? appendLoggable(size, false, RECORD_PIECE) : append(size, false);
  if (!address) return 0;
  const piece = changetype<Piece>(address);
  piece.next = 0;
  piece.length = length;
  frameBody(pieceFrameOf(piece), length);
  return address;
}

function frameBody(frame: usize, length: u32): void {
  store<u8>(frame, FRAME_BODY);
  write32(frame + 3, length);
  store<u8>(frame + FRAME_HEAD + length, FRAME_END);
}

// ── Letting go ─────────────────────────────────────────────────────────────────────────────────────────────────

/** One more holder. Only who holds it may call this. */
export function retain(message: Message): void {
  // Pairs with the subtraction in `release`: it does not come to 0 before this one's.
  atomicAdd(changetype<usize>(message), 1);
}

/** Lets go of a message that nobody else holds and that has one piece: no look at the message is needed. */
@inline export function releaseSimple(message: usize): void {
  const segment = (<u32>message) & ~(SEGMENT - 1);
  if (segment == self.releaseSegment) {
    self.releaseCount += 1;
    return;
  }
  flushReleases();
  self.releaseSegment = segment;
  self.releaseCount = 1;
}

/**
 * Lets go of any message. The load pairs with the subtraction of other holders: who finds 1 is alone, and sees what
 * they did before.
 */
export function release(message: Message): void {
  const refs = changetype<usize>(message);
  if (atomicLoad(refs) != 1 && atomicSub(refs, 1) != 1) return;
  let next = message.next;
  while (next) {
    const piece = changetype<Piece>(next);
    next = piece.next;
    releaseSimple(changetype<usize>(piece));
  }
  releaseSimple(changetype<usize>(message));
}

/**
 * Releases are gathered while they fall into one segment; this settles them. Called at the end of each call that may
 * release.
 */
export function flushReleases(): void {
  if (!self.releaseCount) return;
  const count = self.releaseCount;
  self.releaseCount = 0;
  releaseFrom(self.releaseSegment, count);
}
