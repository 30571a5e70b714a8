/**
 * Logins that fail, anywhere in the broker: after some, those from the same address and as the same user have to wait
 * in a row, and where the row is long they are refused unheard; so are those from an address where too many have failed
 * as whomever, unless they came in from there before (login-sources.ts); and the operator is told of each address and
 * user once in a while. What must hold: nobody else waits for that; what is remembered is bounded, and so is what is told; no
 * password is among either.
 */
import { BoundedLines } from '../errors/bounded-lines.js';
import type { LoginAttempts } from './login-attempts.js';
import type { Row } from './login-rows.js';
import { createLoginSources, LoginSources } from './login-sources.js';

/** So many logins may fail before any has to wait. */
const FREE = 5;
/** Between two logins after that (ms): twice as long for each that fails, up to the most. */
const SPACING_MS = 100;
const SPACING_MOST_MS = 2_000;
/** Who would wait longer is refused at once (ms). */
const WAIT_MOST_MS = 5_000;
/** So long after the last try the next one may be due (ms); what lies further ahead is of a clock that was wrong. */
const DUE_MOST_MS = WAIT_MOST_MS + SPACING_MOST_MS;
/** A row is forgotten so long after its next one was due (ms): a minute after the last try at most. */
const FORGET_MS = 60_000 - DUE_MOST_MS;
/** Longer names no user has. */
const NAME_MOST = 255;
/** Of a name that somebody made up. */
const TOLD_OF_NAME = 64;

export class FailedLogins {
  readonly #lines: BoundedLines;
  readonly #sources: LoginSources;

  constructor(
    report: (line: string) => void,
    now: () => number,
    sources = new LoginSources(createLoginSources(), now),
  ) {
    this.#sources = sources;
    this.#lines = new BoundedLines('failed logins of other addresses or users', report, now);
  }

  /** Somebody is about to try. How long that has to wait (ms); null: longer than anybody should. */
  wait(address: string, name: string): number | null {
    if (this.#sources.refuses(address, name)) return null;
    let wait = 0;
    this.#sources.rows.change(keyOf(address, name), (row) => {
      const now = this.#sources.now();
      const { count, nextAt } = this.#fresh(row) ?? { count: 0, nextAt: now };
      wait = Math.max(0, nextAt - now);
      if (wait > WAIT_MOST_MS) return null;
      const spacing = Math.min(SPACING_MS * 2 ** (count + 1 - FREE), SPACING_MOST_MS);
      return { count: count + 1, nextAt: now + wait + (count + 1 < FREE ? 0 : spacing) };
    });
    return wait > WAIT_MOST_MS ? null : wait;
  }

  /** Whether so many have failed of late that the next one has to wait. */
  isFailing(address: string, name: string): boolean {
    const row = this.#fresh(this.#sources.rows.get(keyOf(address, name)));
    return row !== null && row.count >= FREE;
  }

  /** A login has failed that did not wait. */
  count(address: string, name: string): void {
    this.#sources.rows.change(keyOf(address, name), (row) => ({
      count: (this.#fresh(row)?.count ?? 0) + 1,
      nextAt: this.#sources.now(),
    }));
  }

  /** Whoever has tried was right: nothing is held against them. */
  succeeded(address: string, name: string): void {
    this.#sources.rows.clear(keyOf(address, name));
    this.#sources.succeeded(address, name);
  }

  /** How many there were, in the whole broker. */
  get attempts(): LoginAttempts {
    return this.#sources.attempts;
  }

  /** Null: it is forgotten. */
  #fresh(row: Row | null): Row | null {
    if (row === null) return null;
    const ahead = row.nextAt - this.#sources.now();
    return ahead > DUE_MOST_MS || ahead <= -FORGET_MS ? null : row;
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
