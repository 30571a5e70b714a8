/**
 * Two rings of octets between two threads, one for each way, in one piece of shared memory. What must hold: each ring
 * has one writer and one reader; a writer never overtakes its reader, so that whoever does not read holds up the other
 * side, as a socket does, and nobody else.
 *
 *   line 0, 1 │ written  octets written into ring 0, and 1, modulo 2^32  │ owner: the writer of that ring
 *   line 2, 3 │ read     octets read from ring 0, and 1, modulo 2^32     │ owner: its reader
 *   line 4, 5 │ closed   whether side 0, and 1, writes nothing more: 1;  │ owner: that side
 *             │          has left: 2                                     │
 *   line 6, 7 │ wants    what side 0, and 1, wants to be woken for       │ set by that side, taken back by who wakes it
 *   line 8, 9 │ bell     how often side 0, and 1, was woken              │ added to by who has taken `wants` back
 *   then ring 0, and ring 1
 *
 * Side 0 writes ring 0 and reads ring 1; side 1 the other way round.
 */

/** Octets of a ring: a power of two. Longer than a frame, so that each frame fits. */
const SIZE = 256 * 1024;
const LINE_WORDS = 16;
const WRITTEN = 0;
const READ = 2 * LINE_WORDS;
const CLOSED = 4 * LINE_WORDS;
const WANTS = 6 * LINE_WORDS;
const BELL = 8 * LINE_WORDS;
/** Values of `closed`. */
const WRITES_NOTHING = 1;
const LEFT = 2;
const HEAD_WORDS = 10 * LINE_WORDS;
const HEAD = HEAD_WORDS * Int32Array.BYTES_PER_ELEMENT;

/** What a side that sleeps is woken for, as bits: octets, or their end, and room. That the other leaves wakes it anyway. */
export const Want = { NOTHING: 0, OCTETS: 1, ROOM: 2 } as const;
const SLEEPS = 4;

export type Side = 0 | 1;

export function createRingPair(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEAD + 2 * SIZE);
}

/**
 * Makes a pair usable again that both sides have left, and its owner that of the octets. False: one of them has not. The
 * bells go on counting: whoever left last may still be ringing, which wakes somebody who then finds nothing.
 */
export function renewRingPair(shared: SharedArrayBuffer): boolean {
  const words = new Int32Array(shared, 0, HEAD_WORDS);
  const sides = [0, LINE_WORDS];
  // Pairs with the store in `leave`, behind the last use that a side makes of the octets and their counts.
  if (sides.some((side) => Atomics.load(words, CLOSED + side) !== LEFT)) return false;
  for (const line of [WRITTEN, READ, CLOSED, WANTS]) for (const side of sides) Atomics.store(words, line + side, 0);
  return true;
}

/** One side's end of both rings. */
export class RingEnd {
  readonly #words: Int32Array;
  readonly #out: Uint8Array;
  readonly #in: Uint8Array;
  /** Words of this side and of the other, in their lines. */
  readonly #own: number;
  readonly #other: number;
  /** What this side alone changes, so that it need not be loaded. */
  #written = 0;
  #read = 0;
  /** Rings of the bell that were answered. */
  #heard: number;
  #isClosed = false;
  #hasLeft = false;

  constructor(shared: SharedArrayBuffer, side: Side) {
    const other = side === 0 ? 1 : 0;
    this.#words = new Int32Array(shared, 0, HEAD_WORDS);
    this.#out = new Uint8Array(shared, HEAD + side * SIZE, SIZE);
    this.#in = new Uint8Array(shared, HEAD + other * SIZE, SIZE);
    this.#own = side * LINE_WORDS;
    this.#other = other * LINE_WORDS;
    this.#heard = Atomics.load(this.#words, BELL + this.#own);
  }

