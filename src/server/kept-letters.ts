/**
 * Dead letters of queues that send theirs at least once: one that has no route, or that a queue refuses, stays the property of
 * the queue where it died and is sent again, when the topology changes and after a while.
 * What must hold: a queue that has it does not get it again; it is buried when all have it to whom it leads, and at least one
 * has; a turn does a bounded portion.
 */
/** How long until those that could not be sent are tried again (ms). */
const RETRY_MS = 1_000;

/** Letters that are tried again in one turn. */
const PORTION = 128;

/** Who has a letter by now, by name. */
export class Progress {
  readonly #had = new Set<string>();
  isDelayed = false;

  add(queue: string): void {
    this.#had.add(queue);
  }

  has(queue: string): boolean {
    return this.#had.has(queue);
  }

  get hasBegun(): boolean {
    return this.isDelayed || this.#had.size > 0;
  }
}

interface Kept<L> {
  readonly letter: L;
  /** What the core knows it by. */
  readonly number: number;
  readonly progress: Progress;
}

export class KeptLetters<L> {
  /** Sends a letter to those who lack it. True: it is done with; null: no memory. */
  readonly #send: (letter: L, progress: Progress) => boolean | null;
  readonly #bury: (number: number) => void;
  /** Makes a turn follow. */
  readonly #begin: () => void;
  #kept: Kept<L>[] = [];
  /** Those that this round has still to try, the next one last. */
  #due: Kept<L>[] = [];
  #triedAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    send: (letter: L, progress: Progress) => boolean | null,
    bury: (number: number) => void,
    begin: () => void,
  ) {
    this.#send = send;
    this.#bury = bury;
    this.#begin = begin;
  }

  /** Keeps a letter that was tried in vain at this topology. */
  add(letter: L, number: number, progress: Progress, epoch: number): void {
    if (this.#kept.length + this.#due.length === 0) this.#triedAt = epoch;
    this.#kept.push({ letter, number, progress });
    this.#timer ??= setTimeout(() => this.#retry(), RETRY_MS);
  }

  /** Tries some again if it is time, or the topology another one. True: there is more to do at once. */
  work(epoch: number): boolean {
    if (epoch !== this.#triedAt) this.#startRound(epoch);
    for (let count = 0; count < PORTION; count++) {
      const next = this.#due.pop();
      if (next === undefined) return false;
      const sent = this.#send(next.letter, next.progress);
      if (sent === true) this.#bury(next.number);
      else this.#kept.push(next);
      if (sent === null) {
        this.#putOff();
        return false;
      }
    }
    return this.#due.length > 0;
  }

  stop(): void {
    clearTimeout(this.#timer ?? undefined);
  }

  #retry(): void {
    this.#timer = null;
    this.#begin();
    this.#startRound(this.#triedAt);
    if (this.#due.length > 0) this.#timer = setTimeout(() => this.#retry(), RETRY_MS);
  }

  #startRound(epoch: number): void {
    this.#triedAt = epoch;
    this.#putOff();
    this.#due = this.#kept.reverse();
    this.#kept = [];
  }

  /** What this round has not tried waits for the next one. */
  #putOff(): void {
    this.#kept.push(...this.#due.reverse());
    this.#due = [];
  }
}
