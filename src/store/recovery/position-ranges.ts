/**
 * Ranges of positions, each with a value, in ascending order: what a queue holds and where, what is done in it.
 * Millions of positions cost as much as they have breaks. What must hold: ranges do not overlap; those that touch and
 * have the same value are one. Columns in chunks, no objects, since a queue of single places on many writers has a
 * range for each.
 */

const CHUNK = 256;
const SMALL = 4;

type OnRun = (from: number, count: number, value: number) => void;

class Chunk {
  length = 0;
  from: Float64Array;
  end: Float64Array;
  value: Uint32Array;

  constructor(capacity: number) {
    this.from = new Float64Array(capacity);
    this.end = new Float64Array(capacity);
    this.value = new Uint32Array(capacity);
  }

  insert(at: number, from: number, end: number, value: number): void {
    if (this.length === this.from.length) this.#widen();
    this.#move(at, at + 1);
    this.from[at] = from;
    this.end[at] = end;
    this.value[at] = value;
    this.length += 1;
  }

  delete(at: number): void {
    this.#move(at + 1, at);
    this.length -= 1;
  }

  /** Moves the upper half to a chunk of its own. */
  split(): Chunk {
    const upper = new Chunk(CHUNK);
    const half = this.length >> 1;
    upper.length = this.length - half;
    upper.from.set(this.from.subarray(half, this.length));
    upper.end.set(this.end.subarray(half, this.length));
    upper.value.set(this.value.subarray(half, this.length));
    this.length = half;
    return upper;
  }

  #move(from: number, to: number): void {
    if (from === this.length) return;
    this.from.copyWithin(to, from, this.length);
    this.end.copyWithin(to, from, this.length);
    this.value.copyWithin(to, from, this.length);
  }

  #widen(): void {
    const { from, end, value } = this;
    const capacity = Math.min(CHUNK, from.length * 4);
    this.from = new Float64Array(capacity);
    this.end = new Float64Array(capacity);
    this.value = new Uint32Array(capacity);
    this.from.set(from);
    this.end.set(end);
    this.value.set(value);
  }
}

export class PositionRanges {
  /** Ranges there are. */
  size = 0;
  readonly #chunks: Chunk[] = [];
  /** Where `#seek` stopped: chunk and index in it. */
  #chunk = 0;
  #at = 0;

  /** Gives positions a value; `replaced` is told of those that had one. */
  set(from: number, count: number, value: number, replaced?: OnRun): void {
    if (count <= 0) return;
    const end = from + count;
    const last = this.#chunks.at(-1);
    // Most come behind all others.
    if (last === undefined || from >= (last.end[last.length - 1] as number)) return this.#append(from, end, value);
    this.remove(from, count, replaced);
    this.#insert(from, end, value);
  }

  remove(from: number, count: number, removed?: OnRun): void {
    const end = from + count;
    for (;;) {
      const chunk = this.#seek(from);
      if (chunk === undefined) return;
      const at = this.#at;
      const first = chunk.from[at] as number;
      const behind = chunk.end[at] as number;
      const value = chunk.value[at] as number;
      if (first >= end) return;
      const low = Math.max(first, from);
      const high = Math.min(behind, end);
      if (first < low) {
        chunk.end[at] = low;
        if (behind > high) this.#insertAt(this.#chunk, at + 1, high, behind, value);
      } else if (behind > high) {
        chunk.from[at] = high;
      } else {
        this.#deleteAt(this.#chunk, at);
      }
      removed?.(low, high - low, value);
      if (behind >= end) return;
    }
  }

