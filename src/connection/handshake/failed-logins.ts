/**
 * Logins that fail, as one worker sees them: after some, those from the same address and as the same user have to wait
 * in a row, and where the row is long they are refused unheard; so are those from an address where too many have failed
 * as whomever, unless they came in from there before (login-sources.ts); and the operator is told of each address and
 * user once in a while. What must hold: nobody else waits for that; what is remembered is bounded, and so is what is told; no
 * password is among either.
 */
import { BoundedLines } from '../errors/bounded-lines.js';
import { createLoginSources, LoginSources } from './login-sources.js';

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
/** Of a name that somebody made up. */
const TOLD_OF_NAME = 64;

interface Attempts {
  /** That have not been right. */
  count: number;
  /** When the next one is due (ms). */
  nextAt: number;
  lastAt: number;
}

export class FailedLogins {
  readonly #lines: BoundedLines;
  readonly #sources: LoginSources;
  readonly #now: () => number;
  /** By address and user, who tried longest ago first. */
  readonly #attempts = new Map<string, Attempts>();

  constructor(
    report: (line: string) => void,
    now: () => number,
    sources = new LoginSources(createLoginSources(), now),
  ) {
    this.#sources = sources;
    this.#lines = new BoundedLines('failed logins of other addresses or users', report, now);
    this.#now = now;
  }

  /** Somebody is about to try. How long that has to wait (ms); null: longer than anybody should. */
  wait(address: string, name: string): number | null {
    if (this.#sources.refuses(address, name)) return null;
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

  /** Whether so many have failed of late that the next one has to wait. */
  isFailing(address: string, name: string): boolean {
    const known = this.#attempts.get(keyOf(address, name));
    return known !== undefined && known.count >= FREE && this.#now() - known.lastAt < FORGET_MS;
  }

  /** A login has failed that did not wait. */
  count(address: string, name: string): void {
    const now = this.#now();
    const key = keyOf(address, name);
    const known = this.#attempts.get(key);
    const count = known === undefined || now - known.lastAt >= FORGET_MS ? 0 : known.count;
    putLast(this.#attempts, key, { count: count + 1, nextAt: now, lastAt: now });
  }

  /** Whoever has tried was right: nothing is held against them. */
  succeeded(address: string, name: string): void {
    this.#attempts.delete(keyOf(address, name));
    this.#sources.succeeded(address, name);
  }

  /** A login was refused. */
  tell(address: string, name: string, reason: string): void {
    this.#sources.failed(address);
    const who = JSON.stringify(name.length > TOLD_OF_NAME ? `${name.slice(0, TOLD_OF_NAME)}…` : name);
    this.#lines.tell(keyOf(address, name), `login from ${address} as user ${who} refused: ${reason}`);
  }
}

function keyOf(address: string, name: string): string {
  return JSON.stringify([address, name.slice(0, NAME_MOST)]);
}

function putLast(map: Map<string, Attempts>, key: string, value: Attempts): void {
  map.delete(key);
  for (const oldest of map.keys()) {
    if (map.size < REMEMBERED) break;
    map.delete(oldest);
  }
  map.set(key, value);
}
