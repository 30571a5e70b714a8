/**
 * This folder decides what becomes of a request, a file for each noun; definitions and the coordinator may import it,
 * and workers must not.
 *
 * Declaring, purging and deleting queues, and whose they are.
 */
import type { FieldTable } from '../../amqp/table.js';
import { Counter, type Engine, type Queue, type QueueFeatures } from '../../engine/engine.js';
import { declaredValue } from '../arguments/argument.js';
import { cacheRefusal } from '../arguments/deduplication-arguments.js';
import { withDefaultType } from '../arguments/default-queue-type.js';
import { type EffectiveArguments, effectiveArguments } from '../arguments/effective-arguments.js';
import { compareProperties } from '../arguments/equivalence.js';
import { deadLetterExchange, queueTypeOf } from '../arguments/queue-arguments.js';
import { queueArgumentsDifference, queueRefusal } from '../arguments/queue-declaration.js';
import type { Limits } from '../policies/limits.js';
import type { Policies } from '../policies/policies.js';
import { cleanName, describe, generateQueueName, isReserved, REPLY_TO } from '../requests/names.js';
import {
  clusterQueueLimit,
  inUse,
  lockedQueue,
  noMemory,
  noQueue,
  notEmpty,
  queueLimit,
  refused,
  reservedName,
} from '../requests/refusals.js';
import { type Answer, BROKER, type ConnectionId, type Refusal, type Request } from '../requests/requests.js';
import type { DefaultQueueType } from '../requests/vhost-metadata.js';
import { accessQueue, isLocked, type Resource } from '../topology/access.js';
import type { ConsumerRegistry } from '../topology/consumer-registry.js';
import type { Topology } from '../topology/topology.js';
import type { QueueEntry } from '../topology/topology-entries.js';
import type { Emptying } from './emptying.js';
import type { QueueExpiry } from './queue-expiry.js';
import type { Rights } from './rights.js';

type Declare = Extract<Request, { op: 'queue.declare' }>;
type Purge = Extract<Request, { op: 'queue.purge' }>;
type Delete = Extract<Request, { op: 'queue.delete' }>;

type QueueCore = Pick<
  Engine,
  'createQueue' | 'setFeatures' | 'setPaused' | 'setLogId' | 'readyCount' | 'retireQueue' | 'freeQueue' | 'count'
>;

/** What makes a queue what it is, whoever asks for it. */
interface NewQueue {
  readonly vhost: string;
  readonly queue: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly owner: ConnectionId | null;
  readonly arguments: FieldTable;
  readonly logId: number;
  readonly isPaused: boolean;
}

/** Gives out the number in the log of a new durable queue; 0: there is no log. */
export type NewLogId = () => number;

export class Queues {
  readonly #core: QueueCore;
  readonly #emptying: Emptying;
  readonly #topology: Topology;
  readonly #rights: Rights;
  readonly #consumers: ConsumerRegistry;
  readonly #queueExpiry: QueueExpiry;
  readonly #policies: Policies;
  readonly #limits: Limits;
  readonly #newLogId: NewLogId;
  /** The features and settings of each queue, in one text, to see whether others are new. */
  readonly #applied = new Map<QueueEntry, string>();
  readonly #exclusive = new Map<ConnectionId, Set<QueueEntry>>();
  #lastId = 0;

  constructor(
    core: QueueCore,
    emptying: Emptying,
    topology: Topology,
    rights: Rights,
    consumers: ConsumerRegistry,
    queueExpiry: QueueExpiry,
    policies: Policies,
    limits: Limits,
    newLogId: NewLogId,
  ) {
    this.#core = core;
    this.#emptying = emptying;
    this.#topology = topology;
    this.#rights = rights;
    this.#consumers = consumers;
    this.#queueExpiry = queueExpiry;
    this.#policies = policies;
    this.#limits = limits;
    this.#newLogId = newLogId;
  }

