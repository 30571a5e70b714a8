/**
 * Who is signed in to the web page: a cookie names a session, which stands for the login that began it. What must hold:
 * scripts never see the cookie, and it counts only with a header that no other site, no link and no form can send; each
 * request is checked as if it had shown the login itself, so what is taken from a user is taken at once; there are so
 * many sessions at most, and one that nobody uses ends.
 */
import { randomBytes } from 'node:crypto';
import { type Caller, PAGE_HEADER } from '../http/authentication.js';
import { HttpError } from '../http/errors.js';
import { Cookie, type ShownBy } from './cookies.js';

/** A session that is not used for so long has ended (ms): a working day. */
const IDLE_MS = 8 * 3_600_000;
const SESSIONS_MAX = 1_000;
/** A token is renewed so long before its end (ms), or when so much of its time is left. */
const RENEW_BEFORE_MS = 60_000;
const RENEW_SHARE = 1 / 3;
/** A renewal that failed is tried again so much later at the soonest (ms). */
const RENEW_AGAIN_MS = 5_000;

/** How a login goes on when its token ends: resolves with what is shown from then on; null: not at all. */
export type Renew = () => Promise<string | null>;

/** Where the browser ends its session with who has signed it in; null: nowhere. */
export type Leave = () => Promise<string | null>;

/** What a session can do at who has signed somebody in; null: nothing. */
export interface AtIssuer {
  readonly renew: Renew | null;
  readonly leave: Leave | null;
}

const NO_ISSUER: AtIssuer = { renew: null, leave: null };

interface Session {
  readonly user: string;
  usedAt: number;
  /** What a request would show itself. */
  authorization: string;
  /** ms since 1970; for ever without a token. */
  expiresAt: number;
  renewFrom: number;
  renew: Renew | null;
  readonly leave: Leave | null;
  renewing: Promise<void> | null;
}

const COOKIE = new Cookie('', 'Strict');

export class PageSessions {
  /** The longest unused first. */
  readonly #sessions = new Map<string, Session>();
  readonly #authenticate: (shown: ShownBy) => Promise<Caller>;
  readonly #now: () => number;
  /** ms since 1970. */
  readonly #clock: () => number;

  constructor(
    authenticate: (shown: ShownBy) => Promise<Caller>,
    now: () => number = () => performance.now(),
    clock: () => number = Date.now,
  ) {
    this.#authenticate = authenticate;
    this.#now = now;
    this.#clock = clock;
  }

  /** Who calls, by what the request shows or by its session. Rejects as `authenticate` does. */
  async callerOf(request: ShownBy): Promise<Caller> {
    const id = COOKIE.read(request);
    const session = request.headers.authorization === undefined ? this.#sessionOf(request, id) : null;
    if (session === null) return this.#authenticate(request);
    const { renew } = session;
    if (renew !== null && this.#clock() >= session.renewFrom) session.renewing ??= this.#renew(request, session, renew);
    // Nobody waits for it as long as the token counts.
    if (this.#isOver(session)) await session.renewing;
    if (this.#isOver(session)) {
      if (session.renew === null && id !== null) this.#sessions.delete(id);
      throw new HttpError(401, 'session_ended', 'the session has run out: its token has expired');
    }
    return this.#authenticate({ ...shownBy(request), headers: { authorization: session.authorization } });
  }

  /** Begins a session by a login; resolves with who it is, and the cookie. Rejects as `authenticate` does. */
  async begin(
    request: ShownBy,
    authorization: string,
    { renew, leave }: AtIssuer = NO_ISSUER,
  ): Promise<{ readonly caller: Caller; readonly cookie: string }> {
    const caller = await this.#authenticate({ ...shownBy(request), headers: { authorization } });
    for (const [id, { usedAt }] of this.#sessions)
      if (this.#sessions.size >= SESSIONS_MAX || this.#now() - usedAt > IDLE_MS) this.#sessions.delete(id);
      else break;
    const id = randomBytes(32).toString('base64url');
    const times = this.#timesOf(caller);
    const begun = { user: caller.user, authorization, usedAt: this.#now(), ...times, renew, leave, renewing: null };
    this.#sessions.set(id, begun);
    return { caller, cookie: COOKIE.set(request, id, null) };
  }

  /** Ends the request's session: the cookie that says so, and where the browser ends that of the issuer; null: nowhere. */
  async end(request: ShownBy): Promise<{ readonly cookie: string; readonly url: string | null }> {
    const id = COOKIE.read(request) ?? '';
    const leave = this.#sessions.get(id)?.leave ?? null;
    this.#sessions.delete(id);
    return { cookie: COOKIE.clear(request), url: leave === null ? null : await leave() };
  }

  #sessionOf(request: ShownBy, id: string | null): Session | null {
    if (request.headers[PAGE_HEADER] === undefined) return null;
    const session = id === null ? undefined : this.#sessions.get(id);
    if (id === null || session === undefined) return null;
    this.#sessions.delete(id);
    if (this.#now() - session.usedAt > IDLE_MS) return null;
    session.usedAt = this.#now();
    this.#sessions.set(id, session);
    return session;
  }

  #timesOf({ grant }: Caller): Pick<Session, 'expiresAt' | 'renewFrom'> {
    const expiresAt = grant?.expiresAt ?? Number.POSITIVE_INFINITY;
    const before = Math.min(RENEW_BEFORE_MS, (expiresAt - this.#clock()) * RENEW_SHARE);
    return { expiresAt, renewFrom: expiresAt - before };
  }

  #isOver({ expiresAt }: Session): boolean {
    return this.#clock() >= expiresAt;
  }

  /** Never rejects. What the issuer does not answer is asked again, what it refuses is not. */
  async #renew(request: ShownBy, session: Session, renew: Renew): Promise<void> {
    try {
      const authorization = await renew();
      if (authorization === null) {
        session.renew = null;
        return;
      }
      const caller = await this.#authenticate({ ...shownBy(request), headers: { authorization } });
      if (caller.user === session.user) Object.assign(session, { authorization, ...this.#timesOf(caller) });
      else session.renew = null;
    } catch {
      session.renewFrom = this.#clock() + RENEW_AGAIN_MS;
    } finally {
      session.renewing = null;
    }
  }
}

function shownBy({ ip, socket }: ShownBy): Pick<ShownBy, 'ip' | 'socket'> {
  return { ip, socket };
}
