/** A first-in-first-out list on a ring, which allocates only when it grows. Private to a participant. */
export class Fifo<T> {
  #ring: (T | undefined)[] = new Array(16);
  #first = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#first + this.#length) & (this.#ring.length - 1)] = item;
    this.#length++;
  }

  /** The first, which stays. */
  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#ring[this.#first];
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#ring[this.#first];
    this.#ring[this.#first] = undefined;
    this.#first = (this.#first + 1) & (this.#ring.length - 1);
    this.#length--;
    return item;
  }

  #grow(): void {
    const ring: (T | undefined)[] = new Array(this.#ring.length * 2);
    for (let i = 0; i < this.#length; i++) ring[i] = this.#ring[(this.#first + i) & (this.#ring.length - 1)];
    this.#ring = ring;
    this.#first = 0;
  }
}
