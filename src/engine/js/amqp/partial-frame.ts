/** The beginning of a frame whose rest has not come yet. Private to a worker; bounded by the connection's frame-max. */

const EMPTY = new Uint8Array(0);
const FIRST_SIZE = 256;

export class PartialFrame {
  #bytes = EMPTY;
  length = 0;

  /** What is kept, without a copy. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  append(source: Uint8Array, from: number, count: number): void {
    const length = this.length + count;
    if (length > this.#bytes.length) this.#grow(length);
    this.#bytes.set(source.subarray(from, from + count), this.length);
    this.length = length;
  }

  clear(): void {
    this.length = 0;
    // Most frames that are cut are small; the room of a large one is not kept for every connection.
    if (this.#bytes.length > FIRST_SIZE) this.#bytes = EMPTY;
  }

  #grow(length: number): void {
    let size = Math.max(FIRST_SIZE, this.#bytes.length);
    while (size < length) size *= 2;
    const bytes = new Uint8Array(size);
    bytes.set(this.#bytes.subarray(0, this.length));
    this.#bytes = bytes;
  }
}
