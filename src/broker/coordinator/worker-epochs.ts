/**
 * How far each worker is with the changes that are posted to it. What must hold: a worker counts as being at an epoch
 * only after it has said so; nobody waits for one that has never said anything, as it may not run yet.
 */

export class WorkerEpochs {
  /** What each worker has reached; undefined until it has told. */
  readonly #reached: (number | undefined)[];
  /** Of the changes posted last; null: none were. */
  #posted: number | null = null;
  /** Those who wait for all workers, in the order of their epochs. */
  readonly #waiting: { readonly epoch: number; readonly resolve: () => void }[] = [];
  #isOver = false;

  constructor(workers: number) {
    this.#reached = new Array<number | undefined>(workers).fill(undefined);
  }

  posted(epoch: number): void {
    this.#posted = epoch;
  }

  applied(worker: number, epoch: number): void {
    this.#reached[worker] = epoch;
    for (let first = this.#waiting[0]; first !== undefined && !this.#anyBehind(first.epoch); first = this.#waiting[0]) {
      this.#waiting.shift();
      first.resolve();
    }
  }

  /** Whether every worker has said that it has reached an epoch. */
  allReached(epoch: number): boolean {
    return this.#reached.every((reached) => reached !== undefined && isAtOrAfter(reached, epoch));
  }

  /** Resolves when no worker that runs is behind what is posted now; null: none is. */
  caughtUp(): Promise<void> | null {
    const epoch = this.#posted;
    if (this.#isOver || epoch === null || !this.#anyBehind(epoch)) return null;
    return new Promise((resolve) => this.#waiting.push({ epoch, resolve }));
  }

  /** Workers end, and nobody is to wait for them any more. */
  close(): void {
    this.#isOver = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  #anyBehind(epoch: number): boolean {
    return this.#reached.some((reached) => reached !== undefined && !isAtOrAfter(reached, epoch));
  }
}

/** Epochs are 32-bit words in shared memory, which start anew after the last. */
function isAtOrAfter(epoch: number, earlier: number): boolean {
  return ((epoch - earlier) | 0) >= 0;
}
