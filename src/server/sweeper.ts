/**
 * Lets messages expire whose time is over while nobody looks at their queues: a timer that runs only while this worker has
 * queues with such messages. What must hold: sweeping takes a small share of the worker's time, however many queues there are.
 */
import type { Engine } from '../engine/engine.js';

/** How long between two sweeps (ms): how late a message may expire. */
const INTERVAL_MS = 10;

/** Where a sweep has not done all that is due (ms). */
const MORE_MS = 1;

/** Time between two sweeps, at least, in times that the last one took. */
const REST = 10;

export class Sweeper {
  readonly #engine: Engine;
  readonly #begin: () => void;
  readonly #run = (): void => this.#sweep();
  #timer: NodeJS.Timeout | null = null;

  /** `begin` makes a turn follow. */
  constructor(engine: Engine, begin: () => void) {
    this.#engine = engine;
    this.#begin = begin;
  }

  /** To be called once a turn: queues may have come whose messages expire. */
  attend(): void {
    if (this.#timer === null && this.#engine.expiringQueues() > 0) this.#timer = setTimeout(this.#run, INTERVAL_MS);
  }

  stop(): void {
    clearTimeout(this.#timer ?? undefined);
  }

  #sweep(): void {
    this.#begin();
    const start = performance.now();
    const more = this.#engine.sweep();
    const rest = (performance.now() - start) * REST;
    const wait = Math.max(more ? MORE_MS : INTERVAL_MS, rest);
    this.#timer = this.#engine.expiringQueues() > 0 ? setTimeout(this.#run, wait) : null;
  }
}
