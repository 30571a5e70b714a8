/**
 * Where a route leads that the core does not know yet (`Stop.ROUTE`). A flood of new keys comes through here, one by one: so all that concerns the exchange and its user is
 * kept, and a key in ASCII is read where it lies.
 * What must hold: nothing is answered from before a change of the view. This is the only place where the right to write is asked for: a change of rights is one of the
 * topology, and has all routes resolved anew.
 */
import { KeyRoutes } from '../broker/key-routes.js';
import type { TopologyView } from '../broker/topology-view.js';
import { type Engine, RouteFlag } from '../engine/engine.js';
import { refusalError } from './refusal.js';
import type { Session } from './session.js';
import { decodeKey } from './submission.js';

/** Exchanges, with users, that are remembered. */
const KNOWN_MOST = 256;
const ASCII_END = 0x80;
const NO_QUEUES: readonly number[] = [];

export class RouteFinder {
  readonly #engine: Engine;
  readonly #view: TopologyView;
  /** The core's memory, to read text from. */
  readonly #text: Buffer;
  #known = new Map<string, KeyRoutes>();
  /** Who asked last, for which exchange (in Latin-1), and what there is to say of it. */
  #vhost = '';
  #user = '';
  #exchange = '';
  #last: KeyRoutes | null = null;

  constructor(engine: Engine, view: TopologyView) {
    this.#engine = engine;
    this.#view = view;
    this.#text = Buffer.from(engine.bytes.buffer, engine.bytes.byteOffset, engine.bytes.byteLength);
  }

  /** Answers the stop. Throws when nothing may be published there, by this user. */
  install(session: Session): void {
    const engine = this.#engine;
    const at = engine.frameOffset;
    const end = at + engine.frameLength;
    const keyAt = at + 1 + (this.#text[at] ?? 0);
    const isPlain = this.#isAscii(at + 1, keyAt) && this.#isAscii(keyAt + 1, end);
    const decoded = isPlain ? null : decodeKey(engine.bytes.slice(at, end));
    const routes = this.#routesOf(session, decoded?.exchange ?? this.#text.toString('latin1', at + 1, keyAt));
    if (routes.refusal !== null) throw refusalError(routes.refusal, 'basic.publish');
    const queues = routes.queues(decoded?.routingKey ?? this.#text.toString('latin1', keyAt + 1, end));
    if (queues === null) engine.installRoute(session.core, NO_QUEUES, RouteFlag.ASK_HOST);
    else engine.installRoute(session.core, queues, RouteFlag.STATIC);
  }

  #isAscii(start: number, end: number): boolean {
    const text = this.#text;
    for (let at = start; at < end; at++) if ((text[at] ?? 0) >= ASCII_END) return false;
    return true;
  }

  #routesOf(session: Session, exchange: string): KeyRoutes {
    const { vhost, user } = session;
    const last = this.#last;
    const isSame = this.#exchange === exchange && this.#vhost === vhost && this.#user === user;
    if (isSame && last?.isCurrent) return last;
    const routes = this.#lookUp(session, exchange);
    this.#vhost = vhost;
    this.#user = user;
    this.#exchange = exchange;
    this.#last = routes;
    return routes;
  }

  #lookUp(session: Session, exchange: string): KeyRoutes {
    const name = JSON.stringify([session.vhost, session.user, exchange]);
    const known = this.#known.get(name);
    if (known?.isCurrent) return known;
    if (this.#known.size >= KNOWN_MOST) this.#known.clear();
    const routes = new KeyRoutes(this.#view, session, exchange);
    this.#known.set(name, routes);
    return routes;
  }
}
