/**
 * Where a route leads that the core does not know yet (`Stop.ROUTE`). A flood of new keys comes through here, one by
 * one: so all that concerns the exchange and who publishes is kept, and a key in ASCII is read where it lies. What must
 * hold: nothing is answered from before a change of the view. This is the only place where the right to write is asked
 * for, to an exchange and under a key: a change of rights is one of the topology, and has all routes resolved anew.
 *
 * This folder finds for the core where messages lead; workers import it, and hand it to their connections.
 */

import { decodeKey } from '../../amqp/publish-key.js';
import type { Actor } from '../../broker/topology/access.js';
import { KeyRoutes } from '../../broker/topology/key-routes.js';
import type { TopologyView } from '../../broker/topology/topology-view.js';
import { type Connection, type Engine, RouteFlag } from '../../engine/engine.js';
import { refusalError } from '../errors/errors.js';

/** Who publishes. */
export interface Origin extends Actor {
  readonly core: Connection;
}

/** Exchanges, with whoever publishes there, that are remembered. */
const KNOWN_MOST = 256;
const ASCII_END = 0x80;
const NO_QUEUES: readonly number[] = [];

export class RouteFinder {
  readonly #engine: Engine;
  readonly #view: TopologyView;
  /** The core's memory, to read text from. */
  readonly #text: Buffer;
  #known = new Map<string, KeyRoutes>();
  /** Who asked last, for which exchange (its octets), and what there is to say of it. */
  #vhost = '';
  #principal = '';
  #exchange: Uint8Array = new Uint8Array(0);
  #last: KeyRoutes | null = null;

  constructor(engine: Engine, view: TopologyView) {
    this.#engine = engine;
    this.#view = view;
    this.#text = Buffer.from(engine.bytes.buffer, engine.bytes.byteOffset, engine.bytes.byteLength);
  }

  /** Answers the stop. Throws when nothing may be published there, by this user. */
  install(origin: Origin): void {
    const engine = this.#engine;
    const at = engine.frameOffset;
    const end = at + engine.frameLength;
    const keyAt = at + 1 + (this.#text[at] ?? 0);
    const routes = this.#knownLast(origin, at + 1, keyAt) ?? this.#routesOf(origin, at, keyAt, end);
    if (routes.refusal !== null) throw refusalError(routes.refusal, 'basic.publish');
    const key = this.#routingKey(at, keyAt + 1, end);
    const refusal = routes.keyRefusal(key);
    if (refusal !== null) throw refusalError(refusal, 'basic.publish');
    const queues = routes.queues(key);
    const flags = queues === null ? RouteFlag.ASK_HOST : RouteFlag.STATIC;
    engine.installRoute(origin.core, queues ?? NO_QUEUES, flags, routes.counters);
  }

  #routingKey(at: number, start: number, end: number): string {
    const text = this.#text;
    for (let octet = start; octet < end; octet++) {
      if ((text[octet] ?? 0) >= ASCII_END) return decodeKey(this.#engine.bytes.slice(at, end)).routingKey;
    }
    return text.toString('latin1', start, end);
  }

  /**
   * What is known for who asked last, for the exchange whose octets stand there; null: another asks, or there is news.
   */
  #knownLast({ vhost, principal }: Origin, start: number, end: number): KeyRoutes | null {
    const last = this.#last;
    const exchange = this.#exchange;
    if (last === null || this.#vhost !== vhost || this.#principal !== principal.key) return null;
    if (exchange.length !== end - start) return null;
    for (let index = 0; index < exchange.length; index++) {
      if (exchange[index] !== this.#text[start + index]) return null;
    }
    return last.isCurrent ? last : null;
  }

  #routesOf(origin: Origin, at: number, keyAt: number, end: number): KeyRoutes {
    const { exchange } = decodeKey(this.#engine.bytes.slice(at, end));
    this.#last = this.#lookUp(origin, exchange);
    this.#exchange = this.#engine.bytes.slice(at + 1, keyAt);
    this.#vhost = origin.vhost;
    this.#principal = origin.principal.key;
    return this.#last;
  }

  #lookUp(origin: Origin, exchange: string): KeyRoutes {
    const name = JSON.stringify([origin.vhost, origin.principal.key, exchange]);
    const known = this.#known.get(name);
    if (known?.isCurrent) return known;
    if (this.#known.size >= KNOWN_MOST) this.#known.clear();
    const routes = new KeyRoutes(this.#view, origin, exchange);
    this.#known.set(name, routes);
    return routes;
  }
}
