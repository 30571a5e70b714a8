/**
 * Messages: how they are made, filled, read and released. What must hold: a message is complete before it is enqueued
 * and never changes after, but for its number in the log; the last one to let go of it gives its room back.
 */
import {
  FRAME_BODY_MAX,
  FRAME_END,
  FRAME_HEAD,
  FRAME_OVERHEAD,
  MESSAGE_HEAD,
  PIECE_HEAD,
} from '../../../numbers/core.js';
import { RECORD_LEAD } from '../../../numbers/log.js';
import { KEY_BITS, KEY_LENGTH, Message, MessageFlag, Piece } from './layout.js';
import type { Memory } from './memory.js';
import { expirationOf, priorityOf, timestampOf } from './properties.js';
import { beginMessageRecord, beginPieceRecord, recordId, setRecordId } from './record-heads.js';
import { type Lifetime, Segments } from './segments.js';
import { at32, at64, copy, double, put, read32, word, write16, write32 } from './views.js';

/** A message under construction: where its next body bytes go. */
export class MessageBuilder {
  message = 0;
  /** Body bytes that have not come yet. */
  left = 0;
  lifetime: Lifetime = 'hot';
  /** Where the next body bytes go, and how many fit there. */
  cursor = 0;
  room = 0;
  lastPiece = 0;
}

/** Octets of a message without its pieces. */
function messageSize(keyLength: number, headerLength: number, first: number): number {
  return MESSAGE_HEAD + keyLength + headerLength + (first === 0 ? 0 : first + FRAME_OVERHEAD);
}

/** What a participant takes for the time: ms since the Unix epoch, as its host said last. */
export interface Clock {
  now: number;
  /** The same with a fraction that tells of less than a millisecond (latency.ts). */
  stamp: number;
}

export class Messages {
  readonly #memory: Memory;
  readonly #clock: Clock;
  readonly #segments: Segments;

  /** Whether what is persistent is made loggable. */
  recording = false;

  constructor(memory: Memory, clock: Clock) {
    this.#memory = memory;
    this.#segments = new Segments(memory);
    this.#clock = clock;
  }

