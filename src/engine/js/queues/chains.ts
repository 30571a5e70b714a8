/**
 * The chains of a queue: itself, or one for each priority that was used, the highest first. In each, what came back
 * stands before the rest. Under the queue's lock. What must hold: a queue with priorities has a chain for priority 0
 * from the beginning, so a message always finds one, if not its own for want of memory then the next below.
 */
import { PAGE_IN_WINDOW } from '../../../numbers/core.js';
import type { Extent } from '../../engine.js';
import type { Blocks } from '../memory/blocks.js';
import { Block, QueueCell, SlotState } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import { at32, at64, double, word } from '../memory/views.js';
import type { PageInRequests } from './page-in-requests.js';
import type { Requeued } from './requeued.js';

export class Chains {
  readonly #memory: Memory;
  readonly #blocks: Blocks;
  readonly #requeued: Requeued;
  /** Where the slot found last stands: its chain, and whether it came back there. */
  #chain = 0;
  #isRequeued = false;
  readonly #pageInRequests: PageInRequests;
  /** Whether the last search ended at a spilled message. */
  foundSpilled = false;

  constructor(memory: Memory, blocks: Blocks, requeued: Requeued, pageInRequests: PageInRequests) {
    this.#memory = memory;
    this.#pageInRequests = pageInRequests;
    this.#blocks = blocks;
    this.#requeued = requeued;
  }

