/** Lines for the operator on what was left out, a few of each kind: a file may hold a hundred thousand of one. */

const MOST = 5;

export class Notes {
  readonly #kinds = new Map<string, { readonly lines: string[]; untold: number }>();

  /** `kind`: what the line is one of, in the plural. */
  add(kind: string, line: string): void {
    const known = this.#kinds.get(kind) ?? { lines: [], untold: 0 };
    this.#kinds.set(kind, known);
    if (known.lines.length < MOST) known.lines.push(line);
    else known.untold += 1;
  }

  get lines(): readonly string[] {
    return [...this.#kinds].flatMap(([kind, { lines, untold }]) =>
      untold === 0 ? lines : [...lines, `and ${untold} more ${kind}`],
    );
  }
}
