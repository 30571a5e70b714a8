/**
 * Moves a clock that is a test's, in the broker thread, and has all threads do what is due then. What must hold: moves
 * are made one after the other; one is over when nothing is due any more by the new time, in any thread.
 */
import { Counter, type Engine } from '../../engine/engine.js';
import type { ManualClock } from '../../platform/manual-clock.js';

export class TestTime {
  readonly #clock: ManualClock | null;
  readonly #engine: Pick<Engine, 'counted'>;
  readonly #settle: () => Promise<boolean>;
  #last: Promise<void> = Promise.resolve();

  /** `settle` has all workers do what is due, and resolves with whether nothing was. */
  constructor(clock: ManualClock | null, engine: Pick<Engine, 'counted'>, settle: () => Promise<boolean>) {
    this.#clock = clock;
    this.#engine = engine;
    this.#settle = settle;
  }

  advance(milliseconds: number): Promise<void> {
    const clock = this.#clock;
    if (clock === null) throw new Error('the clock of this broker is not moved by anybody');
    this.#last = this.#last.then(() => this.#advance(clock, milliseconds));
    return this.#last;
  }

  async #advance(clock: ManualClock, milliseconds: number): Promise<void> {
    // What has come by now has come at the time before.
    await this.#settle();
    clock.set(clock.now() + milliseconds);
    for (let isQuiet = false; !isQuiet; ) {
      const died = this.#died;
      const hadTimers = clock.runDue();
      // A dead letter may be due again where it comes to.
      isQuiet = (await this.#settle()) && !hadTimers && this.#died === died;
    }
  }

  get #died(): number {
    return this.#engine.counted(Counter.DIED_EXPIRED);
  }
}
