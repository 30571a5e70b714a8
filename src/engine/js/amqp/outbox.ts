/**
 * The boxes that carry what a connection has to send: one that is being filled, and those that the socket is writing.
 * What must hold: a box is taken when there is something to put in, and is free again once the socket has its bytes.
 */
import { BOX } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';

export class Outbox {
  readonly #memory: Memory;
  #box = 0;
  #used = 0;
  readonly #inFlight: number[] = [];

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** Bytes that still fit; 0 also when there is no box to be had. */
  room(): number {
    if (this.#box === 0) this.#box = this.#memory.takeBox();
    return this.#box === 0 ? 0 : BOX - this.#used;
  }

  /** Address of the first byte that is free; after `room`. */
  get end(): number {
    return this.#box + this.#used;
  }

  /** Bytes were written from `end` on. */
  advanceTo(address: number): void {
    this.#used = address - this.#box;
  }

  get filled(): number {
    return this.#used;
  }

  get writing(): boolean {
    return this.#inFlight.length > 0;
  }

  /** The box being filled is handed to the socket. */
  launch(): { box: number; length: number } {
    const launched = { box: this.#box, length: this.#used };
    this.#inFlight.push(this.#box);
    this.#box = 0;
    this.#used = 0;
    return launched;
  }

  landed(box: number): void {
    const index = this.#inFlight.indexOf(box);
    if (index < 0) throw new Error('a box was written that is not in flight');
    this.#inFlight.splice(index, 1);
    this.#memory.freeBox(box);
  }

  /** An empty box is given back when nothing came to fill it. */
  releaseEmpty(): void {
    if (this.#box === 0 || this.#used > 0) return;
    this.#memory.freeBox(this.#box);
    this.#box = 0;
  }

  close(): void {
    for (const box of this.#inFlight) this.#memory.freeBox(box);
    this.#inFlight.length = 0;
    if (this.#box !== 0) this.#memory.freeBox(this.#box);
    this.#box = 0;
    this.#used = 0;
  }
}
