/** Declaring and deleting exchanges. */
import type { FieldTable } from '../../amqp/table.js';
import { argumentRefusal, declaredValue, effectiveValue, exchangeNameRefusal } from '../arguments/argument.js';
import { cacheRefusal } from '../arguments/deduplication-arguments.js';
import { compareProperties } from '../arguments/equivalence.js';
import { alternateExchange, EXCHANGE_ARGUMENTS, exchangeArgumentsDifference } from '../arguments/exchange-arguments.js';
import type { Limits } from '../policies/limits.js';
import type { Policies } from '../policies/policies.js';
import { atomTerm } from '../requests/erlang-terms.js';
import { cleanName, DEFAULT_EXCHANGE, describe, isReserved } from '../requests/names.js';
import {
  clusterExchangeLimit,
  defaultExchange,
  exchangeLimit,
  inUse,
  noExchange,
  noMemory,
  precondition,
  refused,
  reservedName,
  systemExchange,
  unknownExchangeType,
} from '../requests/refusals.js';
import type { Answer, Change, ConnectionId, Refusal, Request } from '../requests/requests.js';
import { exchangeType } from '../routing/exchange-types.js';
import { historyTooLong } from '../routing/recent-history.js';
import type { Resource } from '../topology/access.js';
import type { Topology } from '../topology/topology.js';
import type { ExchangeEntry } from '../topology/topology-entries.js';
import type { DelayedQueues } from './delayed-queues.js';
import type { Rights } from './rights.js';

type Declare = Extract<Request, { op: 'exchange.declare' }>;
type ExchangeDeclared = Extract<Change, { kind: 'exchange.declared' }>;
/** An exchange before it is known what policies and memory it has. */
type NewExchange = Omit<ExchangeDeclared, 'kind' | 'alternate' | 'cacheMemory' | 'historyMemory' | 'counters'>;
type Delete = Extract<Request, { op: 'exchange.delete' }>;

export class Exchanges {
  readonly #topology: Topology;
  readonly #rights: Rights;
  readonly #policies: Policies;
  readonly #limits: Limits;
  readonly #delayedQueues: DelayedQueues;

  constructor(topology: Topology, rights: Rights, policies: Policies, limits: Limits, delayedQueues: DelayedQueues) {
    this.#topology = topology;
    this.#rights = rights;
    this.#policies = policies;
    this.#limits = limits;
    this.#delayedQueues = delayedQueues;
  }

  declare(connection: ConnectionId, request: Declare): Answer {
    const name = cleanName(request.exchange);
    if (request.passive) return this.#exists(connection, request.vhost, name);
    if (exchangeType(request.type) === undefined) return refused(unknownExchangeType(request.type));
    if (name === DEFAULT_EXCHANGE) return refused(defaultExchange());
    const denied = this.#rights.refusal(connection, 'configure', exchangeNamed(request.vhost, name));
    if (denied !== null) return refused(denied);
    const existing = this.#topology.view.exchange(request.vhost, name);
    const refusal =
      existing === undefined
        ? this.#newExchangeRefusal(connection, request, name)
        : exchangeDifference(existing, request);
    if (refusal !== null) return refused(refusal);
    if (existing === undefined) {
      const { vhost, type, durable, autoDelete, internal, arguments: args } = request;
      const lack = this.#add({ vhost, exchange: name, type, durable, autoDelete, internal, arguments: args });
      if (lack !== null) return refused(lack);
      return durable && exchangeType(type)?.delays ? this.#openDelayedQueue(vhost, name) : { ok: true };
    }
    return { ok: true };
  }

  delete(connection: ConnectionId, { vhost, exchange, ifUnused }: Delete): Answer {
    const name = cleanName(exchange);
    if (name === DEFAULT_EXCHANGE) return refused(defaultExchange());
    if (isReserved(name)) return refused(systemExchange(vhost, name));
    const denied = this.#rights.refusal(connection, 'configure', exchangeNamed(vhost, name));
    if (denied !== null) return refused(denied);
    const existing = this.#topology.view.exchange(vhost, name);
    if (existing === undefined) return { ok: true };
    if (ifUnused && existing.outgoing.size > 0) return refused(inUse('exchange', vhost, name));
    this.#topology.deleteExchange(existing);
    return { ok: true };
  }

  /** Brings back an exchange that outlasted the broker; false when there is no such type. */
  restore(exchange: NewExchange): boolean {
    if (exchangeType(exchange.type) === undefined) return false;
    if (this.#add(exchange) === null) return true;
    throw new Error(`no memory for ${describe('exchange', exchange.vhost, exchange.exchange)}`);
  }

  /** Policies have changed. */
  *applyPolicies(vhost: string): Generator<void, void> {
    for (const { name, arguments: args, alternate: current, isDefault } of this.#topology.view.exchangesIn(vhost)) {
      yield;
      const alternate = isDefault ? null : this.#alternate(vhost, name, args);
      if (alternate === current) continue;
      this.#topology.change({ kind: 'exchange.changed', vhost, exchange: name, alternate });
    }
  }

  #alternate(vhost: string, name: string, args: FieldTable): string | null {
    const policies = this.#policies.settingsFor({ kind: 'exchange', vhost, name });
    return effectiveValue(alternateExchange, args, policies) ?? null;
  }

