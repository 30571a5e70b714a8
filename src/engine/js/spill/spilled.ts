/**
 * This folder is for messages that leave memory, the twin of `assembly/queue/spill`; only what composes the twin may
 * import it.
 *
 * Messages that are elsewhere: what the coordinator does with them, and who waits for them.
 */
import { SLOTS, SPILLED_MAX } from '../../../numbers/core.js';
import { Feature, QueueCell } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import type { Messages } from '../memory/messages.js';
import { Units } from '../memory/spill-units.js';
import { at64, double, word } from '../memory/views.js';
import { GapBlocks } from '../queues/gap-blocks.js';
import type { QueueContents } from '../queues/queue-contents.js';
import { withQueue } from '../queues/queue-lock.js';
import type { SpilledMessages } from '../queues/spilled-messages.js';
import type { Sweeps } from '../queues/swept-queues.js';
import type { Waiters } from '../queues/waiters.js';
import { PageIn } from './page-in.js';
import { PageOut } from './page-out.js';

export class Spilled implements SpilledMessages {
  readonly out: PageOut;
  readonly in: PageIn;
  readonly #memory: Memory;
  readonly #contents: QueueContents;
  readonly #gapBlocks: GapBlocks;
  readonly #waiters: Waiters;
  readonly #isCoordinator: boolean;
  /** Queues whose first message was spilled when the host of this participant looked for it. */
  readonly #awaited = new Set<number>();

  constructor(
    memory: Memory,
    messages: Messages,
    contents: QueueContents,
    waiters: Waiters,
    sweeps: Sweeps,
    self: number,
  ) {
    this.#memory = memory;
    this.#contents = contents;
    this.#waiters = waiters;
    this.#isCoordinator = self === memory.workers;
    this.#gapBlocks = new GapBlocks(memory, contents.blocks);
    const units = new Units(memory, messages);
    this.out = new PageOut(memory, messages, contents, this.#gapBlocks, units, waiters);
    this.in = new PageIn(memory, messages, contents, this.#gapBlocks, units, waiters, sweeps);
  }

  // Each call below goes for a queue (if it has priorities, for priority 0), or for a chain of one.

  /** The chain of a priority; 0: there is no such priority, it was never used or there is no memory to make it. */
  priorityOf(queue: number, priority: number, make: boolean): number {
    if (priority === 0) return queue;
    const { chains } = this.#contents;
    return withQueue(this.#memory, queue, () => {
      if (make) return chains.ensure(queue, priority);
      return priority < chains.priorities(queue) ? chains.chain(queue, priority) : 0;
    });
  }

  /**
   * The first messages of one that was just made are elsewhere, with bodies of so many bytes; false: no memory, or too
   * many.
   */
  make(queueOrChain: number, count: number, bytes: number): boolean {
    if (count === 0) return true;
    if (count > SPILLED_MAX || !this.#memory.ensurePages(this.#gapBlocks.pagesFor(count))) return false;
    return this.#with(queueOrChain, (queue, chain) => {
      this.#gapBlocks.make(chain, count, bytes);
      this.#contents.vanish(queue, -count, this.#counted(queue, -bytes));
      return true;
    });
  }

  count(queueOrChain: number): number {
    return this.#with(queueOrChain, (_queue, chain) => this.#gapBlocks.count(chain));
  }

  /** The position of the first spilled message. */
  first(queueOrChain: number): number {
    return this.#with(queueOrChain, (_queue, chain) => this.#gapBlocks.first(chain));
  }

  /** Ready messages before the first spilled one. */
  present(queueOrChain: number): number {
    return this.#with(queueOrChain, (_queue, chain) => this.#gapBlocks.present(chain));
  }

  /** Messages of a chain that wait for a consumer. */
  ready(chain: number): number {
    return this.#with(chain, () => this.#contents.readyIn(chain));
  }

  /** Begins to send messages away. */
  pageOut(queueOrChain: number, margin: number, least: number, most: number): number {
    return this.count(queueOrChain) + SLOTS > SPILLED_MAX ? 0 : this.out.begin(queueOrChain, margin, least, most);
  }

