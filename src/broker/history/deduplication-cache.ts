/**
 * The keys seen last, shared by all workers: a hash table of fixed size in a shared buffer, behind a lock.
 * When it is full the key that came first is forgotten. Keys are kept as digests of 128 bits, which no two keys share
 * in practice. What must hold: of several workers that ask for one key at the same time, exactly one is told that it is
 * new.
 *
 *   words │ lock │ capacity │ used │ free │ oldest │ newest │ buckets │ - │ bucket heads … │ entries …
 *   entry │ digest (4 words) │ time of expiry (f64, ms) │ next in bucket │ older │ newer │ -
 *
 * Entries are numbered from 1; 0 is none.
 */
import { createHash } from 'node:crypto';

const LOCK = 0;
const CAPACITY = 1;
const USED = 2;
const FREE = 3;
const OLDEST = 4;
const NEWEST = 5;
const BUCKETS = 6;
const HEAD_WORDS = 8;

const ENTRY_WORDS = 10;
const EXPIRY = 4;
const NEXT = 6;
const OLDER = 7;
const NEWER = 8;

const DIGEST_WORDS = 4;
const WORD_BYTES = 4;

/** Tries before a worker that finds the lock taken rests, and for how long (ms). */
const SPINS = 1_000;
const REST_MS = 1;

export function newDeduplicationCache(capacity: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(deduplicationCacheBytes(capacity));
  const head = new Int32Array(buffer);
  head[CAPACITY] = capacity;
  head[BUCKETS] = bucketsFor(capacity);
  return buffer;
}

/** What a cache of so many keys takes. */
export function deduplicationCacheBytes(capacity: number): number {
  return (HEAD_WORDS + evenUp(bucketsFor(capacity)) + (capacity + 1) * ENTRY_WORDS) * WORD_BYTES;
}

function bucketsFor(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(capacity + 1));
}

export class DeduplicationCache {
  readonly #words: Int32Array;
  readonly #times: Float64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
    this.#times = new Float64Array(buffer);
  }

  /** Remembers a key until `expiry`; false when it is remembered already. Times are in ms. */
  remember(key: string, now: number, expiry: number): boolean {
    const digest = digestOf(key);
    this.#lock();
    try {
      const known = this.#find(digest);
      if (known !== 0 && this.#expiry(known) > now) return false;
      if (known !== 0) this.#forget(known);
      this.#add(digest, expiry);
      return true;
    } finally {
      Atomics.store(this.#words, LOCK, 0);
    }
  }

  /** A key may come again: what it stood for was not taken after all. */
  forget(key: string): void {
    const digest = digestOf(key);
    this.#lock();
    try {
      const known = this.#find(digest);
      if (known !== 0) this.#forget(known);
    } finally {
      Atomics.store(this.#words, LOCK, 0);
    }
  }

  #lock(): void {
    for (let tries = 1; Atomics.compareExchange(this.#words, LOCK, 0, 1) !== 0; tries++) {
      if (tries % SPINS === 0) Atomics.wait(this.#words, LOCK, 1, REST_MS);
    }
  }

  #find(digest: Int32Array): number {
    let entry = this.#at(this.#bucket(digest[0] ?? 0));
    while (entry !== 0 && !this.#holds(entry, digest)) entry = this.#at(this.#word(entry, NEXT));
    return entry;
  }

  #holds(entry: number, digest: Int32Array): boolean {
    const start = this.#word(entry, 0);
    return digest.every((word, index) => this.#at(start + index) === word);
  }

  #add(digest: Int32Array, expiry: number): void {
    const entry = this.#takeEntry();
    const words = this.#words;
    words.set(digest, this.#word(entry, 0));
    this.#times[this.#word(entry, EXPIRY) / 2] = expiry;
    const bucket = this.#bucket(digest[0] ?? 0);
    words[this.#word(entry, NEXT)] = this.#at(bucket);
    words[bucket] = entry;
    const newest = this.#at(NEWEST);
    words[this.#word(entry, OLDER)] = newest;
    words[this.#word(entry, NEWER)] = 0;
    words[newest === 0 ? OLDEST : this.#word(newest, NEWER)] = entry;
    words[NEWEST] = entry;
  }

  /** An entry that holds nothing: a free one, one never used, or that of the oldest key. */
  #takeEntry(): number {
    const words = this.#words;
    if (this.#at(FREE) === 0 && this.#at(USED) === this.#at(CAPACITY)) this.#forget(this.#at(OLDEST));
    const free = this.#at(FREE);
    if (free === 0) {
      words[USED] = this.#at(USED) + 1;
      return this.#at(USED);
    }
    words[FREE] = this.#at(this.#word(free, NEXT));
    return free;
  }

  #forget(entry: number): void {
    const words = this.#words;
    let link = this.#bucket(this.#at(this.#word(entry, 0)));
    while (this.#at(link) !== entry) link = this.#word(this.#at(link), NEXT);
    words[link] = this.#at(this.#word(entry, NEXT));
    const older = this.#at(this.#word(entry, OLDER));
    const newer = this.#at(this.#word(entry, NEWER));
    words[older === 0 ? OLDEST : this.#word(older, NEWER)] = newer;
    words[newer === 0 ? NEWEST : this.#word(newer, OLDER)] = older;
    words[this.#word(entry, NEXT)] = this.#at(FREE);
    words[FREE] = entry;
  }

  #expiry(entry: number): number {
    return this.#times[this.#word(entry, EXPIRY) / 2] ?? 0;
  }

  #bucket(hash: number): number {
    return HEAD_WORDS + (hash & (this.#at(BUCKETS) - 1));
  }

  /** Where a word of an entry lies. */
  #word(entry: number, offset: number): number {
    return HEAD_WORDS + evenUp(this.#at(BUCKETS)) + entry * ENTRY_WORDS + offset;
  }

  #at(word: number): number {
    return this.#words[word] ?? 0;
  }
}

function digestOf(key: string): Int32Array {
  const digest = createHash('sha256').update(key).digest();
  return Int32Array.from({ length: DIGEST_WORDS }, (_, index) => digest.readInt32LE(index * WORD_BYTES));
}

/** Times lie at even words. */
function evenUp(words: number): number {
  return words + (words % 2);
}
