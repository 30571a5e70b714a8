/**
 * Queues that go when they are not used (x-expires): that have no consumer, are not declared again, and of which nobody
 * gets a message, for as long as they say. Whether messages wait in them does not matter.
 * What must hold: a queue that expires and has no consumers has a timer; it never goes before its time.
 */
import type { Engine } from '../../engine/engine.js';
import type { Clock } from '../../platform/clock.js';
import type { ConsumerRegistry } from '../topology/consumer-registry.js';
import type { QueueEntry } from '../topology/topology-entries.js';

/** Queues that go one after the other before others are heard. */
const PORTION = 64;

interface Expiry {
  readonly queue: QueueEntry;
  readonly duration: number;
  /** When it was last used, as far as the coordinator has seen. */
  used: number;
  /** Calls the timer off; null: there is none. */
  stop: (() => void) | null;
}

export class QueueExpiry {
  readonly #core: Pick<Engine, 'lastGet'>;
  readonly #consumers: ConsumerRegistry;
  readonly #clock: Clock;
  readonly #expire: (queue: QueueEntry) => void;
  readonly #expiries = new Map<QueueEntry, Expiry>();
  /** How many queues may go before others are heard, and those that have to wait for that. */
  #endings = PORTION;
  readonly #over: Expiry[] = [];

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
    if (duration === (this.#expiries.get(queue)?.duration ?? null)) return;
    this.end(queue);
    if (duration === null) return;
    this.#expiries.set(queue, { queue, duration, used: this.#clock.now(), stop: null });
    this.renew(queue);
  }

  /** The queue was declared again, or its last consumer has left. */
  renew(queue: QueueEntry): void {
    const expiry = this.#expiries.get(queue);
    if (expiry === undefined) return;
    expiry.used = this.#clock.now();
    if (expiry.stop === null) this.#wait(expiry, expiry.duration);
  }

  /** The queue is deleted. */
  end(queue: QueueEntry): void {
    this.#expiries.get(queue)?.stop?.();
    this.#expiries.delete(queue);
  }

  endAll(): void {
    for (const queue of this.#expiries.keys()) this.end(queue);
  }

  #wait(expiry: Expiry, delay: number): void {
    expiry.stop = this.#clock.after(delay, () => this.#check(expiry));
  }

  #check(expiry: Expiry): void {
    expiry.stop = null;
    // The timer starts anew when the last consumer leaves.
    if (this.#consumers.count(expiry.queue) > 0) return;
    const used = Math.max(expiry.used, this.#core.lastGet(expiry.queue.ref));
    const left = used + expiry.duration - this.#clock.now();
    if (left > 0) this.#wait(expiry, left);
    else if (this.#endings === 0) this.#over.push(expiry);
    else this.#end(expiry);
  }

  #end({ queue }: Expiry): void {
    if (this.#endings === PORTION) setImmediate(() => this.#goOn());
    this.#endings -= 1;
    this.#expire(queue);
  }

  /** Others have been heard: looks again at those that were over, as they may have been used since. */
  #goOn(): void {
    this.#endings = PORTION;
    while (this.#endings > 0) {
      const expiry = this.#over.pop();
      if (expiry === undefined) return;
      if (this.#expiries.get(expiry.queue) === expiry && expiry.stop === null) this.#check(expiry);
    }
  }
}
