/**
 * Spilled messages in a chain of blocks: one block, the gap block, stands for all blocks in a row that are
 * spilled to their ends. Its slots are SPILLED; those at its beginning may be back already, or done. Of the block
 * behind the first slots may be spilled, too; that block is the gap block itself while it stands for none. Under the
 * queue's lock. What must hold: a chain has one gap block at most; messages join only from right behind those that are
 * spilled; what is spilled counts as ready.
 *
 *   head … │ block │ gap block: positions START … START + SPILLED × SLOTS │ block: the first SPILLED_PART slots │ … tail
 */
import { PAGE_OUT_AT_HEAD, SLOTS } from '../../../numbers/core.js';
import type { Blocks } from '../memory/blocks.js';
import { Block, QueueCell, Slot, SlotState } from '../memory/layout.js';
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

export class GapBlocks {
  readonly #memory: Memory;
  readonly #blocks: Blocks;

  constructor(memory: Memory, blocks: Blocks) {
    this.#memory = memory;
    this.#blocks = blocks;
  }

  of(chain: number): number {
    return this.#field(chain, QueueCell.GAP);
  }

  /** Slots at the gap block's beginning that are back, or done. */
  filled(chain: number): number {
    return this.#field(chain, QueueCell.GAP_FILLED);
  }

  /** Blocks that the gap block stands for. */
  blocks(chain: number): number {
    const gap = this.of(chain);
    return gap === 0 ? 0 : this.#field(gap, Block.SPILLED);
  }

  count(chain: number): number {
    return this.of(chain) === 0 ? 0 : this.blocks(chain) * SLOTS + this.#part(chain) - this.filled(chain);
  }

  /** The position of the first spilled message; 0: there is none. */
  first(chain: number): number {
    const gap = this.of(chain);
    return gap === 0 ? 0 : (this.#field(gap, Block.START) + this.filled(chain)) >>> 0;
  }

  /** Of the gap block's own slots those before it are spilled, or were. */
  end(chain: number): number {
    return this.blocks(chain) === 0 ? this.#part(chain) : SLOTS;
  }

  #part(chain: number): number {
    return this.#field(chain, QueueCell.SPILLED_PART);
  }

