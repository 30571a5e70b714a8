/**
 * The memory by which workers know why publishers are held back, and the management what there is of the disk. Written
 * by the broker thread alone: nothing else is ordered by it.
 *
 *   0 │ the disk alarm (i32) │ the memory alarm (i32) │ free octets of the disk (i64) │ octets that must be free (i64)
 */

const OCTETS = 24;
const DISK = 0;
const MEMORY = 1;
const FREE = 1;
const LEAST = 2;

/** The space where messages are kept (octets). */
export interface DiskSpace {
  readonly free: number;
  /** As much must be free. */
  readonly least: number;
}

export class SharedAlarms {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #octets: BigInt64Array;

  constructor(shared = new SharedArrayBuffer(OCTETS)) {
    this.shared = shared;
    this.#words = new Int32Array(shared);
    this.#octets = new BigInt64Array(shared);
  }

  /** Publishers are blocked because of the disk. */
  get isLowOnDisk(): boolean {
    return Atomics.load(this.#words, DISK) === 1;
  }

  /** Returns whether that is new. Workers see it before their publishers are stopped. */
  setLowOnDisk(isLow: boolean): boolean {
    const word = isLow ? 1 : 0;
    return Atomics.exchange(this.#words, DISK, word) !== word;
  }

  /** Publishers have waited for memory for a while. */
  get isShortOfMemory(): boolean {
    return Atomics.load(this.#words, MEMORY) === 1;
  }

  setShortOfMemory(isShort: boolean): void {
    Atomics.store(this.#words, MEMORY, isShort ? 1 : 0);
  }

  /** Null: nobody looks at it, or it is not known yet. */
  get disk(): DiskSpace | null {
    const least = Number(Atomics.load(this.#octets, LEAST));
    return least === 0 ? null : { free: Number(Atomics.load(this.#octets, FREE)), least };
  }

  setDisk({ free, least }: DiskSpace): void {
    Atomics.store(this.#octets, FREE, BigInt(Math.floor(free)));
    Atomics.store(this.#octets, LEAST, BigInt(Math.max(1, Math.ceil(least))));
  }
}
