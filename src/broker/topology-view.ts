/**
 * The topology as one participant sees it: what exists, and where a message goes. Every worker has one and applies the
 * coordinator's changes to it; the coordinator has one too, and applies each change before anybody else.
 * What must hold: the same changes in the same order make the same view; nothing here waits, and no loop of exchanges
 * makes a route endless.
 */
import type { FieldTable } from '../amqp/table.js';
import type { Queue } from '../engine/engine.js';
import { DEFAULT_VHOST } from './names.js';
import { predeclaredExchanges } from './predeclared.js';
import type { Change } from './requests.js';
import { type Binding, type BindingChange, type Destination, ExchangeEntry, QueueEntry } from './topology-entries.js';

class Vhost {
  readonly exchanges = new Map<string, ExchangeEntry>();
  readonly queues = new Map<string, QueueEntry>();
}

export class TopologyView {
  readonly #vhosts = new Map<string, Vhost>();

  constructor(vhosts: readonly string[] = [DEFAULT_VHOST]) {
    for (const vhost of vhosts) {
      this.#vhosts.set(vhost, new Vhost());
      for (const change of predeclaredExchanges(vhost)) this.apply(change);
    }
  }

  hasVhost(vhost: string): boolean {
    return this.#vhosts.has(vhost);
  }

  exchange(vhost: string, name: string): ExchangeEntry | undefined {
    return this.#vhosts.get(vhost)?.exchanges.get(name);
  }

  queue(vhost: string, name: string): QueueEntry | undefined {
    return this.#vhosts.get(vhost)?.queues.get(name);
  }

  apply(change: Change): void {
    const vhost = this.#vhosts.get(change.vhost);
    if (vhost === undefined) throw new Error(`change in unknown vhost '${change.vhost}'`);
    switch (change.kind) {
      case 'exchange.declared':
        vhost.exchanges.set(change.exchange, new ExchangeEntry(change));
        return;
      case 'exchange.deleted':
        deleteExchange(vhost, change.exchange);
        return;
      case 'queue.declared':
        vhost.queues.set(change.queue, new QueueEntry(change));
        return;
      case 'queue.deleted':
        deleteQueue(vhost, change.queue);
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
   * The queues that a message published to `exchange` goes to, each once, in the order of their discovery.
   * `headers` matters only where `needsHeaders` says so.
   */
  route(vhost: string, exchange: string, routingKey: string, headers: FieldTable | null): readonly Queue[] {
    const here = this.#vhosts.get(vhost);
    const first = here?.exchanges.get(exchange);
    if (here === undefined || first === undefined) return [];

    const queues = new Set<Queue>();
    const visit = new Set([first]);
    // A set takes in what is added while it is walked, and each exchange once: that ends every cycle.
    for (const current of visit) {
      let routed = false;
      const reach = (destination: Destination): void => {
        routed = true;
        if (destination.kind === 'queue') queues.add(destination.ref);
        else visit.add(destination);
      };
      matches(here, current, routingKey, headers, reach);
      const alternate = routed ? undefined : alternateOf(here, current);
      if (alternate !== undefined) visit.add(alternate);
    }
    return [...queues];
  }

  /** Whether a message's headers can decide where it goes: a headers exchange lies on a way from `exchange`. */
  needsHeaders(vhost: string, exchange: string): boolean {
    const here = this.#vhosts.get(vhost);
    const first = here?.exchanges.get(exchange);
    if (here === undefined || first === undefined) return false;

    const visit = new Set([first]);
    for (const current of visit) {
      if (current.readsHeaders) return true;
      for (const next of followers(here, current)) visit.add(next);
    }
    return false;
  }
}

function deleteExchange(vhost: Vhost, name: string): void {
  const exchange = vhost.exchanges.get(name);
  if (exchange === undefined) return;
  vhost.exchanges.delete(name);
  for (const binding of exchange.outgoing.values()) exchange.detach(binding);
  detachAll(exchange.incoming);
}

function deleteQueue(vhost: Vhost, name: string): void {
  const queue = vhost.queues.get(name);
  if (queue === undefined) return;
  vhost.queues.delete(name);
  detachAll(queue.incoming);
}

function detachAll(bindings: ReadonlySet<Binding>): void {
  for (const binding of bindings) binding.source.detach(binding);
}

function bind(vhost: Vhost, change: BindingChange): void {
  const source = vhost.exchanges.get(change.source);
  const destination = end(vhost, change);
  if (source !== undefined && destination !== undefined) source.attach(change, destination);
}

function unbind(vhost: Vhost, change: BindingChange): void {
  const source = vhost.exchanges.get(change.source);
  const binding = source?.binding(change);
  if (binding !== undefined) source?.detach(binding);
}

function end(vhost: Vhost, change: BindingChange): Destination | undefined {
  const ends = change.destinationKind === 'queue' ? vhost.queues : vhost.exchanges;
  return ends.get(change.destination);
}

function matches(
  vhost: Vhost,
  exchange: ExchangeEntry,
  routingKey: string,
  headers: FieldTable | null,
  reach: (destination: Destination) => void,
): void {
  if (!exchange.isDefault) {
    exchange.router.match(routingKey, headers, (binding) => reach(binding.destination));
    return;
  }
  const queue = vhost.queues.get(routingKey);
  if (queue !== undefined) reach(queue);
}

function alternateOf(vhost: Vhost, exchange: ExchangeEntry): ExchangeEntry | undefined {
  return exchange.alternate === null ? undefined : vhost.exchanges.get(exchange.alternate);
}

/** The exchanges that messages can go on to from here. */
function* followers(vhost: Vhost, exchange: ExchangeEntry): Iterable<ExchangeEntry> {
  const alternate = alternateOf(vhost, exchange);
  if (alternate !== undefined) yield alternate;
  if (exchange.isLast) return;
  for (const { destination } of exchange.outgoing.values()) {
    if (destination.kind === 'exchange') yield destination;
  }
}
