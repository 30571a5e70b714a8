/** Trying again what did not go well, until it does or the broker ends. */

import { isMistake } from '../../platform/fatal.js';

/** When a file that failed is tried again (ms). */
export const FAILED_MS = 1_000;

export class Retries {
  readonly #onTrouble: (error: Error) => void;
  #stopped = false;

  /** `onTrouble` is told of each that failed. */
  constructor(onTrouble: (error: Error) => void) {
    this.#onTrouble = onTrouble;
  }

  /** The broker ends. */
  get stopped(): boolean {
    return this.#stopped;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Tries until it goes well. Null: the broker ends. */
  async persist<T>(attempt: () => Promise<T>): Promise<T | null> {
    while (!this.#stopped) {
      try {
        return await attempt();
      } catch (error) {
        if (isMistake(error)) throw error;
        this.trouble(error);
        await this.pause(FAILED_MS);
      }
    }
    return null;
  }

  trouble(error: unknown): void {
    this.#onTrouble(error as Error);
  }

  pause(delay: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#stopped ? 0 : delay));
  }
}
