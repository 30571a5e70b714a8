/**
 * The topology as one participant sees it: what exists, where a message goes, and who may do what. Every worker has one
 * and applies the coordinator's changes to it; the coordinator has one too, and applies each change before anybody
 * else. What must hold: the same changes in the same order make the same view; nothing here waits, and no loop of
 * exchanges makes a route endless.
 */
import type { CounterList, Queue } from '../../engine/engine.js';
import { type Clock, systemClock } from '../../platform/clock.js';
import { type AccountChange, Accounts } from '../access/accounts.js';
import { DEFAULT_VHOST, TRACE_EXCHANGE } from '../requests/names.js';
import type { Change } from '../requests/requests.js';
import { NO_METADATA, type VhostMetadata } from '../requests/vhost-metadata.js';
import { routingKeys } from '../routing/carbon-copies.js';
import type { Routable } from '../routing/router.js';
import { NOT_COUNTED } from './counter-lists.js';
import { listsOf, predeclaredExchanges } from './predeclared.js';
import { asksOnTheWay, type Publication, type Routed, routesFrom } from './routes.js';
import { type Binding, type BindingChange, type Destination, ExchangeEntry, QueueEntry } from './topology-entries.js';
import { Vhost } from './vhost.js';

export class TopologyView {
  readonly accounts: Accounts;
  /** Another one after each change. */
  version = 0;
  readonly #vhosts = new Map<string, Vhost>();
  readonly #queuesByRef = new Map<Queue, QueueEntry>();
  /** Exchanges by their hidden queues. */
  readonly #exchangesByDelayedQueue = new Map<Queue, ExchangeEntry>();
  #exchanges = 0;

  /** Whether every message must be routed one by one, as somebody follows all of them. */
  followsAll: boolean;
  readonly #clock: Clock;

  constructor(vhosts: readonly string[] = [DEFAULT_VHOST], followsAll = false, clock: Clock = systemClock) {
    this.#clock = clock;
    this.followsAll = followsAll;
    let last = 0;
    for (const vhost of vhosts) {
      // The first lists that the coordinator opens (topology.ts).
      const lists = Array.from({ length: listsOf(vhost) }, (_, index) => last + index + 1);
      last += lists.length;
      this.#createVhost(vhost, lists);
    }
    this.accounts = new Accounts(vhosts);
  }

  hasVhost(vhost: string): boolean {
    return this.#vhosts.has(vhost);
  }

