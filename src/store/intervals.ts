/**
 * A growing set of positions, kept as runs: what is done in a queue is one long run and a few behind it, however long the queue has lived.
 */
import type { Run } from './batch.js';

export class Intervals {
  /** First positions of the runs, ascending, and where each ends; runs do not touch. */
  readonly #from: number[] = [];
  readonly #end: number[] = [];

  constructor(runs: readonly Run[] = []) {
    for (const { from, count } of runs) this.add(from, count);
  }

  has(position: number): boolean {
    const at = this.#after(position) - 1;
    return at >= 0 && position < (this.#end[at] as number);
  }

  add(from: number, count: number): void {
    if (count <= 0) return;
    const end = from + count;
    let first = this.#after(from);
    if (first > 0 && (this.#end[first - 1] as number) >= from) first -= 1;
    let next = first;
    while (next < this.#from.length && (this.#from[next] as number) <= end) next += 1;
    if (next === first) {
      this.#from.splice(first, 0, from);
      this.#end.splice(first, 0, end);
      return;
    }
    this.#from[first] = Math.min(from, this.#from[first] as number);
    this.#end[first] = Math.max(end, this.#end[next - 1] as number);
    if (next - first > 1) {
      this.#from.splice(first + 1, next - first - 1);
      this.#end.splice(first + 1, next - first - 1);
    }
  }

  get size(): number {
    return this.#from.length;
  }

  runs(): Run[] {
    return this.#from.map((from, i) => ({ from, count: (this.#end[i] as number) - from }));
  }

  /** The runs of this set without what another one has. */
  without(other: Intervals): Run[] {
    const runs: Run[] = [];
    for (let i = 0; i < this.#from.length; i++) {
      let from = this.#from[i] as number;
      const end = this.#end[i] as number;
      for (let k = Math.max(0, other.#after(from) - 1); k < other.#from.length; k++) {
        const gone = other.#from[k] as number;
        if (gone >= end) break;
        if (gone > from) runs.push({ from, count: gone - from });
        from = Math.max(from, other.#end[k] as number);
      }
      if (from < end) runs.push({ from, count: end - from });
    }
    return runs;
  }

  /** Index of the first run that begins behind a position. */
  #after(position: number): number {
    let low = 0;
    let high = this.#from.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#from[middle] as number) <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
