/**
 * Where messages with ever new keys go that a user publishes to one exchange: what is the same for all of them is found
 * once, for as long as the view does not change. What must hold: a key is answered as `asksHost` and `route` of the
 * view would answer it.
 */
import type { CounterList, Queue } from '../../engine/engine.js';
import type { KeyPattern } from '../access/principal.js';
import { topicRefused } from '../requests/refusals.js';
import type { Refusal } from '../requests/requests.js';
import type { Routable } from '../routing/router.js';
import { type Actor, publishRefusal, topicPattern } from './access.js';
import { NOT_COUNTED } from './counter-lists.js';
import type { Binding, ExchangeEntry } from './topology-entries.js';
import type { TopologyView } from './topology-view.js';

const FEW = 8;

export class KeyRoutes {
  /** Where is counted what is published there. */
  readonly counters: CounterList;
  /** Why the user may not publish there; null: it may. */
  readonly refusal: Refusal | null;
  readonly #view: TopologyView;
  readonly #user: string;
  readonly #vhost: string;
  readonly #exchange: string;
  /** What keys must match; null: any will do. */
  readonly #topic: KeyPattern | null;
  /** The state of the view that this holds for. */
  readonly #version: number;
  readonly #asksHost: boolean;
  /** The exchange, where its own bindings say all; null: other exchanges may come into it. */
  readonly #alone: ExchangeEntry | null;
  readonly #keys = [''];
  readonly #message: Routable = { keys: this.#keys, properties: {} };
  #found: Queue[] = [];
  /** The same, when they are many. */
  readonly #seen = new Set<Queue>();
  #isAsked = false;

  constructor(view: TopologyView, actor: Actor, exchange: string) {
    const { principal, vhost } = actor;
    const entry = view.exchange(vhost, exchange);
    this.counters = entry?.counters ?? NOT_COUNTED;
    this.refusal = publishRefusal(view, actor, exchange);
    this.#view = view;
    this.#user = principal.name;
    this.#vhost = vhost;
    this.#exchange = exchange;
    this.#topic = topicPattern(view, 'write', actor, exchange);
    this.#version = view.version;
    this.#asksHost = view.asksOnTheWay(vhost, exchange);
    const isAlone = entry?.isLast === true && !entry.isDefault && entry.alternate === null;
    this.#alone = isAlone ? entry : null;
  }

  /** Whether it says what the view would say. */
  get isCurrent(): boolean {
    return this.#version === this.#view.version;
  }

  /** Why the user may not publish under this key; null: it may. */
  keyRefusal(key: string): Refusal | null {
    if (this.#topic === null || this.#topic.matches(key)) return null;
    return topicRefused(this.#vhost, this.#exchange, key, this.#user);
  }

  /** The queues of messages with this key, until the next call; null: they are to be routed one by one. */
  queues(key: string): readonly Queue[] | null {
    if (this.#asksHost) return null;
    if (this.#alone === null) {
      const asksHost = this.#view.asksHost(this.#vhost, this.#exchange, key);
      return asksHost ? null : this.#view.route(this.#vhost, this.#exchange, key);
    }
    this.#keys[0] = key;
    this.#found = [];
    this.#isAsked = false;
    this.#alone.router.match(this.#message, this.#take);
    if (this.#seen.size > 0) this.#seen.clear();
    return this.#isAsked ? null : this.#found;
  }

  readonly #take = ({ destination }: Binding): void => {
    if (destination.kind !== 'queue' || this.#isFound(destination.ref)) return;
    if (destination.asksHost) this.#isAsked = true;
    this.#found.push(destination.ref);
  };

  /** Whether several bindings lead to the queue. A few are looked through, which is faster than any set. */
  #isFound(ref: Queue): boolean {
    const found = this.#found;
    if (found.length < FEW) return found.includes(ref);
    if (this.#seen.size === 0) for (const one of found) this.#seen.add(one);
    if (this.#seen.has(ref)) return true;
    this.#seen.add(ref);
    return false;
  }
}
