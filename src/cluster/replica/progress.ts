/**
 * How far portions are written that are written side by side. What must hold: `written` has all before it, so it is
 * never behind a portion of which something is still under way.
 */
import type { ChainPosition } from '../records/link.js';

/** A portion that was begun. */
export interface Begun {
  readonly position: ChainPosition;
  /** Of its parts, those that are under way. */
  left: number;
}

export class Progress {
  #written: ChainPosition;
  readonly #begun: Begun[] = [];
  #onIdle: (() => void)[] = [];
  #isStopped = false;

  constructor(written: ChainPosition) {
    this.#written = written;
  }

  get written(): ChainPosition {
    return this.#written;
  }

  /** Nothing is under way. */
  get isIdle(): boolean {
    return this.#begun.length === 0;
  }

  /** A portion with so many parts; none: it is written when all before it are. */
  begin(position: ChainPosition, parts: number): Begun {
    const begun = { position, left: parts };
    this.#begun.push(begun);
    this.#advance();
    return begun;
  }

  /** A part of it is written. */
  finish(begun: Begun): void {
    begun.left -= 1;
    this.#advance();
  }

  /** Resolves when nothing is under way, or nobody waits for it any more; null: it is so. */
  idle(): Promise<void> | null {
    return this.isIdle || this.#isStopped ? null : new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** What is under way may never be written: nobody waits for it any more. */
  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  #advance(): void {
    let written = 0;
    for (const { position, left } of this.#begun) {
      if (left > 0) break;
      this.#written = position;
      written += 1;
    }
    this.#begun.splice(0, written);
    if (this.isIdle) this.#wake();
  }

  #wake(): void {
    const waiting = this.#onIdle;
    this.#onIdle = [];
    for (const resolve of waiting) resolve();
  }
}
