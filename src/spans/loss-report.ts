/** Tells the operator of spans that were lost, all of a minute together: where they are lost, many are. */
import type { SpanCounts } from './span-counts.js';

const PERIOD_MS = 60_000;

export class LossReport {
  readonly #counts: Pick<SpanCounts, 'lost'>;
  readonly #report: (line: string) => void;
  readonly #timer: NodeJS.Timeout;
  #told = 0;

  constructor(counts: Pick<SpanCounts, 'lost'>, report: (line: string) => void) {
    this.#counts = counts;
    this.#report = report;
    this.#timer = setInterval(() => this.#tell(), PERIOD_MS).unref();
  }

  /** Tells what is left to tell. */
  end(): void {
    clearInterval(this.#timer);
    this.#tell();
  }

  #tell(): void {
    const { lost } = this.#counts;
    if (lost > this.#told) this.#report(`${lost - this.#told} spans of messages are lost`);
    this.#told = lost;
  }
}
