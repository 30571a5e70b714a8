/**
 * This folder is for messages that the broker itself publishes: of events, traces and lines of its log. Workers and
 * connections import it.
 *
 * They are routed as messages of clients are, and stand in queues as those do. One that finds no memory waits; what
 * waits is bounded, and what finds no place there is lost and counted. What must hold: they come to queues in the order
 * in which they were published; none of them takes memory that clients' work counts on.
 */
import { encodeHeader, type Properties } from '../../amqp/properties.js';
import { Writer } from '../../amqp/wire.js';
import type { TopologyView } from '../../broker/topology/topology-view.js';
import type { Engine } from '../../engine/engine.js';

/** A message that has yet to be routed. */
export interface OwnMessage {
  readonly vhost: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: Properties;
  readonly body: Uint8Array;
}

const PERSISTENT = 2;

/** What may wait for memory, in messages and in octets of their bodies. */
const WAITING_MOST = 10_000;
const WAITING_OCTETS = 16 * 1024 * 1024;
/** Messages that are published in one turn. */
const PORTION = 128;
/** Of a routing key (octets): what a short string carries. */
const KEY_MAX = 255;

export interface OwnMessagesSurroundings {
  readonly engine: Pick<Engine, 'compose'>;
  readonly view: TopologyView;
  /** Whether there is memory for more than what clients count on. */
  hasRoom(): boolean;
  /** Makes a pass of the event loop follow. */
  begin(): void;
  /** Messages that came to an exchange were lost. */
  lost(exchange: string): void;
}

export class OwnMessages {
  readonly #outside: OwnMessagesSurroundings;
  readonly #waiting: OwnMessage[] = [];
  #octets = 0;

  constructor(outside: OwnMessagesSurroundings) {
    this.#outside = outside;
  }

  /** Publishes a message, now or when there is memory. */
  publish(message: OwnMessage): void {
    this.#outside.begin();
    if (this.#waiting.length === 0 && this.#sent(message)) return;
    if (this.#waiting.length >= WAITING_MOST || this.#octets + message.body.length > WAITING_OCTETS) {
      this.#outside.lost(message.exchange);
      return;
    }
    this.#waiting.push(message);
    this.#octets += message.body.length;
  }

  /** Whether more would have to wait: who can wait should, before publishing. */
  get isShort(): boolean {
    return this.#waiting.length > 0;
  }

  /** Publishes some of what waits. */
  work(): 'done' | 'more' | 'short' {
    if (this.#waiting.length === 0) return 'done';
    let count = 0;
    for (const message of this.#waiting) {
      if (count === PORTION) break;
      if (!this.#sent(message)) break;
      this.#octets -= message.body.length;
      count += 1;
    }
    this.#waiting.splice(0, count);
    if (this.#waiting.length === 0) return 'done';
    return count === PORTION ? 'more' : 'short';
  }

  /** False: no memory. */
  #sent({ vhost, exchange, routingKey: given, properties, body }: OwnMessage): boolean {
    const { view, engine } = this.#outside;
    // A name may be as long as a key is, and a key is more than a name.
    const routingKey = cut(given);
    // Nothing holds back what the broker says: it would have to be remembered for as long.
    const routed = view.routeMessage({ vhost, exchange, routingKey, properties, waited: true });
    if (routed.queues.length === 0 && routed.histories.length === 0) return true;
    if (!this.#outside.hasRoom()) return false;
    const key = keyOf(exchange, routingKey);
    const header = encodeHeader({ bodySize: body.length, properties });
    const persistent = properties.deliveryMode === PERSISTENT;
    if (routed.queues.length > 0 && engine.compose(key, header, body, persistent, routed.queues) === null) return false;
    for (const history of routed.histories) history.add({ key, header, body });
    return true;
  }
}

function cut(key: string): string {
  if (Buffer.byteLength(key) <= KEY_MAX) return key;
  return Buffer.from(key)
    .subarray(0, KEY_MAX)
    .toString('utf8')
    .replace(/\ufffd$/, '');
}

function keyOf(exchange: string, routingKey: string): Uint8Array {
  const writer = new Writer();
  writer.shortText(exchange);
  writer.shortText(routingKey);
  return writer.finish();
}
