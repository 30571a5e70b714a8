/** Chance that can be had again: the same seed gives the same numbers (mulberry32). */
export class Random {
  #state;

  /** @param {number} seed */
  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** From 0, below 1. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `min` to `max`. @param {number} min @param {number} max */
  between(min, max) {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** @param {number} share how often it is true, 0 to 1 */
  chance(share) {
    return this.next() < share;
  }
}
