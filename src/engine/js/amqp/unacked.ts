/**
 * A channel's unacknowledged deliveries by tag, in a ring in the order in which they were delivered. Settled entries
 * stay as holes until those before them are settled too, or the ring would have to grow.
 * What must hold: tags rise; the first entry is never a hole.
 */
import { at32, at64 } from '../memory/views.js';

/** `C`: who took a delivery. */
export class Unacked<C> {
  #tags = new Float64Array(64);
  #slots = new Uint32Array(64);
  /** When they were delivered. */
  #times = new Float64Array(64);
  #consumers: (C | null)[] = new Array(64).fill(null);
  #first = 0;
  #length = 0;
  #holes = 0;

  get count(): number {
    return this.#length - this.#holes;
  }

  /** The lowest tag, or infinity. */
  get firstTag(): number {
    return this.#length === 0 ? Number.POSITIVE_INFINITY : this.#tagAt(0);
  }

  push(tag: number, slot: number, consumer: C | null, time: number): void {
    if (this.#length === this.#slots.length) this.#rebuild();
    const at = this.#index(this.#length);
    this.#tags[at] = tag;
    this.#slots[at] = slot;
    this.#consumers[at] = consumer;
    this.#times[at] = time;
    this.#length++;
  }

  /** Takes the entry of the lowest tag out. There must be one. */
  takeFirst(entry: Entry<C>): void {
    this.#takeAt(0, entry);
  }

  /** The lowest tag of a consumer, or 0. */
  firstTagOf(consumer: C): number {
    for (let offset = 0; offset < this.#length; offset++) {
      if (this.#consumers[this.#index(offset)] === consumer) return this.#tagAt(offset);
    }
    return 0;
  }

  /** Goes over what is outstanding, the oldest first. */
  each(visit: (slot: number, consumer: C | null, time: number) => void): void {
    for (let offset = 0; offset < this.#length; offset++) {
      const at = this.#index(offset);
      const slot = at32(this.#slots, at);
      if (slot !== 0) visit(slot, this.#consumers[at] ?? null, at64(this.#times, at));
    }
  }

  has(tag: number): boolean {
    return this.#find(tag) >= 0;
  }

  /** The slot of an outstanding tag, or 0. */
  slotOf(tag: number): number {
    const offset = this.#find(tag);
    return offset < 0 ? 0 : at32(this.#slots, this.#index(offset));
  }

  /** Takes the entry of a tag out; false when there is none. */
  take(tag: number, entry: Entry<C>): boolean {
    const offset = this.#find(tag);
    if (offset < 0) return false;
    this.#takeAt(offset, entry);
    return true;
  }

  /** Where the entry of an outstanding tag stands, or -1. */
  #find(tag: number): number {
    let low = 0;
    let high = this.#length - 1;
    // Most tags are settled in order: the first entry is nearly always the one.
    if (this.#length > 0 && this.#tagAt(0) === tag) high = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#tagAt(middle) < tag) low = middle + 1;
      else high = middle;
    }
    if (low >= this.#length || this.#tagAt(low) !== tag || at32(this.#slots, this.#index(low)) === 0) return -1;
    return low;
  }

  #takeAt(offset: number, entry: Entry<C>): void {
    const at = this.#index(offset);
    entry.slot = at32(this.#slots, at);
    entry.consumer = this.#consumers[at] ?? null;
    this.#slots[at] = 0;
    this.#consumers[at] = null;
    this.#holes++;
    while (this.#length > 0 && at32(this.#slots, this.#first) === 0) {
      this.#first = this.#index(1);
      this.#length--;
      this.#holes--;
    }
  }

  #index(offset: number): number {
    return (this.#first + offset) & (this.#slots.length - 1);
  }

  #tagAt(offset: number): number {
    return this.#tags[this.#index(offset)] as number;
  }

  /** Closes the holes, in a ring of twice the size when there are few. */
  #rebuild(): void {
    const size = this.count * 2 > this.#slots.length ? this.#slots.length * 2 : this.#slots.length;
    const tags = new Float64Array(size);
    const slots = new Uint32Array(size);
    const times = new Float64Array(size);
    const consumers: (C | null)[] = new Array(size).fill(null);
    let kept = 0;
    for (let offset = 0; offset < this.#length; offset++) {
      const at = this.#index(offset);
      if (at32(this.#slots, at) === 0) continue;
      tags[kept] = this.#tags[at] as number;
      slots[kept] = at32(this.#slots, at);
      times[kept] = at64(this.#times, at);
      consumers[kept] = this.#consumers[at] ?? null;
      kept++;
    }
    this.#tags = tags;
    this.#slots = slots;
    this.#times = times;
    this.#consumers = consumers;
    this.#first = 0;
    this.#length = kept;
    this.#holes = 0;
  }
}

/** What is taken out of the table; one is used over and over, so that a settled delivery allocates nothing. */
export class Entry<C> {
  slot = 0;
  consumer: C | null = null;
}
