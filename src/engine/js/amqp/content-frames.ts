/**
 * A message as the frames that a client gets: its header frame and its body frames, cut to the client's frame-max.
 * `ContentFrames` writes as many whole frames as there is room for and goes on later; a delivery that fits is written
 * by one step. What must hold: while it is active it holds the message, whatever happens to its queue and channel.
 */
import { FRAME_BODY_MAX, FRAME_END, FRAME_OVERHEAD } from '../../../numbers/core.js';
import type { Memory } from '../memory/memory.js';
import type { Messages } from '../memory/messages.js';
import { copy, write16, write32 } from '../memory/views.js';
import { FrameType } from './methods.js';

/** Bytes of header and body frames for a client with this frame-max. */
export function contentSize(messages: Messages, message: number, frameMax: number): number {
  const body = messages.bodySize(message);
  const frames = Math.ceil(body / (frameMax - FRAME_OVERHEAD));
  return messages.headerFrameLength(message) + body + frames * FRAME_OVERHEAD;
}

/**
 * Copies a message whose stored frames are what the client gets: one copy, two channel numbers. Null when they are not.
 */
export function copyAsStored(
  memory: Memory,
  messages: Messages,
  message: number,
  channel: number,
  at: number,
  frameMax: number,
): number | null {
  const body = messages.bodySize(message);
  if (body > FRAME_BODY_MAX || body + FRAME_OVERHEAD > frameMax) return null;
  const header = messages.headerFrameLength(message);
  const length = body === 0 ? header : header + body + FRAME_OVERHEAD;
  const end = copy(memory, at, messages.headerFrameAt(message), length);
  write16(memory.bytes, at + 1, channel);
  if (body > 0) write16(memory.bytes, at + header + 1, channel);
  return end;
}

const NOTHING = new Uint8Array(0);

export class ContentFrames {
  readonly #memory: Memory;
  readonly #messages: Messages;
  #message = 0;
  #channel = 0;
  /** The method frame, until it is written together with the header frame. */
  #method: Uint8Array = NOTHING;
  /** A header frame in place of the stored one; empty for none. */
  #header: Uint8Array = NOTHING;
  #headWritten = false;
  /** Body bytes that are still to be written. */
  #left = 0;
  /** Where the next of them lie, how many lie there, and the piece after those. */
  #bodyAt = 0;
  #bodyLeft = 0;
  #nextPiece = 0;

  constructor(memory: Memory, messages: Messages) {
    this.#memory = memory;
    this.#messages = messages;
  }

  get active(): boolean {
    return this.#message !== 0;
  }

  /**
   * Starts a message, of which nothing is written yet; `method` is the frame before it, `header` a header frame in
   * place of its own.
   */
  start(message: number, channel: number, method: Uint8Array = NOTHING, header: Uint8Array = NOTHING): void {
    this.#messages.retain(message, 1);
    this.#message = message;
    this.#channel = channel;
    this.#method = method;
    this.#header = header;
    this.#headWritten = false;
    this.#left = this.#messages.bodySize(message);
    this.#bodyAt = this.#messages.firstBodyAt(message);
    this.#bodyLeft = this.#messages.firstBodySize(message);
    this.#nextPiece = this.#messages.firstPiece(message);
  }

  /**
   * Writes whole frames from `at` on, as far as `room` goes; returns the address behind them. Inactive when that was
   * all.
   */
  write(at: number, room: number, frameMax: number): number {
    const limit = at + room;
    let end = at;
    if (!this.#headWritten) {
      const header = this.#header.length || this.#messages.headerFrameLength(this.#message);
      if (this.#method.length + header > room) return at;
      end = this.#writeHead(at);
    }
    while (this.#left > 0) {
      const count = Math.min(this.#left, frameMax - FRAME_OVERHEAD);
      if (end + count + FRAME_OVERHEAD > limit) return end;
      end = this.#writeBody(end, count);
    }
    this.drop();
    return end;
  }

  /** Lets go of the message. */
  drop(): void {
    if (this.#message !== 0) this.#messages.release(this.#message);
    this.#message = 0;
    this.#method = NOTHING;
    this.#header = NOTHING;
  }

  #writeHead(at: number): number {
    const { bytes } = this.#memory;
    const header = at + this.#method.length;
    bytes.set(this.#method, at);
    const end = this.#writeHeader(header);
    write16(bytes, header + 1, this.#channel);
    this.#headWritten = true;
    return end;
  }

  #writeHeader(at: number): number {
    const { bytes } = this.#memory;
    if (this.#header.length === 0) {
      const message = this.#message;
      return copy(this.#memory, at, this.#messages.headerFrameAt(message), this.#messages.headerFrameLength(message));
    }
    bytes.set(this.#header, at);
    return at + this.#header.length;
  }

  /** One body frame, filled across pieces: there are clients that count frames instead of octets. */
  #writeBody(at: number, count: number): number {
    const { bytes } = this.#memory;
    bytes[at] = FrameType.BODY;
    write16(bytes, at + 1, this.#channel);
    let end = write32(bytes, at + 3, count);
    for (let left = count; left > 0; ) {
      if (this.#bodyLeft === 0) this.#turnTo(this.#nextPiece);
      const part = Math.min(left, this.#bodyLeft);
      end = copy(this.#memory, end, this.#bodyAt, part);
      this.#bodyAt += part;
      this.#bodyLeft -= part;
      left -= part;
    }
    this.#left -= count;
    bytes[end] = FRAME_END;
    return end + 1;
  }

  #turnTo(piece: number): void {
    this.#bodyAt = this.#messages.pieceBodyAt(piece);
    this.#bodyLeft = this.#messages.pieceBodySize(piece);
    this.#nextPiece = this.#messages.nextPiece(piece);
  }
}
