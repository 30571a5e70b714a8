/**
 * A stream between two ends that cuts what goes through it, both ways, into pieces of all sizes: single octets, parts
 * of frames, many frames at once.
 */
import { Duplex } from 'node:stream';

/** Numbers from 0 to below 1, the same for a seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    // Marsaglia's xorshift of 32 bits.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

export class Fragments extends Duplex {
  readonly #stream: Duplex;
  readonly #random: () => number;

  constructor(stream: Duplex, random: () => number) {
    super({ allowHalfOpen: false });
    this.#stream = stream;
    this.#random = random;
    stream.on('data', (chunk: Buffer) => {
      let goesOn = true;
      for (const piece of this.#pieces(chunk)) goesOn = this.push(piece);
      if (!goesOn) stream.pause();
    });
    stream.on('end', () => this.push(null));
    stream.on('error', (error) => this.destroy(error));
    stream.on('close', () => this.destroy());
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const pieces = [...this.#pieces(chunk)];
    const last = pieces.pop() ?? chunk;
    for (const piece of pieces) this.#stream.write(piece);
    this.#stream.write(last, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stream.destroy();
    done(error);
  }

  *#pieces(chunk: Buffer): Generator<Buffer> {
    for (let offset = 0; offset < chunk.length; ) {
      const length = this.#length();
      yield chunk.subarray(offset, offset + length);
      offset += length;
    }
  }

  /** Mostly so few octets that frames are cut, now and then many. */
  #length(): number {
    const kind = this.#random();
    const most = kind < 0.3 ? 8 : kind < 0.9 ? 4_096 : 200_000;
    return 1 + Math.floor(this.#random() * most);
  }
}
