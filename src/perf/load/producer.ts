/**
 * A producer: publishes as much as its rate, its window of confirms, the limit of messages in flight and its socket allow,
 * and counts confirms. What must hold: never more than it was told to, in all; it is done when all is sent and, with
 * confirms, answered.
 */
import { decodeMethod } from '../../amqp/frames.js';
import type { Properties } from '../../amqp/properties.js';
import type { Connection, Receiver } from '../../client/connection.js';
import type { Part } from '../../client/memory.js';
import { Counter } from '../measure/board.js';
import { LATENCY_MAX_US } from '../measure/histogram.js';
import { type Step, valueAt } from '../measure/steps.js';
import { Confirms } from './confirms.js';
import { Inbox, type InboxEvents } from './inbox.js';
import type { Load } from './load.js';
import { MessageBatch, type Route } from './message-batch.js';
import type { Pacer } from './pacer.js';

/** Writes of one turn: others want their turn, too. */
const WRITES = 4;

export interface ProducerSettings {
  readonly route: Route;
  readonly properties: Properties;
  readonly sizes: readonly Step[];
  readonly pacer: Pacer | null;
  /** Null: no end. */
  readonly messages: number | null;
  /** Null: no confirms. */
  readonly window: number | null;
}

export class Producer implements Receiver, InboxEvents {
  readonly #connection: Connection;
  readonly #load: Load;
  readonly #settings: ProducerSettings;
  readonly #part: Part;
  readonly #inbox = new Inbox(this);
  readonly #confirms: Confirms | null;
  #batch: MessageBatch;
  #size: number;
  #sent = 0;
  #isBlocked = false;
  #isDone = false;

  /** `part`: as much as the largest message needs, or more. */
  constructor(connection: Connection, load: Load, settings: ProducerSettings, part: Part) {
    this.#connection = connection;
    this.#load = load;
    this.#settings = settings;
    this.#part = part;
    this.#confirms = settings.window === null ? null : new Confirms(settings.window);
    this.#size = valueAt(settings.sizes, 0);
    this.#batch = this.#batchOf(this.#size);
    connection.receive(this);
  }

  #batchOf(size: number): MessageBatch {
    const { route, properties } = this.#settings;
    return new MessageBatch(this.#part, route, properties, size, this.#connection.frameMax);
  }

  /** Publishes; returns when there will be more to do: in so many seconds, or, `null`, after something has come. */
  publish(): number | null {
    for (let writes = 0; writes < WRITES; writes++) {
      if (this.#isDone || this.#isBlocked || this.#connection.hasOutput) return null;
      const { seconds } = this.#load;
      const count = this.#allowed(seconds);
      if (count <= 0) return this.#dueIn(seconds);
      this.#write(count);
    }
    return 0;
  }

  #allowed(seconds: number): number {
    const { pacer, messages } = this.#settings;
    let most = Math.min(this.#batchFor(seconds).capacity, this.#load.room());
    if (messages !== null) most = Math.min(most, messages - this.#sent);
    if (this.#confirms !== null) most = Math.min(most, this.#confirms.room);
    return pacer === null || most <= 0 ? most : Math.min(most, pacer.allowed(seconds));
  }

  /** The batch may only change while none of it is being written. */
  #batchFor(seconds: number): MessageBatch {
    const { sizes } = this.#settings;
    const size = sizes.length === 1 ? this.#size : valueAt(sizes, seconds);
    if (size !== this.#size) {
      this.#size = size;
      this.#batch = this.#batchOf(size);
    }
    return this.#batch;
  }

  #dueIn(seconds: number): number | null {
    const { pacer } = this.#settings;
    if (pacer !== null && pacer.nextDue > seconds) return pacer.nextDue - seconds;
    // Only what comes for others can make room here.
    return this.#load.room() <= 0 ? this.#load.untilRoom : null;
  }

  #write(count: number): void {
    const time = this.#load.clock.now();
    const batch = this.#batch;
    batch.stamp(count, this.#sent, time);
    this.#sent += count;
    this.#confirms?.send(count, time);
    this.#settings.pacer?.take(count);
    this.#load.board.add(Counter.PUBLISHED, count);
    this.#connection.writePart(batch.part, count * batch.octets, true);
    this.#finishIfDone();
  }

  #finishIfDone(): void {
    const { messages } = this.#settings;
    if (this.#isDone || messages === null || this.#sent < messages || (this.#confirms?.open ?? 0) > 0) return;
    this.#isDone = true;
    this.#load.onProducerDone();
  }

  onRead(view: DataView, from: number, end: number): number {
    const used = this.#inbox.scan(view, from, end);
    this.#load.wake();
    return used;
  }

  onDrain(): void {
    this.#load.wake();
  }

  onConfirm(tag: number, isMultiple: boolean, isNack: boolean): void {
    const { board, clock } = this.#load;
    const now = clock.now();
    let count = 0;
    this.#confirms?.confirm(tag, isMultiple, (sentAt) => {
      count++;
      const latency = clock.microseconds(now - sentAt);
      if (latency >= 0 && latency <= LATENCY_MAX_US) board.countConfirm(latency);
    });
    board.add(isNack ? Counter.NACKED : Counter.CONFIRMED, count);
    this.#finishIfDone();
  }

  onMessage(): boolean {
    return true;
  }

  onMethod(payload: Uint8Array): void {
    const method = decodeMethod(payload);
    switch (method.name) {
      case 'basic.return':
        return this.#load.board.add(Counter.RETURNED, 1);
      case 'connection.blocked':
        return this.#setBlocked(true);
      case 'connection.unblocked':
        return this.#setBlocked(false);
      default:
        this.#connection.onMethod(method);
    }
  }

  #setBlocked(isBlocked: boolean): void {
    if (this.#isBlocked === isBlocked) return;
    this.#isBlocked = isBlocked;
    this.#load.board.add(Counter.BLOCKED, isBlocked ? 1 : -1);
  }

  /** Publishes no more; waits for what was sent to be taken. */
  async end(): Promise<void> {
    this.#isDone = true;
    await this.#connection.close();
  }
}
