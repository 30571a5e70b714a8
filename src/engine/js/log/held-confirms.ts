/**
 * A channel's confirms that wait for the log. What must hold: publishes are confirmed in order, so those behind one
 * that waits wait, too.
 */
import { Fifo } from '../memory/fifo.js';

interface Wait {
  /** Number of the first publish that is in this batch. */
  readonly publish: number;
  readonly batch: number;
}

/** What the log knows of a channel that waits for it. */
export interface Confirming {
  /** Publishes that were handled so far. */
  readonly handled: number;
  readonly held: HeldConfirms;
}

export class HeldConfirms {
  readonly #waits = new Fifo<Wait>();
  #lastBatch = 0;

  /** The publish is confirmed once the batch is done. */
  add(publish: number, batch: number): void {
    if (batch === this.#lastBatch) return;
    this.#lastBatch = batch;
    this.#waits.push({ publish, batch });
  }

  /** The last of `handled` publishes that need not wait. */
  upTo(handled: number): number {
    const first = this.#waits.peek();
    return first === undefined ? handled : first.publish - 1;
  }

  /** A batch is done, and all before it. */
  release(batch: number): void {
    for (let first = this.#waits.peek(); first !== undefined && first.batch <= batch; first = this.#waits.peek()) {
      this.#waits.shift();
    }
  }
}
