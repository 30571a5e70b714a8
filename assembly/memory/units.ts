/**
 * Units of memory: segments of 1 MiB, and what is cut from them: boxes of 512 KiB, pages of 4 KiB, cells of 512 bytes.
 * Memory that was never needed is never touched. Each participant keeps free units of its own and exchanges the rest:
 * segments one by one and cells by bundles through lock-free stacks in the root, pages by bundles through a pool that
 * makes segments of them again (pool.ts). Where memory is short, participants put what they keep into the pool
 * and make segments of their boxes. Cells stay cells: a page that was cut into them is no page any more.
 *
 * A free unit is linked through its first words:
 *   0 │ next unit of the list or bundle
 *   4 │ next bundle (first unit of a bundle on a shared stack) or next segment
 * Ownership: a unit on a participant's list is that participant's; on a stack nobody's; otherwise its user's.
 */
import { unitLost } from './contention';
import { atomicAdd, atomicAnd, atomicLoad, atomicOr, atomicStore, atomicSub, compareExchange, notify } from './atomic';
import { pop, push, putSegment } from './stacks';
import { freeBoxesOf, hasPooledPages, joinRest, poolPages, takePooled } from './pool';
import {
  AWAKE,
  coordinator,
  PAGE,
  Participant,
  participantAt,
  ROOT,
  Root,
  root,
  SEGMENT,
  self,
  SLEEPING,
} from './root';
import { freed, taken } from './searched';

export const CELL: u32 = 512;
export const BOX: u32 = 512 << 10;

const SEGMENT_BOXES: u32 = SEGMENT / BOX;

const NEXT: usize = 0;
const PAGE_BUNDLE: u32 = 32;
const CELL_BUNDLE: u32 = 32;
/** A participant's list longer than this gives a bundle away. */
const LIST_MAX: u32 = 128;

// ── Segments ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Takes a segment, leaving at least `spared` free; 0 when there is none. */
export function takeSegment(spared: u32): usize {
  const segment = findSegment(spared);
  if (segment) taken(segment, SEGMENT);
  return segment;
}

@inline function findSegment(spared: u32): usize {
  const free = ROOT + offsetof<Root>('segmentsFree');
  // Counted before it is taken, so that the reserve is never dug into by two at once. Pairs with the add in
  // `giveSegment`.
  const left = <i32>atomicSub(free, 1);
  if (left <= <i32>root().scarce) ring(coordinator());
  if (left <= <i32>spared) {
    atomicAdd(free, 1);
    return 0;
  }
  self.segmentsUsed += 1;
  const reused = pop(ROOT + offsetof<Root>('freeSegments'));
  if (reused) return reused;
  while (true) {
    const frontier = ROOT + offsetof<Root>('frontier');
    const index = atomicLoad(frontier);
    if (index >= root().segments) {
      // Another participant has counted its segment free, or taken ours, but not yet linked it: it is there in a
      // moment.
      const late = pop(ROOT + offsetof<Root>('freeSegments'));
      if (late) return late;
      continue;
    }
    if (compareExchange(frontier, index, index + 1) == index) return (<usize>index + 1) * SEGMENT;
    unitLost();
  }
}

/** Gives a segment back. */
export function giveSegment(segment: usize): void {
  self.segmentsUsed -= 1;
  putSegment(segment);
  tellStarved();
}

/** Bytes that are in no segment in use. */
export function memoryFree(): f64 {
  // A moment's view of what others add and subtract.
  return <f64>max<i32>(0, atomicLoad(ROOT + offsetof<Root>('segmentsFree'))) * <f64>SEGMENT;
}

/** Whether a message segment could be opened. */
export function messageRoom(): bool {
  // A moment's view: who finds none leaves his mark, and looks again (`tellStarved`).
  return <i32>atomicLoad(ROOT + offsetof<Root>('segmentsFree')) > <i32>root().reserve;
}

/** Whether publishers are held back, whatever memory there is. */
@inline export function publishersBlocked(): bool {
  // Pairs with the store of the coordinator, who rings all behind it.
  return atomicLoad(ROOT + offsetof<Root>('blocked')) != 0;
}

/** Holds publishers back, or lets them go on. */
export function setBlocked(blocked: bool): void {
  // Pairs with the load of a worker about to sleep: one that was stopped sees that it may go on, or sleeps and is rung.
  atomicStore(ROOT + offsetof<Root>('blocked'), blocked ? 1 : 0);
  if (!blocked) for (let i: u32 = 0; i < root().participants; i++) ring(participantAt(i));
}

