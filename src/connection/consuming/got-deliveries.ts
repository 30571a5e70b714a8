/**
 * What a channel has got by basic.get, of queues whose deliveries must be acknowledged in time. There is no consumer to
 * cancel: who keeps one for too long loses the channel.
 */
import type { QueueEntry } from '../../broker/topology/topology-entries.js';
import type { Channel, Engine } from '../../engine/engine.js';

interface Got {
  readonly tag: number;
  readonly queue: QueueEntry;
  readonly since: number;
}

export class GotDeliveries {
  readonly #engine: Engine;
  readonly #channel: Channel;
  /** Those that were unacknowledged at the last look, the oldest first. */
  #kept: Got[] = [];

  constructor(engine: Engine, channel: Channel) {
    this.#engine = engine;
    this.#channel = channel;
  }

  /** The channel's last delivery was got from this queue. */
  add(queue: QueueEntry, now: number): void {
    if (queue.consumerTimeout === null) return;
    this.#kept.push({ tag: this.#engine.lastTag(this.#channel), queue, since: now });
  }

  /** The time that is over (ms), when one is unacknowledged for longer than it may be; else null. */
  overdue(now: number): number | null {
    if (this.#kept.length === 0) return null;
    this.#kept = this.#kept.filter(({ tag }) => this.#engine.isUnacked(this.#channel, tag));
    for (const { queue, since } of this.#kept) {
      const { consumerTimeout } = queue;
      if (consumerTimeout !== null && now - since >= consumerTimeout) return consumerTimeout;
    }
    return null;
  }
}
