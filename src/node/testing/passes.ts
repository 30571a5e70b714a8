/**
 * Tells when something may have changed: each change of a queue is made in a pass of some worker's event loop, and
 * workers tell of their passes while somebody waits. What must hold: a pass that ends after it was asked here is told;
 * one question is under way for each worker, however many wait.
 */
import { fatal } from '../../platform/fatal.js';
import type { WorkerPool } from '../workers/worker-pool.js';

export class Passes {
  readonly #pool: Pick<WorkerPool, 'testOne' | 'size'>;
  /** Passes of each worker that are known, and the question for the next one. */
  readonly #seen: number[] = [];
  readonly #asked = new Map<number, Promise<void>>();

  constructor(pool: Pick<WorkerPool, 'testOne' | 'size'>) {
    this.#pool = pool;
  }

  /** Resolves after the next pass of any worker. To be called before one looks. */
  next(): Promise<void> {
    for (let index = 0; index < this.#pool.size; index++)
      if (!this.#asked.has(index)) this.#asked.set(index, this.#ask(index));
    return Promise.race(this.#asked.values());
  }

  async #ask(index: number): Promise<void> {
    const asked = this.#pool.testOne(index, { op: 'passes', seen: this.#seen[index] ?? -1 });
    this.#seen[index] = (await asked.catch(fatal)) as number;
    this.#asked.delete(index);
  }
}
