/**
 * This folder is for messages that an exchange holds back until their time has come; workers,
 * connections and dead letters may import it.
 *
 * They stay in the core's memory; here is only when each one is due. Persistent ones of durable exchanges stay in a
 * hidden queue besides, claimed, until they have been sent on: that is what the log knows of them. What must hold: what
 * is due goes in the order of its time, then of its arrival; an exchange that is deleted takes what waits for it along;
 * a pass does a bounded portion.
 */
import { decodeHeader, encodeHeader } from '../../amqp/properties.js';
import { decodeKey } from '../../amqp/publish-key.js';
import { EMPTY_TABLE, type FieldValue } from '../../amqp/table.js';
import { remember } from '../../broker/history/remember.js';
import { delayOf } from '../../broker/routing/delayed.js';
import type { Delay } from '../../broker/topology/routes.js';
import type { ExchangeEntry } from '../../broker/topology/topology-entries.js';
import type { TopologyView } from '../../broker/topology/topology-view.js';
import type { Engine, Message } from '../../engine/engine.js';
import { type Clock, systemClock } from '../../platform/clock.js';
import { TimeHeap } from './time-heap.js';

/** The header that says how long a message is to be held back (ms). */
const DELAY_HEADER = 'x-delay';

/** Messages that are let go in one pass. */
const PORTION = 128;

/** How long a message that finds no memory waits before it is tried again (ms). */
const RETRY_MS = 10;

/** A message, and what it has got in place of its own key and content header; null: nothing. */
export interface Waiting {
  readonly message: Message;
  readonly key: Uint8Array | null;
  readonly header: Uint8Array | null;
}

interface Entry extends Waiting {
  readonly delay: number;
  /** What the core knows its place in a hidden queue by; 0: it is in none. */
  readonly kept: number;
}

/** What one exchange holds back. */
interface Room {
  readonly vhost: string;
  readonly exchange: string;
  readonly entries: TimeHeap<Entry>;
}

export class Delays {
  readonly #engine: Engine;
  readonly #view: TopologyView;
  readonly #begin: () => void;
  readonly #rooms = new Map<string, Room>();
  /**
   * Rooms by the time of their first messages. A room may stand here by times at which nothing of its is due any more.
   */
  readonly #calendar = new TimeHeap<Room>();
  /** What exchanges held back that are deleted. */
  readonly #dropped: TimeHeap<Entry>[] = [];
  readonly #clock: Clock;
  /** Calls the timer off. */
  #callOff = (): void => {};
  /** When the timer fires. */
  #wakeAt = Number.POSITIVE_INFINITY;
  /** Whether something may be due. */
  #awake = false;

  /** `begin` makes a pass of the event loop follow, in which `work` is called. */
  constructor(engine: Engine, view: TopologyView, begin: () => void, clock: Clock = systemClock) {
    this.#engine = engine;
    this.#clock = clock;
    this.#view = view;
    this.#begin = begin;
  }

  /** Holds a message back for `delay` ms. */
  add(vhost: string, { exchange, delay }: Delay, { message, key, header }: Waiting): void {
    this.#engine.keepMessage(message);
    this.#hold(vhost, exchange, this.#clock.now() + delay, { message, key, header, delay, kept: 0 });
  }

  /**
   * Takes over the message that `nextDead` gives out, which has come to the hidden queue of an exchange. False: it has
   * no place there.
   */
  take({ vhost, name }: ExchangeEntry, message: Message): boolean {
    const engine = this.#engine;
    const delay = delayIn(new Uint8Array(engine.messageHeader(message)));
    const due = engine.messageArrival(message) + delay;
    const kept = engine.keepDead();
    if (kept === 0) return false;
    this.#hold(vhost, name, due, { message, key: null, header: null, delay, kept });
    return true;
  }

