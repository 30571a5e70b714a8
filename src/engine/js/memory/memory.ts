/**
 * This folder is the twin of `assembly/memory`, shared memory and what lies in it; all of the twin may import it.
 *
 * The shared memory in units: segments for messages; boxes, pages and cells that segments are cut into (carving.ts).
 * Free segments have a list; and there is a frontier, so that memory that was never needed is never touched. What must
 * hold: messages leave a reserve to pages and boxes, and pages leave a last segment to boxes, so that what is needed to
 * deliver, and thereby to free memory, can still be had when messages have filled theirs.
 */
import { ASIDE_SHIFT, CELL, PAGE, SEGMENT } from '../../../numbers/core.js';
import type { SharedCore } from '../../engine.js';
import type { UnitKind } from '../../participant.js';
import { Carving } from './carving.js';
import { ring, ringAll } from './doorbell.js';
import { BOX, cutAt, cutsAt, Root, Segment } from './layout.js';
import { lock, unlock } from './lock.js';
import { at32, type Views, viewsOf, word } from './views.js';

const SPARE_PAGES_MAX = 64;
/** With more of them, a participant gives them back where segments are scarce: each may hold a whole one back. */
const SPARE_PAGES_SCARCE = 16;
/** Segments that pages and cells leave to boxes. */
const BOX_RESERVE = 1;

/** Lays out the root of a zeroed memory; once, before anybody joins. */
export function initJsCore(buffer: SharedArrayBuffer, workers: number): void {
  const { u32 } = viewsOf(buffer);
  const segments = Math.floor(buffer.byteLength / SEGMENT);
  const frontier = Math.ceil(cutAt(cutsAt(workers), segments) / SEGMENT);
  if (segments < frontier + reserveOf(segments) + 2) {
    throw new RangeError(`${buffer.byteLength} bytes are too few for ${workers} workers`);
  }
  u32[Root.WORKERS] = workers;
  u32[Root.SEGMENTS] = segments;
  u32[Root.FRONTIER] = frontier;
}

/** Segments that messages leave to everything else. */
function reserveOf(segments: number): number {
  return Math.max(4, segments >>> 4);
}

/** What a participant can miss. */
const Lack = { SEGMENT: 1, PAGE: 2, BOX: 4 } as const;

const USED: Readonly<Record<UnitKind, number>> = {
  segments: Root.USED_SEGMENTS,
  pages: Root.USED_PAGES,
  cells: Root.USED_CELLS,
  boxes: Root.USED_BOXES,
};

export class Memory implements Views {
  readonly bytes: Uint8Array;
  readonly data: DataView;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly workers: number;
  readonly #reserve: number;
  /** With fewer free segments the coordinator is rung: messages may have to leave. */
  readonly #scarce: number;
  readonly #boxesMax: number;
  readonly #boxes: Carving;
  readonly #pages: Carving;
  readonly #cells: Carving;
  /** Pages taken ahead, so that a publish never fails half way. Private. */
  readonly #sparePages: number[] = [];
  /** Segments that nothing lies in. Private. */
  readonly #aside: number[] = [];
  /** What this participant asked for in vain, since `lackIsOver` was last true: bits of `Lack`. */
  #lacks = 0;
  /** Whether it was told that publishers are blocked, since then. */
  #lacksLeave = false;

  constructor(shared: SharedCore) {
    ({ bytes: this.bytes, data: this.data, u32: this.u32, i32: this.i32, f64: this.f64 } = viewsOf(shared.buffer));
    this.workers = shared.workers;
    const segments = at32(this.u32, Root.SEGMENTS);
    this.#reserve = reserveOf(segments);
    this.#scarce = Math.floor(segments / 3);
    const cuts = cutsAt(this.workers);
    this.#boxes = new Carving(this.u32, cuts, Root.BOXES, BOX);
    this.#pages = new Carving(this.u32, cuts, Root.PAGES, PAGE);
    this.#cells = new Carving(this.u32, cuts, Root.CELLS, CELL);
    // For each worker one to read into, and some to send.
    this.#boxesMax = Math.max(8, 4 * this.workers, (segments >>> 3) * (SEGMENT / BOX));
  }

  used(): number {
    const { u32 } = this;
    return (
      Atomics.load(u32, Root.USED_SEGMENTS) * SEGMENT +
      Atomics.load(u32, Root.USED_BOXES) * BOX +
      Atomics.load(u32, Root.USED_PAGES) * PAGE +
      Atomics.load(u32, Root.USED_CELLS) * CELL
    );
  }

  unitsUsed(kind: UnitKind): number {
    return Atomics.load(this.u32, USED[kind]);
  }

