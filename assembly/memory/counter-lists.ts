/**
 * Lists of counters (counters.ts) by numbers from 1 on, for what has no cell of its own: exchanges and vhosts. The
 * coordinator gives the numbers out, and tells them with what they are for.
 *
 *   ROOT + 2048 │ addresses of LIST_PAGES pages (u32), 0 for those not needed yet
 *   page        │ the heads of PAGE / 4 lists (u32 each): the first cell of the list, or 0
 *
 * Written by: the addresses, the coordinator; a head, by whoever counts there first (`ownBlock`). Read by: all. Freed
 * by: a list by the coordinator, when every participant has applied that its owner is gone; pages by nobody, as their
 * heads are used again.
 */
import { atomicLoad, atomicStore } from './atomic';
import { freeCounters } from './counters';
import { PAGE, ROOT } from './root';
import { takePage } from './units';

const PAGES: usize = ROOT + 2048;
const LIST_PAGES: u32 = 512;
const HEADS: u32 = PAGE / 4;

/** The head of a list; 0: there is none, and nothing is counted. */
export function listAt(number: u32): usize {
  if (number == 0 || number > LIST_PAGES * HEADS) return 0;
  const index = number - 1;
  // Pairs with the store of who brings the page: it is laid out by then.
  const page = <usize>atomicLoad(PAGES + (index / HEADS) * 4);
  return page ? page + (index % HEADS) * 4 : 0;
}

/** Makes room for a list of this number; false: there is none. */
export function openList(number: u32): bool {
  if (number == 0 || number > LIST_PAGES * HEADS) return false;
  const entry = PAGES + ((number - 1) / HEADS) * 4;
  if (atomicLoad(entry)) return true;
  const page = takePage();
  if (!page) return false;
  memory.fill(page, 0, PAGE);
  // Pairs with the load in `listAt`: who sees the page sees empty heads.
  atomicStore(entry, <u32>page);
  return true;
}

export function closeList(number: u32): void {
  const list = listAt(number);
  if (list) freeCounters(list);
}