  #newExchangeRefusal(connection: ConnectionId, request: Declare, name: string): Refusal | null {
    if (isReserved(name)) return reservedName('exchange', name);
    return (
      alternateNameRefusal(request, name) ??
      this.#alternateRightRefusal(connection, request, name) ??
      argumentsRefusal(request, name) ??
      this.#limitRefusal(request.vhost, name)
    );
  }

  /** Those that every vhost has count, as in RabbitMQ. */
  #limitRefusal(vhost: string, name: string): Refusal | null {
    const { view } = this.#topology;
    const most = this.#limits.nodeReached('exchangeMaxPerVhost', view.exchangeCount(vhost));
    if (most !== null) return exchangeLimit(vhost, name, most);
    const mostInAll = this.#limits.nodeReached('clusterExchangeLimit', view.exchangeCountInAll);
    return mostInAll === null ? null : clusterExchangeLimit(vhost, name, mostInAll);
  }

  /** What the exchange routes nowhere goes from it to another: who declares that must be allowed to do both. */
  #alternateRightRefusal(connection: ConnectionId, { vhost, arguments: args }: Declare, name: string): Refusal | null {
    const alternate = declaredValue(alternateExchange, args);
    if (alternate === undefined) return null;
    return (
      this.#rights.refusal(connection, 'read', exchangeNamed(vhost, name)) ??
      this.#rights.refusal(connection, 'write', exchangeNamed(vhost, alternate))
    );
  }

  #openDelayedQueue(vhost: string, name: string): Answer {
    if (this.#delayedQueues.open(vhost, name)) return { ok: true };
    const exchange = this.#topology.view.exchange(vhost, name);
    if (exchange !== undefined) this.#topology.deleteExchange(exchange);
    return refused(noMemory('exchange', vhost, name));
  }

  #exists(connection: ConnectionId, vhost: string, name: string): Answer {
    if (name === DEFAULT_EXCHANGE) return refused(defaultExchange());
    const denied = this.#rights.knowledgeRefusal(connection, exchangeNamed(vhost, name));
    if (denied !== null) return refused(denied);
    if (this.#topology.view.exchange(vhost, name) === undefined) return refused(noExchange(vhost, name));
    return { ok: true };
  }

  /** What is said when there is no memory for what it is to remember; else null. */
  #add(exchange: NewExchange): Refusal | null {
    const { vhost, exchange: name, type, arguments: args } = exchange;
    const { reservations, counterLists } = this.#topology;
    const cacheMemory = reservations.openCache(args);
    if (cacheMemory === undefined) return cacheRefusal(args, describe('exchange', vhost, name));
    const historyMemory = reservations.openHistory(exchangeType(type)?.remembers(args) ?? 0);
    if (historyMemory === undefined) {
      reservations.close(cacheMemory);
      return precondition(historyTooLong(args));
    }
    const alternate = this.#alternate(vhost, name, args);
    const counters = counterLists.open();
    this.#topology.change({ kind: 'exchange.declared', ...exchange, alternate, cacheMemory, historyMemory, counters });
    return null;
  }
}

function exchangeNamed(vhost: string, name: string): Resource {
  return { kind: 'exchange', vhost, name };
}

/** Why there can be no such exchange, whoever asks for it; null: there can. */
export function newExchangeRefusal(request: Declare, name: string): Refusal | null {
  if (exchangeType(request.type) === undefined) return unknownExchangeType(request.type);
  return alternateNameRefusal(request, name) ?? argumentsRefusal(request, name);
}

function alternateNameRefusal({ vhost, arguments: args }: Declare, name: string): Refusal | null {
  return exchangeNameRefusal(alternateExchange, args, describe('exchange', vhost, name));
}

function argumentsRefusal(request: Declare, name: string): Refusal | null {
  const resource = describe('exchange', request.vhost, name);
  return typeRefusal(request) ?? argumentRefusal(EXCHANGE_ARGUMENTS, request.arguments, resource);
}

function typeRefusal({ type, arguments: args }: Declare): Refusal | null {
  const error = exchangeType(type)?.argumentsError(args) ?? null;
  return error === null ? null : precondition(error);
}

/** Why an existing exchange is not what is declared; null when it is. */
export function exchangeDifference(existing: ExchangeEntry, request: Declare): Refusal | null {
  const resource = describe('exchange', existing.vhost, existing.name);
  const properties = [
    { name: 'type', received: atomTerm(request.type), current: atomTerm(existing.type) },
    { name: 'durable', received: request.durable, current: existing.durable },
    { name: 'auto_delete', received: request.autoDelete, current: existing.autoDelete },
    { name: 'internal', received: request.internal, current: existing.internal },
  ];
  return (
    compareProperties(resource, properties) ??
    exchangeArgumentsDifference(resource, request.arguments, existing.arguments)
  );
}
