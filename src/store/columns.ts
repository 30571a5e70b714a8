/**
 * Numbers by the million: growing columns of doubles, and their order, for recovery, where an object for each message would fill the memory.
 */

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

  set(index: number, value: number): void {
    this.#values[index] = value;
  }

  /** The values so far; not to be kept while the column grows. */
  values(): Float64Array {
    return this.#values.subarray(0, this.length);
  }
}

/**
 * The indices of a column in ascending order of its values; of equal ones in their own order. What comes from logs ascends in long stretches,
 * which are merged.
 */
export function ascending(column: Column): Uint32Array {
  const values = column.values();
  let order = new Uint32Array(values.length);
  /** Where each stretch ends. */
  let ends: number[] = [];
  for (let i = 0; i < order.length; i++) {
    order[i] = i;
    if (i > 0 && (values[i] as number) < (values[i - 1] as number)) ends.push(i);
  }
  ends.push(order.length);
  let other = ends.length > 1 ? new Uint32Array(order.length) : order;
  while (ends.length > 1) {
    const merged: number[] = [];
    for (let i = 0, from = 0; i < ends.length; i += 2) {
      const middle = ends[i] as number;
      const end = ends[i + 1] ?? middle;
      merge(values, order, other, from, middle, end);
      merged.push(end);
      from = end;
    }
    ends = merged;
    [order, other] = [other, order];
  }
  return order;
}

function merge(
  values: Float64Array,
  order: Uint32Array,
  into: Uint32Array,
  from: number,
  middle: number,
  end: number,
): void {
  let left = from;
  let right = middle;
  for (let at = from; at < end; at++) {
    const takesLeft =
      right >= end ||
      (left < middle && (values[order[left] as number] as number) <= (values[order[right] as number] as number));
    into[at] = order[takesLeft ? left++ : right++] as number;
  }
}
