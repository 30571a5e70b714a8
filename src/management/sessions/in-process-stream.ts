/**
 * Two ends of a stream within this thread: what is written to the one comes out of the other. What must hold: a writer
 * is told that its chunk is taken only when the reader at the other end wants more, so that nothing piles up between.
 */
import { Duplex } from 'node:stream';

/** The client's end, and the broker's. */
export function streamPair(): readonly [Duplex, Duplex] {
  const one = new End();
  const other = new End();
  one.other = other;
  other.other = one;
  return [one, other];
}

class End extends Duplex {
  other: End | null = null;
  /** Tells the other end that its chunk is taken. */
  #taken: (() => void) | null = null;

  override _read(): void {
    const taken = this.#taken;
    this.#taken = null;
    taken?.();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    // The memory behind a chunk of the core is used again once it is taken.
    this.other?.bring(Buffer.from(chunk), done);
  }

  override _final(done: () => void): void {
    this.other?.bring(null, done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { other } = this;
    if (other !== null && !other.destroyed) setImmediate(() => other.destroy());
    this._read();
    done(error);
  }

  bring(chunk: Buffer | null, done: () => void): void {
    if (this.destroyed) {
      done();
      return;
    }
    if (this.push(chunk) || chunk === null) done();
    else this.#taken = done;
  }
}
