/**
 * Numbers by the million: growing columns of doubles, and runs of positions, for recovery, where an object for each message would fill the memory.
 */
import type { Run } from './batch.js';

export class Column {
  length = 0;
  #values = new Float64Array(64);

  push(value: number): void {
    if (this.length === this.#values.length) {
      const wider = new Float64Array(this.length * 2);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[this.length++] = value;
  }

  at(index: number): number {
    return this.#values[index] as number;
  }

  /** The values so far; not to be kept while the column grows. */
  values(): Float64Array {
    return this.#values.subarray(0, this.length);
  }
}

/** The indices of a column in ascending order of its values; of equal ones in their own order. */
export function ascending(column: Column): Uint32Array {
  const values = column.values();
  const order = new Uint32Array(values.length);
  let sorted = true;
  for (let i = 0; i < order.length; i++) {
    order[i] = i;
    if (i > 0 && (values[i] as number) < (values[i - 1] as number)) sorted = false;
  }
  return sorted ? order : order.sort((a, b) => (values[a] as number) - (values[b] as number) || a - b);
}

/** Runs in any order, overlapping or not, that become few. */
export class RunColumns {
  readonly #from = new Column();
  readonly #count = new Column();

  push(from: number, count: number): void {
    if (count === 0) return;
    this.#from.push(from);
    this.#count.push(count);
  }

  /** Ascending, apart from one another. */
  merged(): Run[] {
    const runs: { from: number; count: number }[] = [];
    for (const index of ascending(this.#from)) {
      const from = this.#from.at(index);
      const end = from + this.#count.at(index);
      const last = runs.at(-1);
      if (last !== undefined && from <= last.from + last.count) {
        last.count = Math.max(last.count, end - last.from);
      } else {
        runs.push({ from, count: end - from });
      }
    }
    return runs;
  }
}
