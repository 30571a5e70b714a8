/**
 * What a broker sends on a connection of the load, read where it lies: deliveries and confirms by the million, so there is
 * no object made for them. Other methods are handed on whole. What must hold: whatever the reads cut it into, the same
 * comes out; what is not yet complete is left to the next call, but for bodies, which may be longer than all memory.
 */
import { FRAME_END, FRAME_HEAD, FRAME_OVERHEAD, FrameType } from '../../amqp/frames.js';
import { methodId } from '../../amqp/protocol.js';
import { BrokenFrames } from '../../client/errors.js';

/** A stamp at the start of a body, as PerfTest has it: the message's number (32 bits) and the time (64 bits). */
export const STAMP_OCTETS = 12;
export const STAMP_TIME = 4;
const TWO_32 = 2 ** 32;

const DELIVER = wireId('basic.deliver');
const ACK = wireId('basic.ack');
const NACK = wireId('basic.nack');
/** Where a method's arguments begin, from the start of its frame. */
const ARGUMENTS = FRAME_HEAD + 4;
/** Where a content header has the length of the body. */
const BODY_LENGTH = FRAME_HEAD + 4;

function wireId(name: Parameters<typeof methodId>[0]): number {
  const id = methodId(name);
  return id.classId * 0x1_0000 + id.methodId;
}

export interface InboxEvents {
  /** A message has come whole; the inbox says what of it counts. False: no more for now. */
  onMessage(inbox: Inbox): boolean;
  onConfirm(tag: number, multiple: boolean, isNack: boolean): void;
  /** The payload of any other method; it is only good during the call. */
  onMethod(payload: Uint8Array): void;
}

export class Inbox {
  /** Of the message that comes: its delivery tag, whether it came before, and the time on it; -1: it has none. */
  tag = 0;
  isRedelivered = false;
  stamp = -1;
  /** Whether the last scan has stopped because no more is wanted for now. */
  isPaused = false;
  readonly #events: InboxEvents;
  /** Whether the content that comes was delivered, rather than returned. */
  #isDelivery = false;
  #isAtStart = false;
  /** Octets of the body that are still to come, and of the frame of it that is coming, with its end. */
  #bodyLeft = 0;
  #frameLeft = 0;

  constructor(events: InboxEvents) {
    this.#events = events;
  }

  /** Reads up to `end`; returns where it has stopped. */
  scan(view: DataView, from: number, end: number): number {
    let at = from;
    this.isPaused = false;
    for (;;) {
      if (this.#frameLeft > 0) {
        const step = Math.min(this.#frameLeft, end - at);
        this.#frameLeft -= step;
        at += step;
        if (this.#frameLeft > 0) return at;
        if (view.getUint8(at - 1) !== FRAME_END) throw new BrokenFrames();
        if (this.#bodyLeft === 0 && this.#isComplete()) return at;
      }
      if (end - at < FRAME_OVERHEAD) return at;
      const length = view.getUint32(at + 3);
      if (view.getUint8(at) === FrameType.BODY) {
        if (end - at < FRAME_HEAD + Math.min(length, STAMP_OCTETS)) return at;
        if (this.#isAtStart) this.#readStamp(view, at + FRAME_HEAD, length);
        this.#bodyLeft -= length;
        if (this.#bodyLeft < 0) throw new BrokenFrames();
        this.#frameLeft = length + 1;
        at += FRAME_HEAD;
        continue;
      }
      const next = at + FRAME_OVERHEAD + length;
      if (next > end) return at;
      if (view.getUint8(next - 1) !== FRAME_END) throw new BrokenFrames();
      if (view.getUint8(at) === FrameType.METHOD) this.#onMethod(view, at, length);
      else if (view.getUint8(at) === FrameType.HEADER && this.#onHeader(view, at)) return next;
      at = next;
    }
  }

  #onMethod(view: DataView, at: number, length: number): void {
    switch (view.getUint32(at + FRAME_HEAD)) {
      case DELIVER: {
        const tag = at + ARGUMENTS + 1 + view.getUint8(at + ARGUMENTS);
        this.tag = view.getUint32(tag) * TWO_32 + view.getUint32(tag + 4);
        this.isRedelivered = view.getUint8(tag + 8) !== 0;
        this.#isDelivery = true;
        break;
      }
      case ACK:
      case NACK: {
        const tag = at + ARGUMENTS;
        const isNack = view.getUint32(at + FRAME_HEAD) === NACK;
        const isMultiple = (view.getUint8(tag + 8) & 1) !== 0;
        this.#events.onConfirm(view.getUint32(tag) * TWO_32 + view.getUint32(tag + 4), isMultiple, isNack);
        break;
      }
      default:
        // A content of any other method is passed over.
        this.#isDelivery = false;
        this.#events.onMethod(new Uint8Array(view.buffer, view.byteOffset + at + FRAME_HEAD, length));
    }
  }

  /** True: no more for now. */
  #onHeader(view: DataView, at: number): boolean {
    this.#bodyLeft = view.getUint32(at + BODY_LENGTH) * TWO_32 + view.getUint32(at + BODY_LENGTH + 4);
    this.#isAtStart = true;
    this.stamp = -1;
    return this.#bodyLeft === 0 && this.#isComplete();
  }

  #readStamp(view: DataView, body: number, length: number): void {
    this.#isAtStart = false;
    if (length < STAMP_OCTETS) return;
    this.stamp = view.getUint32(body + STAMP_TIME) * TWO_32 + view.getUint32(body + STAMP_TIME + 4);
  }

  #isComplete(): boolean {
    if (!this.#isDelivery) return false;
    this.isPaused = !this.#events.onMessage(this);
    return this.isPaused;
  }
}
