/**
 * Lists of small entries that are appended at the end and taken at the beginning, in pages that are taken and given
 * back as needed. Private to their owner. All entries of a list have one size, a multiple of 8. An empty list holds no
 * page.
 *
 * Page  0 │ next u32, from u32 (offset of the first entry), to u32 (offset behind the last one)
 *      16 │ entries
 */
import { PAGE } from './root';
import { givePage, takePage, takePromised } from './units';

/** A list: two words of whatever holds it. */
@unmanaged export class Fifo {
  first: u32;
  last: u32;
}

@unmanaged export class FifoPage {
  next: u32;
  from: u32;
  to: u32;
}
const HEAD: u32 = 16;

/** Room for one more entry at the end, or 0: no memory. */
export function appendEntry(fifo: Fifo, size: u32): usize {
  if (isFull(fifo, size)) {
    const page = takePage();
    if (!page) return 0;
    addPage(fifo, page);
  }
  return nextEntry(fifo, size);
}

/** The same where a page is promised (units.ts): there is room. */
export function appendPromised(fifo: Fifo, size: u32): usize {
  if (isFull(fifo, size)) addPage(fifo, takePromised());
  return nextEntry(fifo, size);
}

@inline function isFull(fifo: Fifo, size: u32): bool {
  const last = changetype<FifoPage>(fifo.last);
  return !changetype<usize>(last) || last.to + size > PAGE;
}

function addPage(fifo: Fifo, page: usize): void {
  const fresh = changetype<FifoPage>(page);
  if (fifo.last) changetype<FifoPage>(fifo.last).next = <u32>page;
  else fifo.first = <u32>page;
  fifo.last = <u32>page;
  fresh.next = 0;
  fresh.from = HEAD;
  fresh.to = HEAD;
}

@inline function nextEntry(fifo: Fifo, size: u32): usize {
  const last = changetype<FifoPage>(fifo.last);
  const entry = changetype<usize>(last) + last.to;
  last.to += size;
  return entry;
}

/** The oldest entry, or 0. */
@inline export function firstEntry(fifo: Fifo): usize {
  const first = changetype<FifoPage>(fifo.first);
  return changetype<usize>(first) ? changetype<usize>(first) + first.from : 0;
}

/** Takes the oldest entry off; there is one. */
export function dropEntry(fifo: Fifo, size: u32): void {
  const first = changetype<FifoPage>(fifo.first);
  first.from += size;
  if (first.from < first.to) return;
  fifo.first = first.next;
  if (!fifo.first) fifo.last = 0;
  givePage(changetype<usize>(first));
}

export function freeFifo(fifo: Fifo): void {
  while (fifo.first) {
    const page = changetype<FifoPage>(fifo.first);
    fifo.first = page.next;
    givePage(changetype<usize>(page));
  }
  fifo.last = 0;
}