// ── Those who found none ───────────────────────────────────────────────────────────────────────────────────────

/**
 * What a publisher may lack: room in a segment of messages, for which more than the reserve must be free; a page; a
 * box.
 */
export const LACKS_ROOM: u32 = 1;
export const LACKS_PAGE: u32 = 2;
export const LACKS_BOX: u32 = 4;

/** Remembers what a publisher waits for. */
export function markStarved(lack: u32): void {
  self.starved |= lack;
}

/**
 * Whether this participant, which is about to sleep, has something again that it lacked; otherwise it is rung when that
 * is so. It marks what it lacks, and then looks; whoever frees something looks for marks afterwards (`tellStarved`): so
 * one of the two sees the other. A mark that was struck out while this one was awake, and was not rung, is set anew
 * here. What participants keep for themselves may be what is lacking: whoever sets a mark rings them, and each gives it
 * when it comes by here.
 */
export function isStarvedNoMore(): bool {
  const lacks = self.starved;
  const waits = lacks != 0 && !publishersBlocked();
  if (waits && (atomicOr(ROOT + offsetof<Root>('starved'), lacks) & lacks) != lacks) ringOthers();
  // Pairs with the mark: a participant that goes to sleep before it is rung, and wakes; one that goes to sleep later
  // sees the mark.
  if (atomicLoad(ROOT + offsetof<Root>('starved')) || keepsMany()) giveSpare();
  if (!waits) return false;
  const free = <i32>atomicLoad(ROOT + offsetof<Root>('segmentsFree'));
  const there =
    ((lacks & LACKS_ROOM) != 0 && free > <i32>root().reserve) ||
    ((lacks & LACKS_PAGE) != 0 && (free > 0 || hasPooledPages())) ||
    ((lacks & LACKS_BOX) != 0 && (self.boxFirst != 0 || (free > 0 && self.boxesCut < root().boxesMax)));
  if (there) self.starved = 0;
  return there;
}

/**
 * Whether segments are scarce while this participant keeps many pages: each may hold a whole segment back, and messages
 * would leave for nothing.
 */
@inline function keepsMany(): bool {
  return (
    self.pageCount > self.pagesPromised + PAGE_BUNDLE &&
    // A moment's view: it says how much is kept, no more.
    <i32>atomicLoad(ROOT + offsetof<Root>('segmentsFree')) <= <i32>root().scarce
  );
}

function ringOthers(): void {
  for (let i: u32 = 0; i < root().participants; i++) if (participantAt(i) != self) ring(participantAt(i));
}

/**
 * Gives what this participant keeps and does not need: its pages but those that are promised, the rest of the segment
 * that it cuts, and its boxes.
 */
function giveSpare(): void {
  const spare = self.pageCount - self.pagesPromised;
  if (spare) giveBundle(spare);
  const isRestFree = self.pageNext != self.pageEnd && joinRest(self.pageNext);
  if (isRestFree) self.pageNext = self.pageEnd;
  if (giveBoxes() || isRestFree || spare) tellStarved();
}

/** Something was freed: rings all participants when publishers lack such. What is still lacking stays marked. */
@inline function tellStarved(): void {
  // Pairs with the `atomicOr` of who lacks something, and looks once more behind it: he sees what is freed here, or
  // we his mark.
  if (atomicLoad(ROOT + offsetof<Root>('starved'))) ringStarved();
}

function ringStarved(): void {
  // A moment's view: who takes it away meanwhile tells others when it is free again.
  const free = <i32>atomicLoad(ROOT + offsetof<Root>('segmentsFree'));
  let there: u32 = free > 0 ? LACKS_PAGE | LACKS_BOX : hasPooledPages() ? LACKS_PAGE : 0;
  if (free > <i32>root().reserve) there |= LACKS_ROOM;
  // Struck out once: of those who free something at a time one rings.
  if (!(atomicAnd(ROOT + offsetof<Root>('starved'), ~there) & there)) return;
  for (let i: u32 = 0; i < root().participants; i++) ring(participantAt(i));
}

/**
 * Rings a participant's doorbell if it sleeps. The compare-and-swap pairs with the store in `fallAsleep`: one ring
 * wakes it once.
 */
