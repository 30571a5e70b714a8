/**
 * Units of an image, as messages lie in it on their way out of memory and in (src/log/spill-source.ts): 24 octets, then
 * a message or a piece of the message before. What must hold: a unit that came in is checked before it is believed.
 */
import {
  FRAME_MAX,
  MESSAGE_HEAD,
  PIECE_HEAD,
  SLOT_LOGGED,
  SLOT_REDELIVERED,
  SLOT_REQUEUES_SHIFT,
  UNIT_FLAGS,
  UNIT_HEAD,
  UNIT_ID,
  UNIT_PIECE,
  UNIT_POSITION,
  UNIT_REQUEUES_MAX,
  UNIT_SPAN,
} from '../../../numbers/core.js';
import { Message, Piece } from './layout.js';
import type { Memory } from './memory.js';
import type { Messages } from './messages.js';
import { at32, copy, read32, word } from './views.js';

/** Fields of a unit as word numbers. */
const Unit = { SPAN: UNIT_SPAN / 4, FLAGS: UNIT_FLAGS / 4, POSITION: UNIT_POSITION / 4, ID: UNIT_ID / 4 } as const;
/** What a unit says of its slot. */
const SLOT_FLAGS = SLOT_REDELIVERED | SLOT_LOGGED | (UNIT_REQUEUES_MAX << SLOT_REQUEUES_SHIFT);
const WORD = 2 ** 32;
const NONE = 0xffff_ffff;
/** More than any message has without its pieces. */
const OCTETS_MAX = 3 * FRAME_MAX;

export class Units {
  readonly #memory: Memory;
  readonly #messages: Messages;

  constructor(memory: Memory, messages: Messages) {
    this.#memory = memory;
    this.#messages = messages;
  }

  /** Octets of the unit for a message or piece of this size. */
  spanFor(size: number): number {
    return UNIT_HEAD + Math.ceil(size / 8) * 8;
  }

  /** Octets of all units of a message. */
  imageSize(message: number): number {
    let octets = this.spanFor(this.#messages.messageSize(message));
    let piece = this.#messages.firstPiece(message);
    for (; piece !== 0; piece = this.#messages.nextPiece(piece))
      octets += this.spanFor(this.#messages.pieceSize(piece));
    return octets;
  }

  /** Writes a message; `position` null: its queue is in no log. Returns the address behind it. */
  writeMessage(at: number, message: number, state: number, position: number | null, id: number): number {
    const { u32 } = this.#memory;
    const end = this.#write(at, message, this.#messages.messageSize(message));
    u32[word(at, Unit.FLAGS)] = state & SLOT_FLAGS;
    u32[word(at, Unit.POSITION)] = position === null ? NONE : position % WORD;
    u32[word(at, Unit.POSITION + 1)] = position === null ? NONE : Math.floor(position / WORD);
    u32[word(at, Unit.ID)] = id % WORD;
    u32[word(at, Unit.ID + 1)] = Math.floor(id / WORD);
    u32[word(at + UNIT_HEAD, Message.REFS)] = 1;
    u32[word(at + UNIT_HEAD, Message.FIRST_PIECE)] = 0;
    return end;
  }

  writePiece(at: number, piece: number): number {
    const { u32 } = this.#memory;
    const end = this.#write(at, piece, this.#messages.pieceSize(piece));
    u32[word(at, Unit.FLAGS)] = UNIT_PIECE;
    u32.fill(NONE, word(at, Unit.POSITION), word(at, Unit.ID));
    u32.fill(0, word(at, Unit.ID), word(at + UNIT_HEAD, 0));
    u32[word(at + UNIT_HEAD, Piece.NEXT)] = 0;
    return end;
  }

  #write(at: number, from: number, size: number): number {
    const span = this.spanFor(size);
    this.#memory.u32[word(at, Unit.SPAN)] = span;
    copy(this.#memory, at + UNIT_HEAD, from, size);
    return at + span;
  }

  /** Octets to the next unit; 0: it does not end before `end`. */
  span(at: number, end: number): number {
    if (end - at < UNIT_HEAD) return 0;
    const span = at32(this.#memory.u32, word(at, Unit.SPAN));
    return span > end - at ? 0 : span;
  }

  isPiece(at: number): boolean {
    return (at32(this.#memory.u32, word(at, Unit.FLAGS)) & UNIT_PIECE) !== 0;
  }

  slotFlags(at: number): number {
    return at32(this.#memory.u32, word(at, Unit.FLAGS)) & SLOT_FLAGS;
  }

  /** Null: none. */
  position(at: number): number | null {
    const { u32 } = this.#memory;
    const isNone = at32(u32, word(at, Unit.POSITION)) === NONE && at32(u32, word(at, Unit.POSITION + 1)) === NONE;
    return isNone ? null : this.#number(at, Unit.POSITION);
  }

  id(at: number): number {
    return this.#number(at, Unit.ID);
  }

  /** The message in a unit; 0 when it is none. */
  message(at: number): number {
    const message = at + UNIT_HEAD;
    if (!this.#holds(at, MESSAGE_HEAD) || this.#messages.firstBodySize(message) > this.#messages.bodySize(message))
      return 0;
    return this.#holds(at, this.#messages.messageSize(message)) ? message : 0;
  }

  piece(at: number): number {
    return at + UNIT_HEAD;
  }

  /** The octets of body of the piece in a unit, as its frame says; 0 when it is none. */
  pieceBodySize(at: number): number {
    const piece = at + UNIT_HEAD;
    if (!this.#holds(at, PIECE_HEAD + 8)) return 0;
    const size = read32(this.#memory.bytes, piece + PIECE_HEAD + 3);
    return this.#holds(at, PIECE_HEAD + 8 + size) ? size : 0;
  }

  #holds(at: number, octets: number): boolean {
    const span = at32(this.#memory.u32, word(at, Unit.SPAN));
    return span % 8 === 0 && octets <= OCTETS_MAX && span >= UNIT_HEAD + octets;
  }

  #number(at: number, field: number): number {
    return at32(this.#memory.u32, word(at, field)) + at32(this.#memory.u32, word(at, field + 1)) * WORD;
  }
}
