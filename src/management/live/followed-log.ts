/**
 * The operator's log as it comes, for those who watch it. What must hold: the broker's thread tells of it only while
 * somebody does.
 */
import type { LogEntry } from '../../logging/logger.js';

export type LogListener = (entry: LogEntry) => void;

export class FollowedLog {
  readonly #listeners = new Set<LogListener>();
  readonly #ask: (isFollowed: boolean) => void;

  /** `ask` has the broker's thread begin, or cease, to tell. */
  constructor(ask: (isFollowed: boolean) => void) {
    this.#ask = ask;
  }

  /** Returns what ends it. */
  follow(listener: LogListener): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#ask(true);
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#ask(false);
    };
  }

  take(entries: readonly LogEntry[]): void {
    for (const listener of this.#listeners) for (const entry of entries) listener(entry);
  }
}
