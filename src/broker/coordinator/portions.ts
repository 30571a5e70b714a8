/**
 * Work of the coordinator that can be long, in portions: after so many steps others have their turn, and see what has
 * been done so far, as RabbitMQ's users would. What must hold: short work is done at once; what a portion has changed
 * goes out before anybody else is heard; work that is long goes on when others want nothing or have had their turn, and
 * never fails.
 */

/** Steps of one portion: a step deletes a queue, or does something as long. */
const PORTION = 256;

/** Work that stops for a moment after each step. */
export type Steps = Iterator<void, void>;

export class Portions {
  readonly #after: () => void;
  /** What is under way, in the order of its beginning. */
  readonly #running = new Set<Promise<void>>();

  /** `after` is called when a portion is done that is not the first. */
  constructor(after: () => void) {
    this.#after = after;
  }

  /**
   * Does the first portion. Null: that was all; else resolves when the rest is done. `isVoid`: whether nobody wants it
   * any more.
   */
  run(steps: Steps, isVoid: () => boolean = () => false): Promise<void> | null {
    if (isDoneAfter(steps, PORTION)) return null;
    const rest = new Promise<void>((resolve) => {
      const goOn = (): void => {
        const isDone = isVoid() || isDoneAfter(steps, PORTION);
        this.#after();
        if (!isDone) setImmediate(goOn);
        else {
          this.#running.delete(rest);
          resolve();
        }
      };
      setImmediate(goOn);
    });
    this.#running.add(rest);
    return rest;
  }

  /** Resolves when all is done that is under way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}

function isDoneAfter(steps: Steps, most: number): boolean {
  for (let step = 0; step < most; step++) if (steps.next().done) return true;
  return false;
}