  /** Starts a message out of its key and its header frame, wherever they lie; false when there is no memory. */
  begin(
    builder: MessageBuilder,
    key: Uint8Array,
    headerAt: number,
    headerLength: number,
    bodySize: number,
    flags: number,
    lifetime: Lifetime,
  ): boolean {
    if (!this.#start(builder, key, headerLength, bodySize, flags, lifetime)) return false;
    copy(this.#memory, this.headerFrameAt(builder.message), headerAt, headerLength);
    return true;
  }

  /**
   * Makes another message of one's body, with a key and the payload of a header frame of its own; 0 when there is no
   * memory.
   */
  rewrite(original: number, key: Uint8Array, header: Uint8Array, flags: number): number {
    const builder = new MessageBuilder();
    if (!this.#startWith(builder, key, header, this.bodySize(original), flags)) return 0;
    this.append(builder, this.firstBodyAt(original), this.firstBodySize(original));
    for (let piece = this.firstPiece(original); piece !== 0; piece = this.nextPiece(piece)) {
      const size = this.pieceBodySize(piece);
      if (this.append(builder, this.pieceBodyAt(piece), size) === size) continue;
      this.release(builder.message);
      return 0;
    }
    return builder.message;
  }

  /** Makes a message of octets from elsewhere; 0 when there is no memory. */
  compose(key: Uint8Array, header: Uint8Array, body: Uint8Array, flags: number): number {
    const builder = new MessageBuilder();
    if (!this.#startWith(builder, key, header, body.length, flags)) return 0;
    for (let taken = 0; taken < body.length; ) {
      if (builder.room === 0 && !this.#addPiece(builder)) {
        this.release(builder.message);
        return 0;
      }
      const count = builder.room;
      this.#memory.bytes.set(body.subarray(taken, taken + count), builder.cursor);
      builder.room = 0;
      builder.left -= count;
      taken += count;
    }
    return builder.message;
  }

  /** Starts a message with a key and the payload of its header frame. */
  #startWith(builder: MessageBuilder, key: Uint8Array, header: Uint8Array, bodySize: number, flags: number): boolean {
    const { bytes } = this.#memory;
    if (!this.#start(builder, key, header.length + FRAME_OVERHEAD, bodySize, flags, 'cold')) return false;
    const at = this.headerFrameAt(builder.message);
    bytes[at] = 2;
    write16(bytes, at + 1, 0);
    bytes.set(header, write32(bytes, at + 3, header.length));
    bytes[at + FRAME_HEAD + header.length] = FRAME_END;
    return true;
  }

  #start(
    builder: MessageBuilder,
    key: Uint8Array,
    headerLength: number,
    bodySize: number,
    flags: number,
    lifetime: Lifetime,
  ): boolean {
    const { bytes, u32 } = this.#memory;
    const first = Math.min(bodySize, FRAME_BODY_MAX);
    const size = messageSize(key.length, headerLength, first);
    const kept = this.recording ? flags : flags & ~MessageFlag.LOGGABLE;
    const before = (kept & MessageFlag.LOGGABLE) === 0 ? 0 : RECORD_LEAD;
    const message = this.#segments.allocate(before, size, lifetime);
    if (message === 0) return false;
    if (before > 0) beginMessageRecord(this.#memory, message, size);
    const head = word(message, 0);
    Atomics.store(u32, head + Message.REFS, 1);
    u32[head + Message.FIRST_PIECE] = 0;
    u32[head + Message.BODY_SIZE] = bodySize;
    u32[head + Message.HEADER_LENGTH] = headerLength;
    u32[head + Message.FIRST_LENGTH] = first;
    u32[head + Message.KEY_AND_FLAGS] = key.length | (kept << KEY_BITS);
    this.beginLife(message);
    put(bytes, message + MESSAGE_HEAD, key, 0, key.length);
    builder.message = message;
    builder.left = bodySize;
    builder.lifetime = lifetime;
    builder.lastPiece = 0;
    builder.room = first;
    builder.cursor = first === 0 ? 0 : this.#frame(message + MESSAGE_HEAD + key.length + headerLength, first);
    return true;
  }

  /** Adds up to `length` body bytes; returns how many, fewer when there is no memory. */
  append(builder: MessageBuilder, from: number, length: number): number {
    let taken = 0;
    while (taken < length) {
      if (builder.room === 0 && !this.#addPiece(builder)) break;
      const count = Math.min(length - taken, builder.room);
      copy(this.#memory, builder.cursor, from + taken, count);
      builder.cursor += count;
      builder.room -= count;
      builder.left -= count;
      taken += count;
    }
    return taken;
  }

  /** A message that no queue has yet goes to its queues now: its life begins, however long it took to come. */
  beginLife(message: number): void {
    this.#memory.f64[double(message, Message.ARRIVAL)] = this.#clock.stamp;
  }

  retain(message: number, count: number): void {
    Atomics.add(this.#memory.u32, word(message, Message.REFS), count);
  }

  /** Lets go of one reference; the last one frees the message. */
  release(message: number): void {
    const { u32 } = this.#memory;
    if (Atomics.sub(u32, word(message, Message.REFS), 1) !== 1) return;
    let piece = this.firstPiece(message);
    while (piece !== 0) {
      const next = at32(u32, word(piece, Piece.NEXT));
      this.#segments.leave(piece);
      piece = next;
    }
    this.#segments.leave(message);
  }

  keyAt(message: number): number {
    return message + MESSAGE_HEAD;
  }

  keyLength(message: number): number {
    return at32(this.#memory.u32, word(message, Message.KEY_AND_FLAGS)) & KEY_LENGTH;
  }

  /** The header frame; the first body frame follows it when there is a body. */
  headerFrameAt(message: number): number {
    return this.keyAt(message) + this.keyLength(message);
  }

  headerFrameLength(message: number): number {
    return at32(this.#memory.u32, word(message, Message.HEADER_LENGTH));
  }

  bodySize(message: number): number {
    return at32(this.#memory.u32, word(message, Message.BODY_SIZE));
  }

  /** The bytes of body that lie in the first body frame. */
  firstBodyAt(message: number): number {
    return this.headerFrameAt(message) + this.headerFrameLength(message) + FRAME_HEAD;
  }

  firstBodySize(message: number): number {
    return at32(this.#memory.u32, word(message, Message.FIRST_LENGTH));
  }

  firstPiece(message: number): number {
    return at32(this.#memory.u32, word(message, Message.FIRST_PIECE));
  }

  nextPiece(piece: number): number {
    return at32(this.#memory.u32, word(piece, Piece.NEXT));
  }

  /** Goes over the message and its pieces. */
  eachUnit(message: number, visit: (unit: number) => void): void {
    visit(message);
    for (let piece = this.firstPiece(message); piece !== 0; piece = this.nextPiece(piece)) visit(piece);
  }

  pieceBodySize(piece: number): number {
    return at32(this.#memory.u32, word(piece, Piece.BODY_SIZE));
  }

  pieceBodyAt(piece: number): number {
    return piece + PIECE_HEAD + FRAME_HEAD;
  }

  flags(message: number): number {
    return at32(this.#memory.u32, word(message, Message.KEY_AND_FLAGS)) >>> KEY_BITS;
  }

  isLoggable(message: number): boolean {
    return (this.flags(message) & MessageFlag.LOGGABLE) !== 0;
  }

  mandatory(message: number): boolean {
    return (this.flags(message) & MessageFlag.MANDATORY) !== 0;
  }

  /** When it went to its queues, before that when its content header came (ms since the Unix epoch). */
  arrival(message: number): number {
    return Math.floor(this.stamp(message));
  }

  /** The same with its fraction. */
  stamp(message: number): number {
    return at64(this.#memory.f64, double(message, Message.ARRIVAL));
  }

  /** Its `timestamp` (s), or null. */
  timestamp(message: number): number | null {
    return timestampOf(this.#memory.bytes, this.#headerPayloadAt(message), this.#headerPayloadLength(message));
  }

  /** When it expires in a queue of this time to live, by its own or the queue's. */
  deadline(message: number, ttl: number): number {
    const own = (this.flags(message) & MessageFlag.EXPIRES) === 0 ? ttl : Math.min(ttl, this.#expiration(message));
    return this.arrival(message) + own;
  }

  priority(message: number): number {
    return priorityOf(this.#memory.bytes, this.#headerPayloadAt(message), this.#headerPayloadLength(message));
  }

  #expiration(message: number): number {
    return expirationOf(this.#memory.bytes, this.#headerPayloadAt(message), this.#headerPayloadLength(message));
  }

  #headerPayloadAt(message: number): number {
    return this.headerFrameAt(message) + FRAME_HEAD;
  }

  #headerPayloadLength(message: number): number {
    return this.headerFrameLength(message) - FRAME_OVERHEAD;
  }

  /** A copy of the content header frame's payload. */
  header(message: number): Uint8Array {
    const at = this.#headerPayloadAt(message);
    return this.#memory.bytes.slice(at, at + this.#headerPayloadLength(message));
  }

  key(message: number): Uint8Array {
    const at = this.keyAt(message);
    return this.#memory.bytes.slice(at, at + this.keyLength(message));
  }

  body(message: number): Uint8Array {
    return this.bodyStart(message, Number.POSITIVE_INFINITY);
  }

  /** Up to `most` octets of the body. */
  bodyStart(message: number, most: number): Uint8Array {
    const { bytes } = this.#memory;
    const body = new Uint8Array(Math.min(this.bodySize(message), most));
    const first = this.firstBodyAt(message);
    let done = Math.min(body.length, this.firstBodySize(message));
    body.set(bytes.subarray(first, first + done));
    for (let piece = this.firstPiece(message); piece !== 0 && done < body.length; piece = this.nextPiece(piece)) {
      const at = this.pieceBodyAt(piece);
      const some = Math.min(body.length - done, this.pieceBodySize(piece));
      body.set(bytes.subarray(at, at + some), done);
      done += some;
    }
    return body;
  }

  /** Octets of a message without its pieces, and of a piece. */
  messageSize(message: number): number {
    return messageSize(this.keyLength(message), this.headerFrameLength(message), this.firstBodySize(message));
  }

  pieceSize(piece: number): number {
    return PIECE_HEAD + this.pieceBodySize(piece) + FRAME_OVERHEAD;
  }

  /** Takes a message without its pieces that lies elsewhere, with its number in the log; 0 when there is no memory. */
  copyIn(from: number, id: number, lifetime: Lifetime = 'hot'): number {
    const size = this.messageSize(from);
    const before = this.isLoggable(from) ? RECORD_LEAD : 0;
    const message = this.#segments.allocateForCopy(before, size, lifetime);
    if (message === 0) return 0;
    if (before > 0) {
      beginMessageRecord(this.#memory, message, size);
      setRecordId(this.#memory, message, id);
    }
    copy(this.#memory, message, from, size);
    const head = word(message, 0);
    Atomics.store(this.#memory.u32, head + Message.REFS, 1);
    this.#memory.u32[head + Message.FIRST_PIECE] = 0;
    return message;
  }

  /**
   * Puts a message of one piece where others lie that stay long; its new address, 0: it stays, since others hold it,
   * too, or there is no memory.
   */
  move(message: number): number {
    if (Atomics.load(this.#memory.u32, word(message, Message.REFS)) !== 1) return 0;
    const moved = this.copyIn(message, this.isLoggable(message) ? recordId(this.#memory, message) : 0, 'cold');
    if (moved !== 0) this.release(message);
    return moved;
  }

  /**
   * Takes the next piece of a message that was copied in, behind another piece (0: it is the first); 0 when there is no
   * memory.
   */
  copyPieceIn(message: number, last: number, from: number): number {
    const { u32, bytes } = this.#memory;
    const bodySize = read32(bytes, from + PIECE_HEAD + 3);
    const size = PIECE_HEAD + bodySize + FRAME_OVERHEAD;
    const before = this.isLoggable(message) ? RECORD_LEAD : 0;
    const piece = this.#segments.allocateForCopy(before, size);
    if (piece === 0) return 0;
    if (before > 0) {
      beginPieceRecord(this.#memory, piece, size);
      setRecordId(this.#memory, piece, recordId(this.#memory, message));
    }
    copy(this.#memory, piece, from, size);
    u32[word(piece, Piece.NEXT)] = 0;
    u32[word(piece, Piece.BODY_SIZE)] = bodySize;
    if (last === 0) u32[word(message, Message.FIRST_PIECE)] = piece;
    else u32[word(last, Piece.NEXT)] = piece;
    return piece;
  }

  #addPiece(builder: MessageBuilder): boolean {
    const { u32 } = this.#memory;
    const size = Math.min(builder.left, FRAME_BODY_MAX);
    const whole = PIECE_HEAD + size + FRAME_OVERHEAD;
    const before = this.isLoggable(builder.message) ? RECORD_LEAD : 0;
    const piece = this.#segments.allocate(before, whole, builder.lifetime);
    if (piece === 0) return false;
    if (before > 0) beginPieceRecord(this.#memory, piece, whole);
    u32[word(piece, Piece.NEXT)] = 0;
    u32[word(piece, Piece.BODY_SIZE)] = size;
    if (builder.lastPiece === 0) u32[word(builder.message, Message.FIRST_PIECE)] = piece;
    else u32[word(builder.lastPiece, Piece.NEXT)] = piece;
    builder.lastPiece = piece;
    builder.room = size;
    builder.cursor = this.#frame(piece + PIECE_HEAD, size);
    return true;
  }

  /** Writes what stands around a body (the channel is patched on delivery); returns where the body goes. */
  #frame(at: number, bodySize: number): number {
    const { bytes } = this.#memory;
    bytes[at] = 3;
    write16(bytes, at + 1, 0);
    const body = write32(bytes, at + 3, bodySize);
    bytes[body + bodySize] = FRAME_END;
    return body;
  }
}
