/**
 * Queues that go when they are not used (x-expires): that have no consumer, are not declared again, and of which nobody
 * gets a message, for as long as they say. Whether messages wait in them does not matter.
 * What must hold: a queue with a lease and without consumers has a timer; it never goes before its time.
 */
import type { Engine } from '../../engine/engine.js';
import type { Clock } from '../requests/clock.js';
import type { ConsumerRegistry } from '../topology/consumer-registry.js';
import type { QueueEntry } from '../topology/topology-entries.js';

/** Queues that go one after the other before others are heard. */
const PORTION = 64;

interface Lease {
  readonly queue: QueueEntry;
  readonly duration: number;
  /** When it was last used, as far as the coordinator has seen. */
  used: number;
  /** Calls the timer off; null: there is none. */
  stop: (() => void) | null;
}

export class Leases {
  readonly #core: Pick<Engine, 'lastGet'>;
  readonly #consumers: ConsumerRegistry;
  readonly #clock: Clock;
  readonly #expire: (queue: QueueEntry) => void;
  readonly #leases = new Map<QueueEntry, Lease>();
  /** How many queues may go before others are heard, and those that have to wait for that. */
  #endings = PORTION;
  readonly #over: Lease[] = [];

  /** `expire` is to delete the queue. */
  constructor(
    core: Pick<Engine, 'lastGet'>,
    consumers: ConsumerRegistry,
    clock: Clock,
    expire: (queue: QueueEntry) => void,
  ) {
    this.#core = core;
    this.#consumers = consumers;
    this.#clock = clock;
    this.#expire = expire;
  }

  /** From now on the queue goes when it is unused for `duration` ms; null: it stays. */
  set(queue: QueueEntry, duration: number | null): void {
    if (duration === (this.#leases.get(queue)?.duration ?? null)) return;
    this.end(queue);
    if (duration === null) return;
    this.#leases.set(queue, { queue, duration, used: this.#clock.now(), stop: null });
    this.renew(queue);
  }

  /** The queue was declared again, or its last consumer has left. */
  renew(queue: QueueEntry): void {
    const lease = this.#leases.get(queue);
    if (lease === undefined) return;
    lease.used = this.#clock.now();
    if (lease.stop === null) this.#wait(lease, lease.duration);
  }

  /** The queue is deleted. */
  end(queue: QueueEntry): void {
    this.#leases.get(queue)?.stop?.();
    this.#leases.delete(queue);
  }

  endAll(): void {
    for (const queue of this.#leases.keys()) this.end(queue);
  }

  #wait(lease: Lease, delay: number): void {
    lease.stop = this.#clock.after(delay, () => this.#check(lease));
  }

  #check(lease: Lease): void {
    lease.stop = null;
    // The timer starts anew when the last consumer leaves.
    if (this.#consumers.count(lease.queue) > 0) return;
    const used = Math.max(lease.used, this.#core.lastGet(lease.queue.ref));
    const left = used + lease.duration - this.#clock.now();
    if (left > 0) this.#wait(lease, left);
    else if (this.#endings === 0) this.#over.push(lease);
    else this.#end(lease);
  }

  #end({ queue }: Lease): void {
    if (this.#endings === PORTION) setImmediate(() => this.#goOn());
    this.#endings -= 1;
    this.#expire(queue);
  }

  /** Others have been heard: looks again at those that were over, as they may have been used since. */
  #goOn(): void {
    this.#endings = PORTION;
    while (this.#endings > 0) {
      const lease = this.#over.pop();
      if (lease === undefined) return;
      if (this.#leases.get(lease.queue) === lease && lease.stop === null) this.#check(lease);
    }
  }
}
