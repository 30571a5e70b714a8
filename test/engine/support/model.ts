/**
 * A queue with features as RabbitMQ describes it, on plain arrays: what tests believe that an engine does. No
 * consumers: messages are got one by one, so that each step has one outcome.
 */
import { DeadLetterReason, Overflow, type QueueFeatures } from '../../../src/engine/engine.js';
import type { Dead } from './bench.js';

export interface Entry {
  /** Rises with each publish: its place among those of its priority. */
  readonly number: number;
  readonly body: string;
  readonly priority: number;
  readonly deadline: number;
  requeues: number;
}

export class ModelQueue {
  readonly dead: Dead[] = [];
  readonly unacked = new Map<number, Entry>();
  now = 0;
  #ready: Entry[] = [];
  #published = 0;
  #tags = 0;

  constructor(
    readonly name: string,
    readonly features: QueueFeatures,
  ) {}

  get length(): number {
    return this.#ready.length;
  }

  get bytes(): number {
    return this.features.maxBytes === null ? 0 : this.#bytes();
  }

  /** False: refused. */
  publish(body: string, asked: number, expiration: number | null): boolean {
    const { overflow, maxPriority, ttl } = this.features;
    const life = Math.min(ttl ?? Number.POSITIVE_INFINITY, expiration ?? Number.POSITIVE_INFINITY);
    const priority = Math.min(asked, maxPriority);
    const entry = { number: this.#published++, body, priority, deadline: this.now + life, requeues: 0 };
    if (overflow !== Overflow.DROP_HEAD && this.#isTooLong(1, body.length)) {
      if (overflow === Overflow.REJECT_PUBLISH_DLX) this.#deadLetterOrDrop(entry, DeadLetterReason.MAXLEN);
      return false;
    }
    this.#enter(entry);
    this.#shorten();
    return true;
  }

  /** The message that is next, with its tag. */
  get(): { tag: number; entry: Entry } | null {
    this.#expire(false);
    const entry = this.#ready.shift();
    if (entry === undefined) return null;
    this.unacked.set(++this.#tags, entry);
    return { tag: this.#tags, entry };
  }

  ack(tag: number): void {
    this.unacked.delete(tag);
  }

  reject(tag: number): void {
    this.#deadLetterOrDrop(this.#take(tag), DeadLetterReason.REJECTED);
  }

  requeue(tag: number): void {
    const entry = this.#take(tag);
    entry.requeues++;
    if (this.features.deliveryLimit !== null && entry.requeues > this.features.deliveryLimit) {
      this.#deadLetterOrDrop(entry, DeadLetterReason.DELIVERY_LIMIT);
      return;
    }
    this.#enter(entry);
    this.#shorten();
  }

  sweep(): void {
    this.#expire(true);
  }

  purge(): number {
    return this.#ready.splice(0).length;
  }

  #take(tag: number): Entry {
    const entry = this.unacked.get(tag);
    if (entry === undefined) throw new Error(`no delivery ${tag}`);
    this.unacked.delete(tag);
    return entry;
  }

  /** To its place: the higher priority first, then the older. */
  #enter(entry: Entry): void {
    this.#ready.push(entry);
    this.#ready.sort((a, b) => b.priority - a.priority || a.number - b.number);
  }

  /**
   * Of each priority, what stands before all that have not expired; unless it is `everywhere`, only of priorities above
   * which nothing is alive.
   */
  #expire(everywhere: boolean): void {
    const alive = new Set<number>();
    this.#ready = this.#ready.filter((entry) => {
      if (entry.deadline > this.now || alive.has(entry.priority) || (!everywhere && alive.size > 0)) {
        alive.add(entry.priority);
        return true;
      }
      this.#deadLetterOrDrop(entry, DeadLetterReason.EXPIRED);
      return false;
    });
  }

  #shorten(): void {
    if (this.features.overflow !== Overflow.DROP_HEAD) return;
    while (this.#isTooLong(0, 0)) {
      const entry = this.#ready.shift();
      if (entry === undefined) return;
      this.#deadLetterOrDrop(entry, DeadLetterReason.MAXLEN);
    }
  }

  #isTooLong(more: number, moreBytes: number): boolean {
    const { maxLength, maxBytes } = this.features;
    if (maxLength !== null && this.length + more > maxLength) return true;
    return maxBytes !== null && this.#bytes() + moreBytes > maxBytes;
  }

  #bytes(): number {
    return this.#ready.reduce((sum, entry) => sum + entry.body.length, 0);
  }

  #deadLetterOrDrop(entry: Entry, reason: number): void {
    if (this.features.deadLetters) this.dead.push({ body: entry.body, queue: this.name, reason });
  }
}
