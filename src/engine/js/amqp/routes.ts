/**
 * The routes that this worker knows, by vhost and key bytes. Bounded: when the younger half is full the older is
 * forgotten, and it takes its place; what is looked up in the older moves to the younger, so a route that is in use
 * stays. All start anew when the topology changes. A message being received keeps its route, so forgetting never takes
 * one away.
 */
import { byteAt } from '../memory/views.js';

/** Of each half. */
const ROUTES_MAX = 8192;

export interface Route {
  readonly vhost: number;
  /** Exchange and routing key as two short strings. */
  readonly key: Uint8Array;
  readonly queues: readonly number[];
  readonly askHost: boolean;
  /** Its queues look at each message by itself. */
  readonly guarded: boolean;
  /** The log knows one of its queues. */
  readonly logged: boolean;
  /** This participant's block of the exchange's counters; 0: it is not counted. */
  readonly counters: number;
  /** The next route whose key has the same hash. */
  readonly next: Route | undefined;
}

export class Routes {
  #young = new Map<number, Route>();
  #old = new Map<number, Route>();
  /** How many there are in the younger half. */
  #count = 0;
  /** Raised when routes are forgotten: one that was found before may be wrong. */
  version = 1;
  /** The route found last: messages of one kind come in runs. */
  #last: Route | undefined;

  find(vhost: number, bytes: Uint8Array, at: number, length: number): Route | undefined {
    if (this.#last !== undefined && matches(this.#last, vhost, bytes, at, length)) return this.#last;
    const key = hash(bytes, at, length);
    let route = findIn(this.#young, key, vhost, bytes, at, length);
    if (route === undefined) {
      route = findIn(this.#old, key, vhost, bytes, at, length);
      if (route !== undefined && this.#count < ROUTES_MAX) this.#enter(key, route);
    }
    if (route !== undefined) this.#last = route;
    return route;
  }

  install(route: Omit<Route, 'next'>): void {
    if (this.#count >= ROUTES_MAX) this.#turnHalves();
    this.#enter(hash(route.key, 0, route.key.length), route);
    this.#last = undefined;
  }

  clear(): void {
    this.#young.clear();
    this.#turnHalves();
  }

  #enter(key: number, route: Omit<Route, 'next'>): void {
    this.#young.set(key, { ...route, next: this.#young.get(key) });
    this.#count++;
  }

  #turnHalves(): void {
    this.version++;
    this.#old = this.#young;
    this.#young = new Map();
    this.#count = 0;
    this.#last = undefined;
  }
}

function findIn(
  routes: ReadonlyMap<number, Route>,
  key: number,
  vhost: number,
  bytes: Uint8Array,
  at: number,
  length: number,
): Route | undefined {
  let route = routes.get(key);
  while (route !== undefined && !matches(route, vhost, bytes, at, length)) route = route.next;
  return route;
}

function matches(route: Route, vhost: number, bytes: Uint8Array, at: number, length: number): boolean {
  const { key } = route;
  if (route.vhost !== vhost || key.length !== length) return false;
  for (let i = 0; i < length; i++) if (key[i] !== byteAt(bytes, at + i)) return false;
  return true;
}

/** FNV-1a. */
function hash(bytes: Uint8Array, at: number, length: number): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < length; i++) sum = Math.imul(sum ^ byteAt(bytes, at + i), 0x01000193);
  return sum;
}