export function ring(target: Participant): void {
  const address = changetype<usize>(target);
  if (compareExchange(address + offsetof<Participant>('state'), SLEEPING, AWAKE) != SLEEPING) return;
  atomicAdd(address + offsetof<Participant>('doorbell'), 1);
  notify(address + offsetof<Participant>('doorbell'));
}

// ── Pages ──────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Promises `count` pages to what cannot fail any more, in the place of what was promised before: `takePromised` gives
 * them, and nobody else gets them. False: there are not so many, and the promise from before stands.
 */
@inline export function promisePages(count: u32): bool {
  if (self.pageCount < count && !ensurePages(count)) return false;
  self.pagesPromised = count;
  return true;
}

/** What the promise was for is done. */
@inline export function endPromise(): void {
  self.pagesPromised = 0;
}

/** So many of the promised pages may be taken by what might fail. */
export function yieldPromised(count: u32): void {
  self.pagesPromised -= min(count, self.pagesPromised);
}

/** Takes care that there are `count` free pages; false when there is no memory. */
function ensurePages(count: u32): bool {
  while (self.pageCount < count) {
    const bundle = takePooled(PAGE_BUNDLE);
    if (bundle) {
      adoptPages(bundle);
      continue;
    }
    if (self.pageNext == self.pageEnd) {
      const segment = takeSegment(0);
      if (!segment) return false;
      self.segmentsUsed -= 1; // Counted by its pages from now on.
      self.pageNext = <u32>segment;
      self.pageEnd = <u32>segment + SEGMENT;
    }
    const page = self.pageNext;
    self.pageNext += PAGE;
    freed(page, PAGE);
    store<u32>(page + NEXT, self.pageFirst);
    self.pageFirst = page;
    self.pageCount += 1;
  }
  return true;
}

function adoptPages(bundle: usize): void {
  let last = bundle;
  let count: u32 = 1;
  while (load<u32>(last + NEXT)) {
    last = load<u32>(last + NEXT);
    count += 1;
  }
  store<u32>(last + NEXT, self.pageFirst);
  self.pageFirst = <u32>bundle;
  self.pageCount += count;
}

/** A page with any content, or 0; what is promised is left. */
export function takePage(): usize {
  const promised = self.pagesPromised;
  if (self.pageCount <= promised && !ensurePages(promised + 1)) return 0;
  return firstPage();
}

/**
 * A page with any content, of those that were promised. That there is none left is a mistake of ours, and a queue would
 * be broken: so it traps.
 */
export function takePromised(): usize {
  if (!self.pagesPromised || !self.pageFirst) unreachable();
  self.pagesPromised -= 1;
  return firstPage();
}

/** Gives a page back that was promised and is not needed yet. */
export function returnPromised(page: usize): void {
  self.pagesPromised += 1;
  givePage(page);
}

@inline function firstPage(): usize {
  const page = self.pageFirst;
  self.pageFirst = load<u32>(page + NEXT);
  self.pageCount -= 1;
  self.pagesUsed += 1;
  taken(page, PAGE);
  return page;
}

export function givePage(page: usize): void {
  freed(page, PAGE);
  store<u32>(page + NEXT, self.pageFirst);
  self.pageFirst = <u32>page;
  self.pageCount += 1;
  self.pagesUsed -= 1;
  if (self.pageCount < LIST_MAX + self.pagesPromised) return;
  giveBundle(PAGE_BUNDLE);
  tellStarved();
}

/** Puts the first pages of the participant's list into the pool. */
function giveBundle(count: u32): void {
  const bundle = <usize>self.pageFirst;
  let last = bundle;
  for (let i: u32 = 1; i < count; i++) last = load<u32>(last + NEXT);
  self.pageFirst = load<u32>(last + NEXT);
  self.pageCount -= count;
  store<u32>(last + NEXT, 0);
  poolPages(bundle);
}

// ── Cells ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** A cell filled with zeroes, or 0. */
export function takeCell(): usize {
  if (!self.cellFirst && !refillCells()) return 0;
  const cell = self.cellFirst;
  self.cellFirst = load<u32>(cell + NEXT);
  self.cellCount -= 1;
  self.cellsUsed += 1;
  taken(cell, CELL);
  memory.fill(cell, 0, CELL);
  return cell;
}

