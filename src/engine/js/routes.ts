/**
 * The routes that this worker knows, by vhost and key bytes. Bounded: when it is full it starts anew, as it does when
 * the topology changes. A message being received keeps its route, so clearing never takes one away.
 */
import { byteAt } from './views.js';

const ROUTES_MAX = 16384;

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
  /** The next route whose key has the same hash. */
  readonly next: Route | undefined;
}

export class Routes {
  readonly #byHash = new Map<number, Route>();
  #count = 0;
  /** Raised when all routes are forgotten: one that was found before may be wrong. */
  version = 1;
  /** The route found last: messages of one kind come in runs. */
  #last: Route | undefined;

  find(vhost: number, bytes: Uint8Array, at: number, length: number): Route | undefined {
    if (this.#last !== undefined && matches(this.#last, vhost, bytes, at, length)) return this.#last;
    let route = this.#byHash.get(hash(bytes, at, length));
    while (route !== undefined && !matches(route, vhost, bytes, at, length)) route = route.next;
    if (route !== undefined) this.#last = route;
    return route;
  }

  install(route: Omit<Route, 'next'>): void {
    if (this.#count >= ROUTES_MAX) this.clear();
    const at = hash(route.key, 0, route.key.length);
    this.#byHash.set(at, { ...route, next: this.#byHash.get(at) });
    this.#count++;
    this.#last = undefined;
  }

  clear(): void {
    this.version++;
    this.#byHash.clear();
    this.#count = 0;
    this.#last = undefined;
  }
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
