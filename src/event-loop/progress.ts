/**
 * What each worker is doing, in shared memory: so the broker thread can tell a worker that is stuck from one that has
 * nothing to do, and say where it is stuck (watch.ts). A line of words for each worker:
 *
 *   0 │ steps: raised whenever the worker turns to something else
 *   1 │ what it is doing, one of `Doing`
 *   2 │ the connection for which, 0: for none
 *   3 │ sockets that it has taken over
 *
 * Written by the worker, a few plain stores for each event and none for a message; read by the broker thread,
 * atomically. Nothing is ordered by these words: whoever is stuck has written them long before they are read.
 */
import type { ConnectionId } from '../broker/requests/requests.js';

const STEPS = 0;
const DOING = 1;
const CONNECTION = 2;
const TAKEN = 3;
/** Words of a worker: a line of the cache. */
const LINE = 16;

export const Doing = {
  NOTHING: 0,
  READING: 1,
  GOING_ON: 2,
  SERVING: 3,
  WRITING: 4,
  SWEEPING: 5,
  DELAYS: 6,
  DEAD_LETTERS: 7,
  LOG: 8,
  /** The thread itself waits for the disk: that is no defect. */
  DISK: 9,
  ACCEPTING: 10,
  ANSWER: 11,
  NOTICE: 12,
  CHANGES: 13,
  TICK: 14,
  CLOSING: 15,
} as const;
export type Doing = (typeof Doing)[keyof typeof Doing];

/** As the end of a sentence on the worker. */
const TEXTS: Readonly<Record<Doing, string>> = {
  [Doing.NOTHING]: 'was between two passes of its event loop',
  [Doing.READING]: 'was handling what came in',
  [Doing.GOING_ON]: 'was handling what had been put off',
  [Doing.SERVING]: 'was serving consumers',
  [Doing.WRITING]: 'was sending',
  [Doing.SWEEPING]: 'was letting messages expire',
  [Doing.DELAYS]: 'was sending delayed messages on',
  [Doing.DEAD_LETTERS]: 'was sending dead letters on',
  [Doing.LOG]: 'was gathering what goes to the log',
  [Doing.DISK]: 'was waiting for the disk',
  [Doing.ACCEPTING]: 'was taking a socket over',
  [Doing.ANSWER]: 'was handling an answer of the coordinator',
  [Doing.NOTICE]: 'was handling a notice of the coordinator',
  [Doing.CHANGES]: 'was applying changes of the topology',
  [Doing.TICK]: 'was looking at what time has done',
  [Doing.CLOSING]: 'was closing its connections',
};

export function createProgress(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(workers * LINE * Int32Array.BYTES_PER_ELEMENT);
}

/** A worker's side. */
export class Progress {
  readonly #words: Int32Array;

  /** Of the worker `index` among those that share the words. */
  constructor(shared: SharedArrayBuffer, index: number) {
    this.#words = wordsOf(shared, index);
  }

  /** Nobody watches. */
  static unwatched(): Progress {
    return new Progress(createProgress(1), 0);
  }

  /** The worker turns to something. */
  turnTo(doing: Doing, connection: ConnectionId = 0): void {
    const words = this.#words;
    words[DOING] = doing;
    words[CONNECTION] = connection;
    words[STEPS] = ((words[STEPS] ?? 0) + 1) | 0;
  }

  /** A socket is this worker's now. */
  countTaken(): void {
    this.#words[TAKEN] = ((this.#words[TAKEN] ?? 0) + 1) | 0;
  }
}

/** What the broker thread sees of a worker. */
export class ProgressView {
  readonly #words: Int32Array;

  constructor(shared: SharedArrayBuffer, index: number) {
    this.#words = wordsOf(shared, index);
  }

  get steps(): number {
    return Atomics.load(this.#words, STEPS);
  }

  get taken(): number {
    return Atomics.load(this.#words, TAKEN);
  }

  get waitsForDisk(): boolean {
    return Atomics.load(this.#words, DOING) === Doing.DISK;
  }

  get connection(): ConnectionId {
    return Atomics.load(this.#words, CONNECTION);
  }

  /** What the worker was doing, in words. */
  get text(): string {
    return TEXTS[Atomics.load(this.#words, DOING) as Doing];
  }
}

function wordsOf(shared: SharedArrayBuffer, index: number): Int32Array {
  return new Int32Array(shared, index * LINE * Int32Array.BYTES_PER_ELEMENT, LINE);
}
