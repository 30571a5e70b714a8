/**
 * Who goes on: what is tried. A run is known again by its deviations: places where somebody else went on than the
 * participant that was at it, or, where that one could not, than the first of the others.
 */
import { Kind } from './rewriting.js';
import type { Strategy } from './run.js';

export interface Deviation {
  readonly at: number;
  /** So many accesses `at` had made; with its number the place. */
  readonly accesses: number;
  readonly to: number;
  /** It could have gone on: this is a preemption, and counts. */
  readonly able: boolean;
  /** It stands before an operation that reads and writes at once, where most races are: tried first. */
  readonly urgent?: boolean;
  /** Nobody else goes on: weak memory makes this of the access (an option of weak-memory.ts). */
  readonly choice?: number;
  /** That is to read a value that will be written only. */
  readonly coming?: Coming | undefined;
  /** The words of that access that are accessed without an order; whoever repeats it must know of them. */
  readonly words?: readonly number[];
}

export interface Coming {
  readonly word: number;
  readonly value: number;
}

/** What a strategy is told of an option of weak memory. */
export interface Choice {
  readonly how: string;
  readonly coming?: Coming;
}

const first = (bits: number): number => 31 - Math.clz32(bits & -bits);

/** Plays deviations, and notes what else could have been done behind the last of them. */
export class Prefix implements Strategy {
  readonly further: Deviation[] = [];
  #done = 0;
  #isVain = false;

  constructor(
    readonly deviations: readonly Deviation[],
    readonly onLast: (deviation: Deviation) => void = () => {},
  ) {}

  /** Whether all deviations were played. */
  get isPlayed(): boolean {
    return this.#done === this.deviations.length;
  }

  get place(): Deviation | undefined {
    return this.deviations[this.#done];
  }

  next(current: number, able: boolean, others: number, accesses: number, kind: number): number {
    const planned = this.deviations[this.#done];
    const fallback = able ? current : first(others);
    if (planned !== undefined) {
      if (planned.choice !== undefined || planned.at !== current) return fallback;
      if (planned.accesses !== accesses || planned.able !== able) return fallback;
      this.#done += 1;
      if (((others >> planned.to) & 1) === 0) return fallback;
      if (this.#done === this.deviations.length) this.onLast(planned);
      return planned.to;
    }
    for (let left = this.#isVain ? 0 : others; left !== 0; left &= left - 1) {
      const to = first(left);
      if (to !== fallback) this.further.push({ at: current, accesses, to, able, urgent: kind >= Kind.ADD });
    }
    return fallback;
  }

  onVain(): void {
    this.#isVain = true;
  }

  choose(current: number, accesses: number, options: readonly Choice[], words: readonly number[]): number {
    const planned = this.deviations[this.#done];
    if (planned === undefined) {
      const deviation = { at: current, accesses, to: current, able: true, words, urgent: true };
      if (!this.#isVain)
        for (const [i, { coming }] of options.entries()) this.further.push({ ...deviation, choice: i + 1, coming });
      return 0;
    }
    if (planned.choice === undefined || planned.at !== current || planned.accesses !== accesses) return 0;
    this.#done += 1;
    if (this.#done === this.deviations.length) this.onLast(planned);
    const { coming } = planned;
    if (coming === undefined) return planned.choice;
    return 1 + options.findIndex((one) => one.coming?.word === coming.word && one.coming.value === coming.value);
  }
}

/** A seeded source of numbers (mulberry32). */
export function random(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/**
 * Priorities by chance, and `changes` places by chance where who is at it falls behind all others ("A Randomized
 * Scheduler with Probabilistic Guarantees of Finding Bugs", Burckhardt et al., 2010).
 */
const WEAK_OF = 4;
const COMING_OF = 8;
export class Priorities implements Strategy {
  readonly #priorities: number[];
  readonly #changes = new Set<number>();
  readonly #random: (below: number) => number;
  /** In so many of WEAK_OF cases weak memory shows. */
  readonly #weak: number;
  #step = 0;
  #lowest = 0;

  constructor(seed: number, participants: number, changes: number, steps: number) {
    const next = random(seed);
    this.#priorities = Array.from({ length: participants }, () => 1 + next(1 << 20));
    for (let i = 0; i < changes; i++) this.#changes.add(1 + next(Math.max(1, steps)));
    this.#random = next;
    this.#weak = next(WEAK_OF);
  }

  next(current: number, able: boolean, others: number): number {
    this.#step += 1;
    if (current >= 0 && (!able || this.#changes.has(this.#step))) this.#priorities[current] = this.#lowest--;
    let best = able ? current : -1;
    for (let left = others; left !== 0; left &= left - 1) {
      const one = first(left);
      if (best < 0 || (this.#priorities[one] as number) > (this.#priorities[best] as number)) best = one;
    }
    return best;
  }

  choose(_current: number, _accesses: number, options: readonly Choice[]): number {
    if (this.#random(WEAK_OF) >= this.#weak) return 0;
    const choice = this.#random(options.length);
    // Most of what is read too early is never written in time.
    return options[choice]?.coming !== undefined && this.#random(COMING_OF) !== 0 ? 0 : 1 + choice;
  }
}

/**
 * Everybody stops at one place of the code when he comes there first, and the others go on; then either who has come
 * first goes on first, or who has come last.
 */
export class AtPlace implements Strategy {
  readonly #stopped: number[] = [];

  constructor(
    readonly site: number,
    readonly lastFirst: boolean,
  ) {}

  next(current: number, able: boolean, others: number, _accesses: number, _kind: number, site: number): number {
    if (able) {
      if (site !== this.site || this.#stopped.includes(current)) return current;
      this.#stopped.push(current);
    }
    for (let left = others; left !== 0; left &= left - 1) if (!this.#stopped.includes(first(left))) return first(left);
    const inOrder = this.lastFirst ? [...this.#stopped].reverse() : this.#stopped;
    return inOrder.find((one) => ((others >> one) & 1) !== 0 || (able && one === current)) ?? first(others);
  }

  choose(): number {
    return 0;
  }
}
