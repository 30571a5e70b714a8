/**
 * Counters: what participants have done, for whoever reads. Each counts for itself, in blocks that nobody else writes,
 * and a reader adds the blocks up.
 *
 *   what is counted  where its blocks lie                                          they go with
 *   a participant    in its record, at Participant.COUNTERS: all that it does      the memory
 *   a queue          a list of cells at QueueCell.COUNTERS; a participant has its  the queue's cell
 *                    block there from when it first does something with the queue
 *
 * Cells are entered, and their blocks given to participants, under the queue's lock; a block is written by its
 * participant alone; all of it is read without a lock. The cells are freed with the queue's, when nobody may use it
 * any more.
 *
 * A number has two words, the lower half and, above it, twice the upper half. It is odd while a carry goes on: then the
 * lower half means nothing, and the number is where the carry leads to at least. So a reader that finds the upper word
 * unmoved around its look at the lower one has a number that was true in between, and never one below what it had
 * before; it waits for nobody. All these operations are sequentially consistent.
 */
import { BLOCKS_PER_CELL, Counters as Cell, COUNTERS, Participant, participantAt, QueueCell } from './layout.js';
import type { Memory } from './memory.js';
import { at32, word } from './views.js';

const WRAP = 2 ** 32;

export class Counters {
  readonly #memory: Memory;
  readonly #self: number;

  constructor(memory: Memory, self: number) {
    this.#memory = memory;
    this.#self = self;
  }

  /** Counts what this participant has done, by less than 2^32. */
  count(counter: number, more: number): void {
    this.#add(participantAt(this.#self), Participant.COUNTERS, counter, more);
  }

  /** The same of what it has done with a queue. Under the queue's lock. */
  countAt(queue: number, counter: number, more: number): void {
    if (more === 0) return;
    this.count(counter, more);
    const block = this.#ownBlock(word(queue, QueueCell.COUNTERS));
    if (block !== 0) this.#add(block, 0, counter, more);
  }

  /** What all participants have counted for themselves. */
  sum(counter: number): number {
    let sum = 0;
    for (let one = 0; one <= this.#memory.workers; one++)
      sum += this.#read(participantAt(one), Participant.COUNTERS, counter);
    return sum;
  }

  /** What they have counted of a queue. */
  sumAt(queue: number, counter: number): number {
    const { u32 } = this.#memory;
    let sum = 0;
    let cell = Atomics.load(u32, word(queue, QueueCell.COUNTERS));
    for (; cell !== 0; cell = Atomics.load(u32, word(cell, Cell.NEXT))) {
      for (let i = 0; i < BLOCKS_PER_CELL; i++) sum += this.#read(blockIn(cell, i), 0, counter);
    }
    return sum;
  }

  /** The queue is gone. */
  free(queue: number): void {
    const { u32 } = this.#memory;
    let cell = at32(u32, word(queue, QueueCell.COUNTERS));
    while (cell !== 0) {
      const next = at32(u32, word(cell, Cell.NEXT));
      this.#memory.freeCell(cell);
      cell = next;
    }
  }

  /** This participant's block in a list, made if need be; 0: there is no memory, and nothing is counted. */
  #ownBlock(list: number): number {
    const { u32 } = this.#memory;
    let link = list;
    for (let cell = at32(u32, link); cell !== 0; cell = at32(u32, link)) {
      for (let i = 0; i < BLOCKS_PER_CELL; i++) {
        const holder = word(cell, Cell.HOLDERS + i);
        if (at32(u32, holder) === 0) u32[holder] = this.#self + 1;
        if (at32(u32, holder) === this.#self + 1) return blockIn(cell, i);
      }
      link = word(cell, Cell.NEXT);
    }
    const fresh = this.#memory.takeCell();
    if (fresh === 0) return 0;
    u32[word(fresh, Cell.HOLDERS)] = this.#self + 1;
    // Pairs with the load of a reader: who sees the cell sees zeroes.
    Atomics.store(u32, link, fresh);
    return blockIn(fresh, 0);
  }

  #add(block: number, first: number, counter: number, more: number): void {
    const { u32 } = this.#memory;
    const low = word(block, first + 2 * counter);
    const sum = at32(u32, low) + more;
    if (sum < WRAP) {
      Atomics.store(u32, low, sum);
      return;
    }
    const upper = at32(u32, low + 1);
    Atomics.store(u32, low + 1, upper + 1);
    Atomics.store(u32, low, sum - WRAP);
    Atomics.store(u32, low + 1, upper + 2);
  }

  #read(block: number, first: number, counter: number): number {
    const { u32 } = this.#memory;
    const low = word(block, first + 2 * counter);
    for (;;) {
      const upper = Atomics.load(u32, low + 1);
      const lower = Atomics.load(u32, low);
      if (Atomics.load(u32, low + 1) !== upper) continue;
      return upper % 2 === 0 ? (upper / 2) * WRAP + lower : ((upper + 1) / 2) * WRAP;
    }
  }
}

function blockIn(cell: number, index: number): number {
  return cell + Cell.FIRST_BLOCK + index * COUNTERS * 8;
}
