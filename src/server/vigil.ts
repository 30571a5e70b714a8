/**
 * Staying awake for a moment after a confirm: a client that waits for each of them sends its next message at once, and waking a thread (on a virtual machine:
 * a CPU that has stopped) takes a third of the time in between. What must hold: a worker stays awake only where the last client came back in time, so that
 * slow ones cost nothing, and only while no other worker confirms anything: with two of them awake, clients would lack the CPUs.
 */
import { availableParallelism } from 'node:os';

/** How soon a client comes back that is waited for (ms). */
const SOON_MS = 0.15;

/** Shared by all workers that have a log; each writes it and reads it: the lane that gave the last confirm. */
export function createVigil(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

export interface VigilOptions {
  /** CPUs that this process may use. */
  readonly cpus?: number;
  readonly clock?: () => number;
  /** Calls back when sockets have been looked at once, without sleeping. */
  readonly look?: (then: () => void) => void;
}

export class Vigil {
  readonly #last: Int32Array;
  readonly #lane: number;
  readonly #mustSleep: boolean;
  readonly #clock: () => number;
  readonly #look: (then: () => void) => void;
  /** When the last confirm of this lane was given, and until when the thread stays awake (ms). */
  #confirmed = Number.NEGATIVE_INFINITY;
  #until = 0;
  #isAwake = false;

  constructor(shared: SharedArrayBuffer, lane: number, options: VigilOptions = {}) {
    const { cpus = availableParallelism(), clock = () => performance.now(), look = setImmediate } = options;
    this.#last = new Int32Array(shared);
    this.#lane = lane;
    this.#mustSleep = cpus === 1;
    this.#clock = clock;
    this.#look = look;
  }

  /** Now, for `confirm` (ms). */
  now(): number {
    return this.#clock();
  }

  /** What had come at `came` (ms) is confirmed, and nobody else of this worker's waits. */
  confirm(came: number): void {
    const now = this.#clock();
    const isSoon = came - this.#confirmed <= SOON_MS;
    this.#confirmed = now;
    // Pairs with the same of other lanes, and with the load in `#again`: one that saw an old value would stay awake beside another for a moment, no more.
    const isAlone = Atomics.exchange(this.#last, 0, this.#lane) === this.#lane;
    if (!isSoon || !isAlone || this.#mustSleep) return;
    this.#until = now + SOON_MS;
    if (this.#isAwake) return;
    this.#isAwake = true;
    this.#look(this.#again);
  }

  readonly #again = (): void => {
    // Pairs with the exchange in `confirm`.
    const isAlone = Atomics.load(this.#last, 0) === this.#lane;
    if (isAlone && this.#clock() < this.#until) this.#look(this.#again);
    else this.#isAwake = false;
  };
}
