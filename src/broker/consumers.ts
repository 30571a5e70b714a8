/**
 * Consumers as far as they concern the topology: who may have one, and what goes when the last one leaves.
 * Deliveries are no business of the coordinator.
 */
import { accessQueue } from './access.js';
import type { ConsumerRegistry } from './consumer-registry.js';
import { consumerPriority, consumerRefusal, isSingleActiveConsumer } from './queue-arguments.js';
import type { Queues } from './queues.js';
import { exclusiveUse, refused, reusedConsumer } from './refusals.js';
import type { Answer, ConnectionId, Request } from './requests.js';
import type { QueueEntry } from './topology-entries.js';
import type { TopologyView } from './topology-view.js';

type Consume = Extract<Request, { op: 'consume' }>;

export class Consumers {
  readonly #view: TopologyView;
  readonly #registry: ConsumerRegistry;
  readonly #queues: Queues;

  constructor(view: TopologyView, registry: ConsumerRegistry, queues: Queues) {
    this.#view = view;
    this.#registry = registry;
    this.#queues = queues;
  }

  add(connection: ConnectionId, request: Consume): Answer {
    const access = accessQueue(this.#view, connection, request.vhost, request.queue);
    if (!access.ok) return access;
    const { queue } = access;
    const { consumer, exclusive } = request;
    const refusal = consumerRefusal(queue.vhost, queue.name, request.arguments);
    if (refusal !== null) return refused(refusal);
    if (this.#registry.has(connection, consumer)) return refused(reusedConsumer(consumer));
    if (this.#isInExclusiveUse(queue, exclusive)) return refused(exclusiveUse(queue.vhost, queue.name));
    this.#registry.add({ connection, consumer, queue, exclusive });
    const consumerCount = this.#registry.count(queue);
    const priority = consumerPriority(request.arguments);
    return { ok: true, queue: queue.name, ref: queue.ref, consumerCount, active: true, priority };
  }

  cancel(connection: ConnectionId, consumers: readonly string[]): Answer {
    for (const consumer of consumers) {
      const queue = this.#registry.remove(connection, consumer);
      if (queue?.autoDelete && this.#registry.count(queue) === 0) this.#queues.remove(queue);
    }
    return { ok: true };
  }

  disconnect(connection: ConnectionId): void {
    this.cancel(connection, this.#registry.consumersOf(connection));
  }

  /** An exclusive consumer bears no others, and a queue that chooses its one active consumer bears no exclusive one. */
  #isInExclusiveUse(queue: QueueEntry, exclusive: boolean): boolean {
    if (this.#registry.hasExclusive(queue)) return true;
    return exclusive && (this.#registry.count(queue) > 0 || isSingleActiveConsumer(queue.arguments));
  }
}
