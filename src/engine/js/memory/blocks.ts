/**
 * A chain of blocks (a queue is its own chain, or has one for each priority): the slots of its positions, from
 * the oldest that is not settled to the newest. Everything here happens under the queue's lock. What must hold: a block
 * is in the chain from HEAD_BLOCK on as long as it has a slot at or behind the head; it is freed when its last slot is
 * settled; positions wrap and are subtracted only.
 */
import {
  BLOCK_HEAD,
  PAGE,
  SLOT,
  SLOT_LOGGED,
  SLOT_REDELIVERED,
  SLOT_REQUEUES_SHIFT,
  SLOT_STATE_MASK,
  SLOTS,
} from '../../../numbers/core.js';
import { Block, QueueCell, Slot, SlotState } from './layout.js';
import type { Memory } from './memory.js';
import { at32, at64, double, unitOf, word } from './views.js';

export class Blocks {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  blockOf(slot: number): number {
    return unitOf(slot, PAGE);
  }

  chainOf(slot: number): number {
    return at32(this.#memory.u32, word(this.blockOf(slot), Block.QUEUE));
  }

  queueOf(slot: number): number {
    const chain = this.chainOf(slot);
    const parent = at32(this.#memory.u32, word(chain, QueueCell.PARENT));
    return parent === 0 ? chain : parent;
  }

  message(slot: number): number {
    return at32(this.#memory.u32, word(slot, Slot.MESSAGE));
  }

  redelivered(slot: number): boolean {
    return (at32(this.#memory.u32, word(slot, Slot.STATE)) & SLOT_REDELIVERED) !== 0;
  }

  /** How often the message was requeued; 0 in a queue that does not count. */
  requeues(slot: number): number {
    return at32(this.#memory.u32, word(slot, Slot.STATE)) >>> SLOT_REQUEUES_SHIFT;
  }

  state(slot: number): number {
    return at32(this.#memory.u32, word(slot, Slot.STATE)) & SLOT_STATE_MASK;
  }

  setState(slot: number, state: number): void {
    const at = word(slot, Slot.STATE);
    this.#memory.u32[at] = (at32(this.#memory.u32, at) & ~SLOT_STATE_MASK) | state;
  }

  /** Whether the log knows that the message took this place. */
  isLogged(slot: number): boolean {
    return (at32(this.#memory.u32, word(slot, Slot.STATE)) & SLOT_LOGGED) !== 0;
  }

  setLogged(slot: number): void {
    const at = word(slot, Slot.STATE);
    this.#memory.u32[at] = at32(this.#memory.u32, at) | SLOT_LOGGED;
  }

  logPosition(slot: number): number {
    const { u32, f64 } = this.#memory;
    const block = this.blockOf(slot);
    const table = at32(u32, word(block, Block.LOG_TABLE));
    if (table !== 0) return at64(f64, double(table, 0) + this.indexOf(slot));
    return at64(f64, double(block, Block.LOG_START)) + this.indexOf(slot);
  }

  /**
   * Of a slot whose message comes back to it; false when there is no memory. In a block that knows none yet LOG_START
   * is no number.
   */
  setLogPosition(slot: number, position: number): boolean {
    const { u32, f64 } = this.#memory;
    const block = this.blockOf(slot);
    const index = this.indexOf(slot);
    const start = double(block, Block.LOG_START);
    if (Number.isNaN(at64(f64, start))) f64[start] = position - index;
    if (this.logPosition(slot) === position) return true;
    let table = at32(u32, word(block, Block.LOG_TABLE));
    if (table === 0) {
      if (!this.#memory.ensurePages(1)) return false;
      table = this.#memory.takePage();
      for (let i = 0; i < SLOTS; i++) f64[double(table, 0) + i] = at64(f64, start) + i;
      u32[word(block, Block.LOG_TABLE)] = table;
    }
    f64[double(table, 0) + index] = position;
    return true;
  }

  /** The block knows no log positions from now on. */
  forgetLogPositions(block: number): void {
    this.#memory.f64[double(block, Block.LOG_START)] = Number.NaN;
    this.#freeTable(block);
  }

  #freeTable(block: number): void {
    const { u32 } = this.#memory;
    const table = at32(u32, word(block, Block.LOG_TABLE));
    u32[word(block, Block.LOG_TABLE)] = 0;
    if (table !== 0) this.#memory.freePage(table);
  }

  /** Fills the slot at the tail and returns it. Takes an ensured page when the last block is full. */
  append(chain: number, message: number): number {
    const { u32 } = this.#memory;
    const tail = at32(u32, word(chain, QueueCell.TAIL));
    const slot = this.#slotAt(this.#blockForTail(chain, tail), tail);
    u32[word(slot, Slot.STATE)] = SlotState.READY;
    u32[word(slot, Slot.MESSAGE)] = message;
    u32[word(chain, QueueCell.TAIL)] = tail + 1;
    return slot;
  }

  /** The slot at the head, or 0 when head and tail have met, or its message is spilled. */
  atHead(chain: number): number {
    const slot = this.#headSlot(chain);
    return slot !== 0 && this.state(slot) === SlotState.SPILLED ? 0 : slot;
  }

  isHeadSpilled(chain: number): boolean {
    const slot = this.#headSlot(chain);
    return slot !== 0 && this.state(slot) === SlotState.SPILLED;
  }

  #headSlot(chain: number): number {
    const { u32 } = this.#memory;
    const head = at32(u32, word(chain, QueueCell.HEAD));
    if (head === at32(u32, word(chain, QueueCell.TAIL))) return 0;
    return this.#slotAt(at32(u32, word(chain, QueueCell.HEAD_BLOCK)), head);
  }

  /** Moves the head past its slot. */
  advance(chain: number): void {
    const { u32 } = this.#memory;
    const head = (at32(u32, word(chain, QueueCell.HEAD)) + 1) >>> 0;
    u32[word(chain, QueueCell.HEAD)] = head;
    const block = at32(u32, word(chain, QueueCell.HEAD_BLOCK));
    const next = at32(u32, word(block, Block.NEXT));
    if (this.indexIn(block, head) === SLOTS && next !== 0) u32[word(chain, QueueCell.HEAD_BLOCK)] = next;
  }

  /** The slot is settled for good; its block goes with its last one. */
  finish(chain: number, slot: number): void {
    const { u32 } = this.#memory;
    const block = this.blockOf(slot);
    this.setState(slot, SlotState.DONE);
    const done = at32(u32, word(block, Block.DONE)) + 1;
    u32[word(block, Block.DONE)] = done;
    if (done === SLOTS) this.free(chain, block);
  }

  /** Goes over the slots that are ready. */
  eachReady(chain: number, visit: (slot: number) => void): void {
    const { u32 } = this.#memory;
    const inBlock = (block: number, ...states: number[]): void => {
      for (let index = 0; index < SLOTS; index++) {
        const slot = this.slot(block, index);
        if (states.includes(this.state(slot)) && !this.#isAway(chain, block, index)) visit(slot);
      }
    };
    let block = at32(u32, word(chain, QueueCell.REQUEUED));
    for (; block !== 0; block = at32(u32, word(block, Block.REQUEUED_NEXT))) inBlock(block, SlotState.REQUEUED);
    block = at32(u32, word(chain, QueueCell.HEAD_BLOCK));
    for (; block !== 0; block = at32(u32, word(block, Block.NEXT))) {
      // What is about to go is still here.
      inBlock(block, SlotState.READY, SlotState.SPILLED);
    }
  }

  /** Whether a slot is one of the spilled ones (gap-blocks.ts). */
  #isAway(chain: number, block: number, index: number): boolean {
    const { u32 } = this.#memory;
    const gap = at32(u32, word(chain, QueueCell.GAP));
    if (gap === 0) return false;
    const filled = at32(u32, word(chain, QueueCell.GAP_FILLED));
    const first = at32(u32, word(gap, Block.START)) + filled;
    const whole = at32(u32, word(gap, Block.SPILLED)) * SLOTS;
    const count = whole + at32(u32, word(chain, QueueCell.SPILLED_PART)) - filled;
    return (at32(u32, word(block, Block.START)) + index - first) >>> 0 < count;
  }

  /** Frees the block that is not full, of a chain that has nothing left. */
  freeRest(chain: number): void {
    const block = at32(this.#memory.u32, word(chain, QueueCell.TAIL_BLOCK));
    if (block !== 0) this.free(chain, block);
  }

  slot(block: number, index: number): number {
    return block + BLOCK_HEAD + index * SLOT;
  }

  indexOf(slot: number): number {
    return ((slot % PAGE) - BLOCK_HEAD) / SLOT;
  }

  #slotAt(block: number, position: number): number {
    return this.slot(block, this.indexIn(block, position));
  }

  /** How far behind the block's first position another one is. */
  indexIn(block: number, position: number): number {
    return (position - at32(this.#memory.u32, word(block, Block.START))) >>> 0;
  }

  #blockForTail(chain: number, tail: number): number {
    const { u32 } = this.#memory;
    const last = at32(u32, word(chain, QueueCell.TAIL_BLOCK));
    if (last !== 0 && this.indexIn(last, tail) < SLOTS) return last;
    const block = this.createTail(chain, tail, 0);
    u32[word(chain, QueueCell.TAIL_BLOCK)] = block;
    if (last !== 0) u32[word(last, Block.NEXT)] = block;
    // The head stands behind the last block's end, or there was no block.
    if (at32(u32, word(chain, QueueCell.HEAD)) === tail) u32[word(chain, QueueCell.HEAD_BLOCK)] = block;
    return block;
  }

  /**
   * A block for the next messages, of an ensured page; its first `used` slots are those of messages that were there
   * before. The log positions of a chain go on from block to block; in one that is not logged they mean nothing.
   */
  createTail(chain: number, start: number, used: number): number {
    const { u32, f64 } = this.#memory;
    const block = this.#memory.takePage();
    u32[word(block, Block.START)] = start;
    u32[word(block, Block.QUEUE)] = chain;
    const next = double(chain, QueueCell.LOG_NEXT);
    f64[double(block, Block.LOG_START)] = at64(f64, next) - used;
    f64[next] = at64(f64, next) - used + SLOTS;
    return block;
  }

  /** Takes a block out of its chain; nobody stands before it any more. */
  free(chain: number, block: number): void {
    const { u32 } = this.#memory;
    this.#freeTable(block);
    if (at32(u32, word(chain, QueueCell.HEAD_BLOCK)) === block) {
      u32[word(chain, QueueCell.HEAD_BLOCK)] = at32(u32, word(block, Block.NEXT));
    }
    if (at32(u32, word(chain, QueueCell.TAIL_BLOCK)) === block) u32[word(chain, QueueCell.TAIL_BLOCK)] = 0;
    this.#memory.freePage(block);
  }
}
