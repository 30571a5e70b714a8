/**
 * Work of the coordinator that can be long, in portions: after so many steps others have their turn, and see what has
 * been done so far, as RabbitMQ's users would. What must hold: short work is done at once; what a portion has changed
 * goes out before anybody else is heard; one portion is done at a time, whoever else has long work; the next one begins
 * when every worker has applied what the last one changed, so that none finds many of them and applies all in one go;
 * work that is long never fails.
 */
import { fatal } from '../../platform/fatal.js';

/** Steps of one portion: a step deletes a queue, or does something as long. Together about two milliseconds. */
const PORTION = 64;

/** Work that stops for a moment after each step. */
export type Steps = Iterator<void, void>;

interface Work {
  readonly steps: Steps;
  readonly isVoid: () => boolean;
  readonly done: () => void;
}

export class Portions {
  readonly #after: () => void;
  readonly #caughtUp: () => Promise<void> | null;
  /** What is under way, in the order of its beginning. */
  readonly #running = new Set<Promise<void>>();
  /** The same, in the order of its turns. */
  readonly #line: Work[] = [];
  #isGoing = false;

  /**
   * `after` is called when a portion is done that is not the first; `caughtUp` resolves when every worker has applied
   * what is changed so far, null: all have.
   */
  constructor(after: () => void, caughtUp: () => Promise<void> | null) {
    this.#after = after;
    this.#caughtUp = caughtUp;
  }

  /**
   * Does the first portion. Null: that was all; else resolves when the rest is done. `isVoid`: whether nobody wants it
   * any more.
   */
  run(steps: Steps, isVoid: () => boolean = () => false): Promise<void> | null {
    if (isDoneAfter(steps, PORTION)) return null;
    const rest = new Promise<void>((resolve) => {
      const done = (): void => {
        this.#running.delete(rest);
        resolve();
      };
      this.#line.push({ steps, isVoid, done });
    });
    this.#running.add(rest);
    if (!this.#isGoing) this.#goOn().catch(fatal);
    return rest;
  }

  /** Resolves when all is done that is under way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #goOn(): Promise<void> {
    this.#isGoing = true;
    for (let work = this.#line.shift(); work !== undefined; work = this.#line.shift()) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.#caughtUp();
      const isDone = work.isVoid() || isDoneAfter(work.steps, PORTION);
      this.#after();
      if (isDone) work.done();
      else this.#line.push(work);
    }
    this.#isGoing = false;
  }
}

function isDoneAfter(steps: Steps, most: number): boolean {
  for (let step = 0; step < most; step++) if (steps.next().done) return true;
  return false;
}