  /** Octets that can be written now. */
  get room(): number {
    // Pairs with the store in `readInto`: what the reader counts as read it has copied out.
    return SIZE - ((this.#written - Atomics.load(this.#words, READ + this.#own)) >>> 0);
  }

  /** Octets that can be read now. */
  get readable(): number {
    // Pairs with the store in `write`: what counts as written is there.
    return Math.min(SIZE, (Atomics.load(this.#words, WRITTEN + this.#other) - this.#read) >>> 0);
  }

  /** Whether the other side writes nothing more; what it wrote before can still be read. */
  get isOtherClosed(): boolean {
    return Atomics.load(this.#words, CLOSED + this.#other) !== 0;
  }

  /** Writes as much as there is room for; returns how much that is. When this side has left all of it is dropped. */
  write(bytes: Uint8Array): number {
    if (this.#hasLeft) return bytes.length;
    const length = Math.min(bytes.length, this.room);
    if (length === 0) return 0;
    const at = (this.#written >>> 0) % SIZE;
    const first = Math.min(length, SIZE - at);
    this.#out.set(first === bytes.length ? bytes : bytes.subarray(0, first), at);
    if (first < length) this.#out.set(bytes.subarray(first, length), 0);
    this.#written = (this.#written + length) | 0;
    // Pairs with the load in `readable`: a plain store could be seen before the octets.
    Atomics.store(this.#words, WRITTEN + this.#own, this.#written);
    this.#wakeFor(Want.OCTETS);
    return length;
  }

  /** Reads as much as there is and `target` takes; returns how much that is. */
  readInto(target: Uint8Array): number {
    const length = Math.min(target.length, this.readable);
    if (length === 0 || this.#hasLeft) return 0;
    const at = (this.#read >>> 0) % SIZE;
    const first = Math.min(length, SIZE - at);
    target.set(this.#in.subarray(at, at + first));
    if (first < length) target.set(this.#in.subarray(0, length - first), first);
    this.#read = (this.#read + length) | 0;
    // Pairs with the load in `room`: the writer must not write over what is still being copied.
    Atomics.store(this.#words, READ + this.#other, this.#read);
    this.#wakeFor(Want.ROOM);
    return length;
  }

  /**
   * Says what to be woken for. False: some of it is there already. The other side looks at this after it has changed
   * something, and this side looks at what has changed after it has said so: one of the two sees the other, in
   * whatever order they come, since all of these are atomic.
   */
  want(wants: number): boolean {
    Atomics.store(this.#words, WANTS + this.#own, wants | SLEEPS);
    const isThere =
      ((wants & Want.OCTETS) !== 0 && (this.readable > 0 || this.isOtherClosed)) ||
      ((wants & Want.ROOM) !== 0 && this.room > 0);
    if (isThere) Atomics.store(this.#words, WANTS + this.#own, 0);
    return !isThere;
  }

  /** Resolves when the other side has woken this one. */
  async woken(): Promise<void> {
    // Pairs with the add and notify in `#wake`: a ring since the last answer makes the wait end at once.
    const wait = Atomics.waitAsync(this.#words, BELL + this.#own, this.#heard);
    if (wait.async) await wait.value;
    this.#heard = Atomics.load(this.#words, BELL + this.#own);
  }

  /** Writes nothing more. Wakes both sides, so that no wait is left. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#setClosed(WRITES_NOTHING);
  }

  /** Neither writes nor reads any more. */
  leave(): void {
    if (this.#hasLeft) return;
    this.#isClosed = true;
    this.#hasLeft = true;
    this.#setClosed(LEFT);
  }

  #setClosed(value: number): void {
    // Pairs with the load in `isOtherClosed`; comes behind what was written.
    Atomics.store(this.#words, CLOSED + this.#own, value);
    this.#wake(this.#other);
    this.#wake(this.#own);
  }

  #wakeFor(what: number): void {
    if ((Atomics.load(this.#words, WANTS + this.#other) & what) !== 0) this.#wake(this.#other);
  }

  /** One ring for each sleep: whoever takes what is wanted back rings. */
  #wake(side: number): void {
    if (Atomics.exchange(this.#words, WANTS + side, 0) === 0) return;
    Atomics.add(this.#words, BELL + side, 1);
    Atomics.notify(this.#words, BELL + side);
  }
}
