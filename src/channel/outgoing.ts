/**
 * What a channel sends: frames are written one behind the other, and leave for the ring together, when the program's
 * current work is done or when they have become many. What the ring does not take waits here. What must hold: the
 * octets of a publish are copied before `publish` returns; a frame that cannot be written leaves nothing behind.
 */
import { encodeMethod, FRAME_END, FRAME_OVERHEAD, FrameType } from '../amqp/frames.js';
import { type Method, methodId } from '../amqp/protocol.js';
import { encodeText } from '../amqp/text.js';
import type { RingEnd } from '../platform/ring-pair.js';

/** The number of the one channel that a connection of the program's has. */
export const CHANNEL = 1;

/** Octets that are gathered at most before they leave. */
const GATHERED = 64 * 1024;
/** So many leave at once: the worker takes them while the program goes on. */
const EARLY = 16 * 1024;
const SHORT_STRING_MAX = 255;
const SHORT_STRING_ROOM = SHORT_STRING_MAX + 1;
/** Class, weight and body size in a header frame. */
const HEADER_HEAD = 12;
/** A publish but for its strings: frame, class and method, ticket, flags. */
const PUBLISH_ROOM = FRAME_OVERHEAD + 4 + 2 + 1 + 2 * SHORT_STRING_ROOM;
const TWO_TO_32 = 2 ** 32;

const { classId: BASIC, methodId: PUBLISH } = methodId('basic.publish');
/** An acknowledgement, whose tag and flag are filled in. */
const ACK = encodeMethod(CHANNEL, { name: 'basic.ack', deliveryTag: 0n, multiple: false });
const TAG_IN_ACK = ACK.length - 10;

