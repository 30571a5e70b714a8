/**
 * The calls about routes and messages that the host holds or makes. Lists of queues and texts pass by the participant's
 * scratch page; keys, headers and bodies are read and written where they lie.
 */
import { PAGE } from '../../numbers/core.js';
import type { MessageCalls } from '../messages.js';
import { type PublishCalls, RouteFlag } from '../publishing.js';
import type { Channel, Connection, CounterList, Message, Queue } from '../references.js';
import type { CoreFunctions } from './exports.js';
import { WasmQueueCalls } from './queue-calls.js';
import type { Core } from './wasm-core.js';

/** Queues that the scratch page holds. */
const LIST_MAX = PAGE / 4;
const NO_QUEUES: readonly Queue[] = [];

export abstract class WasmPublishCalls extends WasmQueueCalls implements PublishCalls, MessageCalls {
  readonly #core: CoreFunctions;
  readonly #words: Int32Array;

  constructor(core: Core, bytes: Uint8Array) {
    super(core, bytes);
    this.#core = core.functions;
    this.#words = new Int32Array(bytes.buffer);
  }

  installRoute(connection: Connection, queues: readonly Queue[], flags: number, counters: CounterList): void {
    // A longer list than the scratch page holds is not cached: its messages come to the host one by one.
    const fits = queues.length <= LIST_MAX;
    if (fits) this.#writeList(queues, 0, queues.length);
    const asked = fits ? flags : flags | RouteFlag.ASK_HOST;
    this.#core.installRoute(connection, fits ? queues.length : 0, asked, counters);
  }

  publish(
    channel: Channel,
    message: Message,
    queues: readonly Queue[],
    header: Uint8Array | null = null,
    key: Uint8Array | null = null,
  ): boolean | null {
    const rewritten = header !== null && queues.length > 0;
    // What is confirmed is what was sent: it is that which the log knows.
    const sent = rewritten ? this.#copyWith(message, key ?? this.messageKey(message), header, queues) : message;
    if (sent === 0) return null;
    if (!rewritten) {
      if (this.#core.preparePublish(message, queues.length) === 0) return null;
      if (queues.length > 0) this.#core.beginLife(message);
    }
    const taken = this.#publishTo(sent, queues).length === 0;
    this.#core.endPublish(channel, sent, taken ? 1 : 0);
    if (rewritten) this.#core.releaseMessage(message);
    return taken;
  }

  /** Returns the queues that refused the message. */
  #publishTo(message: Message, queues: readonly Queue[]): readonly Queue[] {
    let refused = NO_QUEUES;
    for (let from = 0; from < queues.length; from += LIST_MAX) {
      const count = Math.min(LIST_MAX, queues.length - from);
      this.#writeList(queues, from, count);
      const refusals = this.#core.publishTo(message, count) >>> 0;
      if (refusals > 0) refused = [...refused, ...this.#readList(refusals)];
    }
    return refused;
  }

  releaseMessage(message: Message): void {
    this.#core.releaseMessage(message);
  }

  #writeList(queues: readonly Queue[], from: number, count: number): void {
    const at = this.scratch / 4;
    for (let i = 0; i < count; i++) this.#words[at + i] = queues[from + i] ?? 0;
  }

  #readList(count: number): readonly Queue[] {
    const at = this.scratch / 4;
    return Array.from({ length: count }, (_, i) => (this.#words[at + i] ?? 0) >>> 0);
  }

  keepMessage(message: Message): void {
    this.#core.keepMessage(message);
  }
  messageHeader(message: Message): Uint8Array {
    return this.#copy(this.#core.messageHeaderOffset(message) >>> 0, this.#core.messageHeaderLength(message));
  }
  messageKey(message: Message): Uint8Array {
    return this.#copy(this.#core.messageKeyOffset(message) >>> 0, this.#core.messageKeyLength(message));
  }
  messageArrival(message: Message): number {
    return this.#core.messageArrival(message);
  }
  messageMandatory(message: Message): boolean {
    return this.#core.messageMandatory(message) !== 0;
  }
  messageBody(message: Message): Uint8Array {
    const body = new Uint8Array(this.#core.messageBodySize(message));
    this.#eachPiece(message, (offset, from, to) => body.set(this.bytes.subarray(offset, offset + to - from), from));
    return body;
  }
  /** Tells where the body's octets from one to another lie. */
  #eachPiece(message: Message, visit: (offset: number, from: number, to: number) => void): void {
    let from = 0;
    let piece = 0;
    do {
      const to = from + this.#core.pieceLength(message, piece);
      visit(this.#core.pieceOffset(message, piece) >>> 0, from, to);
      from = to;
      piece = this.#core.nextPiece(message, piece) >>> 0;
    } while (piece !== 0);
  }

  #copy(offset: number, length: number): Uint8Array {
    return this.bytes.slice(offset, offset + length);
  }

  returnMessage(channel: Channel, message: Message, code: number, text: Uint8Array): void {
    this.bytes.set(text, this.scratch);
    this.#core.returnMessage(channel, message, code, text.length);
  }

  republish(message: Message, key: Uint8Array, header: Uint8Array, queues: readonly Queue[]): readonly Queue[] | null {
    const copy = this.#copyWith(message, key, header, queues);
    if (copy === 0) return null;
    const refused = this.#publishTo(copy, queues);
    this.#core.releaseMessage(copy);
    return refused;
  }
  /** A copy of a message under another key and header, for some queues; 0: no memory. */
  #copyWith(message: Message, key: Uint8Array, header: Uint8Array, queues: readonly Queue[]): Message {
    const copy = this.#core.beginCopy(message, key.length, header.length, queues.length) >>> 0;
    if (copy !== 0) this.#address(copy, key, header);
    return copy;
  }
  /** Fills in key and header of a message that is being made. */
  #address(message: Message, key: Uint8Array, header: Uint8Array): void {
    this.bytes.set(key, this.#core.messageKeyOffset(message) >>> 0);
    this.bytes.set(header, this.#core.messageHeaderOffset(message) >>> 0);
    this.#core.endCopy(message);
  }
  compose(
    key: Uint8Array,
    header: Uint8Array,
    body: Uint8Array,
    persistent: boolean,
    queues: readonly Queue[],
  ): readonly Queue[] | null {
    const { length } = queues;
    const blank = this.#core.beginBlank(key.length, header.length, body.length, persistent ? 1 : 0, length) >>> 0;
    if (blank === 0) return null;
    this.#address(blank, key, header);
    this.#eachPiece(blank, (offset, from, to) => this.bytes.set(body.subarray(from, to), offset));
    const refused = this.#publishTo(blank, queues);
    this.#core.releaseMessage(blank);
    return refused;
  }
}