function refillCells(): bool {
  const bundle = pop(ROOT + offsetof<Root>('freeCells'));
  if (bundle) {
    self.cellFirst = <u32>bundle;
    self.cellCount = CELL_BUNDLE;
    return true;
  }
  const page = takePage();
  if (!page) return false;
  self.pagesUsed -= 1; // Counted by its cells from now on.
  for (let at: u32 = 0; at < PAGE; at += CELL) {
    freed(page + at, CELL);
    store<u32>(page + at + NEXT, self.cellFirst);
    self.cellFirst = <u32>page + at;
    self.cellCount += 1;
  }
  return true;
}

export function giveCell(cell: usize): void {
  freed(cell, CELL);
  store<u32>(cell + NEXT, self.cellFirst);
  self.cellFirst = <u32>cell;
  self.cellCount += 1;
  self.cellsUsed -= 1;
  if (self.cellCount < LIST_MAX) return;
  let last = <usize>self.cellFirst;
  const bundle = last;
  for (let i: u32 = 1; i < CELL_BUNDLE; i++) last = load<u32>(last + NEXT);
  self.cellFirst = load<u32>(last + NEXT);
  self.cellCount -= CELL_BUNDLE;
  store<u32>(last + NEXT, 0);
  push(ROOT + offsetof<Root>('freeCells'), bundle);
}

// ── Boxes ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Makes sure that a box can be taken without fail. A participant's boxes are its own, up to `boxesMax`. */
export function ensureBox(): bool {
  if (self.boxFirst) return true;
  if (self.boxesCut >= root().boxesMax) return false;
  const segment = takeSegment(0);
  if (!segment) return false;
  self.segmentsUsed -= 1; // Counted by its boxes from now on.
  for (let at: u32 = 0; at < SEGMENT; at += BOX) {
    store<u32>(segment + at + NEXT, self.boxFirst);
    self.boxFirst = <u32>segment + at;
    self.boxesCut += 1;
  }
  store<u32>(freeBoxesOf(segment), SEGMENT_BOXES);
  return true;
}

/** A box with any content, or 0. */
export function takeBox(): usize {
  if (!ensureBox()) return 0;
  const box = self.boxFirst;
  self.boxFirst = load<u32>(box + NEXT);
  self.boxesUsed += 1;
  store<u32>(freeBoxesOf(box), load<u32>(freeBoxesOf(box)) - 1);
  return box;
}

export function giveBox(box: usize): void {
  store<u32>(box + NEXT, self.boxFirst);
  self.boxFirst = <u32>box;
  self.boxesUsed -= 1;
  store<u32>(freeBoxesOf(box), load<u32>(freeBoxesOf(box)) + 1);
}

/**
 * Makes segments of the participant's boxes, where all of a segment are free; one such stays, since output makes room.
 * False: there are no more.
 */
function giveBoxes(): bool {
  let box = <usize>self.boxFirst;
  let kept: usize = 0;
  let whole: usize = 0;
  self.boxFirst = 0;
  while (box) {
    const next = load<u32>(box + NEXT);
    const segment = box & ~(<usize>(SEGMENT - 1));
    const isWhole = load<u32>(freeBoxesOf(box)) == SEGMENT_BOXES;
    if (isWhole && !kept) kept = segment;
    if (!isWhole || kept == segment) {
      store<u32>(box + NEXT, self.boxFirst);
      self.boxFirst = <u32>box;
    } else if (box == segment) {
      store<u32>(box + NEXT, <u32>whole);
      whole = box;
    }
    box = next;
  }
  const given = whole != 0;
  while (whole) {
    const next = load<u32>(whole + NEXT);
    store<u32>(freeBoxesOf(whole), 0);
    self.boxesCut -= SEGMENT_BOXES;
    putSegment(whole);
    whole = next;
  }
  return given;
}

/** Bytes in use by all participants; exact when none of them is running. */
/** Units in use of a kind: segments, pages, cells, boxes. */
export function unitsUsed(kind: u32): f64 {
  let units: i32 = 0;
  for (let i: u32 = 0; i < root().participants; i++) {
    units += load<i32>(changetype<usize>(participantAt(i)) + offsetof<Participant>('segmentsUsed') + kind * 4);
  }
  return <f64>units;
}

export function memoryUsed(): f64 {
  let bytes: f64 = 0;
  for (let i: u32 = 0; i < root().participants; i++) {
    const one = participantAt(i);
    bytes +=
      <f64>one.segmentsUsed * <f64>SEGMENT +
      <f64>one.pagesUsed * <f64>PAGE +
      <f64>one.cellsUsed * <f64>CELL +
      <f64>one.boxesUsed * <f64>BOX;
  }
  return bytes;
}
