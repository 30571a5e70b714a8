/**
 * Absent messages in a lane's chain of blocks: one block, the stub, stands for all of them, for any number of blocks in a row. Its slots are ABSENT; those
 * at its beginning may be back already, or done. Under the queue's lock. What must hold: a lane has one stub at most; a block joins the stub only from
 * right behind it; what is absent counts as ready.
 *
 *   head … │ block │ stub: positions START … START + ABSENT × SLOTS │ block │ … tail
 */
import type { Blocks } from './blocks.js';
import { Block, QueueCell, SLOTS, Slot, SlotState } from './layout.js';
import type { Memory } from './memory.js';
import { at32, at64, double, word } from './views.js';

export class Stubs {
  readonly #memory: Memory;
  readonly #blocks: Blocks;

  constructor(memory: Memory, blocks: Blocks) {
    this.#memory = memory;
    this.#blocks = blocks;
  }

  of(lane: number): number {
    return this.#field(lane, QueueCell.STUB);
  }

  /** Slots at the stub's beginning that are back, or done. */
  filled(lane: number): number {
    return this.#field(lane, QueueCell.STUB_FILLED);
  }

  /** Blocks that the stub stands for. */
  blocks(lane: number): number {
    const stub = this.of(lane);
    return stub === 0 ? 0 : this.#field(stub, Block.ABSENT);
  }

  count(lane: number): number {
    return this.blocks(lane) * SLOTS - this.filled(lane);
  }

