/**
 * Lets messages expire whose time is over while nobody looks at their queues: a timer that runs only while this worker
 * has queues with such messages. What must hold: sweeping takes a small share of the worker's time, however many queues
 * there are.
 */
import type { Engine } from '../engine/engine.js';

/** Where a sweep has not done all that is due (ms). */
const MORE_MS = 1;

/** Time between two sweeps, at least, in times that the last one took. */
const REST = 10;

export class Sweeper {
  readonly #engine: Engine;
  readonly #begin: () => void;
  readonly #run = (): void => this.#sweep();
  #timer: NodeJS.Timeout | null = null;
  /** What the timer waits for beyond what it must (ms). */
  #patience = 0;

  /** `begin` makes a pass of the event loop follow. */
  constructor(engine: Engine, begin: () => void) {
    this.#engine = engine;
    this.#begin = begin;
  }

  /** To be called once a pass: queues may have come whose messages expire, or messages that expire soon. */
  attend(): void {
    if (this.#timer === null) {
      if (this.#engine.expiringQueues() > 0) this.#wait(this.#engine.sweepPause());
    } else if (this.#patience > 0 && this.#engine.sweepPause() < this.#patience) {
      clearTimeout(this.#timer);
      this.#wait(this.#engine.sweepPause());
    }
  }

  /** Lets some of what has expired by now die. True: there may be more. */
  sweepNow(): boolean {
    return this.#engine.sweep();
  }

  stop(): void {
    clearTimeout(this.#timer ?? undefined);
  }

  #sweep(): void {
    this.#begin();
    const start = performance.now();
    const more = this.#engine.sweep();
    const rest = (performance.now() - start) * REST;
    this.#timer = null;
    if (this.#engine.expiringQueues() === 0) return;
    const pause = more ? MORE_MS : this.#engine.sweepPause();
    this.#wait(Math.max(pause, rest));
    // A long sweep's rest is not cut short.
    this.#patience = pause > rest ? pause : 0;
  }

  #wait(pause: number): void {
    this.#patience = pause;
    this.#timer = setTimeout(this.#run, pause);
  }
}