  free(): number {
    return Math.max(0, this.#freeSegments()) * SEGMENT;
  }

  /**
   * A segment for messages, or 0; then every participant is rung when one becomes free. `borrows`: half of the reserve
   * is open to it.
   */
  takeSegment(borrows: boolean): number {
    return this.#locked(() => {
      const segment = this.#takeRaw(borrows ? this.#reserve >>> 1 : this.#reserve);
      if (segment === 0) this.#miss(Lack.SEGMENT);
      else Atomics.add(this.u32, Root.USED_SEGMENTS, 1);
      if (this.#freeSegments() <= this.#scarce) ring(this, this.workers);
      return segment;
    });
  }

  /** A segment for what is on its way out of memory or in, or 0. */
  takeStaging(): number {
    return this.#locked(() => {
      const segment = this.#takeRaw(0);
      if (segment !== 0) Atomics.add(this.u32, Root.USED_SEGMENTS, 1);
      return segment;
    });
  }

  freeSegment(segment: number): void {
    this.#locked(() => {
      this.#giveRaw(segment);
      Atomics.sub(this.u32, Root.USED_SEGMENTS, 1);
    });
    this.#tellThoseWhoMiss();
  }

  /**
   * From now on the segments for so many bytes are kept from everybody; false: messages cannot spare them, and nothing
   * has changed.
   */
  setAside(bytes: number): boolean {
    const segments = Math.ceil(bytes / SEGMENT);
    if (segments > this.#aside.length && segments > at32(this.u32, Root.SEGMENTS) >>> ASIDE_SHIFT) return false;
    const wanted = segments - this.#aside.length;
    const taken = this.#locked(() => (this.#freeSegments() - this.#reserve < wanted ? null : this.#takeMany(wanted)));
    if (taken === null) return false;
    for (const segment of taken) this.#aside.push(segment);
    while (this.#aside.length > segments) this.freeSegment(this.#aside.pop() ?? 0);
    return true;
  }

  #takeMany(count: number): number[] {
    const taken: number[] = [];
    while (taken.length < count) taken.push(this.#takeRaw(this.#reserve));
    if (taken.length > 0) Atomics.add(this.u32, Root.USED_SEGMENTS, taken.length);
    return taken;
  }

  /** An output box, or 0; then every participant is rung when one becomes free. */
  takeBox(): number {
    return this.#locked(() => {
      const box = this.#hasBox() ? this.#take(this.#boxes, 0) : 0;
      if (box === 0) this.#miss(Lack.BOX);
      else Atomics.add(this.u32, Root.USED_BOXES, 1);
      return box;
    });
  }

  freeBox(box: number): void {
    this.#locked(() => {
      this.#give(this.#boxes, box);
      Atomics.sub(this.u32, Root.USED_BOXES, 1);
    });
    this.#tellThoseWhoMiss();
  }

  #hasBox(): boolean {
    if (Atomics.load(this.u32, Root.USED_BOXES) >= this.#boxesMax) return false;
    return this.#boxes.areThere() || this.#freeSegments() > 0;
  }

  /** Makes sure that the next `count` calls of `takePage` succeed. */
  ensurePages(count: number): boolean {
    while (this.#sparePages.length < count) {
      const page = this.#locked(() => this.#take(this.#pages, BOX_RESERVE));
      if (page === 0) {
        this.#miss(Lack.PAGE);
        return false;
      }
      this.#sparePages.push(page);
    }
    return true;
  }

  /** A zeroed page out of those ensured. */
  takePage(): number {
    const page = this.#sparePages.pop();
    if (page === undefined) throw new Error('a page was taken that had not been ensured');
    Atomics.add(this.u32, Root.USED_PAGES, 1);
    this.u32.fill(0, word(page, 0), word(page + PAGE, 0));
    return page;
  }

  freePage(page: number): void {
    Atomics.sub(this.u32, Root.USED_PAGES, 1);
    if (this.#sparePages.length < SPARE_PAGES_MAX) {
      this.#sparePages.push(page);
      return;
    }
    this.#locked(() => this.#give(this.#pages, page));
    this.#tellThoseWhoMiss();
  }

  /** A zeroed cell, or 0. */
  takeCell(): number {
    const cell = this.#locked(() => this.#take(this.#cells, BOX_RESERVE));
    if (cell === 0) return 0;
    Atomics.add(this.u32, Root.USED_CELLS, 1);
    this.u32.fill(0, word(cell, 0), word(cell + CELL, 0));
    return cell;
  }

  freeCell(cell: number): void {
    Atomics.sub(this.u32, Root.USED_CELLS, 1);
    this.#locked(() => this.#give(this.#cells, cell));
    this.#tellThoseWhoMiss();
  }

  /**
   * True once when what this participant missed can be had again. Asked before it sleeps: nobody rings one that is
   * awake.
   */
  lackIsOver(): boolean {
    // Pairs with the mark in `#miss`: a participant that sleeps by then is rung, wakes and comes by here; one that goes
    // to sleep later sees the mark.
    if (Atomics.load(this.u32, Root.MISSED) !== 0 || this.#keepsMany()) this.#giveSpare();
    if (this.#lacks === 0 && !this.#lacksLeave) return false;
    // A mark that was struck out while this one was awake is set anew; then we look. Whoever frees something looks for
    // marks afterwards.
    Atomics.or(this.u32, Root.MISSED, this.#lacks);
    const mayLeave = this.#lacksLeave && Atomics.load(this.u32, Root.BLOCKED) === 0;
    if (!mayLeave && (this.#there() & this.#lacks) === 0) return false;
    this.#lacks = 0;
    this.#lacksLeave = false;
    return true;
  }

  /** What can be had, as bits of `Lack`. */
  #there(): number {
    const segments = this.#freeSegments();
    const page = this.#pages.areThere() || segments > BOX_RESERVE;
    return (segments > this.#reserve ? Lack.SEGMENT : 0) | (page ? Lack.PAGE : 0) | (this.#hasBox() ? Lack.BOX : 0);
  }

  blockPublishers(blocked: boolean): void {
    Atomics.store(this.u32, Root.BLOCKED, blocked ? 1 : 0);
    if (!blocked) ringAll(this);
  }

  /** Whoever is told so waits until they are not. */
  arePublishersBlocked(): boolean {
    if (Atomics.load(this.u32, Root.BLOCKED) === 0) return false;
    this.#lacksLeave = true;
    return true;
  }

  /** Spare pages of others may be what is missing: they are rung once for a mark, and give them. */
  #miss(lack: number): void {
    this.#lacks |= lack;
    if ((Atomics.or(this.u32, Root.MISSED, lack) & lack) === 0) ringAll(this);
  }

  #keepsMany(): boolean {
    return this.#sparePages.length > SPARE_PAGES_SCARCE && this.#freeSegments() <= this.#scarce;
  }

  /** Gives the spare pages back: between two calls nothing counts on them. */
  #giveSpare(): void {
    const pages = this.#sparePages;
    if (pages.length === 0) return;
    this.#locked(() => {
      for (const page of pages) this.#give(this.#pages, page);
    });
    pages.length = 0;
    this.#tellThoseWhoMiss();
  }

  /** Something was freed: rings all when such is missed. What is not there yet stays marked. */
  #tellThoseWhoMiss(): void {
    if (Atomics.load(this.u32, Root.MISSED) === 0) return;
    const there = this.#there();
    if ((Atomics.and(this.u32, Root.MISSED, ~there) & there) !== 0) ringAll(this);
  }

  #freeSegments(): number {
    const untouched = at32(this.u32, Root.SEGMENTS) - Atomics.load(this.u32, Root.FRONTIER);
    return untouched + Atomics.load(this.u32, Root.FREE_SEGMENTS);
  }

  /** A smaller unit, cutting another segment where there is none. */
  #take(units: Carving, leave: number): number {
    if (!units.areThere()) {
      const segment = this.#takeRaw(leave);
      if (segment === 0) return 0;
      units.begin(segment);
    }
    return units.take();
  }

  /** Gives one back, and its segment, if that was the last in use. */
  #give(units: Carving, unit: number): void {
    const segment = units.give(unit);
    if (segment !== 0) this.#giveRaw(segment);
  }

  #giveRaw(segment: number): void {
    this.u32[word(segment, Segment.NEXT)] = at32(this.u32, Root.FREE_SEGMENT);
    Atomics.store(this.u32, Root.FREE_SEGMENT, segment);
    Atomics.add(this.u32, Root.FREE_SEGMENTS, 1);
  }

  #takeRaw(leave: number): number {
    if (this.#freeSegments() <= leave) return 0;
    if (at32(this.u32, Root.FREE_SEGMENT) !== 0) {
      const segment = at32(this.u32, Root.FREE_SEGMENT);
      Atomics.sub(this.u32, Root.FREE_SEGMENTS, 1);
      Atomics.store(this.u32, Root.FREE_SEGMENT, at32(this.u32, word(segment, Segment.NEXT)));
      return segment;
    }
    return Atomics.add(this.u32, Root.FRONTIER, 1) * SEGMENT;
  }

  #locked<T>(body: () => T): T {
    lock(this.i32, Root.LOCK);
    try {
      return body();
    } finally {
      unlock(this.i32, Root.LOCK);
    }
  }
}
