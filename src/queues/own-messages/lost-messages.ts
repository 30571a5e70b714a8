/** Messages of the broker's own that are lost: the operator is told of all together, a moment after the first. */

import { LOG_EXCHANGE } from '../../broker/requests/names.js';

const LATER_MS = 1_000;

export class LostMessages {
  readonly #report: (line: string) => void;
  /** How many, by exchange. */
  readonly #lost = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;

  constructor(report: (line: string) => void) {
    this.#report = report;
  }

  add(exchange: string): void {
    // A line of the log about lines of the log could be lost as these were, for ever.
    if (exchange === LOG_EXCHANGE) return;
    this.#lost.set(exchange, (this.#lost.get(exchange) ?? 0) + 1);
    this.#timer ??= setTimeout(() => this.#tell(), LATER_MS);
  }

  /** Nobody is told any more. */
  stop(): void {
    clearTimeout(this.#timer ?? undefined);
  }

  #tell(): void {
    this.#timer = null;
    for (const [exchange, count] of this.#lost)
      this.#report(`${count} messages for '${exchange}' found no memory and are lost`);
    this.#lost.clear();
  }
}