  /** The parts of ranges that lie in a range. Nothing may be changed meanwhile. */
  forEachIn(from: number, count: number, use: OnRun): void {
    const end = from + count;
    if (this.#seek(from) === undefined) return;
    let at = this.#at;
    for (let c = this.#chunk; c < this.#chunks.length; c++) {
      const chunk = this.#chunks[c] as Chunk;
      for (; at < chunk.length; at++) {
        const first = chunk.from[at] as number;
        if (first >= end) return;
        const low = Math.max(first, from);
        use(low, Math.min(chunk.end[at] as number, end) - low, chunk.value[at] as number);
      }
      at = 0;
    }
  }

  forEach(use: OnRun): void {
    for (const chunk of this.#chunks) {
      for (let at = 0; at < chunk.length; at++) {
        const first = chunk.from[at] as number;
        use(first, (chunk.end[at] as number) - first, chunk.value[at] as number);
      }
    }
  }

  /** The parts of a range in which nothing is set. Nothing may be changed meanwhile. */
  forEachGap(from: number, count: number, use: (from: number, count: number) => void): void {
    let at = from;
    this.forEachIn(from, count, (first, length) => {
      if (first > at) use(at, first - at);
      at = first + length;
    });
    if (at < from + count) use(at, from + count - at);
  }

  /** The value of a position; −1: none. */
  at(position: number): number {
    const chunk = this.#seek(position);
    return chunk !== undefined && (chunk.from[this.#at] as number) <= position ? (chunk.value[this.#at] as number) : -1;
  }

  list(): { from: number; count: number }[] {
    const ranges: { from: number; count: number }[] = [];
    this.forEach((from, count) => {
      const last = ranges.at(-1);
      if (last !== undefined && last.from + last.count === from) last.count += count;
      else ranges.push({ from, count });
    });
    return ranges;
  }

  /** Goes to the first range that ends behind a position. */
  #seek(position: number): Chunk | undefined {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = this.#chunks[middle] as Chunk;
      if ((chunk.end[chunk.length - 1] as number) <= position) low = middle + 1;
      else high = middle;
    }
    this.#chunk = low;
    const chunk = this.#chunks[low];
    if (chunk === undefined) return undefined;
    let first = 0;
    let behind = chunk.length;
    while (first < behind) {
      const middle = (first + behind) >>> 1;
      if ((chunk.end[middle] as number) <= position) first = middle + 1;
      else behind = middle;
    }
    this.#at = first;
    return chunk;
  }

  #append(from: number, end: number, value: number): void {
    const last = this.#chunks.at(-1);
    if (last !== undefined) {
      const at = last.length - 1;
      if (last.end[at] === from && last.value[at] === value) last.end[at] = end;
      else this.#insertAt(this.#chunks.length - 1, last.length, from, end, value);
      return;
    }
    this.#insertAt(0, 0, from, end, value);
  }

  /** Puts a range where there is none, and joins it to its neighbours. */
  #insert(from: number, end: number, value: number): void {
    const next = this.#seek(from);
    if (next === undefined) return this.#append(from, end, value);
    const c = this.#chunk;
    const at = this.#at;
    const before = at > 0 ? next : this.#chunks[c - 1];
    const beforeAt = at > 0 ? at - 1 : (before?.length ?? 0) - 1;
    const joinsBefore = before !== undefined && before.end[beforeAt] === from && before.value[beforeAt] === value;
    const joinsNext = next.from[at] === end && next.value[at] === value;
    if (joinsBefore && joinsNext) {
      before.end[beforeAt] = next.end[at] as number;
      this.#deleteAt(c, at);
    } else if (joinsBefore) {
      before.end[beforeAt] = end;
    } else if (joinsNext) {
      next.from[at] = from;
    } else {
      this.#insertAt(c, at, from, end, value);
    }
  }

  #insertAt(c: number, at: number, from: number, end: number, value: number): void {
    this.size += 1;
    const chunk = this.#chunks[c];
    if (chunk === undefined) {
      const first = new Chunk(SMALL);
      first.insert(0, from, end, value);
      this.#chunks.push(first);
    } else if (chunk.length < CHUNK) {
      chunk.insert(at, from, end, value);
    } else if (at === chunk.length && c === this.#chunks.length - 1) {
      const next = new Chunk(CHUNK);
      next.insert(0, from, end, value);
      this.#chunks.push(next);
    } else {
      const upper = chunk.split();
      this.#chunks.splice(c + 1, 0, upper);
      if (at <= chunk.length) chunk.insert(at, from, end, value);
      else upper.insert(at - chunk.length, from, end, value);
    }
  }

  #deleteAt(c: number, at: number): void {
    this.size -= 1;
    const chunk = this.#chunks[c] as Chunk;
    chunk.delete(at);
    if (chunk.length === 0) this.#chunks.splice(c, 1);
  }
}
