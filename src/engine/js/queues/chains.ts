/**
 * The lanes of a queue: itself, or one for each priority that was used, the highest first. In each, what came back stands before the rest.
 * Under the queue's lock. What must hold: a queue with priorities has a lane for level 0 from the beginning, so a message
 * always finds one, if not its own for want of memory then the next below.
 */
import type { Extent } from '../../engine.js';
import type { Blocks } from '../memory/blocks.js';
import { Block, QueueCell, SLOTS, SlotState } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import { at32, at64, double, word } from '../memory/views.js';
import type { Wishes } from './page-in-requests.js';
import type { Returned } from './requeued.js';

/** So near (in positions) absent messages are wished back. */
const WINDOW = 16 * SLOTS;

export class Lanes {
  readonly #memory: Memory;
  readonly #blocks: Blocks;
  readonly #returned: Returned;
  /** Where the slot found last stands: its lane, and whether it came back there. */
  #lane = 0;
  #isReturned = false;
  readonly #wishes: Wishes;
  /** Whether the last search ended at an absent message. */
  foundAbsent = false;

  constructor(memory: Memory, blocks: Blocks, returned: Returned, wishes: Wishes) {
    this.#memory = memory;
    this.#wishes = wishes;
    this.#blocks = blocks;
    this.#returned = returned;
  }

