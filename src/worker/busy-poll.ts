/**
 * Staying awake for a moment after a confirm: a client that waits for each of them sends its next message at once, and
 * waking a thread (on a virtual machine: a CPU that has stopped) takes a third of the time in between. The worker looks
 * for the message, and CPUs without work are kept awake for the client's thread. What must hold: a worker stays awake
 * only where the last client came back in time, so that slow ones cost nothing, and only while no other worker confirms
 * anything: with two of them awake, clients would lack the CPUs; and CPUs may sleep again soon after the last such
 * confirm.
 */
import { availableParallelism } from 'node:os';

/** How soon a client comes back that is waited for (ms). */
const SOON_MS = 0.15;
/**
 * For so long after a confirm for which the worker stayed awake, idle CPUs stay awake too (ms): asking for it costs
 * more than a message.
 */
const HELD_MS = 1000;

/** Shared by all workers that have a log; each writes it and reads it: the writer that gave the last confirm. */
export function createBusyPoll(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

export interface BusyPollOptions {
  /** CPUs that this process may use. */
  readonly cpus?: number;
  readonly clock?: () => number;
  /** Calls back when sockets have been looked at once, without sleeping. */
  readonly look?: (then: () => void) => void;
  /** Keeps those awake that have nothing to do (cpu-latency.ts). */
  readonly idle?: { hold(): void; release(): void };
  /** Calls back after some time (ms), if the process still lives. */
  readonly later?: (then: () => void, milliseconds: number) => void;
}

const LEFT_ALONE = { hold: () => undefined, release: () => undefined };

export class BusyPoll {
  readonly #last: Int32Array;
  readonly #writerNumber: number;
  readonly #mustSleep: boolean;
  readonly #clock: () => number;
  readonly #look: (then: () => void) => void;
  readonly #idle: { hold(): void; release(): void };
  readonly #later: (then: () => void, milliseconds: number) => void;
  /** When the last confirm of this writer was given, and until when the thread stays awake (ms). */
  #confirmed = Number.NEGATIVE_INFINITY;
  #until = 0;
  #isAwake = false;
  #isHeld = false;
  #heldUntil = 0;

  constructor(shared: SharedArrayBuffer, writerNumber: number, options: BusyPollOptions = {}) {
    const { cpus = availableParallelism(), clock = () => performance.now(), look = setImmediate } = options;
    const { idle = LEFT_ALONE, later = (then, milliseconds) => setTimeout(then, milliseconds).unref() } = options;
    this.#last = new Int32Array(shared);
    this.#writerNumber = writerNumber;
    this.#mustSleep = cpus === 1;
    this.#clock = clock;
    this.#look = look;
    this.#idle = idle;
    this.#later = later;
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
    // Pairs with the same of other writers, and with the load in `#again`: one that saw an old value would stay awake
    // beside another for a moment, no more.
    const isAlone = Atomics.exchange(this.#last, 0, this.#writerNumber) === this.#writerNumber;
    if (!isSoon || !isAlone || this.#mustSleep) return;
    this.#until = now + SOON_MS;
    this.#holdIdle(now);
    if (this.#isAwake) return;
    this.#isAwake = true;
    this.#look(this.#again);
  }

  readonly #again = (): void => {
    // Pairs with the exchange in `confirm`.
    const isAlone = Atomics.load(this.#last, 0) === this.#writerNumber;
    if (isAlone && this.#clock() < this.#until) this.#look(this.#again);
    else this.#isAwake = false;
  };

  #holdIdle(now: number): void {
    this.#heldUntil = now + HELD_MS;
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#idle.hold();
    this.#later(this.#releaseIdle, HELD_MS);
  }

  readonly #releaseIdle = (): void => {
    const left = this.#heldUntil - this.#clock();
    if (left > 0) return this.#later(this.#releaseIdle, left);
    this.#isHeld = false;
    this.#idle.release();
  };
}