  declare(connection: ConnectionId, asked: Declare): Answer {
    const name = cleanName(asked.queue);
    const request = this.#typed(asked, name);
    if (name.startsWith(REPLY_TO)) return this.#inspectReply(request.vhost, name);
    if (request.passive) return this.#inspect(connection, request.vhost, name);
    if (name !== '' && isReserved(name)) return refused(reservedName('queue', name));
    const resource = queueNamed(request.vhost, name === '' ? generateQueueName() : name);
    const denied = this.#rights.refusal(connection, 'configure', resource);
    if (denied !== null) return refused(denied);
    const existing = this.#topology.view.queue(request.vhost, resource.name);
    if (existing === undefined) return this.#create(connection, request, resource);
    const refusal = redeclareRefusal(existing, connection, request);
    return refusal === null ? this.#declaredAgain(existing) : refused(refusal);
  }

  /** With the vhost's type, where none is said; a queue that is there already keeps its own. */
  #typed(request: Declare, queue: string): Declare {
    const { view } = this.#topology;
    const { defaultQueueType: type } = view.metadata(request.vhost);
    return request.passive ? request : typedFor(view.queue(request.vhost, queue), request, queue, type);
  }

  purge(connection: ConnectionId, request: Purge): Answer | Promise<Answer> {
    const denied = this.#rights.refusal(connection, 'read', queueNamed(request.vhost, request.queue));
    if (denied !== null) return refused(denied);
    const access = accessQueue(this.#topology.view, connection, request.vhost, request.queue);
    if (!access.ok) return access;
    const dropped = this.#emptying.purge(access.queue.ref);
    if (typeof dropped === 'number') return { ok: true, messageCount: dropped };
    return dropped.then((messageCount) => ({ ok: true, messageCount }));
  }

  delete(connection: ConnectionId, request: Delete): Answer {
    const { vhost } = request;
    const name = cleanName(request.queue);
    const denied = this.#rights.refusal(connection, 'configure', queueNamed(vhost, name));
    if (denied !== null) return refused(denied);
    const queue = this.#topology.view.queue(vhost, name);
    if (queue === undefined) return { ok: true, messageCount: 0 };
    if (isLocked(queue, connection)) return refused(lockedQueue(vhost, name));
    if (request.ifEmpty && this.#core.readyCount(queue.ref) > 0) return refused(notEmpty(vhost, name));
    if (request.ifUnused && this.#consumers.count(queue) > 0) return refused(inUse('queue', vhost, name));
    return { ok: true, messageCount: this.remove(queue) };
  }

  /** Deletes a queue whatever it holds; returns how many messages waited in it. */
  remove(queue: QueueEntry): number {
    this.#consumers.forgetQueue(queue);
    this.#queueExpiry.end(queue);
    this.#applied.delete(queue);
    this.#disown(queue);
    this.#core.count(Counter.QUEUES_DELETED, 1);
    return this.#topology.deleteQueue(queue);
  }

  /** From now on nobody is given anything of a queue; or everybody is again. False: there is none of that name. */
  pause(vhost: string, name: string, isPaused: boolean): boolean {
    const queue = this.#topology.view.queue(vhost, name);
    if (queue === undefined) return false;
    if (queue.isPaused === isPaused) return true;
    this.#core.setPaused(queue.ref, isPaused);
    this.#topology.change({ kind: 'queue.paused', vhost, queue: name, isPaused });
    return true;
  }

  /** Exclusive queues go with their connection. */
  *disconnect(connection: ConnectionId): Generator<void, void> {
    for (const queue of this.#exclusive.get(connection) ?? []) {
      this.remove(queue);
      yield;
    }
  }

  /** All queues of a vhost that goes. */
  *deleteAll(vhost: string): Generator<void, void> {
    for (const queue of this.#topology.view.queuesIn(vhost)) {
      this.remove(queue);
      yield;
    }
  }

  /**
   * Brings back a queue that outlasted the broker; 0 when there is no memory. `nextPosition` tells where each number in
   * the log goes on. Its expiry, if it has one, begins anew.
   */
  restore(queue: Omit<NewQueue, 'durable' | 'owner'>, nextPosition: (logId: number) => number): Queue {
    return this.#add({ ...queue, durable: true, owner: null }, nextPosition) ?? 0;
  }

  /**
   * Policies have changed. A queue for whose new features there is no memory stays as it is until they change again.
   */
  *applyPolicies(vhost: string): Generator<void, void> {
    for (const queue of this.#topology.view.queuesIn(vhost)) {
      yield;
      const { features, settings, expires } = this.#effective(vhost, queue.name, queue.arguments);
      this.#queueExpiry.set(queue, expires);
      const applied = JSON.stringify([features, settings]);
      if (applied === this.#applied.get(queue) || !this.#core.setFeatures(queue.ref, features)) continue;
      this.#applied.set(queue, applied);
      this.#topology.change({ kind: 'queue.changed', vhost, queue: queue.name, settings });
    }
  }

  #effective(vhost: string, name: string, args: FieldTable): EffectiveArguments {
    const type = queueTypeOf(args);
    return effectiveArguments(args, this.#policies.settingsFor({ kind: 'queue', vhost, name, type }));
  }

  #inspect(connection: ConnectionId, vhost: string, name: string): Answer {
    const denied = this.#rights.knowledgeRefusal(connection, queueNamed(vhost, name));
    if (denied !== null) return refused(denied);
    const access = accessQueue(this.#topology.view, connection, vhost, name);
    return access.ok ? this.#declaredAgain(access.queue) : access;
  }

  /** To declare a reply queue is to ask whether its requester is still there. */
  #inspectReply(vhost: string, queue: string): Answer {
    const exists = queue === REPLY_TO || this.#topology.view.replyQueue(vhost, queue) !== undefined;
    return exists ? { ok: true, queue, messageCount: 0, consumerCount: 1 } : refused(noQueue(vhost, queue));
  }

  #create(connection: ConnectionId, request: Declare, resource: Resource): Answer {
    const { vhost, name } = resource;
    const { exclusive, autoDelete, arguments: args } = request;
    const refusal =
      this.#limitRefusal(resource) ??
      this.#deadLetterRefusal(connection, resource, args) ??
      queueRefusal({ ...request, queue: name, named: cleanName(request.queue) !== '' });
    if (refusal !== null) return refused(refusal);
    const durable = isDurable(request);
    const logId = durable ? this.#newLogId() : 0;
    const owner = exclusive ? connection : null;
    const ref = this.#add(
      { vhost, queue: name, durable, autoDelete, owner, arguments: args, logId, isPaused: false },
      () => 0,
    );
    if (ref === undefined) return refused(cacheRefusal(args, describe('queue', vhost, name)));
    if (ref === 0) return refused(noMemory('queue', vhost, name));
    this.#core.count(Counter.QUEUES_CREATED, 1);
    this.#core.count(Counter.QUEUES_DECLARED, 1);
    return { ok: true, queue: name, messageCount: 0, consumerCount: 0, ref };
  }

  #limitRefusal({ vhost, name }: Resource): Refusal | null {
    const { view } = this.#topology;
    const most = this.#limits.reached('vhost', vhost, 'max-queues', view.queueCount(vhost));
    if (most !== null) return queueLimit(vhost, name, most);
    const mostInAll = this.#limits.nodeReached('clusterQueueLimit', view.queueCountInAll);
    return mostInAll === null ? null : clusterQueueLimit(name, mostInAll);
  }

  /** Dead letters leave the queue and go to an exchange: who declares that must be allowed to do both. */
  #deadLetterRefusal(connection: ConnectionId, queue: Resource, args: FieldTable): Refusal | null {
    const exchange = declaredValue(deadLetterExchange, args);
    if (exchange === undefined) return null;
    const target: Resource = { kind: 'exchange', vhost: queue.vhost, name: exchange };
    return this.#rights.refusal(connection, 'read', queue) ?? this.#rights.refusal(connection, 'write', target);
  }

  /** Makes a queue; 0 when there is no memory, undefined when there is none for the duplicates that it is to know. */
  #add(declared: NewQueue, nextPosition: (logId: number) => number): Queue | undefined {
    const { vhost, queue: name, logId, arguments: args } = declared;
    const cacheMemory = this.#topology.reservations.openCache(args);
    if (cacheMemory === undefined) return undefined;
    const { features, settings, expires } = this.#effective(vhost, name, args);
    const ref = this.#newQueue(features);
    if (ref === 0) {
      this.#topology.reservations.close(cacheMemory);
      return 0;
    }
    if (declared.isPaused) this.#core.setPaused(ref, true);
    if (logId !== 0) this.#core.setLogId(ref, logId, firstFree(logId, features.maxPriority, nextPosition));
    this.#lastId += 1;
    this.#topology.change({
      kind: 'queue.declared',
      ...declared,
      id: this.#lastId,
      ref,
      settings,
      cacheMemory,
    });
    const queue = this.#topology.view.queue(vhost, name);
    if (queue !== undefined) {
      this.#applied.set(queue, JSON.stringify([features, settings]));
      this.#welcome(queue, expires);
    }
    return ref;
  }

  /** 0 when there is no memory. */
  #newQueue(features: QueueFeatures): Queue {
    const ref = this.#core.createQueue();
    if (ref === 0 || this.#core.setFeatures(ref, features)) return ref;
    this.#core.retireQueue(ref);
    this.#core.freeQueue(ref);
    return 0;
  }

  /** Declaring a queue that is there tells about it, and counts as using it. */
  #declaredAgain(queue: QueueEntry): Answer {
    this.#queueExpiry.renew(queue);
    this.#core.count(Counter.QUEUES_DECLARED, 1);
    const messageCount = this.#core.readyCount(queue.ref);
    return { ok: true, queue: queue.name, messageCount, consumerCount: this.#consumers.count(queue), ref: queue.ref };
  }

  #welcome(queue: QueueEntry, expires: number | null): void {
    this.#queueExpiry.set(queue, expires);
    if (queue.owner === null) return;
    const own = this.#exclusive.get(queue.owner) ?? new Set();
    this.#exclusive.set(queue.owner, own.add(queue));
  }

  #disown(queue: QueueEntry): void {
    if (queue.owner === null) return;
    const own = this.#exclusive.get(queue.owner);
    own?.delete(queue);
    if (own?.size === 0) this.#exclusive.delete(queue.owner);
  }
}