  /** Gives a queue priorities; false when there is no memory. */
  open(queue: number): boolean {
    if (!this.#memory.ensurePages(1)) return false;
    const chain = this.#create(queue, 0);
    if (chain === 0) return false;
    const chains = this.#memory.takePage();
    this.#memory.u32[word(chains, 0)] = chain;
    this.#memory.u32[word(queue, QueueCell.CHAINS)] = chains;
    return true;
  }

  /** The chain of a queue with priorities that a message of this priority goes to. */
  chainFor(queue: number, asked: number): number {
    const priority = Math.min(asked, this.#highest(queue));
    let chain = this.ensure(queue, priority);
    for (let below = priority - 1; chain === 0; below--) chain = this.chain(queue, below);
    return chain;
  }

  /** The ready slot that is next, or 0; what is spilled protects the priorities below. */
  first(queue: number): number {
    if (this.#chains(queue) === 0) return this.firstOf(queue);
    for (let priority = this.#highest(queue); priority >= 0; priority--) {
      const slot = this.firstOf(this.chain(queue, priority));
      if (slot !== 0 || this.foundSpilled) return slot;
    }
    return 0;
  }

  /** The ready slot that is next in one chain (0: none), or 0. A spilled message there is asked for. */
  firstOf(chain: number): number {
    this.foundSpilled = false;
    if (chain === 0) return 0;
    const requeued = this.#requeued.first(chain);
    this.#chain = chain;
    this.#isRequeued = requeued !== 0;
    if (this.#isRequeued) return requeued;
    const slot = this.#blocks.atHead(chain);
    this.foundSpilled = slot === 0 && this.#blocks.isHeadSpilled(chain);
    if (this.foundSpilled) this.request(chain);
    return slot;
  }

  /** Claims the slot that was found last. */
  claimFirst(slot: number): void {
    if (this.#isRequeued) this.#requeued.removeFirst(this.#chain);
    else this.#advance(this.#chain);
    this.#blocks.setState(slot, SlotState.CLAIMED);
  }

  /** Claims the message at the head of one chain, whatever was requeued; 0: there is none, or it is spilled. */
  claimHead(chain: number): number {
    const slot = this.#blocks.atHead(chain);
    this.foundSpilled = slot === 0 && this.#blocks.isHeadSpilled(chain);
    if (this.foundSpilled) this.request(chain);
    if (slot === 0) return 0;
    this.#advance(chain);
    this.#blocks.setState(slot, SlotState.CLAIMED);
    return slot;
  }

  #advance(chain: number): void {
    const { u32 } = this.#memory;
    const before = at32(u32, word(chain, QueueCell.HEAD_BLOCK));
    this.#blocks.advance(chain);
    const gap = at32(u32, word(chain, QueueCell.GAP));
    const block = at32(u32, word(chain, QueueCell.HEAD_BLOCK));
    if (gap === 0 || block === before) return;
    if (this.#blocks.indexIn(block, at32(u32, word(gap, Block.START))) <= PAGE_IN_WINDOW) this.request(chain);
  }

  /** Asks for the next spilled messages of a chain. */
  request(chain: number): void {
    const queue = this.queueOf(chain);
    this.#pageInRequests.requestPageIn(queue, chain === this.chainOf(queue) ? queue : chain);
  }

  /** Whether the message that is next is spilled. */
  isNextSpilled(queue: number): boolean {
    for (let priority = this.priorities(queue) - 1; priority >= 0; priority--) {
      const chain = this.chain(queue, priority);
      if (chain === 0) continue;
      if (this.#requeued.first(chain) !== 0) return false;
      if (this.#blocks.isHeadSpilled(chain)) return true;
      if (this.#blocks.atHead(chain) !== 0) return false;
    }
    return false;
  }

  /** How far a queue goes by now. A chain that is yet to be made ends where it will begin. */
  extentOf(queue: number): Extent {
    const { u32 } = this.#memory;
    const extent = new Uint32Array(2 * this.priorities(queue));
    for (let priority = 0; 2 * priority < extent.length; priority++) {
      const chain = this.chain(queue, priority);
      if (chain === 0) continue;
      extent[2 * priority] = at32(u32, word(chain, QueueCell.TAIL));
      extent[2 * priority + 1] = at32(u32, word(chain, QueueCell.TAKEN_BACK)) + this.#requeued.count(chain);
    }
    return extent;
  }

  /** Whether some of what was there at an extent has not been taken yet. */
  isLeft(queue: number, extent: Extent): boolean {
    const { u32 } = this.#memory;
    for (let priority = 0; 2 * priority < extent.length; priority++) {
      const chain = this.chain(queue, priority);
      if (chain === 0) continue;
      const toHead = (at32(u32, word(chain, QueueCell.HEAD)) - (extent[2 * priority] ?? 0)) | 0;
      const toTaken = (at32(u32, word(chain, QueueCell.TAKEN_BACK)) - (extent[2 * priority + 1] ?? 0)) | 0;
      if (toHead < 0 || toTaken < 0) return true;
    }
    return false;
  }

  /** The queue that a chain belongs to; of a queue itself. */
  queueOf(chain: number): number {
    return at32(this.#memory.u32, word(chain, QueueCell.PARENT)) || chain;
  }

  /** The chain that is meant by a queue, whose priority 0 it is, or by a chain. */
  chainOf(queueOrChain: number): number {
    return this.chain(queueOrChain, 0);
  }

  /** The chain of a priority that a queue may have, made if need be; 0: there is no such priority, or no memory. */
  ensure(queue: number, priority: number): number {
    if (this.#chains(queue) === 0 || priority > this.#highest(queue)) return 0;
    const known = this.chain(queue, priority);
    if (known !== 0) return known;
    const chain = this.#create(queue, priority);
    if (chain !== 0) this.#memory.u32[word(this.#chains(queue), priority)] = chain;
    return chain;
  }

  /** How many priorities there may be. */
  priorities(queue: number): number {
    return this.#chains(queue) === 0 ? 1 : this.#highest(queue) + 1;
  }

  /** The chain of a priority, or 0 while none was needed. */
  chain(queue: number, priority: number): number {
    const chains = this.#chains(queue);
    return chains === 0 ? queue : at32(this.#memory.u32, word(chains, priority));
  }

  /** Frees what belongs to the chains of a queue that has nothing left. */
  close(queue: number): void {
    const chains = this.#chains(queue);
    for (let priority = this.priorities(queue) - 1; priority >= 0; priority--) {
      const chain = this.chain(queue, priority);
      if (chain === 0) continue;
      this.#blocks.freeRest(chain);
      if (chains !== 0) this.#memory.freeCell(chain);
    }
    if (chains !== 0) this.#memory.freePage(chains);
  }

  /**
   * Gives a queue without messages, or one chain, its number in the log, and the log position of its first message.
   * Priorities that are made later follow.
   */
  setLogId(queue: number, id: number, next: number): void {
    for (const cell of [queue, this.chainOf(queue)]) {
      this.#memory.f64[double(cell, QueueCell.LOG_ID)] = id;
      this.#memory.f64[double(cell, QueueCell.LOG_NEXT)] = next;
    }
  }

  #create(queue: number, priority: number): number {
    const chain = this.#memory.takeCell();
    if (chain === 0) return 0;
    this.#memory.u32[word(chain, QueueCell.PARENT)] = queue;
    this.#placeInLog(queue, chain, priority);
    return chain;
  }

  /** Each priority is a queue of its own in the log. */
  #placeInLog(queue: number, chain: number, priority: number): void {
    const { f64 } = this.#memory;
    f64[double(chain, QueueCell.LOG_ID)] = at64(f64, double(queue, QueueCell.LOG_ID)) + priority;
    f64[double(chain, QueueCell.LOG_NEXT)] = at64(f64, double(queue, QueueCell.LOG_NEXT));
  }

  #chains(queue: number): number {
    return at32(this.#memory.u32, word(queue, QueueCell.CHAINS));
  }

  #highest(queue: number): number {
    return at32(this.#memory.u32, word(queue, QueueCell.MAX_PRIORITY));
  }
}
