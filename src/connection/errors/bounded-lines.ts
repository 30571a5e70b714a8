/**
 * Lines for the operator that strangers cause, as one worker tells them: the same once in a while, and only so many in
 * all. What must hold: nobody can fill the log; what was left out is counted, and the count is told.
 */
import type { Area } from '../../logging/levels.js';

/** The same is told once in this time (ms). */
const AGAIN_MS = 60_000;
/** So many lines at most in this time (ms). */
const LINES = 10;
const LINES_MS = 10_000;
/** What is remembered of those that were told; the oldest is forgotten first. */
const REMEMBERED = 4096;

interface Told {
  readonly at: number;
  untold: number;
}

export class BoundedLines {
  readonly #what: string;
  readonly #report: (line: string, area?: Area) => void;
  readonly #now: () => number;
  /** By key, the oldest first. */
  readonly #told = new Map<string, Told>();
  #lines = 0;
  #since = 0;
  #unlisted = 0;
  #timer: NodeJS.Timeout | null = null;

  /** `what`: of what there are more, in the plural. */
  constructor(what: string, report: (line: string, area?: Area) => void, now: () => number = () => performance.now()) {
    this.#what = what;
    this.#report = report;
    this.#now = now;
  }

  /** `key`: what makes a line the same as another; `area`: what it is about, where lines are about several. */
  tell(key: string, line: string, area?: Area): void {
    const now = this.#now();
    const told = this.#told.get(key);
    if (told !== undefined && now - told.at < AGAIN_MS) {
      told.untold++;
      return;
    }
    if (now - this.#since >= LINES_MS) this.#begin(now);
    if (this.#lines === LINES) {
      this.#leaveOut();
      return;
    }
    this.#lines++;
    const more = told === undefined || told.untold === 0 ? '' : `, after ${told.untold} more that were not listed`;
    this.#report(`${line}${more}`, area);
    this.#told.delete(key);
    for (const oldest of this.#told.keys()) {
      if (this.#told.size < REMEMBERED) break;
      this.#told.delete(oldest);
    }
    this.#told.set(key, { at: now, untold: 0 });
  }

  /** Nothing is told by itself any more. */
  stop(): void {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
  }

  /** The count is told though nothing more may come. */
  #leaveOut(): void {
    this.#unlisted++;
    this.#timer ??= setTimeout(() => this.#begin(this.#now()), LINES_MS).unref();
  }

  #begin(now: number): void {
    this.stop();
    if (this.#unlisted > 0) this.#report(`${this.#unlisted} more ${this.#what} not listed`);
    this.#unlisted = 0;
    this.#lines = 0;
    this.#since = now;
  }
}
