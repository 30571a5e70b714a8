/**
 * What a thread of the load has counted, for all threads to see: shared memory, a board for each thread.
 *
 *   words 0 … 15        counters (`Counter`)
 *   then BUCKETS words  latencies from publish to delivery
 *   then BUCKETS words  latencies from publish to confirm
 *
 * Written by: the thread whose board it is, alone. Read by: all. What must hold: counters wrap at 2^32, so a reader looks
 * more often than they can wrap. They are stored and loaded atomically: a reader that waits for one to grow must see it
 * grow. Latencies are not: they are looked at when nobody waits for them.
 */
import { BUCKETS, count } from './histogram.js';

export const Counter = {
  PUBLISHED: 0,
  CONSUMED: 1,
  CONFIRMED: 2,
  NACKED: 3,
  RETURNED: 4,
  REDELIVERED: 5,
  /** Connections that the broker has blocked now. */
  BLOCKED: 6,
  /** Producers that have published all that they were to, and consumers that have got as much as they were to. */
  PRODUCERS_DONE: 7,
  CONSUMERS_DONE: 8,
} as const;
export type Counter = (typeof Counter)[keyof typeof Counter];

const COUNTERS = 16;
const DELIVERIES = COUNTERS;
const CONFIRMS = DELIVERIES + BUCKETS;
const WORDS = CONFIRMS + BUCKETS;

export class Board {
  readonly #words: Uint32Array;

  constructor(memory: SharedArrayBuffer, index: number) {
    this.#words = new Uint32Array(memory, index * WORDS * Uint32Array.BYTES_PER_ELEMENT, WORDS);
  }

  static memoryFor(boards: number): SharedArrayBuffer {
    return new SharedArrayBuffer(boards * WORDS * Uint32Array.BYTES_PER_ELEMENT);
  }

  get(counter: Counter): number {
    return Atomics.load(this.#words, counter);
  }

  /** `value` may be beyond 2^32. */
  set(counter: Counter, value: number): void {
    Atomics.store(this.#words, counter, value);
  }

  add(counter: Counter, more: number): void {
    Atomics.store(this.#words, counter, (this.#words[counter] ?? 0) + more);
  }

  countDelivery(microseconds: number): void {
    count(this.#words, DELIVERIES, microseconds);
  }

  countConfirm(microseconds: number): void {
    count(this.#words, CONFIRMS, microseconds);
  }

  get deliveries(): Uint32Array {
    return this.#words.subarray(DELIVERIES, CONFIRMS);
  }

  get confirms(): Uint32Array {
    return this.#words.subarray(CONFIRMS, WORDS);
  }
}
