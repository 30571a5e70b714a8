/**
 * How much a scan may do: what comes in one read may be worth millions of enqueues, and other connections wait
 * meanwhile. Work is counted in enqueues, or what takes about as long.
 */
import { GUARDED_WORK } from '../../../numbers/core.js';

export class Work {
  /** All that was done so far; 32 bits, it wraps. */
  #done = 0;
  /** What of it the scan has done, and may do. */
  #ofScan = 0;
  #most = Number.POSITIVE_INFINITY;

  get done(): number {
    return this.#done;
  }

  begin(most: number): void {
    this.#ofScan = 0;
    this.#most = most;
  }

  count(work: number): void {
    this.#ofScan += work;
    this.#done = (this.#done + work) >>> 0;
  }

  countGuarded(queues: number): void {
    this.count(queues * GUARDED_WORK);
  }

  /** Whether the scan has done its part. */
  get isDone(): boolean {
    return this.#ofScan >= this.#most;
  }
}
