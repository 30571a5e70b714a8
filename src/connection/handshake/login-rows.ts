/**
 * The rows in which logins of one user from one address wait, in memory that all workers share, so that connections
 * spread over them wait in one row. Each row is a word: whose it is (a part of a hash), how many have tried, and when the
 * next is due. What must hold: it does not grow; where two have one place, the later takes it, so that nobody waits for
 * another.
 *
 *   │ whose 15 bits │ count 7 bits │ due 42 bits (ms since 1970) │
 */

export const ROWS = 1 << 16;
const COUNT_MOST = 127;
const TIME = 1n << 42n;
const WHOSE_SHIFT = 49n;

export interface Row {
  /** That have tried and have not been right. */
  readonly count: number;
  /** When the next one is due (ms). */
  readonly nextAt: number;
}

export class LoginRows {
  readonly #words: BigUint64Array;
  readonly #hash: (text: string) => Buffer;

  /** `words`: as many as `ROWS`, all 0 at first; `hash`: at least 4 octets, with a key that nobody outside has. */
  constructor(words: BigUint64Array, hash: (text: string) => Buffer) {
    this.#words = words;
    this.#hash = hash;
  }

  /** Null: nobody has tried of late, as far as is known. */
  get(key: string): Row | null {
    const { place, whose } = this.#placeOf(key);
    return read(Atomics.load(this.#words, place), whose);
  }

  /** Changes a row as `next` says, which may be asked again when another worker was faster; null leaves it as it is. */
  change(key: string, next: (row: Row | null) => Row | null): void {
    const { place, whose } = this.#placeOf(key);
    for (;;) {
      const before = Atomics.load(this.#words, place);
      const row = next(read(before, whose));
      if (row === null || Atomics.compareExchange(this.#words, place, before, written(row, whose)) === before) return;
    }
  }

  /** Nobody of the row has tried. */
  clear(key: string): void {
    const { place, whose } = this.#placeOf(key);
    const before = Atomics.load(this.#words, place);
    // Who has been faster has tried after that.
    if (read(before, whose) !== null) Atomics.compareExchange(this.#words, place, before, 0n);
  }

  #placeOf(key: string): { readonly place: number; readonly whose: bigint } {
    const hash = this.#hash(key);
    // 0 is a place that nobody has.
    return { place: hash.readUInt16LE(0), whose: BigInt((hash.readUInt16LE(2) >> 1) | 1) };
  }
}

function read(word: bigint, whose: bigint): Row | null {
  if (word >> WHOSE_SHIFT !== whose) return null;
  return { count: Number((word / TIME) % BigInt(COUNT_MOST + 1)), nextAt: Number(word % TIME) };
}

function written({ count, nextAt }: Row, whose: bigint): bigint {
  const counted = BigInt(Math.min(count, COUNT_MOST));
  return (whose << WHOSE_SHIFT) | (counted * TIME) | BigInt(Math.floor(nextAt));
}
