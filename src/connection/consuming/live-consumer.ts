/**
 * One consumer as its worker knows it: what the core is to be told when it begins, and how long it has kept its oldest
 * delivery. What must hold: the core has it exactly while it is active.
 */
import type { FieldTable } from '../../amqp/table.js';
import type { QueueId } from '../../broker/requests/requests.js';
import type { QueueEntry } from '../../broker/topology/topology-entries.js';
import { type Channel, type Consumer, ConsumerState, type Engine, type Queue } from '../../engine/engine.js';
import type { ConsumerAbility, ConsumerRow } from '../inspection/rows.js';
import type { Subscription } from '../session/queue-consumers.js';

export interface ConsumerSpec {
  readonly channel: Channel;
  /** Null for the consumer of direct replies. */
  readonly queue: QueueEntry | null;
  readonly ref: Queue;
  readonly tag: Uint8Array;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly prefetch: number;
  readonly priority: number;
  readonly arguments: FieldTable;
  /** How long a delivery may stay unacknowledged (ms), if the consumer has a say in that. */
  readonly timeout: number | null;
  readonly onQueueDeleted: () => void;
}

export class LiveConsumer implements Subscription {
  readonly queue: Queue;
  readonly queueDeleted: () => void;
  readonly #engine: Engine;
  readonly #spec: ConsumerSpec;
  /** 0 while it stands by. */
  #core: Consumer = 0;
  readonly #began = Date.now();
  /** The oldest unacknowledged delivery at the last look, 0: none, and when it was first seen to be that. */
  #oldest = 0;
  #since = 0;

  constructor(engine: Engine, spec: ConsumerSpec) {
    this.#engine = engine;
    this.#spec = spec;
    this.queue = spec.ref;
    this.queueDeleted = spec.onQueueDeleted;
  }

  /** As the core knows it; 0: not at all. */
  get core(): Consumer {
    return this.#core;
  }

  get isActive(): boolean {
    return this.#core !== 0;
  }

  /** Whether it consumes from this queue, and from no other that had or has its name. */
  isOf(queue: QueueId): boolean {
    return this.#spec.queue?.id === queue;
  }

  get isReply(): boolean {
    return this.#spec.queue === null;
  }

  /** How an operator sees it; null for the consumer of direct replies, which is no consumer of a queue. */
  row(tag: string): ConsumerRow | null {
    const { queue, noAck, exclusive, prefetch, arguments: args } = this.#spec;
    if (queue === null) return null;
    return {
      kind: 'consumer',
      tag,
      queue: queue.name,
      noAck,
      exclusive,
      prefetch,
      arguments: args,
      activity: !this.isActive ? 'waiting' : queue.singleActive ? 'single_active' : 'up',
      timeout: this.#timeout,
      priority: this.#spec.priority,
      ability: this.#ability,
      consumingSince: this.#began,
      lastDelivery: this.isActive ? this.#engine.lastDelivery(this.#core) : null,
      lastAcknowledgement: this.isActive ? this.#engine.lastAcknowledgement(this.#core) : null,
    };
  }

  get #ability(): ConsumerAbility {
    if (!this.isActive) return 'standing by';
    switch (this.#engine.consumerState(this.#core)) {
      case ConsumerState.NO_CREDIT:
        return 'without credit';
      case ConsumerState.NO_OUTPUT:
        return 'without output';
      default:
        return 'able';
    }
  }

  /** Null for the consumer of direct replies. */
  get queueName(): string | null {
    return this.#spec.queue?.name ?? null;
  }

  /** False: no memory. */
  start(): boolean {
    const { channel, ref, tag, noAck, prefetch, priority } = this.#spec;
    this.#core = this.#engine.addConsumer(channel, ref, tag, noAck, prefetch, priority);
    return this.isActive;
  }

  end(): void {
    if (this.isActive) this.#engine.cancelConsumer(this.#core);
    this.#core = 0;
  }

  requeueDeliveries(): void {
    this.#engine.requeueDeliveries(this.#core);
  }

  get #timeout(): number | null {
    return this.#spec.timeout ?? this.#spec.queue?.consumerTimeout ?? null;
  }

  /** The time that is over (ms), when a delivery is unacknowledged for longer than it may be; else null. */
  overdue(now: number): number | null {
    const timeout = this.#timeout;
    if (timeout === null || this.#spec.noAck || !this.isActive) return null;
    const oldest = this.#engine.oldestUnacked(this.#core);
    if (oldest !== this.#oldest) {
      this.#oldest = oldest;
      this.#since = now;
    }
    return oldest !== 0 && now - this.#since >= timeout ? timeout : null;
  }
}