  /** The block in which the first message behind the spilled ones stands; 0: there is none yet. */
  #behind(chain: number): number {
    const gap = this.of(chain);
    return this.blocks(chain) === 0 ? gap : this.#field(gap, Block.NEXT);
  }

  /** The log position of the first message behind the spilled ones. */
  logEnd(chain: number): number {
    const behind = this.of(chain) === 0 ? 0 : this.#behind(chain);
    if (behind === 0) return at64(this.#memory.f64, double(chain, QueueCell.LOG_NEXT));
    return this.#blocks.logPosition(this.#blocks.slot(behind, this.#part(chain)));
  }

  /** Messages from the head to the first spilled one. */
  present(chain: number): number {
    const gap = this.of(chain);
    const head = this.#field(chain, QueueCell.HEAD);
    if (gap === 0) return (this.#field(chain, QueueCell.TAIL) - head) >>> 0;
    return Math.max(0, (this.#field(gap, Block.START) + this.filled(chain) - head) | 0);
  }

  /**
   * The first `count` messages of a chain that never had any are spilled, with bodies of `bytes` in all: whole blocks
   * by the gap block, and the rest as the first slots of the block that messages to come go to. As many pages are
   * ensured as `pagesFor` says.
   */
  make(chain: number, count: number, bytes: number): void {
    const blocks = Math.floor(count / SLOTS);
    const part = count % SLOTS;
    const behind = part === 0 ? 0 : this.#blocks.createTail(chain, blocks * SLOTS, part);
    const gap = blocks === 0 ? behind : this.#create(chain, 0, blocks);
    if (behind !== 0) this.setStates(behind, 0, part, SlotState.SPILLED);
    if (gap !== behind) this.#set(gap, Block.NEXT, behind);
    this.#set(chain, QueueCell.TAIL, count);
    this.#set(chain, QueueCell.HEAD_BLOCK, gap);
    this.#set(chain, QueueCell.TAIL_BLOCK, behind === 0 ? gap : behind);
    this.#set(chain, QueueCell.GAP, gap);
    this.#set(chain, QueueCell.SPILLED_PART, part);
    this.#memory.f64[double(chain, QueueCell.SPILLED_BYTES)] = bytes;
  }

  /** Pages that `make` takes. */
  pagesFor(count: number): number {
    return (count >= SLOTS ? 1 : 0) + (count % SLOTS > 0 ? 1 : 0);
  }

  /**
   * What may leave next: behind what is spilled, or of the block `margin` blocks behind the one next to the head's,
   * with −1 of the head's own; null: nothing.
   */
  candidate(chain: number, margin: number): Portion | null {
    const gap = this.of(chain);
    let block = gap === 0 ? this.#headBlock(chain) : this.#behind(chain);
    for (let i = PAGE_OUT_AT_HEAD; gap === 0 && i < margin && block !== 0; i++) block = this.#field(block, Block.NEXT);
    if (block === 0 || (gap !== 0 && this.count(chain) === 0)) return null;
    const isAtHead = gap === 0 && margin === PAGE_OUT_AT_HEAD;
    let first = gap === 0 ? 0 : this.#part(chain);
    if (isAtHead) first = this.#blocks.indexIn(block, this.#field(chain, QueueCell.HEAD));
    const tail = this.#blocks.indexIn(block, this.#field(chain, QueueCell.TAIL));
    let end = first;
    while (end < Math.min(SLOTS, tail) && this.#blocks.state(this.#blocks.slot(block, end)) === SlotState.READY) end++;
    return end === first ? null : { block, first, end, isAtHead };
  }

  /** The block that holds the head's position, or 0. */
  #headBlock(chain: number): number {
    const block = this.#field(chain, QueueCell.HEAD_BLOCK);
    const isBehind = block !== 0 && this.#blocks.indexIn(block, this.#field(chain, QueueCell.HEAD)) >= SLOTS;
    return isBehind ? this.#field(block, Block.NEXT) : block;
  }

  /** The slots of a block change their state. */
  setStates(block: number, from: number, to: number, state: number): void {
    for (let index = from; index < to; index++) this.#blocks.setState(this.#blocks.slot(block, index), state);
  }

  /** Messages whose slots are SPILLED are gone: their block becomes the gap block, or they join what is spilled. */
  join(chain: number, { block, first, end }: Portion): void {
    for (let index = first; index < end; index++) this.#set(this.#blocks.slot(block, index), Slot.MESSAGE, 0);
    const gap = this.of(chain);
    const isWhole = end === SLOTS;
    this.#set(chain, QueueCell.SPILLED_PART, isWhole ? 0 : end);
    if (gap === 0) {
      this.#set(chain, QueueCell.GAP, block);
      this.#set(chain, QueueCell.GAP_FILLED, first);
    }
    if (!isWhole) return;
    const whole = gap === 0 ? block : gap;
    this.#set(whole, Block.SPILLED, this.#field(whole, Block.SPILLED) + 1);
    if (whole === block) return;
    this.#set(gap, Block.NEXT, this.#field(block, Block.NEXT));
    const isLast = this.#field(chain, QueueCell.TAIL_BLOCK) === block;
    this.#blocks.free(chain, block);
    if (isLast) this.#set(chain, QueueCell.TAIL_BLOCK, gap);
  }

  /**
   * All messages of the gap block's own slots are there: what else is spilled has a gap block behind it. A page is
   * ensured if there is such.
   */
  split(chain: number): void {
    const gap = this.of(chain);
    const left = this.blocks(chain) - 1;
    let next = 0;
    if (left > 0) {
      next = this.#create(chain, this.#field(gap, Block.START) + SLOTS, left);
      this.#set(next, Block.NEXT, this.#field(gap, Block.NEXT));
      this.#set(gap, Block.NEXT, next);
      if (this.#field(chain, QueueCell.TAIL_BLOCK) === gap) this.#set(chain, QueueCell.TAIL_BLOCK, next);
    } else if (left === 0 && this.#part(chain) > 0) next = this.#field(gap, Block.NEXT);
    if (next === 0) this.#set(chain, QueueCell.SPILLED_PART, 0);
    this.#set(gap, Block.SPILLED, 0);
    this.#set(chain, QueueCell.GAP, next);
    this.#set(chain, QueueCell.GAP_FILLED, 0);
  }

  /** Messages of the gap block's slots up to `end` are there and can be claimed. */
  open(chain: number, end: number): void {
    this.setStates(this.of(chain), this.filled(chain), end, SlotState.READY);
    this.#set(chain, QueueCell.GAP_FILLED, end);
  }

  /** Forgets the spilled messages, if all before them are claimed; returns how many. */
  drop(chain: number): number {
    const gap = this.of(chain);
    if (gap === 0) return 0;
    const filled = this.filled(chain);
    const head = this.#field(chain, QueueCell.HEAD);
    if (head !== (this.#field(gap, Block.START) + filled) >>> 0) return 0;
    const count = this.count(chain);
    const isWhole = this.blocks(chain) > 0;
    const behind = this.#behind(chain);
    const part = this.#part(chain);
    this.#set(chain, QueueCell.HEAD, head + count);
    this.#set(chain, QueueCell.HEAD_BLOCK, behind);
    this.#set(chain, QueueCell.GAP, 0);
    this.#set(chain, QueueCell.GAP_FILLED, 0);
    this.#set(chain, QueueCell.SPILLED_PART, 0);
    this.#set(gap, Block.SPILLED, 0);
    this.#end(chain, gap, filled, isWhole ? SLOTS : part);
    if (isWhole && part > 0) this.#end(chain, behind, 0, part);
    return count;
  }

  /** Slots are done. */
  #end(chain: number, block: number, from: number, to: number): void {
    this.setStates(block, from, to, SlotState.DONE);
    const done = this.#field(block, Block.DONE) + to - from;
    this.#set(block, Block.DONE, done);
    if (done === SLOTS) this.#blocks.free(chain, block);
  }

  #create(chain: number, start: number, blocks: number): number {
    const gap = this.#memory.takePage();
    this.#set(gap, Block.START, start);
    this.#set(gap, Block.QUEUE, chain);
    this.#set(gap, Block.SPILLED, blocks);
    this.#blocks.forgetLogPositions(gap);
    this.setStates(gap, 0, SLOTS, SlotState.SPILLED);
    return gap;
  }

  #field(address: number, field: number): number {
    return at32(this.#memory.u32, word(address, field));
  }

  #set(address: number, field: number, value: number): void {
    this.#memory.u32[word(address, field)] = value;
  }
}
