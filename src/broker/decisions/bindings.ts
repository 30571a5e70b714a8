/**
 * Binding queues and exchanges to exchanges, and taking bindings back.
 * Unbinding what is not bound is no error, whether or not its ends exist.
 */

import type { Limits } from '../policies/limits.js';
import { cleanName, DEFAULT_EXCHANGE } from '../requests/names.js';
import {
  bindingLimit,
  defaultExchange,
  lockedQueue,
  noExchange,
  noQueue,
  precondition,
  refused,
} from '../requests/refusals.js';
import type { Answer, ConnectionId, Refusal, Request } from '../requests/requests.js';
import { exchangeType } from '../routing/exchange-types.js';
import { isLocked } from '../topology/access.js';
import type { Topology } from '../topology/topology.js';
import type { BindingChange, Destination, ExchangeEntry } from '../topology/topology-entries.js';
import type { Rights } from './rights.js';

type ExchangeRequest = Extract<Request, { op: 'exchange.bind' | 'exchange.unbind' }>;
type QueueRequest = Extract<Request, { op: 'queue.bind' | 'queue.unbind' }>;

export class Bindings {
  readonly #topology: Topology;
  readonly #rights: Rights;
  readonly #limits: Limits;

  constructor(topology: Topology, rights: Rights, limits: Limits) {
    this.#topology = topology;
    this.#rights = rights;
    this.#limits = limits;
  }

  changeExchange(connection: ConnectionId, request: ExchangeRequest): Answer {
    const { vhost, routingKey, arguments: args } = request;
    return this.#change(connection, {
      kind: request.op === 'exchange.bind' ? 'bound' : 'unbound',
      vhost,
      source: cleanName(request.source),
      destination: cleanName(request.destination),
      destinationKind: 'exchange',
      routingKey,
      arguments: args,
    });
  }

  changeQueue(connection: ConnectionId, request: QueueRequest): Answer {
    const { vhost, routingKey, arguments: args } = request;
    return this.#change(connection, {
      kind: request.op === 'queue.bind' ? 'bound' : 'unbound',
      vhost,
      source: cleanName(request.exchange),
      destination: cleanName(request.queue),
      destinationKind: 'queue',
      routingKey,
      arguments: args,
    });
  }

  /** Brings back a binding that outlasted the broker; false when one of its ends did not. */
  restore(change: BindingChange): boolean {
    const source = this.#topology.view.exchange(change.vhost, change.source);
    const isPossible = source !== undefined && this.#destination(change) !== undefined;
    if (isPossible) this.#topology.change(change);
    return isPossible;
  }

  #change(connection: ConnectionId, change: BindingChange): Answer {
    const { vhost, destinationKind: kind } = change;
    const denied =
      this.#rights.refusal(connection, 'write', { kind, vhost, name: change.destination }) ??
      (touchesDefaultExchange(change) ? defaultExchange() : null) ??
      this.#rights.refusal(connection, 'read', { kind: 'exchange', vhost, name: change.source }) ??
      this.#rights.topicRefusal(connection, vhost, change.source, change.routingKey);
    if (denied !== null) return refused(denied);
    return change.kind === 'bound' ? this.#bind(connection, change) : this.#unbind(connection, change);
  }

  #bind(connection: ConnectionId, change: BindingChange): Answer {
    const source = this.#topology.view.exchange(change.vhost, change.source);
    if (source === undefined) return refused(noExchange(change.vhost, change.source));
    const destination = this.#destination(change);
    if (destination === undefined) return refused(noDestination(change));
    const refusal = typeRefusal(source, change, destination) ?? lockedRefusal(connection, destination);
    if (refusal !== null) return refused(refusal);
    if (source.binding(change) !== undefined) return { ok: true };
    const most = this.#limits.nodeReached('bindingMaxPerVhost', this.#topology.view.bindingCount(change.vhost));
    if (most !== null) return refused(bindingLimit(change.destinationKind, change.vhost, change.destination, most));
    this.#topology.change(change);
    return source.history === null ? { ok: true } : { ok: true, replays: true };
  }

  #unbind(connection: ConnectionId, change: BindingChange): Answer {
    const source = this.#topology.view.exchange(change.vhost, change.source);
    const binding = source?.binding(change);
    if (source === undefined || binding === undefined) return { ok: true };
    const refusal = lockedRefusal(connection, binding.destination);
    if (refusal !== null) return refused(refusal);
    this.#topology.unbind(change, source);
    return { ok: true };
  }

  #destination(change: BindingChange): Destination | undefined {
    const { view } = this.#topology;
    const { vhost, destination } = change;
    return change.destinationKind === 'queue' ? view.queue(vhost, destination) : view.exchange(vhost, destination);
  }
}

/** The default exchange's bindings are implied and cannot be changed. */
function touchesDefaultExchange(change: BindingChange): boolean {
  if (change.source === DEFAULT_EXCHANGE) return true;
  return change.destinationKind === 'exchange' && change.destination === DEFAULT_EXCHANGE;
}

function noDestination({ vhost, destination, destinationKind }: BindingChange): Refusal {
  return destinationKind === 'queue' ? noQueue(vhost, destination) : noExchange(vhost, destination);
}

function typeRefusal(source: ExchangeEntry, change: BindingChange, end: Destination): Refusal | null {
  const error = exchangeType(source.type)?.bindingError(change, source.arguments, end) ?? null;
  return error === null ? null : precondition(error);
}

function lockedRefusal(connection: ConnectionId, destination: Destination): Refusal | null {
  if (destination.kind !== 'queue' || !isLocked(destination, connection)) return null;
  return lockedQueue(destination.vhost, destination.name);
}
