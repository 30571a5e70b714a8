/**
 * Work that many clients may make at once and that takes long for each: a few pieces of it are done in each turn of the
 * event loop, in the order in which they came, so that what other connections bring is attended to in between. What
 * must hold: what waits when it is cleared is never done.
 */
export class PacedWork<T> {
  readonly #aTurn: number;
  readonly #work: (item: T) => void;
  #waiting: T[] = [];
  /** The first of these that is not done. */
  #next = 0;
  #timer: NodeJS.Immediate | null = null;

  constructor(aTurn: number, work: (item: T) => void) {
    this.#aTurn = aTurn;
    this.#work = work;
  }

  add(item: T): void {
    this.#waiting.push(item);
    this.#timer ??= setImmediate(() => this.#turn());
  }

  /** Forgets what waits, and returns it. */
  clear(): readonly T[] {
    const left = this.#waiting.slice(this.#next);
    this.#forgetAll();
    if (this.#timer !== null) clearImmediate(this.#timer);
    this.#timer = null;
    return left;
  }

  #turn(): void {
    const items = this.#waiting.slice(this.#next, this.#next + this.#aTurn);
    this.#next += items.length;
    const isMore = this.#next < this.#waiting.length;
    if (!isMore) this.#forgetAll();
    this.#timer = isMore ? setImmediate(() => this.#turn()) : null;
    for (const item of items) this.#work(item);
  }

  #forgetAll(): void {
    this.#waiting = [];
    this.#next = 0;
  }
}
