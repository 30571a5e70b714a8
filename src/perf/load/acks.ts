/**
 * Acks of one read, as they go out: whole frames one behind the other in a part of the thread's memory, in which only the
 * tags are written.
 */
import { encodeMethod } from '../../amqp/frames.js';
import { CHANNEL } from '../../client/connection.js';
import type { Part } from '../../client/memory.js';

const TWO_32 = 2 ** 32;
const FRAMES = 3000;
/** What is before the tag: the head of the frame, and the method's ids. */
const TAG = 11;

export class Acks {
  static readonly OCTETS = FRAMES * frame(false).length;
  readonly #part: Part;
  readonly #octets: number;
  #count = 0;

  constructor(part: Part, isMultiple: boolean) {
    const ack = frame(isMultiple);
    for (let at = 0; at < part.bytes.length; at += ack.length) part.bytes.set(ack, at);
    this.#part = part;
    this.#octets = ack.length;
  }

  put(tag: number): void {
    const at = this.#count++ * this.#octets + TAG;
    const high = Math.floor(tag / TWO_32);
    this.#part.view.setUint32(at, high);
    this.#part.view.setUint32(at + 4, tag - high * TWO_32);
  }

  get isFull(): boolean {
    return this.#count === FRAMES;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** What there is, which the caller writes at once. */
  take(): { readonly part: Part; readonly length: number } {
    const length = this.#count * this.#octets;
    this.#count = 0;
    return { part: this.#part, length };
  }
}

function frame(multiple: boolean): Uint8Array {
  return encodeMethod(CHANNEL, { name: 'basic.ack', deliveryTag: 0n, multiple });
}
