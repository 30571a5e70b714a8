/**
 * Records of places taken and done (ENQUEUE, ACK, CHECKPOINT) of one batch, until it is known whether it counts. While
 * the buffer stands in which they were read they are named by where they lie there; before it is used again they are
 * copied, those that lie behind one another at once.
 */
import { RECORD_HEAD, spanOf } from '../../log/record-format.js';
import type { Seen } from '../log/scan.js';

export type OnFact = (view: DataView, at: number, type: number, length: number) => void;

/** Goes through records that lie behind one another; `at` is where a payload begins. */
export function forEachFact(view: DataView, from: number, to: number, use: OnFact): void {
  for (let at = from; at < to; ) {
    const length = view.getUint32(at, true);
    use(view, at + RECORD_HEAD, view.getUint8(at + 4), length);
    at += spanOf(length);
  }
}

export class GatheredFacts {
  #memory: Seen['memory'] | null = null;
  /** Stretches of records in the buffer: where each begins and ends. */
  readonly #stretches: number[] = [];
  /** What was copied before. */
  #kept = new Uint8Array(0);
  #keptView = new DataView(this.#kept.buffer);
  #keptOctets = 0;

  add({ memory, at, span }: Seen): void {
    const from = at - RECORD_HEAD;
    this.#memory = memory;
    const last = this.#stretches.length - 1;
    if (last >= 0 && this.#stretches[last] === from) this.#stretches[last] = from + span;
    else this.#stretches.push(from, from + span);
  }

  /** The buffer is about to be used again. */
  keep(): void {
    const memory = this.#memory;
    if (memory === null) return;
    for (let i = 0; i < this.#stretches.length; i += 2) {
      const octets = memory.bytes.subarray(this.#stretches[i], this.#stretches[i + 1]);
      this.#makeRoom(octets.length);
      this.#kept.set(octets, this.#keptOctets);
      this.#keptOctets += octets.length;
    }
    this.#forgetBuffer();
  }

  /** Gives all of them, and has none then. */
  drain(use: OnFact): void {
    if (this.#keptOctets > 0) forEachFact(this.#keptView, 0, this.#keptOctets, use);
    this.#keptOctets = 0;
    const memory = this.#memory;
    if (memory === null) return;
    for (let i = 0; i < this.#stretches.length; i += 2) {
      forEachFact(memory.view, this.#stretches[i] as number, this.#stretches[i + 1] as number, use);
    }
    this.#forgetBuffer();
  }

  /** The same as octets that stay. */
  takeAll(): Uint8Array {
    this.keep();
    const all = this.#kept.slice(0, this.#keptOctets);
    this.#keptOctets = 0;
    return all;
  }

  #forgetBuffer(): void {
    this.#memory = null;
    this.#stretches.length = 0;
  }

  #makeRoom(octets: number): void {
    const needed = this.#keptOctets + octets;
    if (needed <= this.#kept.length) return;
    const wider = new Uint8Array(Math.max(needed, this.#kept.length * 2, 1 << 16));
    wider.set(this.#kept.subarray(0, this.#keptOctets));
    this.#kept = wider;
    this.#keptView = new DataView(wider.buffer);
  }
}