  /** The log position of the first message behind the absent ones. */
  logEnd(lane: number): number {
    const stub = this.of(lane);
    const behind = stub === 0 ? 0 : this.#field(stub, Block.NEXT);
    if (behind === 0) return at64(this.#memory.f64, double(lane, QueueCell.LOG_NEXT));
    return this.#blocks.logPosition(this.#blocks.slot(behind, 0));
  }

  /** Messages from the head to the first absent one. */
  present(lane: number): number {
    const stub = this.of(lane);
    const head = this.#field(lane, QueueCell.HEAD);
    if (stub === 0) return (this.#field(lane, QueueCell.TAIL) - head) >>> 0;
    return Math.max(0, (this.#field(stub, Block.START) + this.filled(lane) - head) | 0);
  }

  /** The first `count` messages of a lane that never had any are absent. A page is ensured. */
  make(lane: number, count: number): void {
    const blocks = Math.ceil(count / SLOTS);
    const pad = blocks * SLOTS - count;
    const stub = this.#create(lane, 0, blocks);
    for (let index = 0; index < pad; index++) this.#blocks.setState(this.#blocks.slot(stub, index), SlotState.DONE);
    this.#set(stub, Block.DONE, pad);
    this.#set(lane, QueueCell.HEAD, pad);
    this.#set(lane, QueueCell.TAIL, blocks * SLOTS);
    this.#set(lane, QueueCell.HEAD_BLOCK, stub);
    this.#set(lane, QueueCell.TAIL_BLOCK, stub);
    this.#set(lane, QueueCell.STUB, stub);
    this.#set(lane, QueueCell.STUB_FILLED, pad);
    this.#set(lane, QueueCell.ABSENT_UNCOUNTED, count);
  }

  /** The block that may leave next: behind the stub, or `margin` blocks behind the one that the head stands in; 0: there is none whose messages all wait. */
  candidate(lane: number, margin: number): number {
    let block = this.of(lane);
    if (block === 0) {
      block = this.#headBlock(lane);
      for (let i = 0; i < margin && block !== 0; i++) block = this.#field(block, Block.NEXT);
    }
    if (block === 0) return 0;
    block = this.#field(block, Block.NEXT);
    if (block === 0 || this.#blocks.indexIn(block, this.#field(lane, QueueCell.TAIL)) < SLOTS) return 0;
    for (let index = 0; index < SLOTS; index++) {
      if (this.#blocks.state(this.#blocks.slot(block, index)) !== SlotState.READY) return 0;
    }
    return block;
  }

  /** The block that holds the head's position, or 0. */
  #headBlock(lane: number): number {
    const block = this.#field(lane, QueueCell.HEAD_BLOCK);
    const isBehind = block !== 0 && this.#blocks.indexIn(block, this.#field(lane, QueueCell.HEAD)) >= SLOTS;
    return isBehind ? this.#field(block, Block.NEXT) : block;
  }

  /** The slots of a block change their state. */
  setStates(block: number, from: number, to: number, state: number): void {
    for (let index = from; index < to; index++) this.#blocks.setState(this.#blocks.slot(block, index), state);
  }

  /** The messages of a block whose slots are ABSENT are gone: it becomes the stub, or the stub stands for it, too. */
  join(lane: number, block: number): void {
    const stub = this.of(lane);
    if (stub === 0) {
      for (let index = 0; index < SLOTS; index++) this.#set(this.#blocks.slot(block, index), Slot.MESSAGE, 0);
      this.#blocks.forgetLogPositions(block);
      this.#set(block, Block.ABSENT, 1);
      this.#set(lane, QueueCell.STUB, block);
      return;
    }
    this.#set(stub, Block.ABSENT, this.#field(stub, Block.ABSENT) + 1);
    this.#set(stub, Block.NEXT, this.#field(block, Block.NEXT));
    const isLast = this.#field(lane, QueueCell.TAIL_BLOCK) === block;
    this.#blocks.free(lane, block);
    if (isLast) this.#set(lane, QueueCell.TAIL_BLOCK, stub);
  }

  /** All messages of the stub's own slots are there: what else it stood for has a stub behind it. A page is ensured if there is such. */
  split(lane: number): void {
    const stub = this.of(lane);
    const left = this.#field(stub, Block.ABSENT) - 1;
    const next = left === 0 ? 0 : this.#create(lane, this.#field(stub, Block.START) + SLOTS, left);
    if (next !== 0) {
      this.#set(next, Block.NEXT, this.#field(stub, Block.NEXT));
      this.#set(stub, Block.NEXT, next);
      if (this.#field(lane, QueueCell.TAIL_BLOCK) === stub) this.#set(lane, QueueCell.TAIL_BLOCK, next);
    }
    this.#set(stub, Block.ABSENT, 0);
    this.#set(lane, QueueCell.STUB, next);
    this.#set(lane, QueueCell.STUB_FILLED, 0);
  }

  /** Messages of the stub's slots up to `end` are there and can be claimed. */
  open(lane: number, end: number): void {
    this.setStates(this.of(lane), this.filled(lane), end, SlotState.READY);
    this.#set(lane, QueueCell.STUB_FILLED, end);
  }

  /** Forgets the absent messages, if all before them are claimed; returns how many. */
  drop(lane: number): number {
    const stub = this.of(lane);
    if (stub === 0) return 0;
    const filled = this.filled(lane);
    const head = this.#field(lane, QueueCell.HEAD);
    if (head !== (this.#field(stub, Block.START) + filled) >>> 0) return 0;
    const count = this.count(lane);
    this.#set(lane, QueueCell.HEAD, head + count);
    this.#set(lane, QueueCell.HEAD_BLOCK, this.#field(stub, Block.NEXT));
    this.#set(lane, QueueCell.STUB, 0);
    this.#set(lane, QueueCell.STUB_FILLED, 0);
    this.#set(lane, QueueCell.ABSENT_UNCOUNTED, 0);
    this.#set(stub, Block.ABSENT, 0);
    this.setStates(stub, filled, SLOTS, SlotState.DONE);
    const done = this.#field(stub, Block.DONE) + SLOTS - filled;
    this.#set(stub, Block.DONE, done);
    if (done === SLOTS) this.#blocks.free(lane, stub);
    return count;
  }

  #create(lane: number, start: number, blocks: number): number {
    const stub = this.#memory.takePage();
    this.#set(stub, Block.START, start);
    this.#set(stub, Block.QUEUE, lane);
    this.#set(stub, Block.ABSENT, blocks);
    this.#blocks.forgetLogPositions(stub);
    this.setStates(stub, 0, SLOTS, SlotState.ABSENT);
    return stub;
  }

  #field(address: number, field: number): number {
    return at32(this.#memory.u32, word(address, field));
  }

  #set(address: number, field: number, value: number): void {
    this.#memory.u32[word(address, field)] = value;
  }
}
