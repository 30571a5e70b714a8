/**
 * What becomes of the messages that died through this worker: each goes to the exchange that its queue names for them,
 * with the record of its death, and from there on as a message that was just published.
 * What must hold: a call does a bounded portion; a message that finds no memory is tried again, and routed once only; one
 * that comes round by itself to a queue where it died is dropped there.
 */
import { AmqpError } from '../amqp/errors.js';
import { type ContentHeader, decodeHeader, encodeHeader } from '../amqp/properties.js';
import { Writer } from '../amqp/wire.js';
import type { Delay } from '../broker/routes.js';
import type { QueueEntry } from '../broker/topology-entries.js';
import type { TopologyView } from '../broker/topology-view.js';
import { Death, type Engine, type Message, type Queue } from '../engine/engine.js';
import { deadHeader, isCycle } from './deaths.js';
import type { Delays } from './delays.js';
import { decodeKey } from './submission.js';

/** Dead letters of one turn. */
const PORTION = 128;

/** A dead letter that is ready to go. */
interface DeadLetter {
  readonly vhost: string;
  readonly key: Uint8Array;
  readonly header: Uint8Array;
  readonly queues: readonly Queue[];
  readonly delays: readonly Delay[];
  /** The topology that it was routed by. */
  readonly epoch: number;
}

export class DeadLetters {
  readonly #engine: Engine;
  readonly #view: TopologyView;
  readonly #delays: Delays;
  /** The oldest one, while it waits for memory. */
  #waiting: DeadLetter | null = null;

  constructor(engine: Engine, view: TopologyView, delays: Delays) {
    this.#engine = engine;
    this.#view = view;
    this.#delays = delays;
  }

  /** Sends some of them on, and says what is left to do: nothing, more, or more as soon as there is memory. */
  sendOn(): 'done' | 'more' | 'short' {
    const engine = this.#engine;
    for (let count = 0; count < PORTION; count++) {
      const message = engine.nextDead();
      if (message === 0) return 'done';
      const letter = this.#letter(message);
      if (letter !== null && !this.#send(message, letter)) {
        this.#waiting = letter;
        return 'short';
      }
      this.#waiting = null;
      engine.bury();
    }
    return 'more';
  }

  #send(message: Message, { vhost, key, header, queues, delays }: DeadLetter): boolean {
    if (queues.length > 0 && this.#engine.republish(message, key, header, queues) === null) return false;
    for (const delay of delays) this.#delays.add(vhost, delay, { message, key, header });
    return true;
  }

  /** Null when it goes nowhere. */
  #letter(message: Message): DeadLetter | null {
    if (this.#waiting !== null && this.#waiting.epoch === this.#engine.topologyEpoch()) return this.#waiting;
    const queue = this.#view.queueByRef(this.#engine.deadQueue);
    if (queue === undefined || queue.deadLetterExchange === null) return null;
    if (this.#view.exchange(queue.vhost, queue.deadLetterExchange) === undefined) return null;
    const header = headerOf(new Uint8Array(this.#engine.messageHeader(message)));
    return header === null ? null : this.#address(message, header, queue, queue.deadLetterExchange);
  }

  #address(message: Message, header: ContentHeader, queue: QueueEntry, exchange: string): DeadLetter {
    const reason = this.#engine.deadReason;
    const published = decodeKey(new Uint8Array(this.#engine.messageKey(message)));
    const otherKey = queue.deadLetterRoutingKey;
    const routingKey = otherKey ?? published.routingKey;
    const death = { reason, queue: queue.name, ...published, now: Date.now() };
    const dead = deadHeader(header, death, otherKey !== null);
    const { vhost } = queue;
    const { properties } = dead;
    const { queues, delays } = this.#view.routeMessage({ vhost, exchange, routingKey, properties });
    const epoch = this.#engine.topologyEpoch();
    const key = encodeKey(exchange, routingKey);
    return { vhost, key, header: encodeHeader(dead), queues: this.#withoutCycles(queues, reason, dead), delays, epoch };
  }

  #withoutCycles(queues: readonly Queue[], reason: Death, dead: ContentHeader): readonly Queue[] {
    const { headers } = dead.properties;
    if (reason === Death.REJECTED || headers === undefined) return queues;
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
