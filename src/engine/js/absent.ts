/** Messages that are elsewhere: what the coordinator does with them, and who waits for them. */
import { QueueCell, SLOTS, Trait } from './layout.js';
import type { Memory } from './memory.js';
import type { Messages } from './messages.js';
import { PageIn } from './page-in.js';
import { PageOut } from './page-out.js';
import { withQueue } from './queue-lock.js';
import type { Stock } from './stock.js';
import { Stubs } from './stubs.js';
import { Units } from './units.js';
import { at64, double, word } from './views.js';
import type { Waiters } from './waiters.js';

/** More positions than these between two blocks could not be told from a step back. */
const ABSENT_MAX = 2 ** 30;

export class Absent {
  readonly out: PageOut;
  readonly in: PageIn;
  readonly #memory: Memory;
  readonly #stock: Stock;
  readonly #stubs: Stubs;
  readonly #waiters: Waiters;
  readonly #isCoordinator: boolean;
  /** Queues whose first message was absent when the host of this participant looked for it. */
  readonly #awaited = new Set<number>();

  constructor(memory: Memory, messages: Messages, stock: Stock, waiters: Waiters, self: number) {
    this.#memory = memory;
    this.#stock = stock;
    this.#waiters = waiters;
    this.#isCoordinator = self === memory.workers;
    this.#stubs = new Stubs(memory, stock.blocks);
    const units = new Units(memory, messages);
    this.out = new PageOut(memory, messages, stock, this.#stubs, units, waiters);
    this.in = new PageIn(memory, messages, stock, this.#stubs, units, waiters);
  }

  /** The first messages of a queue that was just made are elsewhere; false: no memory, or too many. */
  make(queue: number, count: number): boolean {
    if (count === 0) return true;
    if (count > ABSENT_MAX || !this.#memory.ensurePages(1)) return false;
    withQueue(this.#memory, queue, () => {
      this.#stubs.make(this.#lane(queue), count);
      this.#stock.vanish(queue, -count, 0);
    });
    return true;
  }

  count(queue: number): number {
    return withQueue(this.#memory, queue, () => this.#stubs.count(this.#lane(queue)));
  }

  /** Ready messages before the first absent one. */
  present(queue: number): number {
    return withQueue(this.#memory, queue, () => this.#stubs.present(this.#lane(queue)));
  }

  /** Begins to send a block away. */
  pageOut(queue: number, margin: number): number {
    return this.count(queue) + SLOTS > ABSENT_MAX ? 0 : this.out.begin(queue, margin);
  }

  /** Forgets the absent messages once all before them are claimed; returns how many. */
  drop(queue: number): number {
    return withQueue(this.#memory, queue, () => this.dropLocked(queue));
  }

  /** The same, under the queue's lock. */
  dropLocked(queue: number): number {
    if (!this.#isCoordinator) return 0;
    const lane = this.#lane(queue);
    this.abandon(queue);
    const count = this.#stubs.drop(lane);
    if (count === 0) return 0;
    const { f64 } = this.#memory;
    const bytes = double(lane, QueueCell.ABSENT_BYTES);
    const counted = (this.#stock.rules.traits(queue) & Trait.BYTES) === 0 ? 0 : at64(f64, bytes);
    f64[bytes] = 0;
    this.#stock.vanish(queue, count, counted);
    this.#waiters.welcome(queue, SLOTS);
    return count;
  }

  /** What is under way with a queue's messages is over: they are where they were. Under its lock. */
  abandon(queue: number): void {
    const lane = this.#lane(queue);
    this.out.abandon(lane);
    this.in.abandon(lane);
  }

  /** Whether the next message is absent; then all workers are rung when it is back. */
  awaitFront(queue: number): boolean {
    return withQueue(this.#memory, queue, () => {
      Atomics.store(this.#memory.u32, word(queue, QueueCell.AWAITED), 1);
      const isAbsent = this.#stock.lanes.isFrontAbsent(queue);
      if (isAbsent) this.#awaited.add(queue);
      return isAbsent;
    });
  }

  /** Whether a message is back that was waited for. Asked before the participant sleeps: nobody rings one that is awake. */
  isSomethingBack(): boolean {
    let isBack = false;
    for (const queue of this.#awaited) {
      if (this.#isStillAbsent(queue)) continue;
      this.#awaited.delete(queue);
      isBack = true;
    }
    for (const queue of this.#stock.stuck) {
      if (this.#isStillAbsent(queue)) continue;
      this.#stock.stuck.delete(queue);
      this.#stock.long.add(queue);
      isBack = true;
    }
    return isBack;
  }

  /** Forgets queues that are about to be freed. */
  forgetRetired(): void {
    for (const queue of this.#awaited) if (this.#stock.isRetired(queue)) this.#awaited.delete(queue);
  }

  #isStillAbsent(queue: number): boolean {
    return withQueue(this.#memory, queue, () => this.#stock.lanes.isFrontAbsent(queue));
  }

  #lane(queue: number): number {
    return this.#stock.lanes.lane(queue, 0);
  }
}
