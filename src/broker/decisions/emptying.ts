/**
 * Queues that are emptied: purged, or deleted and about to be freed. A long one is emptied a portion at a time, and the
 * broker thread does other work in between; one that holds little is done with at once. What must hold: a queue is
 * freed when nobody empties it any more.
 */
import type { Engine, Queue } from '../../engine/engine.js';

/** Messages that are dropped in one go: about a millisecond. */
const PORTION = 4_096;
/** Queues that are freed in one go. */
const QUEUES = 256;

export class Emptying {
  readonly #core: Pick<Engine, 'readyCount' | 'purge' | 'isDrained' | 'freeQueue'>;
  /** How many purges of a queue are under way. */
  readonly #purges = new Map<Queue, number>();
  /** Those who wait to go on. */
  readonly #waiting: (() => void)[] = [];
  readonly #next = (): void => {
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(this.#next);
  };

  constructor(core: Pick<Engine, 'readyCount' | 'purge' | 'isDrained' | 'freeQueue'>) {
    this.#core = core;
  }

  /** Drops as many messages as are ready now; how many there were, at once if they are few. */
  purge(queue: Queue): number | Promise<number> {
    const ready = this.#core.readyCount(queue);
    const dropped = this.#core.purge(queue, Math.min(ready, PORTION));
    return dropped >= ready || this.#isOver(queue, dropped) ? dropped : this.#purgeRest(queue, dropped, ready);
  }

  async #purgeRest(queue: Queue, begun: number, ready: number): Promise<number> {
    let dropped = begun;
    this.#count(queue, 1);
    while (dropped < ready) {
      await this.#pause();
      const more = this.#core.purge(queue, Math.min(ready - dropped, PORTION));
      if (this.#isOver(queue, more)) break;
      dropped += more;
    }
    this.#count(queue, -1);
    return dropped;
  }

  /** Whether a purge that has found so many finds no more, but what is published after it. */
  #isOver(queue: Queue, found: number): boolean {
    return found === 0 && this.#core.isDrained(queue);
  }

  /** Empties retired queues and frees them. */
  async free(queues: readonly Queue[]): Promise<void> {
    for (const [i, queue] of queues.entries()) {
      if (i % QUEUES === QUEUES - 1) await this.#pause();
      while (this.#core.purge(queue, PORTION) >= PORTION || this.#purges.has(queue)) await this.#pause();
      // It drops what is left.
      this.#core.freeQueue(queue);
    }
  }

  #count(queue: Queue, change: number): void {
    const purges = (this.#purges.get(queue) ?? 0) + change;
    if (purges === 0) this.#purges.delete(queue);
    else this.#purges.set(queue, purges);
  }

  /** One after the other, with other work in between. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) setImmediate(this.#next);
    });
  }
}
