/**
 * How many spans wait, went out and were lost, where all threads of a broker see it. What must hold: whoever makes a
 * span asks for its place first, so that no more wait than `WAITING_MAX`, on ports and in the exporter together, but
 * for those that several threads take at the same moment.
 *
 * Layout │ 0 waiting u64 │ 8 exported u64 │ 16 lost u64
 * Owner: the broker thread makes it, for as long as the broker lives. Workers and the exporter add to it; the
 * management reads it.
 */

/** Spans that wait for a receiver: some megabytes. */
const WAITING_MAX = 10_000;
const WAITING = 0;
const EXPORTED = 1;
const LOST = 2;
const OCTETS = 3 * BigUint64Array.BYTES_PER_ELEMENT;

export class SpanCounts {
  readonly #counts: BigUint64Array;

  constructor(readonly shared = new SharedArrayBuffer(OCTETS)) {
    this.#counts = new BigUint64Array(shared);
  }

  /**
   * Takes the place of a span that is made. False: there is none, and the span is counted as lost. Pairs with the
   * subtraction in `#leave`: without atomic additions, two threads that add at once would count one of both, and places
   * would be lost, or taken twice, for ever. Nothing else is published by it: spans go by ports.
   */
  enter(): boolean {
    if (Atomics.load(this.#counts, WAITING) >= WAITING_MAX) {
      Atomics.add(this.#counts, LOST, 1n);
      return false;
    }
    Atomics.add(this.#counts, WAITING, 1n);
    return true;
  }

  /** Spans that waited have reached a receiver. */
  export(count: number): void {
    this.#leave(EXPORTED, count);
  }

  /** Spans that waited reach nobody any more. */
  lose(count: number): void {
    this.#leave(LOST, count);
  }

  #leave(to: number, count: number): void {
    Atomics.add(this.#counts, to, BigInt(count));
    Atomics.sub(this.#counts, WAITING, BigInt(count));
  }

  get waiting(): number {
    return Number(Atomics.load(this.#counts, WAITING));
  }

  get exported(): number {
    return Number(Atomics.load(this.#counts, EXPORTED));
  }

  get lost(): number {
    return Number(Atomics.load(this.#counts, LOST));
  }
}
