/**
 * Logins that fail, as one worker sees them: after some, those from the same address and as the same user have to wait
 * in a row, and where the row is long they are refused unheard; and the operator is told of each address and user once
 * in a while. What must hold: nobody else waits for that; what is remembered is bounded, and so is what is told; no
 * password is among either.
 */

/** So many logins may fail before any has to wait. */
const FREE = 5;
/** Between two logins after that (ms): twice as long for each that fails, up to the most. */
const SPACING_MS = 100;
const SPACING_MOST_MS = 2_000;
/** Who would wait longer is refused at once (ms). */
const WAIT_MOST_MS = 5_000;
/** What is forgotten of those who have not tried for so long (ms). */
const FORGET_MS = 60_000;
/** Addresses and users that are remembered; the first to be forgotten is whoever has tried longest ago. */
const REMEMBERED = 4096;
/** Longer names no user has. */
const NAME_MOST = 255;

/** The same address and user are told once in this time (ms). */
const TELL_AGAIN_MS = 60_000;
/** So many lines at most in this time (ms). */
const LINES = 10;
const LINES_MS = 10_000;
/** Of a name that somebody made up. */
const TOLD_OF_NAME = 64;

interface Attempts {
  /** That have not been right. */
  count: number;
  /** When the next one is due (ms). */
  nextAt: number;
  lastAt: number;
}

interface Told {
  readonly at: number;
  untold: number;
}

export class FailedLogins {
  readonly #report: (line: string) => void;
  readonly #now: () => number;
  /** By address and user, who tried longest ago first. */
  readonly #attempts = new Map<string, Attempts>();
  /** By address and user, the oldest first. */
  readonly #told = new Map<string, Told>();
  #lines = 0;
  #linesSince = 0;
  #unlisted = 0;

  constructor(report: (line: string) => void, now: () => number) {
    this.#report = report;
    this.#now = now;
  }

  /** Somebody is about to try. How long that has to wait (ms); null: longer than anybody should. */
  wait(address: string, name: string): number | null {
    const now = this.#now();
    const key = keyOf(address, name);
    const known = this.#attempts.get(key);
    const isFresh = known !== undefined && now - known.lastAt < FORGET_MS;
    const attempts: Attempts = isFresh ? known : { count: 0, nextAt: now, lastAt: now };
    const wait = Math.max(0, attempts.nextAt - now);
    if (wait > WAIT_MOST_MS) return null;
    attempts.lastAt = now;
    attempts.count++;
    if (attempts.count >= FREE) {
      const spacing = Math.min(SPACING_MS * 2 ** (attempts.count - FREE), SPACING_MOST_MS);
      attempts.nextAt = now + wait + spacing;
    }
    putLast(this.#attempts, key, attempts);
    return wait;
  }

  /** Whoever has tried was right: nothing is held against them. */
  succeeded(address: string, name: string): void {
    this.#attempts.delete(keyOf(address, name));
  }

  /** A login was refused. */
  tell(address: string, name: string, reason: string): void {
    const now = this.#now();
    const key = keyOf(address, name);
    const told = this.#told.get(key);
    if (told !== undefined && now - told.at < TELL_AGAIN_MS) {
      told.untold++;
      return;
    }
    if (now - this.#linesSince >= LINES_MS) this.#beginLines(now);
    if (this.#lines === LINES) {
      this.#unlisted++;
      return;
    }
    this.#lines++;
    const more = told === undefined || told.untold === 0 ? '' : `, after ${told.untold} more that were not listed`;
    const who = JSON.stringify(name.length > TOLD_OF_NAME ? `${name.slice(0, TOLD_OF_NAME)}…` : name);
    this.#report(`login from ${address} as user ${who} refused: ${reason}${more}`);
    putLast(this.#told, key, { at: now, untold: 0 });
  }

  #beginLines(now: number): void {
    if (this.#unlisted > 0) this.#report(`${this.#unlisted} more failed logins of other addresses or users not listed`);
    this.#unlisted = 0;
    this.#lines = 0;
    this.#linesSince = now;
  }
}

function keyOf(address: string, name: string): string {
  return JSON.stringify([address, name.slice(0, NAME_MOST)]);
}

function putLast<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  for (const oldest of map.keys()) {
    if (map.size < REMEMBERED) break;
    map.delete(oldest);
  }
  map.set(key, value);
}
