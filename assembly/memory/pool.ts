/**
 * The pool of free pages, sorted by the segment that they were cut from: when all pages of one are there, it is a
 * segment again. So memory that a deep queue took for its blocks takes messages when the queue is gone.
 *
 * The entry of a segment, at ENTRIES, by its index (address / 1 MiB, from 1 on, so that 0 is none):
 *   0 │ the first of its free pages in the pool, linked through their first words
 *   4 │ how many these are; of a segment that is cut into boxes: how many boxes are free
 *   8 │ the next segment with pages in the pool
 *  12 │ the one before
 * Ownership: an entry belongs to the pool, and is written by whoever holds its lock; that of a segment of boxes is
 * written by the participant that cut it, alone (units.ts). The entry of a segment that is not cut is all zero:
 * so it goes from the one to the other, with the segment.
 *
 * The pool is touched once for many pages, so a lock is cheap. Its holder calls nothing that waits or sleeps.
 */
import { atomicLoad, atomicStore, lock, unlock } from './atomic';
import { ENTRIES, PAGE, ROOT, Root, root, SEGMENT } from './root';
import { putSegment } from './stacks';

const FIRST: usize = 0;
const COUNT: usize = 4;
const NEXT: usize = 8;
const BEFORE: usize = 12;
const SEGMENT_PAGES: u32 = SEGMENT / PAGE;

@inline function poolLock(): usize {
  return ROOT + offsetof<Root>('poolLock');
}

@inline function entryAt(index: u32): usize {
  return ENTRIES + <usize>index * 16;
}

@inline function indexOf(unit: usize): u32 {
  return <u32>unit / SEGMENT;
}

/** Of a segment of boxes: the word that counts its free ones, in its entry. */
@inline export function freeBoxesOf(box: usize): usize {
  return entryAt(indexOf(box)) + COUNT;
}

/**
 * Whether there are pages. Pairs with the stores under the lock: whoever has marked what it lacks sees pages that came
 * before (`isStarvedNoMore`).
 */
@inline export function hasPooledPages(): bool {
  return atomicLoad(ROOT + offsetof<Root>('poolPages')) != 0;
}

/** Puts a list of pages, linked through their first words, into the pool. The caller tells those who starve. */
export function poolPages(first: usize): void {
  lock(poolLock());
  let page = first;
  let pooled = root().poolPages;
  while (page) {
    const next = load<u32>(page);
    const index = indexOf(page);
    const entry = entryAt(index);
    const count = load<u32>(entry + COUNT) + 1;
    store<u32>(page, load<u32>(entry + FIRST));
    store<u32>(entry + FIRST, <u32>page);
    store<u32>(entry + COUNT, count);
    if (count == 1) link(index);
    pooled += 1;
    if (count == SEGMENT_PAGES) {
      makeWhole(index);
      pooled -= count;
    }
    page = next;
  }
  // Pairs with the load in `hasPooledPages`.
  // After the segments: whoever sees the pages gone sees the segments that they are in.
  atomicStore(ROOT + offsetof<Root>('poolPages'), pooled);
  unlock(poolLock());
}

/** Takes up to `most` pages of one segment: a list that is linked through their first words; 0: there are none. */
export function takePooled(most: u32): usize {
  if (!hasPooledPages()) return 0;
  lock(poolLock());
  const index = root().poolFirst;
  const first = index ? takeFrom(index, most) : 0;
  unlock(poolLock());
  return first;
}

function takeFrom(index: u32, most: u32): usize {
  const entry = entryAt(index);
  const first = <usize>load<u32>(entry + FIRST);
  let last = first;
  let taken: u32 = 1;
  while (taken < most && load<u32>(last)) {
    last = load<u32>(last);
    taken += 1;
  }
  store<u32>(entry + FIRST, load<u32>(last));
  store<u32>(entry + COUNT, load<u32>(entry + COUNT) - taken);
  if (!load<u32>(entry + COUNT)) unlink(index);
  store<u32>(last, 0);
  // Pairs with the load in `hasPooledPages`; under the lock no other one writes it.
  atomicStore(ROOT + offsetof<Root>('poolPages'), root().poolPages - taken);
  return first;
}

/**
 * The pages from `from` to the end of their segment are free, too, and were never used: if these are all that the pool
 * lacks, the segment is free and no longer the caller's, who tells those who starve.
 */
export function joinRest(from: usize): bool {
  lock(poolLock());
  const index = indexOf(from);
  const count = load<u32>(entryAt(index) + COUNT);
  const whole = count + (SEGMENT - ((<u32>from) & (SEGMENT - 1))) / PAGE == SEGMENT_PAGES;
  if (whole) {
    makeWhole(index);
    // Pairs with the load in `hasPooledPages`; under the lock no other one writes it.
    atomicStore(ROOT + offsetof<Root>('poolPages'), root().poolPages - count);
  }
  unlock(poolLock());
  return whole;
}

function makeWhole(index: u32): void {
  unlink(index);
  memory.fill(entryAt(index), 0, 16);
  putSegment(<usize>index * SEGMENT);
}

function link(index: u32): void {
  const next = root().poolFirst;
  store<u32>(entryAt(index) + NEXT, next);
  store<u32>(entryAt(index) + BEFORE, 0);
  if (next) store<u32>(entryAt(next) + BEFORE, index);
  root().poolFirst = index;
}

function unlink(index: u32): void {
  const next = load<u32>(entryAt(index) + NEXT);
  const before = load<u32>(entryAt(index) + BEFORE);
  if (next) store<u32>(entryAt(next) + BEFORE, before);
  if (before) store<u32>(entryAt(before) + NEXT, next);
  else root().poolFirst = next;
}
