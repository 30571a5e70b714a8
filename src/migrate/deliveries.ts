/**
 * What a broker sends on a connection by which messages are taken: each message whole, with the octets that it has on the
 * wire, and every other method. What must hold: whatever reads cut it into, the same comes out; nothing of a message is
 * read as something else, so that it can be published again as it is.
 */
import { decodeMethod, FrameType, readFrame } from '../amqp/frames.js';
import { type Method, type MethodName, methodId } from '../amqp/protocol.js';
import { BrokenFrames } from '../client/errors.js';

export interface Delivered {
  readonly tag: number;
  readonly isRedelivered: boolean;
  readonly exchange: Uint8Array;
  readonly routingKey: Uint8Array;
  /** Flags and values, as they stand in the content header. */
  readonly properties: Uint8Array;
  readonly body: Uint8Array;
}

export interface DeliveryEvents {
  onDelivered(message: Delivered): void;
  onMethod(method: Method): void;
}

const DELIVER = wireId('basic.deliver');
const GET_OK = wireId('basic.get-ok');
const RETURN = wireId('basic.return');
/** Octets of a content header before the properties: class, weight, size of the body. */
const HEADER_HEAD = 12;
const TWO_32 = 2 ** 32;

function wireId(name: MethodName): number {
  const { classId, methodId: method } = methodId(name);
  return classId * 0x1_0000 + method;
}

interface Content {
  /** Null: a content that nobody asked for, which is passed over. */
  readonly head: Pick<Delivered, 'tag' | 'isRedelivered' | 'exchange' | 'routingKey'> | null;
  properties: Uint8Array | null;
  readonly pieces: Uint8Array[];
  left: number;
}

export class Deliveries {
  readonly #events: DeliveryEvents;
  #content: Content | null = null;

  constructor(events: DeliveryEvents) {
    this.#events = events;
  }

  /** Reads whole frames up to `end`; returns where it has stopped. */
  scan(view: DataView, from: number, end: number): number {
    let at = from;
    for (;;) {
      const frame = readFrame(new Uint8Array(view.buffer, view.byteOffset + at, end - at));
      if (frame === undefined) return at;
      at += frame.length;
      if (frame.type === FrameType.METHOD) this.#onMethod(frame.payload);
      else if (frame.type === FrameType.HEADER) this.#onHeader(frame.payload);
      else if (frame.type === FrameType.BODY) this.#onBody(frame.payload);
    }
  }

  #onMethod(payload: Uint8Array): void {
    const view = viewOf(payload);
    const id = view.getUint32(0);
    if (id === DELIVER) this.#begin(headAt(payload, 5 + (payload[4] ?? 0)));
    else if (id === GET_OK) this.#begin(headAt(payload, 4));
    else {
      if (id === RETURN) this.#begin(null);
      this.#events.onMethod(decodeMethod(payload));
    }
  }

  #begin(head: Content['head']): void {
    this.#content = { head, properties: null, pieces: [], left: 0 };
  }

  #onHeader(payload: Uint8Array): void {
    const content = this.#content;
    if (content === null || payload.length < HEADER_HEAD + 2) throw new BrokenFrames();
    const view = viewOf(payload);
    content.left = view.getUint32(4) * TWO_32 + view.getUint32(8);
    content.properties = payload.slice(HEADER_HEAD);
    if (content.left === 0) this.#complete(content, content.properties);
  }

  #onBody(payload: Uint8Array): void {
    const content = this.#content;
    if (content === null || content.properties === null || payload.length > content.left) throw new BrokenFrames();
    content.left -= payload.length;
    if (content.head !== null) content.pieces.push(payload.slice());
    if (content.left === 0) this.#complete(content, content.properties);
  }

  #complete({ head, pieces }: Content, properties: Uint8Array): void {
    this.#content = null;
    if (head === null) return;
    const [first = new Uint8Array(0)] = pieces;
    const body = pieces.length > 1 ? Buffer.concat(pieces) : first;
    this.#events.onDelivered({ ...head, properties, body });
  }
}

/** Delivery tag, redelivered, exchange and routing key. */
function headAt(payload: Uint8Array, at: number): NonNullable<Content['head']> {
  const view = viewOf(payload);
  const exchangeEnd = at + 10 + view.getUint8(at + 9);
  const keyEnd = exchangeEnd + 1 + view.getUint8(exchangeEnd);
  if (keyEnd > payload.length) throw new BrokenFrames();
  return {
    tag: view.getUint32(at) * TWO_32 + view.getUint32(at + 4),
    isRedelivered: view.getUint8(at + 8) !== 0,
    exchange: payload.slice(at + 10, exchangeEnd),
    routingKey: payload.slice(exchangeEnd + 1, keyEnd),
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
