/** What is being measured, while it is: one line that changes on a terminal, else a line for each step. */

export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const CLEAR_LINE = '\r\x1b[K';

export class Progress {
  readonly #output: Output;
  readonly #begin = performance.now();
  #expected = 0;
  #done = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  /** So many more steps will come. */
  expect(steps: number): void {
    this.#expected += steps;
  }

  /** A step begins. */
  step(what: string): void {
    const counted = `[${String(this.#done).padStart(String(this.#expected).length)}/${this.#expected}]`;
    const line = `${counted} ${this.#left()}${what}`;
    this.#output.write(this.#output.isTTY === true ? `${CLEAR_LINE}${line}` : `${line}\n`);
    this.#done++;
  }

  /** All steps are over. */
  end(): void {
    if (this.#output.isTTY === true) this.#output.write(CLEAR_LINE);
  }

  /** How long it will take, as far as steps take as long as those before. */
  #left(): string {
    if (this.#done === 0) return '';
    const elapsed = performance.now() - this.#begin;
    const seconds = Math.ceil(((elapsed / this.#done) * (this.#expected - this.#done)) / 1000);
    return `${seconds} s to go: `;
  }
}
