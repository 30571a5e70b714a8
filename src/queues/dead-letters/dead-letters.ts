/**
 * This folder is for sending dead letters on; workers and connections may import it.
 *
 * Each message that died through this worker goes to the exchange that its queue names for them, with the record of
 * its death, and from there on as a message that was just published. What must hold: a call does a bounded portion; a
 * message that finds no memory is tried again, and routed once only; one that comes round by itself to a queue where it
 * died is dropped there. A queue may ask that its dead letters are kept until they have arrived.
 */
import { AmqpError } from '../../amqp/errors.js';
import { type ContentHeader, decodeHeader, encodeHeader, type Properties } from '../../amqp/properties.js';
import { decodeKey } from '../../amqp/publish-key.js';
import { Writer } from '../../amqp/wire.js';
import type { History } from '../../broker/history/history.js';
import { remember } from '../../broker/history/remember.js';
import type { Delay } from '../../broker/topology/routes.js';
import type { TopologyView } from '../../broker/topology/topology-view.js';
import {
  Counter,
  DeadLetterReason,
  deathCounter,
  type Engine,
  Fate,
  type Message,
  type Queue,
} from '../../engine/engine.js';
import { PORTION_WORK } from '../../event-loop/rounds.js';
import { type Clock, systemClock } from '../../platform/clock.js';
import type { Delays } from '../delayed/delayed-messages.js';
import { deadHeader, isCycle } from './death-header.js';
import { type Place, Progress, UndeliveredDeadLetters } from './undelivered.js';
import type { UndeliveredDeadLetter } from './undelivered-row.js';

/** Most dead letters of one pass; fewer, if they go to many queues. */
const PORTION = 128;

/** A dead letter: everything but where it leads. */
interface DeadLetter extends Dead {
  /** The key that it was published with. */
  readonly routingKey: string;
  readonly properties: Properties;
  readonly header: Uint8Array;
}

/** What is to be known of a death to write a dead letter of it. */
type Dead = Omit<UndeliveredDeadLetter, 'number'>;

/** Where a dead letter leads. */
interface Destinations {
  readonly vhost: string;
  readonly key: Uint8Array;
  readonly queues: readonly Queue[];
  readonly delays: readonly Delay[];
  readonly histories: readonly History[];
}

