/**
 * Consumers as far as they concern the topology: who may have one, who is the active one where only one is,
 * and what goes when the last one leaves.
 * Deliveries are no business of the coordinator.
 */

import { consumerPriority, consumerRefusal } from '../arguments/consumer-arguments.js';
import { exclusiveUse, refused, reusedConsumer } from '../requests/refusals.js';
import type { Answer, ConnectionId, Notice, Request } from '../requests/requests.js';
import { accessQueue } from '../topology/access.js';
import type { ConsumerRegistry } from '../topology/consumer-registry.js';
import type { QueueEntry } from '../topology/topology-entries.js';
import type { TopologyView } from '../topology/topology-view.js';
import type { QueueExpiry } from './queue-expiry.js';
import type { Queues } from './queues.js';
import type { Rights } from './rights.js';

type Consume = Extract<Request, { op: 'consume' }>;

export class Consumers {
  readonly #view: TopologyView;
  readonly #rights: Rights;
  readonly #registry: ConsumerRegistry;
  readonly #queues: Queues;
  readonly #queueExpiry: QueueExpiry;
  readonly #notify: (notice: Notice) => void;

  constructor(
    view: TopologyView,
    rights: Rights,
    registry: ConsumerRegistry,
    queues: Queues,
    queueExpiry: QueueExpiry,
    notify: (notice: Notice) => void,
  ) {
    this.#view = view;
    this.#rights = rights;
    this.#registry = registry;
    this.#queues = queues;
    this.#queueExpiry = queueExpiry;
    this.#notify = notify;
  }

  add(connection: ConnectionId, request: Consume): Answer {
    const { vhost, queue: name } = request;
    const denied = this.#rights.refusal(connection, 'read', { kind: 'queue', vhost, name });
    if (denied !== null) return refused(denied);
    const access = accessQueue(this.#view, connection, vhost, name);
    if (!access.ok) return access;
    const { queue } = access;
    const { consumer, exclusive } = request;
    const refusal = consumerRefusal(queue.vhost, queue.name, request.arguments);
    if (refusal !== null) return refused(refusal);
    if (this.#registry.has(connection, consumer)) return refused(reusedConsumer(consumer));
    if (this.#isInExclusiveUse(queue, exclusive)) return refused(exclusiveUse(queue.vhost, queue.name));
    const priority = consumerPriority(request.arguments);
    this.#registry.add({ connection, consumer, queue, exclusive, priority });
    const consumerCount = this.#registry.count(queue);
    const active = this.#startsActive(queue);
    return { ok: true, queue: queue.name, queueId: queue.id, consumerCount, active, priority };
  }

  *cancel(connection: ConnectionId, consumers: readonly string[]): Generator<void, void> {
    const left = new Set<QueueEntry>();
    for (const consumer of consumers) {
      const queue = this.#registry.remove(connection, consumer);
      if (queue !== undefined) left.add(queue);
    }
    // Only now, so that nobody is made active who is about to leave.
    for (const queue of left) {
      this.#settle(queue);
      yield;
    }
  }

  disconnect(connection: ConnectionId): Generator<void, void> {
    return this.cancel(connection, this.#registry.consumersOf(connection));
  }

  /** What follows for a queue that consumers have left. */
  #settle(queue: QueueEntry): void {
    // It may have been deleted since.
    if (this.#view.queueByRef(queue.ref) !== queue) return;
    if (this.#registry.count(queue) === 0) {
      if (queue.autoDelete) this.#queues.remove(queue);
      else this.#queueExpiry.renew(queue);
      return;
    }
    if (!queue.singleActive || this.#registry.active(queue) !== undefined) return;
    const next = this.#registry.activateNext(queue);
    if (next === undefined) return;
    const { connection, consumer } = next;
    this.#notify({ kind: 'activate', connection, consumer, queueId: queue.id });
  }

  /** Whether a consumer that has just come gets messages at once. */
  #startsActive(queue: QueueEntry): boolean {
    if (!queue.singleActive) return true;
    if (this.#registry.active(queue) !== undefined) return false;
    this.#registry.activateNext(queue);
    return true;
  }

  /** An exclusive consumer bears no others, and a queue that chooses its one active consumer bears no exclusive one. */
  #isInExclusiveUse(queue: QueueEntry, exclusive: boolean): boolean {
    if (this.#registry.hasExclusive(queue)) return true;
    return exclusive && (this.#registry.count(queue) > 0 || queue.singleActive);
  }
}