  /** Gives a queue priorities; false when there is no memory. */
  open(queue: number): boolean {
    if (!this.#memory.ensurePages(1)) return false;
    const lane = this.#create(queue, 0);
    if (lane === 0) return false;
    const lanes = this.#memory.takePage();
    this.#memory.u32[word(lanes, 0)] = lane;
    this.#memory.u32[word(queue, QueueCell.LANES)] = lanes;
    return true;
  }

  /** The lane of a queue with priorities that a message of this priority goes to. */
  laneFor(queue: number, priority: number): number {
    const level = Math.min(priority, this.#highest(queue));
    let lane = this.ensure(queue, level);
    for (let below = level - 1; lane === 0; below--) lane = this.lane(queue, below);
    return lane;
  }

  /** The ready slot that is next, or 0; what is absent protects the levels below. */
  first(queue: number): number {
    if (this.#lanes(queue) === 0) return this.firstOf(queue);
    for (let level = this.#highest(queue); level >= 0; level--) {
      const slot = this.firstOf(this.lane(queue, level));
      if (slot !== 0 || this.foundAbsent) return slot;
    }
    return 0;
  }

  /** The ready slot that is next in one lane (0: none), or 0. An absent message there is wished for. */
  firstOf(lane: number): number {
    this.foundAbsent = false;
    if (lane === 0) return 0;
    const returned = this.#returned.first(lane);
    this.#lane = lane;
    this.#isReturned = returned !== 0;
    if (this.#isReturned) return returned;
    const slot = this.#blocks.atHead(lane);
    this.foundAbsent = slot === 0 && this.#blocks.isHeadAbsent(lane);
    if (this.foundAbsent) this.#wish(lane);
    return slot;
  }

  /** Claims the slot that was found last. */
  claimFirst(slot: number): void {
    if (this.#isReturned) this.#returned.removeFirst(this.#lane);
    else this.#advance(this.#lane);
    this.#blocks.setState(slot, SlotState.CLAIMED);
  }

  #advance(lane: number): void {
    const { u32 } = this.#memory;
    const before = at32(u32, word(lane, QueueCell.HEAD_BLOCK));
    this.#blocks.advance(lane);
    const stub = at32(u32, word(lane, QueueCell.STUB));
    const block = at32(u32, word(lane, QueueCell.HEAD_BLOCK));
    if (stub === 0 || block === before) return;
    if (this.#blocks.indexIn(block, at32(u32, word(stub, Block.START))) <= WINDOW) this.#wish(lane);
  }

  #wish(lane: number): void {
    const queue = this.queueOf(lane);
    this.#wishes.wish(queue, lane === this.laneOf(queue) ? queue : lane);
  }

  /** Whether the message that is next is absent. */
  isFrontAbsent(queue: number): boolean {
    for (let level = this.levels(queue) - 1; level >= 0; level--) {
      const lane = this.lane(queue, level);
      if (lane === 0) continue;
      if (this.#returned.first(lane) !== 0) return false;
      if (this.#blocks.isHeadAbsent(lane)) return true;
      if (this.#blocks.atHead(lane) !== 0) return false;
    }
    return false;
  }

  /** How far a queue goes by now. A lane that is yet to be made ends where it will begin. */
  extentOf(queue: number): Extent {
    const { u32 } = this.#memory;
    const extent = new Uint32Array(2 * this.levels(queue));
    for (let level = 0; 2 * level < extent.length; level++) {
      const lane = this.lane(queue, level);
      if (lane === 0) continue;
      extent[2 * level] = at32(u32, word(lane, QueueCell.TAIL));
      extent[2 * level + 1] = at32(u32, word(lane, QueueCell.TAKEN_BACK)) + this.#returned.count(lane);
    }
    return extent;
  }

  /** Whether some of what was there at an extent has not been taken yet. */
  isLeft(queue: number, extent: Extent): boolean {
    const { u32 } = this.#memory;
    for (let level = 0; 2 * level < extent.length; level++) {
      const lane = this.lane(queue, level);
      if (lane === 0) continue;
      const toHead = (at32(u32, word(lane, QueueCell.HEAD)) - (extent[2 * level] ?? 0)) | 0;
      const toTaken = (at32(u32, word(lane, QueueCell.TAKEN_BACK)) - (extent[2 * level + 1] ?? 0)) | 0;
      if (toHead < 0 || toTaken < 0) return true;
    }
    return false;
  }

  /** The queue that a lane belongs to; of a queue itself. */
  queueOf(lane: number): number {
    return at32(this.#memory.u32, word(lane, QueueCell.PARENT)) || lane;
  }

  /** The lane that is meant by a queue, whose level 0 it is, or by a lane. */
  laneOf(queueOrLane: number): number {
    return this.lane(queueOrLane, 0);
  }

  /** The lane of a level that a queue may have, made if need be; 0: there is no such level, or no memory. */
  ensure(queue: number, level: number): number {
    if (this.#lanes(queue) === 0 || level > this.#highest(queue)) return 0;
    const known = this.lane(queue, level);
    if (known !== 0) return known;
    const lane = this.#create(queue, level);
    if (lane !== 0) this.#memory.u32[word(this.#lanes(queue), level)] = lane;
    return lane;
  }

  /** How many levels there may be. */
  levels(queue: number): number {
    return this.#lanes(queue) === 0 ? 1 : this.#highest(queue) + 1;
  }

  /** The lane of a level, or 0 while none was needed. */
  lane(queue: number, level: number): number {
    const lanes = this.#lanes(queue);
    return lanes === 0 ? queue : at32(this.#memory.u32, word(lanes, level));
  }

  /** Frees what belongs to the lanes of a queue that has nothing left. */
  close(queue: number): void {
    const lanes = this.#lanes(queue);
    for (let level = this.levels(queue) - 1; level >= 0; level--) {
      const lane = this.lane(queue, level);
      if (lane === 0) continue;
      this.#blocks.freeRest(lane);
      if (lanes !== 0) this.#memory.freeCell(lane);
    }
    if (lanes !== 0) this.#memory.freePage(lanes);
  }

  /** Gives a queue without messages, or one lane, its number in the log, and the log position of its first message. Lanes that are made later follow. */
  setLogId(queue: number, id: number, next: number): void {
    for (const cell of [queue, this.laneOf(queue)]) {
      this.#memory.f64[double(cell, QueueCell.LOG_ID)] = id;
      this.#memory.f64[double(cell, QueueCell.LOG_NEXT)] = next;
    }
  }

  #create(queue: number, level: number): number {
    const lane = this.#memory.takeCell();
    if (lane === 0) return 0;
    this.#memory.u32[word(lane, QueueCell.PARENT)] = queue;
    this.#placeInLog(queue, lane, level);
    return lane;
  }

  /** Each level is a queue of its own in the log. */
  #placeInLog(queue: number, lane: number, level: number): void {
    const { f64 } = this.#memory;
    f64[double(lane, QueueCell.LOG_ID)] = at64(f64, double(queue, QueueCell.LOG_ID)) + level;
    f64[double(lane, QueueCell.LOG_NEXT)] = at64(f64, double(queue, QueueCell.LOG_NEXT));
  }

  #lanes(queue: number): number {
    return at32(this.#memory.u32, word(queue, QueueCell.LANES));
  }

  #highest(queue: number): number {
    return at32(this.#memory.u32, word(queue, QueueCell.MAX_PRIORITY));
  }
}
