/**
 * Numbers by the million: growing columns, and their order, for recovery, where an object for each message would fill
 * the memory. There may be a few for each of very many queues, so they begin small.
 */

const FIRST = 4;

export class Column {
  length = 0;
  #values: Ordered;

  readonly #unit: number;

  /** Of doubles, or of words: these take half as much, and are multiples of `unit` below 2^32 times it. */
  constructor(kind: 'double' | 'word' = 'double', unit = 1) {
    this.#unit = unit;
    this.#values = kind === 'double' ? new Float64Array(FIRST) : new Uint32Array(FIRST);
  }

  push(value: number): void {
    if (this.length === this.#values.length) this.#widen();
    this.#values[this.length++] = value / this.#unit;
  }

  #widen(): void {
    const { length } = this.#values;
    const wider = this.#values instanceof Float64Array ? new Float64Array(length * 2) : new Uint32Array(length * 2);
    wider.set(this.#values);
    this.#values = wider;
  }

  at(index: number): number {
    return (this.#values[index] as number) * this.#unit;
  }

  set(index: number, value: number): void {
    this.#values[index] = value / this.#unit;
  }

  /** The values so far, in units; not to be kept while the column grows. */
  values(): Ordered {
    return this.#values.subarray(0, this.length);
  }
}

type Ordered = Float64Array | Uint32Array;

/** Whether values ascend as they stand; equal ones do. */
export function isAscending(values: Ordered): boolean {
  for (let i = 1; i < values.length; i++) if ((values[i] as number) < (values[i - 1] as number)) return false;
  return true;
}

/**
 * The indices of values in ascending order of them; of equal ones in their own order. What comes from logs ascends in
 * long stretches, which are merged.
 */
export function ascending(values: Ordered): Uint32Array {
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
  values: Ordered,
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
