/**
 * Lists of counters (counters.ts) by numbers from 1 on, for what has no cell of its own: exchanges and vhosts. The
 * coordinator gives the numbers out, and tells them with what they are for.
 *
 *   Root.COUNTER_LISTS │ addresses of LIST_PAGES pages, 0 for those not needed yet
 *   page               │ the heads of PAGE / 4 lists: the first cell of the list, or 0
 *
 * Written by: the addresses, the coordinator; a head, by whoever counts there first. Read by: all. Freed by: a list by
 * the coordinator, when every participant has applied that its owner is gone; pages by nobody, as their heads are used
 * again.
 */
import { PAGE } from '../../../numbers/core.js';
import type { Counters } from './counters.js';
import { Root } from './layout.js';
import type { Memory } from './memory.js';
import { word } from './views.js';

const LIST_PAGES = 512;
const HEADS = PAGE / 4;

export class CounterLists {
  readonly #memory: Memory;
  readonly #counters: Counters;

  constructor(memory: Memory, counters: Counters) {
    this.#memory = memory;
    this.#counters = counters;
  }

  /** Makes room for a list of this number; false: there is none. */
  open(number: number): boolean {
    if (number < 1 || number > LIST_PAGES * HEADS) return false;
    const { u32 } = this.#memory;
    const entry = entryOf(number);
    if (Atomics.load(u32, entry) !== 0) return true;
    if (!this.#memory.ensurePages(1)) return false;
    // Pairs with the load in `at`: who sees the page sees empty heads.
    Atomics.store(u32, entry, this.#memory.takePage());
    return true;
  }

  close(number: number): void {
    const list = this.at(number);
    if (list !== 0) this.#counters.free(list);
  }

  /** The word of a list's head; 0: there is none, and nothing is counted. */
  at(number: number): number {
    if (number < 1 || number > LIST_PAGES * HEADS) return 0;
    const page = Atomics.load(this.#memory.u32, entryOf(number));
    return page === 0 ? 0 : word(page, (number - 1) % HEADS);
  }

  /** This participant's block of a list; 0: nothing is counted. */
  blockOf(number: number): number {
    const list = this.at(number);
    return list === 0 ? 0 : this.#counters.ownBlock(list);
  }
}

function entryOf(number: number): number {
  return Root.COUNTER_LISTS + Math.floor((number - 1) / HEADS);
}
