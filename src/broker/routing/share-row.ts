/**
 * Owners of shares in a row: each has some, those of a later owner stand behind those of an earlier one, and when an
 * owner goes the shares behind move up. Sums are kept as a Fenwick tree, so that no operation walks the row. What must
 * hold: `sums[i]` is the sum of the `lowBit(i)` weights that end with the i-th; who has gone weighs 0.
 */
export class ShareRow<K, V> {
  readonly #places = new Map<K, number>();
  /** From 1, as the tree counts; undefined where an owner has gone. */
  #owners: (V | undefined)[] = [undefined];
  #weights: number[] = [0];
  #sums: number[] = [0];
  #total = 0;

  /** How many shares there are. */
  get total(): number {
    return this.#total;
  }

  has(key: K): boolean {
    return this.#places.has(key);
  }

  /** Appends an owner that is not there yet. */
  add(key: K, owner: V, weight: number): void {
    const place = this.#owners.length;
    let sum = weight;
    for (let part = place - 1; part > place - lowBit(place); part -= lowBit(part)) sum += this.#sums[part] ?? 0;
    this.#places.set(key, place);
    this.#owners.push(owner);
    this.#weights.push(weight);
    this.#sums.push(sum);
    this.#total += weight;
  }

  /** Nothing happens when it is not there. */
  remove(key: K): void {
    const place = this.#places.get(key);
    if (place === undefined) return;
    const weight = this.#weights[place] ?? 0;
    for (let at = place; at < this.#sums.length; at += lowBit(at)) this.#sums[at] = (this.#sums[at] ?? 0) - weight;
    this.#places.delete(key);
    this.#owners[place] = undefined;
    this.#weights[place] = 0;
    this.#total -= weight;
    if (this.#owners.length > 2 * this.#places.size + 2) this.#closeUp();
  }

  /** The owner of a share, from 0; undefined when there are not so many. */
  ownerOf(share: number): V | undefined {
    if (share >= this.#total) return undefined;
    let place = 0;
    let left = share;
    for (let step = highBit(this.#sums.length - 1); step > 0; step >>= 1) {
      const sum = this.#sums[place + step];
      if (sum === undefined || sum > left) continue;
      place += step;
      left -= sum;
    }
    return this.#owners[place + 1];
  }

  /** Half of the places are empty: what is left moves together. Each removal has paid for its part of this. */
  #closeUp(): void {
    const left = [...this.#places].map(([key, place]) => ({
      key,
      owner: this.#owners[place] as V,
      weight: this.#weights[place] ?? 0,
    }));
    this.#places.clear();
    this.#owners = [undefined];
    this.#weights = [0];
    this.#sums = [0];
    this.#total = 0;
    for (const { key, owner, weight } of left) this.add(key, owner, weight);
  }
}

function lowBit(number: number): number {
  return number & -number;
}

function highBit(number: number): number {
  return number === 0 ? 0 : 2 ** (31 - Math.clz32(number));
}
