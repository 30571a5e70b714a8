/**
 * This folder is what exchanges and queues remember of messages, in memory that all workers share; the topology may
 * import it, and so may all who route messages.
 *
 * The last messages of an exchange, shared by all workers: a ring of octets in a shared buffer, behind a lock. When
 * there are too many, or there is no room for one more, the oldest are forgotten; one that is longer than the whole
 * ring is not remembered. What must hold: whoever reads sees whole messages, from the oldest to the newest.
 *
 *   words │ lock │ most messages │ messages │ where the oldest begins │ octets in use │ - - - │ ring …
 *   message │ lengths of key, header and body (three words) │ key │ header │ body
 *
 * A message begins at any octet, and goes on at the ring's start where it meets its end. Words are written and read by
 * whoever holds the lock. The buffer is made by the coordinator and freed when nobody knows the exchange any more.
 */
const LOCK = 0;
const MOST = 1;
const COUNT = 2;
const OLDEST = 3;
const USED = 4;
const HEAD_BYTES = 32;

const LENGTHS_BYTES = 12;

/** What a history has room for: so much for each message, and at least so much in all. */
const ROOM_EACH = 32 * 1024;
const ROOM_LEAST = 256 * 1024;

/** The longest history; few memories have room for it. */
const MOST_MESSAGES = 65_536;

/** Tries before a worker that finds the lock taken rests, and for how long (ms). */
const SPINS = 1_000;
const REST_MS = 1;

/** A message as it is to be sent again. */
export interface Remembered {
  /** Exchange and routing key as two short strings. */
  readonly key: Uint8Array;
  /** The payload of its content header. */
  readonly header: Uint8Array;
  readonly body: Uint8Array;
}

/** What a history of so many messages takes; null: it is longer than any may be. */
export function historyBytes(most: number): number | null {
  return most > MOST_MESSAGES ? null : HEAD_BYTES + Math.max(most * ROOM_EACH, ROOM_LEAST);
}

export class History {
  readonly #words: Int32Array;
  readonly #ring: Uint8Array;

  /** `buffer` is as new, or another worker's history already; `most` messages are remembered. */
  constructor(buffer: SharedArrayBuffer, most: number) {
    this.#words = new Int32Array(buffer, 0, HEAD_BYTES / 4);
    this.#ring = new Uint8Array(buffer, HEAD_BYTES);
    this.#words[MOST] = most;
  }

  add({ key, header, body }: Remembered): void {
    const length = LENGTHS_BYTES + key.length + header.length + body.length;
    if (length > this.#ring.length) return;
    this.#locked(() => {
      while (this.#at(COUNT) === this.#at(MOST) || this.#at(USED) + length > this.#ring.length) this.#forgetOldest();
      let at = this.#at(OLDEST) + this.#at(USED);
      const lengths = new Uint32Array([key.length, header.length, body.length]);
      for (const part of [new Uint8Array(lengths.buffer), key, header, body]) at = this.#write(at, part);
      this.#words[USED] = this.#at(USED) + length;
      this.#words[COUNT] = this.#at(COUNT) + 1;
    });
  }

  /** All that is remembered. */
  messages(): Remembered[] {
    return this.#locked(() => {
      let at = this.#at(OLDEST);
      const take = (length: number): Uint8Array => {
        const part = this.#read(at, length);
        at += length;
        return part;
      };
      return Array.from({ length: this.#at(COUNT) }, () => {
        const [key = 0, header = 0, body = 0] = new Uint32Array(take(LENGTHS_BYTES).buffer);
        return { key: take(key), header: take(header), body: take(body) };
      });
    });
  }

  #forgetOldest(): void {
    const at = this.#at(OLDEST);
    const [key = 0, header = 0, body = 0] = new Uint32Array(this.#read(at, LENGTHS_BYTES).buffer);
    const length = LENGTHS_BYTES + key + header + body;
    this.#words[OLDEST] = (at + length) % this.#ring.length;
    this.#words[USED] = this.#at(USED) - length;
    this.#words[COUNT] = this.#at(COUNT) - 1;
  }

  /** Returns where the next octet goes. */
  #write(at: number, part: Uint8Array): number {
    const from = at % this.#ring.length;
    const whole = Math.min(part.length, this.#ring.length - from);
    this.#ring.set(part.subarray(0, whole), from);
    this.#ring.set(part.subarray(whole), 0);
    return at + part.length;
  }

  #read(at: number, length: number): Uint8Array {
    const from = at % this.#ring.length;
    const whole = Math.min(length, this.#ring.length - from);
    const part = new Uint8Array(length);
    part.set(this.#ring.subarray(from, from + whole));
    part.set(this.#ring.subarray(0, length - whole), whole);
    return part;
  }

  #locked<T>(work: () => T): T {
    // Pairs with the store below: whoever gets the lock sees all that its last holder wrote.
    for (let tries = 1; Atomics.compareExchange(this.#words, LOCK, 0, 1) !== 0; tries++) {
      if (tries % SPINS === 0) Atomics.wait(this.#words, LOCK, 1, REST_MS);
    }
    try {
      return work();
    } finally {
      Atomics.store(this.#words, LOCK, 0);
    }
  }

  #at(word: number): number {
    return this.#words[word] ?? 0;
  }
}
