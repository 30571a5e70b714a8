/**
 * Messages as they go out, frames and all, one behind the other in a part of the thread's memory: a publish is a stamp in
 * a message that is there already, and many leave by one call of the system.
 */
import { encodeContent, encodeMethod, FRAME_HEAD, FRAME_OVERHEAD } from '../../amqp/frames.js';
import { encodeHeader, type Properties } from '../../amqp/properties.js';
import { CHANNEL } from '../../client/connection.js';
import type { Part } from '../../client/memory.js';
import { STAMP_OCTETS, STAMP_TIME } from './inbox.js';

const TWO_32 = 2 ** 32;

export interface Route {
  readonly exchange: string;
  readonly routingKey: string;
  readonly isMandatory: boolean;
}

export class MessageBatch {
  /** How many messages fit. */
  readonly capacity: number;
  /** Octets of one message with its frames. */
  readonly octets: number;
  readonly #part: Part;
  /** Where the body of the first one begins; -1: it is too short for a stamp. */
  readonly #stampAt: number;

  constructor(part: Part, route: Route, properties: Properties, size: number, frameMax: number) {
    const publish = encodeMethod(CHANNEL, { name: 'basic.publish', ...routeFields(route), immediate: false });
    const content = encodeContent(CHANNEL, properties, new Uint8Array(size), frameMax);
    const header = encodeHeader({ bodySize: size, properties }).length + FRAME_OVERHEAD;
    this.#part = part;
    this.octets = publish.length + content.length;
    this.capacity = Math.floor(part.bytes.length / this.octets);
    this.#stampAt = size < STAMP_OCTETS ? -1 : publish.length + header + FRAME_HEAD;
    for (let message = 0; message < this.capacity; message++) {
      part.bytes.set(publish, message * this.octets);
      part.bytes.set(content, message * this.octets + publish.length);
    }
  }

  /** The most octets that a message of this size has with its frames. */
  static octetsOf(route: Route, properties: Properties, size: number, frameMax: number): number {
    const publish = encodeMethod(CHANNEL, { name: 'basic.publish', ...routeFields(route), immediate: false });
    return publish.length + encodeContent(CHANNEL, properties, new Uint8Array(size), frameMax).length;
  }

  /** Writes the number of the first of `count` messages, and the time, on them. */
  stamp(count: number, first: number, time: number): void {
    if (this.#stampAt < 0) return;
    const { view } = this.#part;
    const high = Math.floor(time / TWO_32);
    const low = time - high * TWO_32;
    let at = this.#stampAt;
    for (let message = 0; message < count; message++) {
      view.setUint32(at, first + message);
      view.setUint32(at + STAMP_TIME, high);
      view.setUint32(at + STAMP_TIME + 4, low);
      at += this.octets;
    }
  }

  get part(): Part {
    return this.#part;
  }
}

function routeFields({ exchange, routingKey, isMandatory: mandatory }: Route) {
  return { exchange, routingKey, mandatory };
}
