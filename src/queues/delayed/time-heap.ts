/**
 * Things in the order of their times; those of the same time in the order in which they came. A binary heap.
 */
interface Item<T> {
  readonly time: number;
  /** In the order of coming. */
  readonly number: number;
  readonly thing: T;
}

export class TimeHeap<T> {
  #items: Item<T>[] = [];
  #pushed = 0;

  get size(): number {
    return this.#items.length;
  }

  /** Infinity when there is nothing. */
  get firstTime(): number {
    return this.#items[0]?.time ?? Number.POSITIVE_INFINITY;
  }

  get first(): T | undefined {
    return this.#items[0]?.thing;
  }

  push(time: number, thing: T): void {
    const item = { time, number: this.#pushed++, thing };
    let at = this.#items.length;
    this.#items.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = this.#items[above];
      if (other === undefined || !isBefore(item, other)) break;
      this.#items[at] = other;
      at = above;
    }
    this.#items[at] = item;
  }

  /** Takes the first one out. */
  shift(): T | undefined {
    const [first] = this.#items;
    const last = this.#items.pop();
    if (last !== undefined && this.#items.length > 0) this.#sink(last);
    return first?.thing;
  }

  /** Takes up to `count` out, in no order; what is left stays in order. */
  takeSome(count: number): T[] {
    return this.#items.splice(-count).map(({ thing }) => thing);
  }

  /** Puts an item in the place of the first one, and below all that come before it. */
  #sink(item: Item<T>): void {
    const items = this.#items;
    let at = 0;
    for (;;) {
      const left = items[2 * at + 1];
      const right = items[2 * at + 2];
      if (left === undefined) break;
      const isRight = right !== undefined && isBefore(right, left);
      const lesser = isRight ? right : left;
      if (!isBefore(lesser, item)) break;
      items[at] = lesser;
      at = 2 * at + (isRight ? 2 : 1);
    }
    items[at] = item;
  }
}

function isBefore<T>(one: Item<T>, other: Item<T>): boolean {
  return one.time < other.time || (one.time === other.time && one.number < other.number);
}