function queueNamed(vhost: string, name: string): Resource {
  return { kind: 'queue', vhost, name };
}

/** A log position that no message of the queue has had, whatever its priority. */
function firstFree(logId: number, priorities: number, nextPosition: (logId: number) => number): number {
  let first = 0;
  for (let priority = 0; priority <= priorities; priority++) first = Math.max(first, nextPosition(logId + priority));
  return first;
}

/** An exclusive queue ends with its connection, so that durability has no meaning for it. */
function isDurable({ durable, exclusive }: Declare): boolean {
  return durable && !exclusive;
}

function typedFor(existing: QueueEntry | undefined, request: Declare, queue: string, type: DefaultQueueType): Declare {
  if (type === null || (existing !== undefined && queueTypeOf(existing.arguments) !== type)) return request;
  return { ...request, arguments: withDefaultType({ ...request, queue }, type) };
}

/** Why a queue that nobody owns is not what is declared in a vhost with such a type of queues; null when it is. */
export function queueDifference(existing: QueueEntry, request: Declare, type: DefaultQueueType): Refusal | null {
  return redeclareRefusal(existing, BROKER, typedFor(existing, request, existing.name, type));
}

/** Why an existing queue is not what is declared; null when it is. */
function redeclareRefusal(existing: QueueEntry, connection: ConnectionId, request: Declare): Refusal | null {
  const owner = request.exclusive ? connection : null;
  if (existing.owner !== owner) return lockedQueue(existing.vhost, existing.name);
  const resource = describe('queue', existing.vhost, existing.name);
  const properties = [
    { name: 'durable', received: isDurable(request), current: existing.durable },
    { name: 'auto_delete', received: request.autoDelete, current: existing.autoDelete },
  ];
  return (
    compareProperties(resource, properties) ?? queueArgumentsDifference(resource, request.arguments, existing.arguments)
  );
}