export class Outgoing {
  readonly #end: RingEnd;
  readonly #onHeld: () => void;
  #bytes = Buffer.allocUnsafeSlow(GATHERED);
  #length = 0;
  /** Full ones that the ring has not taken, oldest first; of the first one so many octets are taken. */
  readonly #full: Uint8Array[] = [];
  #taken = 0;
  #isDue = false;
  /** The longest frame that the broker takes. */
  frameMax = 4096;
  /** The last publish's method frame, to be written again when the next one goes the same way. */
  #frame = Buffer.alloc(0);
  #exchange = '';
  #routingKey = '';
  #mandatory = false;
  readonly #leave = (): void => {
    this.#isDue = false;
    if (!this.flush()) this.#onHeld();
  };

  /** `onHeld`: the ring has not taken all; `flush` is to be called when it has room. */
  constructor(end: RingEnd, onHeld: () => void) {
    this.#end = end;
    this.#onHeld = onHeld;
  }

  /** Whether octets wait that the ring has no room for. */
  get isHeld(): boolean {
    return this.#full.length > 0 || this.#length >= EARLY;
  }

  /** Whether octets wait for the ring, for whatever reason. */
  get isWaiting(): boolean {
    return this.#full.length > 0 || this.#length > 0;
  }

  method(channel: number, method: Method): void {
    this.octets(encodeMethod(channel, method));
    this.#finish();
  }

  /** Octets of whole frames. */
  octets(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#length === this.#bytes.length) this.#setAside();
      const piece = bytes.subarray(at, at + this.#bytes.length - this.#length);
      this.#bytes.set(piece, this.#length);
      this.#length += piece.length;
      at += piece.length;
    }
  }

  /** `properties`: as octets. Throws a `RangeError` where a name is too long. */
  publish(
    exchange: string,
    routingKey: string,
    mandatory: boolean,
    properties: Uint8Array,
    body: Uint8Array | string,
  ): void {
    if (exchange !== this.#exchange || routingKey !== this.#routingKey || mandatory !== this.#mandatory)
      this.#encodePublish(exchange, routingKey, mandatory);
    const octets = typeof body === 'string' ? Buffer.from(body) : body;
    this.#reserve(this.#frame.length);
    this.#bytes.set(this.#frame, this.#length);
    this.#length += this.#frame.length;
    this.#header(properties, octets.length);
    const step = this.frameMax - FRAME_OVERHEAD;
    if (octets.length <= step) this.#bodyFrame(octets);
    else for (let at = 0; at < octets.length; at += step) this.#bodyFrame(octets.subarray(at, at + step));
    this.#finish();
  }

  ack(deliveryTag: number, multiple: boolean): void {
    this.#reserve(ACK.length);
    const at = this.#length + TAG_IN_ACK;
    this.#bytes.set(ACK, this.#length);
    this.#bytes.writeUInt32BE(Math.floor(deliveryTag / TWO_TO_32), at);
    this.#bytes.writeUInt32BE(deliveryTag >>> 0, at + 4);
    this.#bytes[at + 8] = multiple ? 1 : 0;
    this.#length += ACK.length;
    this.#finish();
  }

  /** Gives the ring what it takes. Whether that is all. */
  flush(): boolean {
    for (let first = this.#full[0]; first !== undefined; first = this.#full[0]) {
      this.#taken += this.#end.write(first.subarray(this.#taken));
      if (this.#taken < first.length) return false;
      this.#taken = 0;
      this.#full.shift();
    }
    if (this.#length === 0) return true;
    const taken = this.#end.write(this.#bytes.subarray(0, this.#length));
    if (taken < this.#length) this.#bytes.copyWithin(0, taken, this.#length);
    this.#length -= taken;
    return this.#length === 0;
  }

  #finish(): void {
    if (this.#length >= EARLY) this.flush();
    if (this.#isDue || !this.isWaiting) return;
    this.#isDue = true;
    queueMicrotask(this.#leave);
  }

  /** Makes room for so many octets in one piece. */
  #reserve(length: number): void {
    if (this.#length + length <= this.#bytes.length) return;
    this.flush();
    if (this.#length + length > this.#bytes.length) this.#setAside(length);
  }

  /** The ring is full: what was gathered waits, and there is room to gather more. */
  #setAside(least = 1): void {
    this.flush();
    if (this.#length + least <= this.#bytes.length) return;
    if (this.#length > 0) this.#full.push(this.#bytes.subarray(0, this.#length));
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(GATHERED, least));
    this.#length = 0;
  }

  #encodePublish(exchange: string, routingKey: string, mandatory: boolean): void {
    const frame = Buffer.allocUnsafe(PUBLISH_ROOM);
    let at = frame.writeUInt8(FrameType.METHOD, 0);
    at = frame.writeUInt16BE(CHANNEL, at) + 4;
    at = frame.writeUInt16BE(BASIC, at);
    at = frame.writeUInt16BE(PUBLISH, at);
    at = frame.writeUInt16BE(0, at);
    at = writeShortText(frame, exchange, at);
    at = writeShortText(frame, routingKey, at);
    at = frame.writeUInt8(mandatory ? 1 : 0, at);
    frame.writeUInt32BE(at + 1 - FRAME_OVERHEAD, 3);
    this.#frame = frame.subarray(0, frame.writeUInt8(FRAME_END, at));
    this.#exchange = exchange;
    this.#routingKey = routingKey;
    this.#mandatory = mandatory;
  }

  #header(properties: Uint8Array, bodySize: number): void {
    this.#reserve(FRAME_OVERHEAD + HEADER_HEAD + properties.length);
    const bytes = this.#bytes;
    let at = this.#frameHead(FrameType.HEADER, HEADER_HEAD + properties.length);
    at = bytes.writeUInt32BE(BASIC * 0x1_0000, at);
    at = bytes.writeUInt32BE(Math.floor(bodySize / TWO_TO_32), at);
    at = bytes.writeUInt32BE(bodySize >>> 0, at);
    bytes.set(properties, at);
    this.#length = bytes.writeUInt8(FRAME_END, at + properties.length);
  }

  #bodyFrame(payload: Uint8Array): void {
    if (payload.length === 0) return;
    this.#reserve(FRAME_OVERHEAD);
    this.#length = this.#frameHead(FrameType.BODY, payload.length);
    if (this.#length + payload.length < this.#bytes.length) {
      this.#bytes.set(payload, this.#length);
      this.#length += payload.length;
    } else this.octets(payload);
    this.#reserve(1);
    this.#length = this.#bytes.writeUInt8(FRAME_END, this.#length);
  }

  /** Where the payload begins. */
  #frameHead(type: FrameType, size: number): number {
    const bytes = this.#bytes;
    const at = bytes.writeUInt8(type, this.#length);
    return bytes.writeUInt32BE(size, bytes.writeUInt16BE(CHANNEL, at));
  }
}

function writeShortText(bytes: Buffer, text: string, at: number): number {
  // Octets that are no UTF-8 came as lone surrogates, and leave as they came.
  const octets = text.isWellFormed() ? null : encodeText(text);
  const length = octets?.length ?? Buffer.byteLength(text);
  if (length > SHORT_STRING_MAX) throw new RangeError(`a name has at most 255 octets, and this one ${length}`);
  bytes[at] = length;
  if (octets === null) bytes.write(text, at + 1);
  else bytes.set(octets, at + 1);
  return at + 1 + length;
}
