/**
 * Waiting for events. Every wait names what it waits for, so that a test which hangs says why. What must hold: a wait ends
 * before its test does (vitest.config.ts), and no test takes what it sees first for what it will see in the end.
 */

/**
 * How long anything is waited for. Only a test that fails takes so long: where four files and their brokers share two
 * CPUs with others, what takes milliseconds may well take seconds.
 */
export const PATIENCE_MS = 40_000;

/** The same for waits of Vitest, which give up after a second otherwise. */
export const PATIENCE = { timeout: PATIENCE_MS, interval: 20 } as const;

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: Error): void;
}

/** A promise that is settled from outside. A rejection that nobody awaits is no error of its own. */
export function deferred<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => {});
  return { promise, resolve: (value) => settle?.resolve(value), reject: (reason) => settle?.reject(reason) };
}

/** The promise's outcome, or an error that names what did not come. `seen` tells what came instead. */
export async function within<T>(ms: number, what: string, promise: Promise<T>, seen?: () => string): Promise<T> {
  const late = deferred<never>();
  const error = new Error(`waited ${ms} ms for ${what}`);
  const timer = setTimeout(() => {
    if (seen !== undefined) error.message += `; ${seen()}`;
    late.reject(error);
  }, ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again until the answer satisfies; each question is an event of its own (a round trip). */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T>,
  satisfies: (answer: T) => boolean,
): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (satisfies(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${PATIENCE_MS} ms for ${what}; last seen: ${String(answer)}`);
    await new Promise((resume) => setImmediate(resume));
  }
}

/** Things that arrive one by one, for a reader who takes them in order. */
export class Inbox<T> {
  readonly #arrived: T[] = [];
  readonly #readers: Deferred<T>[] = [];
  #failure: Error | null = null;

  get waiting(): readonly T[] {
    return this.#arrived;
  }

  push(item: T): void {
    const reader = this.#readers.shift();
    if (reader === undefined) this.#arrived.push(item);
    else reader.resolve(item);
  }

  /**
   * Nothing more will come: readers that wait, and those to come, fail with `reason`. What has arrived can still be
   * read.
   */
  end(reason: Error): void {
    this.#failure ??= reason;
    for (const reader of this.#readers.splice(0)) reader.reject(this.#failure);
  }

  async next(what: string, ms = PATIENCE_MS): Promise<T> {
    const item = this.#arrived.shift();
    if (item !== undefined) return item;
    if (this.#failure !== null) throw new Error(`${what} did not come: ${this.#failure.message}`);
    const reader = deferred<T>();
    this.#readers.push(reader);
    try {
      return await within(ms, what, reader.promise);
    } finally {
      const at = this.#readers.indexOf(reader);
      if (at >= 0) this.#readers.splice(at, 1);
    }
  }

  /** The next `count` things. */
  async take(count: number, what: string, ms = PATIENCE_MS): Promise<T[]> {
    const items: T[] = [];
    while (items.length < count) items.push(await this.next(`${what} (${items.length + 1} of ${count})`, ms));
    return items;
  }
}
