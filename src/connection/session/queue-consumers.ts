/**
 * The consumers of one worker by queue, so that a queue's deletion reaches each of them.
 */
import type { Queue } from '../../engine/engine.js';

export interface Subscription {
  readonly queue: Queue;
  /** The queue is gone: the core must not hold a reference to it when this returns. */
  queueDeleted(): void;
}

export class ConsumerRegistry {
  readonly #byQueue = new Map<Queue, Set<Subscription>>();

  add(subscription: Subscription): void {
    const consumers = this.#byQueue.get(subscription.queue);
    if (consumers === undefined) this.#byQueue.set(subscription.queue, new Set([subscription]));
    else consumers.add(subscription);
  }

  remove(subscription: Subscription): void {
    const consumers = this.#byQueue.get(subscription.queue);
    if (consumers?.delete(subscription) && consumers.size === 0) this.#byQueue.delete(subscription.queue);
  }

  queueDeleted(queue: Queue): void {
    const consumers = this.#byQueue.get(queue);
    this.#byQueue.delete(queue);
    for (const consumer of consumers ?? []) consumer.queueDeleted();
  }
}
