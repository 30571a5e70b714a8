/**
 * What one client is sent, read again from the frames on their way to it, for whoever follows what it is delivered.
 * There is a tap while somebody follows them, and otherwise none: deliveries cost nothing more then. What must hold: each
 * delivery that is made while there is a tap is told once, when its last frame goes out, with the queue that it came
 * from, though its consumer may have gone meanwhile; frames come whole, and those of a content behind its method.
 */
import { decodeMethod, FrameType, readFrame } from '../../amqp/frames.js';
import { decodeHeader } from '../../amqp/properties.js';
import type { Method, MethodOf } from '../../amqp/protocol.js';

export interface Delivered {
  readonly channel: number;
  readonly queue: string;
  readonly method: MethodOf<'basic.deliver'> | MethodOf<'basic.get-ok'>;
  /** The payload of the content header. */
  readonly header: Uint8Array;
  /** Null: nobody wants it. */
  readonly body: Uint8Array | null;
  /** When the message came (ms since the Unix epoch); 0: nobody knows that any more. */
  readonly arrival: number;
}

/** What a tap asks its connection, and tells it. */
export interface Tapped {
  /** The queue of a consumer; null: it is of none that is followed. */
  queueOf(channel: number, tag: string): string | null;
  /** When the message of a delivery came, as in `Delivered`. */
  arrivalOf(channel: number, deliveryTag: number): number;
  wantsBodies(): boolean;
  tell(delivered: Delivered): void;
}

/** A content of which frames are still to come. */
interface Coming extends Pick<Delivered, 'channel' | 'queue' | 'method' | 'arrival'> {
  header: Uint8Array | null;
  /** Null: nobody wants the body. */
  readonly parts: Uint8Array[] | null;
  missing: number;
}

export class DeliveryTap {
  readonly #tapped: Tapped;
  #coming: Coming | null = null;
  /** The queue that the next answer to basic.get is from. */
  #got: string | null = null;
  /** Queues of consumers that went while a content was on its way: it may be theirs. */
  readonly #departed = new Map<string, string>();

  constructor(tapped: Tapped) {
    this.#tapped = tapped;
  }

  /** A message was got from a queue, and is on its way. */
  expectGot(queue: string): void {
    this.#got = queue;
  }

  /** A consumer goes amid a content. */
  depart(channel: number, tag: string, queue: string): void {
    this.#departed.set(`${channel}:${tag}`, queue);
  }

  /** Takes frames that go out. They are copied as far as they are needed. */
  take(bytes: Uint8Array): void {
    let rest = bytes;
    for (let frame = readFrame(rest); frame !== undefined; frame = readFrame(rest)) {
      rest = rest.subarray(frame.length);
      if (frame.type === FrameType.METHOD) this.#begin(frame.channel, decodeMethod(frame.payload));
      else if (frame.type === FrameType.HEADER) this.#onHeader(frame.payload);
      else if (frame.type === FrameType.BODY) this.#onBody(frame.payload);
    }
  }

  #begin(channel: number, method: Method): void {
    this.#coming = null;
    if (method.name !== 'basic.deliver' && method.name !== 'basic.get-ok') return;
    const queue = method.name === 'basic.deliver' ? this.#consumed(channel, method.consumerTag) : this.#got;
    if (method.name === 'basic.get-ok') this.#got = null;
    if (queue === null) return;
    // Before the client has seen it, and can acknowledge it.
    const arrival = this.#tapped.arrivalOf(channel, Number(method.deliveryTag));
    const parts = this.#tapped.wantsBodies() ? [] : null;
    this.#coming = { channel, queue, method, arrival, header: null, parts, missing: 0 };
  }

  #consumed(channel: number, tag: string): string | null {
    return this.#departed.get(`${channel}:${tag}`) ?? this.#tapped.queueOf(channel, tag);
  }

  #onHeader(payload: Uint8Array): void {
    const coming = this.#coming;
    if (coming === null) return;
    coming.header = payload.slice();
    coming.missing = decodeHeader(coming.header).bodySize;
    this.#completeIfWhole(coming);
  }

  #onBody(payload: Uint8Array): void {
    const coming = this.#coming;
    if (coming === null) return;
    coming.parts?.push(payload.slice());
    coming.missing -= payload.length;
    this.#completeIfWhole(coming);
  }

  #completeIfWhole({ channel, queue, method, arrival, header, parts, missing }: Coming): void {
    if (missing > 0 || header === null) return;
    this.#coming = null;
    this.#departed.clear();
    const body = parts === null ? null : Buffer.concat(parts);
    this.#tapped.tell({ channel, queue, method, header, body, arrival });
  }
}
