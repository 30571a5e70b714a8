/** Messages that are elsewhere: what the coordinator does with them, and who waits for them. */
import { QueueCell, SLOTS, Trait } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import type { Messages } from '../memory/messages.js';
import { Units } from '../memory/spill-units.js';
import { at64, double, word } from '../memory/views.js';
import { Stubs } from '../queues/gap-blocks.js';
import type { Stock } from '../queues/queue-contents.js';
import { withQueue } from '../queues/queue-lock.js';
import type { Sweeps } from '../queues/swept-queues.js';
import type { Waiters } from '../queues/waiters.js';
import { PageIn } from './page-in.js';
import { PageOut } from './page-out.js';

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

  constructor(memory: Memory, messages: Messages, stock: Stock, waiters: Waiters, sweeps: Sweeps, self: number) {
    this.#memory = memory;
    this.#stock = stock;
    this.#waiters = waiters;
    this.#isCoordinator = self === memory.workers;
    this.#stubs = new Stubs(memory, stock.blocks);
    const units = new Units(memory, messages);
    this.out = new PageOut(memory, messages, stock, this.#stubs, units, waiters);
    this.in = new PageIn(memory, messages, stock, this.#stubs, units, waiters, sweeps);
  }

  // Each call below goes for a queue (if it has levels, for level 0), or for a lane of one.

  /** The lane of a level; 0: there is no such level, it was never used or there is no memory to make it. */
  levelOf(queue: number, level: number, make: boolean): number {
    if (level === 0) return queue;
    const { lanes } = this.#stock;
    return withQueue(this.#memory, queue, () => {
      if (make) return lanes.ensure(queue, level);
      return level < lanes.levels(queue) ? lanes.lane(queue, level) : 0;
    });
  }

  /** The first messages of one that was just made are elsewhere, with bodies of so many bytes; false: no memory, or too many. */
  make(queueOrLane: number, count: number, bytes: number): boolean {
    if (count === 0) return true;
    if (count > ABSENT_MAX || !this.#memory.ensurePages(this.#stubs.pagesFor(count))) return false;
    return this.#with(queueOrLane, (queue, lane) => {
      this.#stubs.make(lane, count, bytes);
      this.#stock.vanish(queue, -count, this.#counted(queue, -bytes));
      return true;
    });
  }

  count(queueOrLane: number): number {
    return this.#with(queueOrLane, (_queue, lane) => this.#stubs.count(lane));
  }

  /** Ready messages before the first absent one. */
  present(queueOrLane: number): number {
    return this.#with(queueOrLane, (_queue, lane) => this.#stubs.present(lane));
  }

  /** Messages of a lane that wait for a consumer. */
  ready(lane: number): number {
    return this.#with(lane, () => this.#stock.readyIn(lane));
  }

  /** Begins to send messages away. */
  pageOut(queueOrLane: number, margin: number, least: number, most: number): number {
    return this.count(queueOrLane) + SLOTS > ABSENT_MAX ? 0 : this.out.begin(queueOrLane, margin, least, most);
  }

  /** Forgets the absent messages once all before them are claimed, those of all levels of a queue; returns how many. */
  drop(queueOrLane: number): number {
    return this.#with(queueOrLane, () => this.dropLocked(queueOrLane));
  }

  /** The same, under the queue's lock. */
  dropLocked(queueOrLane: number): number {
    if (!this.#isCoordinator) return 0;
    this.abandon(queueOrLane);
    const queue = this.#stock.lanes.queueOf(queueOrLane);
    let count = 0;
    for (const lane of this.#lanes(queueOrLane)) count += this.#dropIn(queue, lane);
    if (count > 0) this.#waiters.welcome(queue, SLOTS);
    return count;
  }

  #dropIn(queue: number, lane: number): number {
    const { f64 } = this.#memory;
    const end = this.#stubs.logEnd(lane);
    const count = this.#stubs.drop(lane);
    if (count === 0) return 0;
    // What lies between was absent, was done before, or was never in the log.
    this.#stock.recordAbsentDone(lane, at64(f64, double(lane, QueueCell.ABSENT_PLACE)), end);
    const bytes = double(lane, QueueCell.ABSENT_BYTES);
    const counted = this.#counted(queue, at64(f64, bytes));
    f64[bytes] = 0;
    this.#stock.vanish(queue, count, counted);
    return count;
  }

  /** The bytes, if the queue counts such. */
  #counted(queue: number, bytes: number): number {
    return (this.#stock.rules.traits(queue) & Trait.BYTES) === 0 ? 0 : bytes;
  }

  /** What is under way with messages is over: they are where they were. Under the queue's lock. */
  abandon(queueOrLane: number): void {
    for (const lane of this.#lanes(queueOrLane)) {
      this.out.abandon(lane);
      this.in.abandon(lane);
    }
  }

  /** All lanes of a queue that are used, or the one. */
  #lanes(queueOrLane: number): number[] {
    const { lanes } = this.#stock;
    return Array.from({ length: lanes.levels(queueOrLane) }, (_, level) => lanes.lane(queueOrLane, level)).filter(
      (lane) => lane !== 0,
    );
  }

  /** Whether the next message is absent; then all workers are rung when it is back. */
  awaitFront(queueOrLane: number): boolean {
    return this.#with(queueOrLane, (queue) => {
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

  /** Does something under the queue's lock. */
  #with<T>(queueOrLane: number, body: (queue: number, lane: number) => T): T {
    const { lanes } = this.#stock;
    const queue = lanes.queueOf(queueOrLane);
    return withQueue(this.#memory, queue, () => body(queue, lanes.laneOf(queueOrLane)));
  }
}
