/**
 * Absent messages in a lane's chain of blocks: one block, the stub, stands for all blocks in a row that are absent to their ends. Its slots are ABSENT; those
 * at its beginning may be back already, or done. Of the block behind the first slots may be absent, too; that block is the stub itself while it stands for none.
 * Under the queue's lock. What must hold: a lane has one stub at most; messages join only from right behind those that are absent; what is absent counts as ready.
 *
 *   head … │ block │ stub: positions START … START + ABSENT × SLOTS │ block: the first ABSENT_PART slots │ … tail
 */
import type { Blocks } from '../memory/blocks.js';
import { Block, QueueCell, SLOTS, Slot, SlotState } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import { at32, at64, double, word } from '../memory/views.js';

/** Messages in a row in one block. */
export interface Portion {
  readonly block: number;
  first: number;
  end: number;
  /** They begin where the head stands. */
  isAtHead: boolean;
}

/** As a margin: of the block that the head stands in. */
const FRONT = -1;

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
    return this.of(lane) === 0 ? 0 : this.blocks(lane) * SLOTS + this.#part(lane) - this.filled(lane);
  }

  /** Of the stub's own slots those before it are absent, or were. */
  end(lane: number): number {
    return this.blocks(lane) === 0 ? this.#part(lane) : SLOTS;
  }

  #part(lane: number): number {
    return this.#field(lane, QueueCell.ABSENT_PART);
  }

  /** The block in which the first message behind the absent ones stands; 0: there is none yet. */
  #behind(lane: number): number {
    const stub = this.of(lane);
    return this.blocks(lane) === 0 ? stub : this.#field(stub, Block.NEXT);
  }

  /** The log position of the first message behind the absent ones. */
  logEnd(lane: number): number {
    const behind = this.of(lane) === 0 ? 0 : this.#behind(lane);
    if (behind === 0) return at64(this.#memory.f64, double(lane, QueueCell.LOG_NEXT));
    return this.#blocks.logPosition(this.#blocks.slot(behind, this.#part(lane)));
  }

  /** Messages from the head to the first absent one. */
  present(lane: number): number {
    const stub = this.of(lane);
    const head = this.#field(lane, QueueCell.HEAD);
    if (stub === 0) return (this.#field(lane, QueueCell.TAIL) - head) >>> 0;
    return Math.max(0, (this.#field(stub, Block.START) + this.filled(lane) - head) | 0);
  }

  /**
   * The first `count` messages of a lane that never had any are absent, with bodies of `bytes` in all: whole blocks by the stub, and the rest as the first slots of the block
   * that messages to come go to. As many pages are ensured as `pagesFor` says.
   */
  make(lane: number, count: number, bytes: number): void {
    const blocks = Math.floor(count / SLOTS);
    const part = count % SLOTS;
    const behind = part === 0 ? 0 : this.#blocks.createTail(lane, blocks * SLOTS, part);
    const stub = blocks === 0 ? behind : this.#create(lane, 0, blocks);
    if (behind !== 0) this.setStates(behind, 0, part, SlotState.ABSENT);
    if (stub !== behind) this.#set(stub, Block.NEXT, behind);
    this.#set(lane, QueueCell.TAIL, count);
    this.#set(lane, QueueCell.HEAD_BLOCK, stub);
    this.#set(lane, QueueCell.TAIL_BLOCK, behind === 0 ? stub : behind);
    this.#set(lane, QueueCell.STUB, stub);
    this.#set(lane, QueueCell.ABSENT_PART, part);
    this.#memory.f64[double(lane, QueueCell.ABSENT_BYTES)] = bytes;
  }

  /** Pages that `make` takes. */
  pagesFor(count: number): number {
    return (count >= SLOTS ? 1 : 0) + (count % SLOTS > 0 ? 1 : 0);
  }

  /** What may leave next: behind what is absent, or of the block `margin` blocks behind the one next to the head's, with −1 of the head's own; null: nothing. */
  candidate(lane: number, margin: number): Portion | null {
    const stub = this.of(lane);
    let block = stub === 0 ? this.#headBlock(lane) : this.#behind(lane);
    for (let i = FRONT; stub === 0 && i < margin && block !== 0; i++) block = this.#field(block, Block.NEXT);
    if (block === 0 || (stub !== 0 && this.count(lane) === 0)) return null;
    const isAtHead = stub === 0 && margin === FRONT;
    let first = stub === 0 ? 0 : this.#part(lane);
    if (isAtHead) first = this.#blocks.indexIn(block, this.#field(lane, QueueCell.HEAD));
    const tail = this.#blocks.indexIn(block, this.#field(lane, QueueCell.TAIL));
    let end = first;
    while (end < Math.min(SLOTS, tail) && this.#blocks.state(this.#blocks.slot(block, end)) === SlotState.READY) end++;
    return end === first ? null : { block, first, end, isAtHead };
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

  /** Messages whose slots are ABSENT are gone: their block becomes the stub, or they join what is absent. */
  join(lane: number, { block, first, end }: Portion): void {
    for (let index = first; index < end; index++) this.#set(this.#blocks.slot(block, index), Slot.MESSAGE, 0);
    const stub = this.of(lane);
    const isWhole = end === SLOTS;
    this.#set(lane, QueueCell.ABSENT_PART, isWhole ? 0 : end);
    if (stub === 0) {
      this.#set(lane, QueueCell.STUB, block);
      this.#set(lane, QueueCell.STUB_FILLED, first);
    }
    if (!isWhole) return;
    const whole = stub === 0 ? block : stub;
    this.#set(whole, Block.ABSENT, this.#field(whole, Block.ABSENT) + 1);
    if (whole === block) return;
    this.#set(stub, Block.NEXT, this.#field(block, Block.NEXT));
    const isLast = this.#field(lane, QueueCell.TAIL_BLOCK) === block;
    this.#blocks.free(lane, block);
    if (isLast) this.#set(lane, QueueCell.TAIL_BLOCK, stub);
  }

  /** All messages of the stub's own slots are there: what else is absent has a stub behind it. A page is ensured if there is such. */
  split(lane: number): void {
    const stub = this.of(lane);
    const left = this.blocks(lane) - 1;
    let next = 0;
    if (left > 0) {
      next = this.#create(lane, this.#field(stub, Block.START) + SLOTS, left);
      this.#set(next, Block.NEXT, this.#field(stub, Block.NEXT));
      this.#set(stub, Block.NEXT, next);
      if (this.#field(lane, QueueCell.TAIL_BLOCK) === stub) this.#set(lane, QueueCell.TAIL_BLOCK, next);
    } else if (left === 0 && this.#part(lane) > 0) next = this.#field(stub, Block.NEXT);
    if (next === 0) this.#set(lane, QueueCell.ABSENT_PART, 0);
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
    const isWhole = this.blocks(lane) > 0;
    const behind = this.#behind(lane);
    const part = this.#part(lane);
    this.#set(lane, QueueCell.HEAD, head + count);
    this.#set(lane, QueueCell.HEAD_BLOCK, behind);
    this.#set(lane, QueueCell.STUB, 0);
    this.#set(lane, QueueCell.STUB_FILLED, 0);
    this.#set(lane, QueueCell.ABSENT_PART, 0);
    this.#set(stub, Block.ABSENT, 0);
    this.#end(lane, stub, filled, isWhole ? SLOTS : part);
    if (isWhole && part > 0) this.#end(lane, behind, 0, part);
    return count;
  }

  /** Slots are done. */
  #end(lane: number, block: number, from: number, to: number): void {
    this.setStates(block, from, to, SlotState.DONE);
    const done = this.#field(block, Block.DONE) + to - from;
    this.#set(block, Block.DONE, done);
    if (done === SLOTS) this.#blocks.free(lane, block);
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
