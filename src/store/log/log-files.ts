/**
 * The log files of all writers, as the broker thread knows them from what these tell. A file goes when nothing in it
 * counts; one that holds little is copied forward. What must hold: what a writer tells comes in order, so a file that
 * is known to be closed holds nothing that was not heard.
 */
import { FILE_HEAD, fileName } from '../../log/record-format.js';

export interface LogFileState {
  readonly name: string;
  readonly writerNumber: number;
  readonly number: number;
  /** What ranges of positions call it. */
  readonly index: number;
  /** Octets up to the end of what was written; those of messages. */
  octets: number;
  messageOctets: number;
  /** Places in queues that its messages took, and those that still hold one. */
  places: number;
  live: number;
  /** Queues of which it records something as done; those of which it has a checkpoint. */
  readonly settled: Set<number>;
  readonly checkpoints: Set<number>;
  closed: boolean;
  /** When that was heard, by `LogFiles.moment`; 0: it was closed before. */
  closedAt: number;
  /** It is not to be written anew. */
  failed: boolean;
  /** Reads that are under way; it must not go before they end. */
  readers: number;
  onUnread: (() => void) | null;
}

/** Octets of messages that somebody holds, as far as that can be told from their number. */
export function liveOctets(state: LogFileState): number {
  return state.places === 0 ? 0 : (state.messageOctets * state.live) / state.places;
}

export class LogFiles {
  readonly states = new Map<string, LogFileState>();
  readonly #byIndex = new Map<number, LogFileState>();
  #next = 0;
  #moments = 0;

  /** Tells what came before what. */
  moment(): number {
    this.#moments += 1;
    return this.#moments;
  }

  /** The file with a number, new or known. */
  file(writerNumber: number, number: number): LogFileState {
    const name = fileName(writerNumber, number);
    const known = this.states.get(name);
    if (known !== undefined) return known;
    const state: LogFileState = {
      name,
      writerNumber,
      number,
      index: this.#next++,
      octets: FILE_HEAD,
      messageOctets: 0,
      places: 0,
      live: 0,
      settled: new Set(),
      checkpoints: new Set(),
      closed: false,
      closedAt: 0,
      failed: false,
      readers: 0,
      onUnread: null,
    };
    this.states.set(name, state);
    this.#byIndex.set(state.index, state);
    return state;
  }

  at(index: number): LogFileState {
    const state = this.#byIndex.get(index);
    if (state === undefined) throw new Error(`log file ${index} is gone`);
    return state;
  }

  forget(state: LogFileState): void {
    this.states.delete(state.name);
    this.#byIndex.delete(state.index);
  }

  /** Keeps a file from going while something is done with it. */
  async reading<T>(state: LogFileState, use: () => Promise<T>): Promise<T> {
    state.readers += 1;
    try {
      return await use();
    } finally {
      state.readers -= 1;
      if (state.readers === 0) state.onUnread?.();
    }
  }

  /** Resolves when nobody reads it. */
  async unread(state: LogFileState): Promise<void> {
    while (state.readers > 0) {
      await new Promise<void>((resolve) => {
        state.onUnread = resolve;
      });
      state.onUnread = null;
    }
  }
}