  /**
   * Forgets the spilled messages once all before them are claimed, those of all priorities of a queue; returns how
   * many.
   */
  drop(queueOrChain: number): number {
    return this.#with(queueOrChain, () => this.dropLocked(queueOrChain));
  }

  /** The same, under the queue's lock. */
  dropLocked(queueOrChain: number): number {
    if (!this.#isCoordinator) return 0;
    this.abandon(queueOrChain);
    const queue = this.#contents.chains.queueOf(queueOrChain);
    let count = 0;
    for (const chain of this.#chains(queueOrChain)) count += this.#dropIn(queue, chain);
    if (count > 0) this.#waiters.welcome(queue, SLOTS);
    return count;
  }

  #dropIn(queue: number, chain: number): number {
    const { f64 } = this.#memory;
    const end = this.#gapBlocks.logEnd(chain);
    const count = this.#gapBlocks.drop(chain);
    if (count === 0) return 0;
    // What lies between was spilled, was done before, or was never in the log.
    this.#contents.recordSpilledDone(chain, at64(f64, double(chain, QueueCell.SPILLED_PLACE)), end);
    const bytes = double(chain, QueueCell.SPILLED_BYTES);
    const counted = this.#counted(queue, at64(f64, bytes));
    f64[bytes] = 0;
    this.#contents.vanish(queue, count, counted);
    return count;
  }

  /** The bytes, if the queue counts such. */
  #counted(queue: number, bytes: number): number {
    return (this.#contents.features.of(queue) & Feature.BYTES) === 0 ? 0 : bytes;
  }

  /** What is under way with messages is over: they are where they were. Under the queue's lock. */
  abandon(queueOrChain: number): void {
    for (const chain of this.#chains(queueOrChain)) {
      this.out.abandon(chain);
      this.in.abandon(chain);
    }
  }

  /** All chains of a queue that are used, or the one. */
  #chains(queueOrChain: number): number[] {
    const { chains } = this.#contents;
    return Array.from({ length: chains.priorities(queueOrChain) }, (_, priority) =>
      chains.chain(queueOrChain, priority),
    ).filter((chain) => chain !== 0);
  }

  /** Whether the next message is spilled; then all workers are rung when it is back. */
  awaitNext(queueOrChain: number): boolean {
    return this.#with(queueOrChain, (queue) => {
      Atomics.store(this.#memory.u32, word(queue, QueueCell.AWAITED), 1);
      const isSpilled = this.#contents.chains.isNextSpilled(queue);
      if (isSpilled) this.#awaited.add(queue);
      return isSpilled;
    });
  }

  /**
   * Whether a message is back that was waited for. Asked before the participant sleeps: nobody rings one that is awake.
   */
  isSomethingBack(): boolean {
    let isBack = false;
    for (const queue of this.#awaited) {
      if (this.#isStillSpilled(queue)) continue;
      this.#awaited.delete(queue);
      isBack = true;
    }
    for (const queue of this.#contents.stuck) {
      if (this.#isStillSpilled(queue)) continue;
      this.#contents.stuck.delete(queue);
      this.#contents.long.add(queue);
      isBack = true;
    }
    return isBack;
  }

  /** Forgets queues that are about to be freed. */
  forgetRetired(): void {
    for (const queue of this.#awaited) if (this.#contents.isRetired(queue)) this.#awaited.delete(queue);
  }

  #isStillSpilled(queue: number): boolean {
    return withQueue(this.#memory, queue, () => this.#contents.chains.isNextSpilled(queue));
  }

  /** Does something under the queue's lock. */
  #with<T>(queueOrChain: number, body: (queue: number, chain: number) => T): T {
    const { chains } = this.#contents;
    const queue = chains.queueOf(queueOrChain);
    return withQueue(this.#memory, queue, () => body(queue, chains.chainOf(queueOrChain)));
  }
}
