/** A participant's sweep over the queues in its list: a message that nobody asks for must die all the same. */
import { SWEEP_MOST, SWEEP_QUEUE_MOST } from '../../../numbers/core.js';
import type { Queues } from './queues.js';

/** Lets what has expired die, at the heads of the queues in our list, in bounded portions. */
export class Sweep {
  readonly #queues: Queues;
  /** How far the last one came that could not go round: the next begins there. */
  #from = 0;

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  /** True when there is more to do at once. */
  run(): boolean {
    const { sweeps } = this.#queues;
    if (sweeps.count() === 0) return false;
    sweeps.begin();
    const queues = sweeps.queues();
    let left = SWEEP_MOST;
    let more = false;
    for (let i = 0; i < queues.length; i++) {
      const at = (this.#from + i) % queues.length;
      const max = Math.min(SWEEP_QUEUE_MOST, left);
      const died = this.#queues.sweep(queues[at] ?? 0, max);
      if (died === max) more = true;
      left -= died;
      if (left > 0) continue;
      this.#from = at;
      return true;
    }
    this.#from = 0;
    return more;
  }
}
