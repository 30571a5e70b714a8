/**
 * A consumer: counts what it is brought, and how long it was on its way, and acknowledges it. What must hold: never more
 * than it was told to take, in all; what is counted is acknowledged, at the latest when it ends.
 */
import { decodeMethod } from '../../amqp/frames.js';
import type { FieldTable } from '../../amqp/table.js';
import type { Connection, Receiver } from '../../client/connection.js';
import { Counter } from '../measure/board.js';
import { LATENCY_MAX_US } from '../measure/histogram.js';
import { Inbox, type InboxEvents } from './inbox.js';
import type { Load } from './load.js';
import type { Pacer } from './pacer.js';

/** Short: it comes with every message. */
const TAG = 'c';

export interface ConsumerSettings {
  readonly queue: string;
  readonly isAutoAck: boolean;
  readonly ackEvery: number;
  readonly arguments: FieldTable;
  readonly pacer: Pacer | null;
  /** Null: no end. */
  readonly messages: number | null;
}

export class Consumer implements Receiver, InboxEvents {
  readonly #connection: Connection;
  readonly #load: Load;
  readonly #settings: ConsumerSettings;
  readonly #inbox = new Inbox(this);
  readonly #pacer: Pacer | null;
  readonly #messages: number;
  readonly #ackEvery: number;
  #taken = 0;
  #unacked = 0;
  #lastTag = 0;
  /** Of this read. */
  #consumed = 0;
  #redelivered = 0;
  #now = 0;
  #isDone = false;

  constructor(connection: Connection, load: Load, settings: ConsumerSettings) {
    this.#connection = connection;
    this.#load = load;
    this.#settings = settings;
    this.#pacer = settings.pacer;
    this.#messages = settings.messages ?? Number.POSITIVE_INFINITY;
    this.#ackEvery = settings.isAutoAck ? Number.POSITIVE_INFINITY : settings.ackEvery;
    connection.receive(this);
  }

  /** Resolves when the broker brings messages. */
  async start(): Promise<void> {
    const { queue, isAutoAck: noAck, arguments: args } = this.#settings;
    const fields = { queue, consumerTag: TAG, noLocal: false, noAck, exclusive: false, nowait: false, arguments: args };
    await this.#connection.call({ name: 'basic.consume', ...fields }, 'basic.consume-ok');
  }

  onRead(view: DataView, from: number, end: number): number {
    this.#now = this.#load.clock.now();
    const used = this.#inbox.scan(view, from, end);
    this.#count();
    this.#writeAcks();
    if (this.#inbox.isPaused) this.#pause();
    return used;
  }

  onMessage(inbox: Inbox): boolean {
    if (this.#isDone) return true;
    this.#consumed++;
    if (inbox.isRedelivered) this.#redelivered++;
    if (inbox.stamp >= 0) {
      const latency = this.#load.clock.microseconds(this.#now - inbox.stamp);
      if (latency >= 0 && latency <= LATENCY_MAX_US) this.#load.board.countDelivery(latency);
    }
    this.#lastTag = inbox.tag;
    if (++this.#unacked >= this.#ackEvery) this.#ack();
    if (++this.#taken === this.#messages) this.#finish();
    if (this.#pacer === null) return true;
    this.#pacer.take(1);
    return this.#pacer.allowed(this.#load.seconds) > 0;
  }

  #ack(): void {
    const { acks } = this.#load;
    acks.put(this.#lastTag);
    this.#unacked = 0;
    if (acks.isFull) this.#writeAcks();
  }

  #writeAcks(): void {
    const { acks } = this.#load;
    if (acks.isEmpty) return;
    const { part, length } = acks.take();
    this.#connection.writePart(part, length, false);
  }

  #count(): void {
    const { board } = this.#load;
    if (this.#redelivered > 0) board.add(Counter.REDELIVERED, this.#redelivered);
    if (this.#consumed > 0) board.add(Counter.CONSUMED, this.#consumed);
    this.#redelivered = 0;
    this.#consumed = 0;
    this.#load.onConsumed();
  }

  #pause(): void {
    this.#connection.pause();
    const wait = (this.#pacer?.nextDue ?? 0) - this.#load.seconds;
    setTimeout(() => this.#connection.resume(), Math.max(1, wait * 1000));
  }

  /** All that was asked for has come. */
  #finish(): void {
    this.#ackRest();
    this.#isDone = true;
    this.#connection.tell({ name: 'basic.cancel', consumerTag: TAG, nowait: true });
    this.#load.onConsumerDone();
  }

  /** With an ack for many, some may be left. */
  #ackRest(): void {
    if (this.#unacked === 0 || this.#settings.isAutoAck) return;
    this.#ack();
  }

  onDrain(): void {}

  onConfirm(): void {}

  onMethod(payload: Uint8Array): void {
    const method = decodeMethod(payload);
    if (method.name !== 'connection.blocked' && method.name !== 'connection.unblocked')
      this.#connection.onMethod(method);
  }

  /** Takes no more. */
  async end(): Promise<void> {
    if (!this.#isDone) {
      this.#ackRest();
      this.#writeAcks();
    }
    this.#isDone = true;
    await this.#connection.close();
  }
}
