/**
 * Units of one kind that segments are cut into: boxes, pages or cells. A segment is cut from its begin to its end as
 * units are needed, and is whole again when all that were cut are back: then it goes. So memory that a deep queue took
 * for its blocks takes messages when the queue is gone. All calls but `areThere` are made under the memory's lock.
 */
import { SEGMENT } from '../../../numbers/core.js';
import { Cut, cutAt } from './layout.js';
import { at32, word } from './views.js';

export class Carving {
  readonly #u32: Uint32Array;
  readonly #cuts: number;
  /** The root's word for the first segment with units to give, by number. */
  readonly #list: number;
  readonly #size: number;

  constructor(u32: Uint32Array, cuts: number, list: number, size: number) {
    this.#u32 = u32;
    this.#cuts = cuts;
    this.#list = list;
    this.#size = size;
  }

  /**
   * Whether there are units to give. Read without the lock by whoever has marked what it misses; pairs with the stores
   * of the list.
   */
  areThere(): boolean {
    return Atomics.load(this.#u32, this.#list) !== 0;
  }

  /** A segment is cut from now on. */
  begin(segment: number): void {
    this.#link(segment / SEGMENT);
  }

  /** The next unit; there is one. */
  take(): number {
    const segment = at32(this.#u32, this.#list);
    let unit = this.#get(segment, Cut.FIRST);
    if (unit === 0) {
      const end = this.#get(segment, Cut.END);
      unit = segment * SEGMENT + end;
      this.#set(segment, Cut.END, end + this.#size);
    } else {
      this.#set(segment, Cut.FIRST, at32(this.#u32, word(unit, 0)));
      this.#set(segment, Cut.FREE, this.#get(segment, Cut.FREE) - 1);
    }
    if (!this.#hasUnits(segment)) this.#unlink(segment);
    return unit;
  }

  /** Takes a unit back. Returns its segment, if that is whole again and no longer cut. */
  give(unit: number): number {
    const segment = Math.floor(unit / SEGMENT);
    const free = this.#get(segment, Cut.FREE) + 1;
    if (!this.#hasUnits(segment)) this.#link(segment);
    this.#u32[word(unit, 0)] = this.#get(segment, Cut.FIRST);
    this.#set(segment, Cut.FIRST, unit);
    this.#set(segment, Cut.FREE, free);
    if (free * this.#size !== this.#get(segment, Cut.END)) return 0;
    this.#unlink(segment);
    this.#set(segment, Cut.FIRST, 0);
    this.#set(segment, Cut.FREE, 0);
    this.#set(segment, Cut.END, 0);
    return segment * SEGMENT;
  }

  #hasUnits(segment: number): boolean {
    return this.#get(segment, Cut.FIRST) !== 0 || this.#get(segment, Cut.END) < SEGMENT;
  }

  #link(segment: number): void {
    const next = at32(this.#u32, this.#list);
    this.#set(segment, Cut.NEXT, next);
    this.#set(segment, Cut.BEFORE, 0);
    if (next !== 0) this.#set(next, Cut.BEFORE, segment);
    Atomics.store(this.#u32, this.#list, segment);
  }

  #unlink(segment: number): void {
    const next = this.#get(segment, Cut.NEXT);
    const before = this.#get(segment, Cut.BEFORE);
    if (next !== 0) this.#set(next, Cut.BEFORE, before);
    if (before !== 0) this.#set(before, Cut.NEXT, next);
    else Atomics.store(this.#u32, this.#list, next);
  }

  #get(segment: number, field: number): number {
    return at32(this.#u32, word(cutAt(this.#cuts, segment), field));
  }

  #set(segment: number, field: number, value: number): void {
    this.#u32[word(cutAt(this.#cuts, segment), field)] = value;
  }
}
