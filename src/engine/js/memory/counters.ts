/**
 * Counters: what participants have done, for whoever reads. Each counts for itself, in blocks that nobody else writes,
 * and a reader adds the blocks up.
 *
 *   what is counted  where its blocks lie                                          they go with
 *   a participant    in its record, at Participant.COUNTERS: all that it does      the memory
 *   a queue          a list of cells at QueueCell.COUNTERS; a participant has its  the queue's cell
 *                    block there from when it first does something with the queue
 *   an exchange,     a list of the same kind, found by a number (counter-lists.ts)  its number
 *   a vhost
 *   a channel        in the worker's objects (amqp/connection.ts)                  the channel
 *
 * Cells are entered, and their blocks given to participants, by compare-and-swap; a block is written by its participant
 * alone; all of it is read without a lock. The cells are freed with the list's owner, when nobody may use it any more.
 *
 * A number has two words, the lower half and, above it, twice the upper half. It is odd while a carry goes on: then the
 * lower half means nothing, and the number is where the carry leads to at least. So a reader that finds the upper word
 * unmoved around its look at the lower one has a number that was true in between, and never one below what it had
 * before; it waits for nobody. All these operations are sequentially consistent.
 */
import { Counter } from '../../engine.js';
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

  /** The same of what it has done with a queue. */
  countAt(queue: number, counter: number, more: number): void {
    if (more === 0) return;
    this.count(counter, more);
    this.countIn(word(queue, QueueCell.COUNTERS), counter, more);
  }

  /** What it has done with the owner of the list whose head is at this word. */
  countIn(list: number, counter: number, more: number): void {
    this.countInBlock(this.ownBlock(list), counter, more);
  }

  /** The same where the block was looked up before; 0: it is not counted. */
  countInBlock(block: number, counter: number, more: number): void {
    if (block !== 0) this.#add(block, 0, counter, more);
  }

  /** What it has done, for itself and for a vhost, whose block was looked up before. */
  countInVhost(block: number, counter: number, more: number): void {
    this.count(counter, more);
    this.countInBlock(block, counter - Counter.RECEIVED, more);
  }

  /** What all participants have counted for themselves. */
  sum(counter: number): number {
    let sum = 0;
    for (let one = 0; one <= this.#memory.workers; one++)
      sum += this.#read(participantAt(one), Participant.COUNTERS, counter);
    return sum;
  }

  /** What one participant has counted for itself. */
  of(participant: number, counter: number): number {
    return this.#read(participantAt(participant), Participant.COUNTERS, counter);
  }

  /** What they have counted in a list. */
  sumIn(list: number, counter: number): number {
    const { u32 } = this.#memory;
    let sum = 0;
    let cell = Atomics.load(u32, list);
    for (; cell !== 0; cell = Atomics.load(u32, word(cell, Cell.NEXT))) {
      for (let i = 0; i < BLOCKS_PER_CELL; i++) sum += this.#read(blockIn(cell, i), 0, counter);
    }
    return sum;
  }

  /** The owner of a list is gone. */
  free(list: number): void {
    const { u32 } = this.#memory;
    let cell = at32(u32, list);
    // Whoever looks at the list of one that is gone finds nothing.
    Atomics.store(u32, list, 0);
    while (cell !== 0) {
      const next = at32(u32, word(cell, Cell.NEXT));
      this.#memory.freeCell(cell);
      cell = next;
    }
  }

  /** This participant's block in a list, made if need be; 0: there is no memory, and nothing is counted. */
  ownBlock(list: number): number {
    const { u32 } = this.#memory;
    const self = this.#self + 1;
    let link = list;
    for (;;) {
      const cell = Atomics.load(u32, link);
      if (cell === 0) {
        const fresh = this.#memory.takeCell();
        if (fresh === 0) return 0;
        u32[word(fresh, Cell.HOLDERS)] = self;
        // Pairs with the loads of all who walk the list: who sees the cell sees zeroes and its first holder.
        if (Atomics.compareExchange(u32, link, 0, fresh) === 0) return blockIn(fresh, 0);
        this.#memory.freeCell(fresh);
        continue;
      }
      for (let i = 0; i < BLOCKS_PER_CELL; i++) {
        const holder = word(cell, Cell.HOLDERS + i);
        // Pairs with the same operation of others: each block has one holder, for as long as the cell is there.
        const held = Atomics.load(u32, holder) || Atomics.compareExchange(u32, holder, 0, self);
        if (held === 0 || held === self) return blockIn(cell, i);
      }
      link = word(cell, Cell.NEXT);
    }
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