  #hold(vhost: string, exchange: string, due: number, entry: Entry): void {
    const id = roomId(vhost, exchange);
    const room = this.#rooms.get(id) ?? { vhost, exchange, entries: new TimeHeap<Entry>() };
    this.#rooms.set(id, room);
    const isFirst = due < room.entries.firstTime;
    room.entries.push(due, entry);
    if (isFirst) this.#calendar.push(due, room);
    this.#wakeBy(due);
  }

  /** How many messages an exchange holds back. */
  count(vhost: string, exchange: string): number {
    return this.#rooms.get(roomId(vhost, exchange))?.entries.size ?? 0;
  }

  exchangeDeleted(vhost: string, exchange: string): void {
    const room = this.#rooms.get(roomId(vhost, exchange));
    if (room !== undefined) this.#drop(room);
  }

  vhostDeleted(vhost: string): void {
    for (const room of this.#rooms.values()) if (room.vhost === vhost) this.#drop(room);
  }

  #drop(room: Room): void {
    this.#rooms.delete(roomId(room.vhost, room.exchange));
    this.#dropped.push(room.entries);
  }

  /** Lets some of what is due go. True: there is more to do at once. */
  work(): boolean {
    if (this.#dropped.length > 0) this.#dropSome();
    if (!this.#awake) return this.#dropped.length > 0;
    const now = this.#clock.now();
    for (let count = 0; count < PORTION; count++) {
      const room = this.#next();
      if (room === undefined || room.entries.firstTime > now) {
        this.#awake = false;
        this.#wakeBy(room?.entries.firstTime ?? Number.POSITIVE_INFINITY);
        return this.#dropped.length > 0;
      }
      if (!this.#letGo(room)) {
        this.#awake = false;
        this.#wakeBy(now + RETRY_MS);
        return false;
      }
    }
    return true;
  }

  /** Nothing is let go any more. */
  stop(): void {
    this.#callOff();
  }

  #dropSome(): void {
    const entries = this.#dropped.at(-1);
    for (const entry of entries?.takeSome(PORTION) ?? []) this.#release(entry);
    if (entries?.size === 0) this.#dropped.pop();
  }

  /** The exchange whose first message is due before all others. */
  #next(): Room | undefined {
    for (;;) {
      const room = this.#calendar.first;
      if (room === undefined || this.#isIn(room)) return room;
      this.#calendar.shift();
    }
  }

  /** Whether the first room of the calendar is there, and stands there by the time of its first message. */
  #isIn(room: Room): boolean {
    const isOpen = this.#rooms.get(roomId(room.vhost, room.exchange)) === room;
    return isOpen && room.entries.firstTime === this.#calendar.firstTime;
  }

  /** Sends the first message of the first room on. False: no memory, it waits still. */
  #letGo(room: Room): boolean {
    const { vhost, exchange, entries } = room;
    const entry = entries.first;
    if (entry === undefined) return true;
    const engine = this.#engine;
    const { message } = entry;
    const key = entry.key ?? new Uint8Array(engine.messageKey(message));
    const { bodySize, properties } = decodeHeader(entry.header ?? new Uint8Array(engine.messageHeader(message)));
    const headers = new Map(properties.headers ?? EMPTY_TABLE).set(DELAY_HEADER, negative(entry.delay));
    const waited = { ...properties, headers };
    const header = encodeHeader({ bodySize, properties: waited });
    const publication = { vhost, exchange, routingKey: decodeKey(key).routingKey, properties: waited, waited: true };
    const { queues, delays, histories } = this.#view.routeMessage(publication);
    if (queues.length > 0 && engine.republish(message, key, header, queues) === null) return false;
    remember(engine, histories, { message, key, header });
    entries.shift();
    this.#calendar.shift();
    if (entries.size === 0) this.#rooms.delete(roomId(vhost, exchange));
    else this.#calendar.push(entries.firstTime, room);
    for (const delay of delays) this.add(vhost, delay, { message, key, header });
    this.#release(entry);
    return true;
  }

  #release({ message, kept }: Entry): void {
    if (kept === 0) this.#engine.releaseMessage(message);
    else this.#engine.settleDeadKept(kept);
  }

  #wakeBy(time: number): void {
    if (time >= this.#wakeAt) return;
    this.#callOff();
    this.#wakeAt = time;
    this.#callOff = this.#clock.after(time - this.#clock.now(), () => this.#wake());
  }

  #wake(): void {
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.#awake = true;
    this.#begin();
  }
}

function delayIn(header: Uint8Array): number {
  return delayOf(decodeHeader(header).properties);
}

function roomId(vhost: string, exchange: string): string {
  return JSON.stringify([vhost, exchange]);
}

/**
 * As the plugin for RabbitMQ: who reads it knows how long the message has waited, and no other exchange holds it back
 * again.
 */
function negative(delay: number): FieldValue {
  return delay < 2 ** 31 ? { type: 'I', value: -delay } : { type: 'l', value: -BigInt(delay) };
}
