/**
 * Messages in segments: how they are made, filled, read and released.
 * What must hold: a participant appends to its own two open segments only; a message is complete before it is
 * enqueued and never changes after; a segment is free again when it is sealed and its last message is released.
 */
import {
  FRAME_END,
  FRAME_HEADER,
  FRAME_OVERHEAD,
  MESSAGE_HEAD,
  Message,
  PIECE_BODY,
  PIECE_HEAD,
  Piece,
  SEGMENT,
  SEGMENT_HEADER,
  Segment,
} from './layout.js';
import type { Memory } from './memory.js';
import { at32, copy, word, write16, write32 } from './views.js';

/** Which open segment: short-lived messages do not share one with those that will wait. */
export type Lifetime = 'hot' | 'cold';

interface OpenSegment {
  address: number;
  next: number;
}

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

export class Messages {
  readonly #memory: Memory;
  readonly #open: Record<Lifetime, OpenSegment> = { hot: { address: 0, next: 0 }, cold: { address: 0, next: 0 } };

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** Starts a message out of its key and its header frame, wherever they lie; false when there is no memory. */
  begin(
    builder: MessageBuilder,
    key: Uint8Array,
    headerAt: number,
    headerLength: number,
    bodySize: number,
    mandatory: boolean,
    lifetime: Lifetime,
  ): boolean {
    const { bytes, u32 } = this.#memory;
    const inOne = bodySize > 0 && bodySize <= PIECE_BODY;
    const size = MESSAGE_HEAD + key.length + headerLength + (inOne ? bodySize + FRAME_OVERHEAD : 0);
    const message = this.#allocate(size, lifetime);
    if (message === 0) return false;
    const head = word(message, 0);
    Atomics.store(u32, head + Message.REFS, 1);
    u32[head + Message.MANDATORY] = mandatory ? 1 : 0;
    u32[head + Message.KEY_LENGTH] = key.length;
    u32[head + Message.HEADER_LENGTH] = headerLength;
    u32[head + Message.BODY_SIZE] = bodySize;
    u32[head + Message.FIRST_PIECE] = 0;
    bytes.set(key, message + MESSAGE_HEAD);
    const bodyFrame = copy(bytes, message + MESSAGE_HEAD + key.length, headerAt, headerLength);
    builder.message = message;
    builder.left = bodySize;
    builder.lifetime = lifetime;
    builder.lastPiece = 0;
    builder.room = inOne ? bodySize : 0;
    builder.cursor = inOne ? this.#frame(bodyFrame, bodySize) : 0;
    return true;
  }

  /** Adds up to `length` body bytes; returns how many, fewer when there is no memory. */
  append(builder: MessageBuilder, from: number, length: number): number {
    let taken = 0;
    while (taken < length) {
      if (builder.room === 0 && !this.#addPiece(builder)) break;
      const count = Math.min(length - taken, builder.room);
      this.#memory.bytes.copyWithin(builder.cursor, from + taken, from + taken + count);
      builder.cursor += count;
      builder.room -= count;
      builder.left -= count;
      taken += count;
    }
    return taken;
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
      this.#leave(piece);
      piece = next;
    }
    this.#leave(message);
  }

  keyAt(message: number): number {
    return message + MESSAGE_HEAD;
  }

  keyLength(message: number): number {
    return at32(this.#memory.u32, word(message, Message.KEY_LENGTH));
  }

  /** The header frame; the body frame follows it when there is one and no piece. */
  headerFrameAt(message: number): number {
    return this.keyAt(message) + this.keyLength(message);
  }

  headerFrameLength(message: number): number {
    return at32(this.#memory.u32, word(message, Message.HEADER_LENGTH));
  }

  bodySize(message: number): number {
    return at32(this.#memory.u32, word(message, Message.BODY_SIZE));
  }

  firstPiece(message: number): number {
    return at32(this.#memory.u32, word(message, Message.FIRST_PIECE));
  }

  nextPiece(piece: number): number {
    return at32(this.#memory.u32, word(piece, Piece.NEXT));
  }

  pieceBodySize(piece: number): number {
    return at32(this.#memory.u32, word(piece, Piece.BODY_SIZE));
  }

  pieceBodyAt(piece: number): number {
    return piece + PIECE_HEAD + FRAME_HEADER;
  }

  mandatory(message: number): boolean {
    return at32(this.#memory.u32, word(message, Message.MANDATORY)) === 1;
  }

  /** A copy of the content header frame's payload. */
  header(message: number): Uint8Array {
    const at = this.headerFrameAt(message);
    return this.#memory.bytes.slice(at + FRAME_HEADER, at + this.headerFrameLength(message) - 1);
  }

  key(message: number): Uint8Array {
    const at = this.keyAt(message);
    return this.#memory.bytes.slice(at, at + this.keyLength(message));
  }

  body(message: number): Uint8Array {
    const { bytes } = this.#memory;
    const size = this.bodySize(message);
    let piece = this.firstPiece(message);
    if (piece === 0) {
      const at = this.headerFrameAt(message) + this.headerFrameLength(message) + FRAME_HEADER;
      return bytes.slice(at, at + size);
    }
    const body = new Uint8Array(size);
    for (let done = 0; piece !== 0; piece = this.nextPiece(piece)) {
      const at = this.pieceBodyAt(piece);
      body.set(bytes.subarray(at, at + this.pieceBodySize(piece)), done);
      done += this.pieceBodySize(piece);
    }
    return body;
  }

  #addPiece(builder: MessageBuilder): boolean {
    const { u32 } = this.#memory;
    const size = Math.min(builder.left, PIECE_BODY);
    const piece = this.#allocate(PIECE_HEAD + size + FRAME_OVERHEAD, builder.lifetime);
    if (piece === 0) return false;
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

  #allocate(size: number, lifetime: Lifetime): number {
    const open = this.#open[lifetime];
    if (open.address !== 0 && open.next + size > open.address + SEGMENT) this.#makeRoom(open);
    if (open.address === 0 && !this.#openNew(open)) return 0;
    const at = open.next;
    open.next += Math.ceil(size / 8) * 8;
    Atomics.add(this.#memory.u32, word(open.address, Segment.LIVE), 1);
    return at;
  }

  /** A full segment whose messages are all gone starts anew; any other is sealed. */
  #makeRoom(open: OpenSegment): void {
    if (Atomics.load(this.#memory.u32, word(open.address, Segment.LIVE)) === 1) {
      open.next = open.address + SEGMENT_HEADER;
      return;
    }
    const sealed = open.address;
    open.address = 0;
    this.#leave(sealed);
  }

  #openNew(open: OpenSegment): boolean {
    const segment = this.#memory.takeSegment();
    if (segment === 0) return false;
    Atomics.store(this.#memory.u32, word(segment, Segment.LIVE), 1);
    open.address = segment;
    open.next = segment + SEGMENT_HEADER;
    return true;
  }

  /** One thing less lives in the segment of `address`; the last to go frees it. */
  #leave(address: number): void {
    const segment = address - (address % SEGMENT);
    if (Atomics.sub(this.#memory.u32, word(segment, Segment.LIVE), 1) === 1) this.#memory.freeSegment(segment);
  }
}
