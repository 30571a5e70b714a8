/**
 * Long work in turns of the event loop, as long as each may be: other requests are answered between, and whoever watches
 * the thread sees it take steps. What must hold: work of which nobody wants the outcome any more ends at the next turn.
 */
import { setImmediate } from 'node:timers/promises';

/** How long one goes on before others have their turn (ms). */
const TURN_MS = 1;

/** Ends work whose outcome nobody waits for. */
export class Abandoned extends Error {}

export class Turns {
  readonly #isWanted: () => boolean;
  #ends = performance.now() + TURN_MS;

  constructor(isWanted = () => true) {
    this.#isWanted = isWanted;
  }

  /** Whether others are to have their turn: `next` is to be awaited. */
  get isOver(): boolean {
    return performance.now() >= this.#ends;
  }

  /** Resolves in a turn of our own again. Rejects with `Abandoned`. */
  async next(): Promise<void> {
    await setImmediate();
    if (!this.#isWanted()) throw new Abandoned();
    this.#ends = performance.now() + TURN_MS;
  }
}
