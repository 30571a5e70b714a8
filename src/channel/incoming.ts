/**
 * What comes for a channel, taken apart: methods, and contents with their bodies. What must hold: a body that came in one
 * frame is not copied; texts that are the same as in the message before are not decoded anew.
 */
import { decodeMethod, FRAME_END, FRAME_HEAD, FRAME_OVERHEAD, FrameType } from '../amqp/frames.js';
import { type Method, type MethodOf, methodId } from '../amqp/protocol.js';
import { decodeText } from '../amqp/text.js';
import { Message, ReturnedMessage } from './message.js';

export interface Receiver {
  onMethod(channel: number, method: Method): void;
  /** A message for a consumer, or one that was asked for. */
  onMessage(message: Message): void;
  onReturned(message: ReturnedMessage): void;
  onConfirm(deliveryTag: number, multiple: boolean, isTaken: boolean): void;
}

/** What a content belongs to. */
type Head =
  | { readonly kind: 'message'; readonly delivered: ConstructorParameters<typeof Message>[0] }
  | { readonly kind: 'returned'; readonly returned: MethodOf<'basic.return'> };

const TWO_TO_32 = 2 ** 32;
/** Where the body's size lies in a header's payload. */
const BODY_SIZE = 4;

const DELIVER = idOf('basic.deliver');
const ACK = idOf('basic.ack');
const NACK = idOf('basic.nack');

function idOf(name: 'basic.deliver' | 'basic.ack' | 'basic.nack'): number {
  const { classId, methodId: method } = methodId(name);
  return classId * 0x1_0000 + method;
}

export class Incoming {
  readonly #receiver: Receiver;
  /** The beginning of a frame whose end is still to come. */
  #rest: Buffer | null = null;
  readonly #consumerTag = new LastText();
  readonly #exchange = new LastText();
  readonly #routingKey = new LastText();
  /** The content that is coming. */
  #head: Head | null = null;
  #header: Uint8Array = Buffer.alloc(0);
  #missing = 0;
  #pieces: Buffer[] = [];

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  /** Octets that have come, and are this object's from now on. Throws an `AmqpError` when they make no sense. */
  take(bytes: Buffer): void {
    const all = this.#rest === null ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    while (all.length - at >= FRAME_OVERHEAD) {
      const end = at + FRAME_OVERHEAD + all.readUInt32BE(at + 3);
      if (end > all.length) break;
      if (all[end - 1] !== FRAME_END) throw new Error('a frame from the broker does not end as it should');
      this.#frame(all, at, end - 1);
      at = end;
    }
    this.#rest = at === all.length ? null : at === 0 ? all : all.subarray(at);
  }

  #frame(all: Buffer, at: number, end: number): void {
    const start = at + FRAME_HEAD;
    switch (all[at]) {
      case FrameType.METHOD:
        this.#method(all, start, end, all.readUInt16BE(at + 1));
        break;
      case FrameType.HEADER:
        this.#header = all.subarray(start, end);
        this.#missing = all.readUInt32BE(start + BODY_SIZE) * TWO_TO_32 + all.readUInt32BE(start + BODY_SIZE + 4);
        if (this.#missing === 0) this.#complete(all.subarray(end, end));
        break;
      case FrameType.BODY:
        this.#body(all.subarray(start, end));
        break;
    }
  }

  #method(all: Buffer, start: number, end: number, channel: number): void {
    const id = all.readUInt32BE(start);
    const fields = start + 4;
    if (id === DELIVER) this.#deliver(all, fields);
    else if (id === ACK || id === NACK)
      this.#receiver.onConfirm(longlong(all, fields), ((all[fields + 8] ?? 0) & 1) === 1, id === ACK);
    else this.#others(channel, decodeMethod(all.subarray(start, end)));
  }

  #deliver(all: Buffer, fields: number): void {
    const consumerTag = this.#consumerTag.at(all, fields);
    const deliveryTag = fields + 1 + (all[fields] ?? 0);
    const redelivered = deliveryTag + 8;
    const exchange = redelivered + 1;
    const routingKey = exchange + 1 + (all[exchange] ?? 0);
    const delivered = {
      consumerTag,
      deliveryTag: longlong(all, deliveryTag),
      redelivered: all[redelivered] !== 0,
      exchange: this.#exchange.at(all, exchange),
      routingKey: this.#routingKey.at(all, routingKey),
      messageCount: null,
    };
    this.#head = { kind: 'message', delivered };
  }

  #others(channel: number, method: Method): void {
    if (method.name === 'basic.get-ok') {
      const { deliveryTag, ...got } = method;
      const delivered = { ...got, consumerTag: '', deliveryTag: Number(deliveryTag) };
      this.#head = { kind: 'message', delivered };
    } else if (method.name === 'basic.return') this.#head = { kind: 'returned', returned: method };
    else this.#receiver.onMethod(channel, method);
  }

  #body(payload: Buffer): void {
    this.#missing -= payload.length;
    if (this.#missing === 0 && this.#pieces.length === 0) {
      this.#complete(payload);
      return;
    }
    this.#pieces.push(payload);
    if (this.#missing === 0) this.#complete(Buffer.concat(this.#pieces.splice(0)));
  }

  #complete(body: Buffer): void {
    const head = this.#head;
    this.#head = null;
    if (head?.kind === 'message') this.#receiver.onMessage(new Message(head.delivered, body, this.#header));
    else if (head !== null) this.#receiver.onReturned(new ReturnedMessage(head.returned, body, this.#header));
  }
}

function longlong(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * TWO_TO_32 + bytes.readUInt32BE(at + 4);
}

/** A short string that is most often the same as the one before. */
class LastText {
  #octets: Uint8Array = new Uint8Array();
  #text = '';

  /** The short string whose length stands at `at`. */
  at(bytes: Buffer, at: number): string {
    const start = at + 1;
    const length = bytes[at] ?? 0;
    if (this.#isSame(bytes, start, length)) return this.#text;
    this.#octets = Uint8Array.prototype.slice.call(bytes, start, start + length);
    this.#text = decodeText(this.#octets);
    return this.#text;
  }

  #isSame(bytes: Buffer, start: number, length: number): boolean {
    const octets = this.#octets;
    if (octets.length !== length) return false;
    for (let index = 0; index < length; index++) if (octets[index] !== bytes[start + index]) return false;
    return true;
  }
}