export class DeadLetters {
  readonly #engine: Engine;
  readonly #view: TopologyView;
  readonly #delays: Delays;
  readonly #kept: UndeliveredDeadLetters;
  readonly #syncTopology: () => void;
  readonly #clock: Clock;
  /** The oldest one, while it waits for memory, with the topology that it was routed by: routing may count. */
  #waiting: {
    readonly deadLetter: DeadLetter;
    readonly destinations: Destinations | null;
    readonly epoch: number;
  } | null = null;

  /** `begin` makes a pass of the event loop follow; `syncTopology` applies to the view what others know already. */
  constructor(
    engine: Engine,
    view: TopologyView,
    delays: Delays,
    begin: () => void,
    syncTopology: () => void,
    clock: Clock = systemClock,
  ) {
    this.#clock = clock;
    this.#engine = engine;
    this.#view = view;
    this.#delays = delays;
    this.#syncTopology = syncTopology;
    this.#kept = new UndeliveredDeadLetters(
      (kept, progress) => this.#sendAgain(kept, progress),
      (number) => engine.settleDeadKept(number),
      begin,
    );
  }

  /** Sends some of them on, and says what is left to do: nothing, more, or more as soon as there is memory. */
  sendOn(): 'done' | 'more' | 'short' {
    const engine = this.#engine;
    const epoch = engine.topologyEpoch();
    const isMoreKept = this.#kept.work(epoch);
    const before = engine.work;
    for (let count = 0; count < PORTION && (engine.work - before) >>> 0 < PORTION_WORK; count++) {
      const message = engine.nextDead();
      if (message === 0) return isMoreKept ? 'more' : 'done';
      if (this.#waits(message)) continue;
      const { deadLetter, destinations } = this.#addressed(message, epoch);
      const progress = new Progress();
      const sent = deadLetter === null || this.#send(deadLetter, destinations, progress);
      if (deadLetter !== null && sent === null) {
        this.#waiting = { deadLetter, destinations, epoch };
        return 'short';
      }
      this.#waiting = null;
      if (deadLetter !== null) this.#count(deadLetter, destinations, sent === true);
      if (deadLetter === null || sent || !this.#keep(deadLetter, progress, epoch)) engine.settleDead();
    }
    return 'more';
  }

  /** Nothing is sent again any more. */
  stop(): void {
    this.#kept.stop();
  }

  /** Whether it is no dead letter, but came to a hidden queue, to be held back. */
  #waits(message: Message): boolean {
    const { deadQueue } = this.#engine;
    // Whoever published it knows the queue.
    if (this.#view.queueByRef(deadQueue) === undefined) this.#syncTopology();
    const exchange = this.#view.exchangeByDelayedQueue(deadQueue);
    return exchange !== undefined && this.#delays.take(exchange, message);
  }

  /** Counts what becomes of one that is tried for the first time. */
  #count({ origin, reason }: DeadLetter, destinations: Destinations | null, isSent: boolean): void {
    if (this.#keeps(origin)) {
      this.#engine.count(deathCounter(Fate.KEPT, reason), 1);
      if (isSent) this.#engine.count(Counter.DEAD_ARRIVED, 1);
    } else this.#engine.count(deathCounter(destinations === null ? Fate.DROPPED : Fate.SENT, reason), 1);
  }

  /** Whether a queue keeps its dead letters until they have arrived. */
  #keeps(origin: Queue): boolean {
    return this.#view.queueByRef(origin)?.keepsDeadLetters === true;
  }

  /** False: its queue does not keep its dead letters. */
  #keep(deadLetter: DeadLetter, progress: Progress, epoch: number): boolean {
    if (!this.#keeps(deadLetter.origin)) return false;
    const number = this.#engine.keepDead();
    const { message, origin, reason, died } = deadLetter;
    if (number !== 0) this.#kept.add({ message, origin, reason, died, number }, progress, epoch);
    return number !== 0;
  }

  #sendAgain(kept: UndeliveredDeadLetter, progress: Progress): boolean | null {
    const deadLetter = this.#deadLetter(kept);
    const sent = deadLetter === null ? false : this.#send(deadLetter, this.#destinations(deadLetter), progress);
    if (sent) this.#engine.count(Counter.DEAD_ARRIVED, 1);
    // A queue that is gone keeps nothing, and one that has other features by now nothing more.
    return sent === false && !this.#keeps(kept.origin) ? true : sent;
  }

  /**
   * Sends a dead letter to those who lack it. True: all that it leads to have it, and somebody has; null: no memory.
   */
  #send({ message, header }: DeadLetter, destinations: Destinations | null, progress: Progress): boolean | null {
    if (destinations === null) return progress.hasBegun;
    const lacking = destinations.queues.filter((ref) => !progress.has(this.#placeOf(ref)));
    const refused = lacking.length === 0 ? [] : this.#engine.republish(message, destinations.key, header, lacking);
    if (refused === null) return null;
    if (!progress.isRemembered)
      remember(this.#engine, destinations.histories, { message, key: destinations.key, header });
    progress.isRemembered = true;
    for (const ref of lacking) if (!refused.includes(ref)) progress.add(this.#placeOf(ref));
    for (const delay of destinations.delays) {
      const exchange = this.#view.exchange(destinations.vhost, delay.exchange);
      if (exchange === undefined || progress.has(exchange)) continue;
      this.#delays.add(destinations.vhost, delay, { message, key: destinations.key, header });
      progress.add(exchange);
    }
    return refused.length === 0 && progress.hasBegun;
  }

  /** Another queue, or exchange, may have its name by the next time, and even its memory. */
  #placeOf(ref: Queue): Place {
    return this.#view.queueByRef(ref)?.id ?? this.#view.exchangeByDelayedQueue(ref) ?? `${ref}`;
  }

  #addressed(
    message: Message,
    epoch: number,
  ): { readonly deadLetter: DeadLetter | null; readonly destinations: Destinations | null } {
    if (this.#waiting !== null && this.#waiting.epoch === epoch) return this.#waiting;
    const { deadQueue: origin, deadReason: reason } = this.#engine;
    const deadLetter =
      this.#waiting?.deadLetter ?? this.#deadLetter({ message, origin, reason, died: this.#clock.now() });
    return { deadLetter, destinations: deadLetter === null ? null : this.#destinations(deadLetter) };
  }

  /** Null when nobody could read it. */
  #deadLetter({ message, origin, reason, died }: Dead): DeadLetter | null {
    const queue = this.#view.queueByRef(origin);
    const header = headerOf(new Uint8Array(this.#engine.messageHeader(message)));
    if (queue === undefined || header === null) return null;
    const published = decodeKey(new Uint8Array(this.#engine.messageKey(message)));
    const death = { reason, queue: queue.name, ...published, now: died };
    const dead = deadHeader(header, death, queue.deadLetterRoutingKey !== null);
    const { routingKey } = published;
    return { message, origin, reason, died, routingKey, properties: dead.properties, header: encodeHeader(dead) };
  }

  /** Null when there is no exchange that it goes to. */
  #destinations({ origin, reason, routingKey: published, properties }: DeadLetter): Destinations | null {
    const queue = this.#view.queueByRef(origin);
    if (queue === undefined || queue.deadLetterExchange === null) return null;
    const { vhost, deadLetterExchange: exchange } = queue;
    if (this.#view.exchange(vhost, exchange) === undefined) return null;
    const routingKey = queue.deadLetterRoutingKey ?? published;
    const { queues, delays, histories } = this.#view.routeMessage({ vhost, exchange, routingKey, properties });
    const key = encodeKey(exchange, routingKey);
    return { vhost, key, queues: this.#withoutCycles(queues, reason, properties), delays, histories };
  }

  #withoutCycles(queues: readonly Queue[], reason: DeadLetterReason, { headers }: Properties): readonly Queue[] {
    if (reason === DeadLetterReason.REJECTED || headers === undefined) return queues;
    return queues.filter((ref) => {
      const name = this.#view.queueByRef(ref)?.name;
      return name === undefined || !isCycle(headers, name);
    });
  }
}

/** Null when the properties are no properties: nobody could read them, nor be told of the death. */
function headerOf(payload: Uint8Array): ContentHeader | null {
  try {
    return decodeHeader(payload);
  } catch (error) {
    if (error instanceof AmqpError) return null;
    throw error;
  }
}

function encodeKey(exchange: string, routingKey: string): Uint8Array {
  const writer = new Writer();
  writer.shortText(exchange);
  writer.shortText(routingKey);
  return writer.finish();
}
