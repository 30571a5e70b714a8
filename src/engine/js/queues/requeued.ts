/**
 * The slots of a chain that were delivered and came back: claimed before the head, the oldest first, so that a message
 * returns to its place. A list of the blocks that have some, in order of position. Under the queue's lock.
 */

import { SLOT_LOGGED, SLOT_REDELIVERED, SLOT_REQUEUES_SHIFT, SLOTS } from '../../../numbers/core.js';
import type { Blocks } from '../memory/blocks.js';
import { Block, QueueCell, Slot, SlotState } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import { at32, word } from '../memory/views.js';

export class Requeued {
  readonly #memory: Memory;
  readonly #blocks: Blocks;

  constructor(memory: Memory, blocks: Blocks) {
    this.#memory = memory;
    this.#blocks = blocks;
  }

  /** `requeues`: how often the message was requeued, this time included. */
  add(chain: number, slot: number, requeues: number): void {
    const { u32 } = this.#memory;
    const logged = at32(u32, word(slot, Slot.STATE)) & SLOT_LOGGED;
    u32[word(slot, Slot.STATE)] = (requeues << SLOT_REQUEUES_SHIFT) | SLOT_REDELIVERED | logged;
    this.putBack(chain, slot);
  }

  /** A slot that nobody has seen, or that is said to have been seen, comes back as it is. */
  putBack(chain: number, slot: number): void {
    const { u32 } = this.#memory;
    const block = this.#blocks.blockOf(slot);
    const index = this.#blocks.indexOf(slot);
    const count = at32(u32, word(block, Block.REQUEUED));
    this.#blocks.setState(slot, SlotState.REQUEUED);
    u32[word(block, Block.REQUEUED)] = count + 1;
    const low = count === 0 ? index : Math.min(index, at32(u32, word(block, Block.REQUEUED_LOW)));
    u32[word(block, Block.REQUEUED_LOW)] = low;
    if (count === 0) this.#insert(chain, block);
  }

  /** The oldest requeued slot, or 0. */
  first(chain: number): number {
    const { u32 } = this.#memory;
    const block = at32(u32, word(chain, QueueCell.REQUEUED));
    if (block === 0) return 0;
    for (let index = at32(u32, word(block, Block.REQUEUED_LOW)); index < SLOTS; index++) {
      const slot = this.#blocks.slot(block, index);
      if (this.#blocks.state(slot) !== SlotState.REQUEUED) continue;
      u32[word(block, Block.REQUEUED_LOW)] = index;
      return slot;
    }
    throw new Error('a block has fewer returned slots than it counts');
  }

  /** How many there are. */
  count(chain: number): number {
    const { u32 } = this.#memory;
    let count = 0;
    let block = at32(u32, word(chain, QueueCell.REQUEUED));
    for (; block !== 0; block = at32(u32, word(block, Block.REQUEUED_NEXT)))
      count += at32(u32, word(block, Block.REQUEUED));
    return count;
  }

  /** Takes out what `first` gave. */
  removeFirst(chain: number): void {
    const { u32 } = this.#memory;
    u32[word(chain, QueueCell.TAKEN_BACK)] = at32(u32, word(chain, QueueCell.TAKEN_BACK)) + 1;
    const block = at32(u32, word(chain, QueueCell.REQUEUED));
    const count = at32(u32, word(block, Block.REQUEUED)) - 1;
    u32[word(block, Block.REQUEUED)] = count;
    u32[word(block, Block.REQUEUED_LOW)] = at32(u32, word(block, Block.REQUEUED_LOW)) + 1;
    if (count === 0) u32[word(chain, QueueCell.REQUEUED)] = at32(u32, word(block, Block.REQUEUED_NEXT));
  }

  /** Takes out one of them, wherever it stands. */
  remove(chain: number, slot: number): void {
    const { u32 } = this.#memory;
    const block = this.#blocks.blockOf(slot);
    u32[word(chain, QueueCell.TAKEN_BACK)] = at32(u32, word(chain, QueueCell.TAKEN_BACK)) + 1;
    const count = at32(u32, word(block, Block.REQUEUED)) - 1;
    u32[word(block, Block.REQUEUED)] = count;
    if (count > 0) return;
    let link = word(chain, QueueCell.REQUEUED);
    while (at32(u32, link) !== block) link = word(at32(u32, link), Block.REQUEUED_NEXT);
    u32[link] = at32(u32, word(block, Block.REQUEUED_NEXT));
  }

  #insert(chain: number, block: number): void {
    const { u32 } = this.#memory;
    const start = at32(u32, word(block, Block.START));
    let link = word(chain, QueueCell.REQUEUED);
    let next = at32(u32, link);
    while (next !== 0 && ((start - at32(u32, word(next, Block.START))) | 0) > 0) {
      link = word(next, Block.REQUEUED_NEXT);
      next = at32(u32, link);
    }
    u32[word(block, Block.REQUEUED_NEXT)] = next;
    u32[link] = block;
  }
}