  vhosts(): string[] {
    return [...this.#vhosts.keys()];
  }

  /** What is said of a vhost; nothing, where there is none. */
  metadata(vhost: string): VhostMetadata {
    return this.#vhosts.get(vhost)?.metadata ?? NO_METADATA;
  }

  /** Where is counted what clients do in a vhost. */
  countersOf(vhost: string): CounterList {
    return this.#vhosts.get(vhost)?.counters ?? NOT_COUNTED;
  }

  exchangesIn(vhost: string): Iterable<ExchangeEntry> {
    return this.#vhosts.get(vhost)?.exchanges.values() ?? [];
  }

  queuesIn(vhost: string): Iterable<QueueEntry> {
    return this.#vhosts.get(vhost)?.queues.values() ?? [];
  }

  replyQueuesIn(vhost: string): Iterable<string> {
    return this.#vhosts.get(vhost)?.replies.keys() ?? [];
  }

  /** How many queues there are in a vhost. */
  queueCount(vhost: string): number {
    return this.#vhosts.get(vhost)?.queues.size ?? 0;
  }

  get queueCountInAll(): number {
    return this.#queuesByRef.size;
  }

  /** How many exchanges there are in a vhost, those that each has among them. */
  exchangeCount(vhost: string): number {
    return this.#vhosts.get(vhost)?.exchanges.size ?? 0;
  }

  get exchangeCountInAll(): number {
    return this.#exchanges;
  }

  bindingCount(vhost: string): number {
    return this.#vhosts.get(vhost)?.bindings ?? 0;
  }

  exchange(vhost: string, name: string): ExchangeEntry | undefined {
    return this.#vhosts.get(vhost)?.exchanges.get(name);
  }

  /** Whether what is published to an exchange may come anywhere. */
  leadsOn(vhost: string, exchange: string): boolean {
    const entry = this.exchange(vhost, exchange);
    return entry !== undefined && (entry.outgoing.size > 0 || entry.alternate !== null);
  }

  /** Whether what passes through a vhost is to be copied, and the copies come anywhere. */
  isTraced(vhost: string): boolean {
    return this.metadata(vhost).tracing && this.leadsOn(vhost, TRACE_EXCHANGE);
  }

  queue(vhost: string, name: string): QueueEntry | undefined {
    return this.#vhosts.get(vhost)?.queues.get(name);
  }

  /** The queue that a reference stands for; undefined once it is deleted, and for queues of direct replies. */
  queueByRef(ref: Queue): QueueEntry | undefined {
    return this.#queuesByRef.get(ref);
  }

  /** The exchange whose messages wait in a hidden queue; undefined for any other queue. */
  exchangeByDelayedQueue(ref: Queue): ExchangeEntry | undefined {
    return this.#exchangesByDelayedQueue.get(ref);
  }

  /** A queue for direct replies, by its whole name. */
  replyQueue(vhost: string, name: string): Queue | undefined {
    return this.#vhosts.get(vhost)?.replies.get(name);
  }

  apply(change: Change): void {
    this.version += 1;
    if (change.kind === 'vhost.created') {
      this.#createVhost(change.vhost, change.counters);
      return;
    }
    if (isAccountChange(change)) {
      this.accounts.apply(change);
      return;
    }
    const vhost = this.#vhosts.get(change.vhost);
    if (vhost === undefined) throw new Error(`change in unknown vhost '${change.vhost}'`);
    switch (change.kind) {
      case 'vhost.changed':
        vhost.metadata = change.metadata;
        return;
      case 'vhost.deleted':
        this.#vhosts.delete(change.vhost);
        this.accounts.vhostDeleted(change.vhost);
        return;
      case 'exchange.declared':
        vhost.exchanges.set(change.exchange, new ExchangeEntry(change));
        this.#exchanges += 1;
        return;
      case 'exchange.changed':
        vhost.exchanges.get(change.exchange)?.change(change);
        return;
      case 'delayed.opened':
        this.#openDelayedQueue(vhost, change.exchange, change);
        return;
      case 'exchange.deleted':
        this.#exchangesByDelayedQueue.delete(vhost.exchanges.get(change.exchange)?.delayedQueue?.ref ?? 0);
        if (deleteExchange(vhost, change.exchange)) this.#exchanges -= 1;
        return;
      case 'queue.declared': {
        const queue = new QueueEntry(change);
        vhost.queues.set(change.queue, queue);
        this.#queuesByRef.set(queue.ref, queue);
        return;
      }
      case 'queue.changed':
        vhost.queues.get(change.queue)?.change(change.settings);
        return;
      case 'queue.paused':
        vhost.queues.get(change.queue)?.pause(change.isPaused);
        return;
      case 'queue.deleted':
        deleteQueue(vhost, change.queue);
        this.#queuesByRef.delete(change.ref);
        return;
      case 'reply.opened':
        vhost.replies.set(change.queue, change.ref);
        return;
      case 'reply.closed':
        vhost.replies.delete(change.queue);
        return;
      case 'bound':
        bind(vhost, change);
        return;
      case 'unbound':
        unbind(vhost, change);
        return;
      default:
        change satisfies never;
    }
  }

  /**
   * Whether messages with this key must be routed one by one, by `routeMessage`: somebody follows them, an
   * exchange on their way looks at more than the key, or a queue at its end looks at each message.
   */
  asksHost(vhost: string, exchange: string, routingKey: string): boolean {
    if (this.asksOnTheWay(vhost, exchange)) return true;
    return this.route(vhost, exchange, routingKey).some((ref) => this.queueByRef(ref)?.asksHost);
  }

  /** Whether that is so for each key, as somebody follows them, or an exchange on their way looks at more than the key. */
  asksOnTheWay(vhost: string, exchange: string): boolean {
    const here = this.#vhosts.get(vhost);
    const first = here?.exchanges.get(exchange);
    if (here === undefined || first === undefined) return false;
    return this.followsAll || this.isTraced(vhost) || asksOnTheWay(here, first);
  }

  /** The queues that messages with this key go to, whatever else they bring; holds where `asksHost` does not. */
  route(vhost: string, exchange: string, routingKey: string): readonly Queue[] {
    return this.#routes(vhost, exchange, { keys: [routingKey], properties: {} }).queues;
  }

  /**
   * The way of one message. What remembers messages remembers this one from now on: it is to be called once a publish.
   */
  routeMessage(publication: Publication): Routed {
    const { vhost, exchange, routingKey, properties, waited } = publication;
    return this.#routes(vhost, exchange, { keys: routingKeys(routingKey, properties), properties }, waited);
  }

  #routes(vhost: string, exchange: string, message: Routable, waited = false): Routed {
    const here = this.#vhosts.get(vhost);
    const first = here?.exchanges.get(exchange);
    if (here === undefined || first === undefined) return { queues: [], delays: [], histories: [] };
    return routesFrom(here, first, message, waited, this.#clock);
  }

  #openDelayedQueue(vhost: Vhost, name: string, { ref, logId }: { readonly ref: Queue; readonly logId: number }): void {
    const exchange = vhost.exchanges.get(name);
    if (exchange === undefined) return;
    exchange.delayedQueue = { ref, logId };
    this.#exchangesByDelayedQueue.set(ref, exchange);
  }

  /** `lists`: its own, and those of the exchanges that it begins with. */
  #createVhost(name: string, [own = NOT_COUNTED, ...lists]: readonly CounterList[]): void {
    this.#vhosts.set(name, new Vhost(own));
    for (const change of predeclaredExchanges(name, lists)) this.apply(change);
  }
}

function isAccountChange(change: Change): change is AccountChange {
  return /^(user|permissions|topic-permissions)\./.test(change.kind);
}

/** False: there is none of that name. */
function deleteExchange(vhost: Vhost, name: string): boolean {
  const exchange = vhost.exchanges.get(name);
  if (exchange === undefined) return false;
  vhost.exchanges.delete(name);
  for (const binding of [...exchange.outgoing.values(), ...exchange.incoming]) detach(vhost, binding);
  return true;
}

function deleteQueue(vhost: Vhost, name: string): void {
  const queue = vhost.queues.get(name);
  if (queue === undefined) return;
  vhost.queues.delete(name);
  for (const binding of queue.incoming) detach(vhost, binding);
}

function detach(vhost: Vhost, binding: Binding): void {
  if (binding.source.detach(binding)) vhost.bindings -= 1;
}

function bind(vhost: Vhost, change: BindingChange): void {
  const source = vhost.exchanges.get(change.source);
  const destination = end(vhost, change);
  if (source === undefined || destination === undefined) return;
  if (source.attach(change, destination)) vhost.bindings += 1;
}

function unbind(vhost: Vhost, change: BindingChange): void {
  const binding = vhost.exchanges.get(change.source)?.binding(change);
  if (binding !== undefined) detach(vhost, binding);
}

function end(vhost: Vhost, change: BindingChange): Destination | undefined {
  const ends = change.destinationKind === 'queue' ? vhost.queues : vhost.exchanges;
  return ends.get(change.destination);
}
