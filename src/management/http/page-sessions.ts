/**
 * Who is signed in to the web page: a cookie names a session, which stands for the login that began it. What must hold:
 * scripts never see the cookie, and it counts only with a header that no other site, no link and no form can send; each
 * request is checked as if it had shown the login itself, so what is taken from a user is taken at once; there are so
 * many sessions at most, and one that nobody uses ends.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Caller } from './authentication.js';

/** A session that is not used for so long has ended (ms): a working day. */
const IDLE_MS = 8 * 3_600_000;
const SESSIONS_MAX = 1_000;

/** Sent with each request of the page: browsers let no other site send it. */
export const PAGE_HEADER = 'x-requested-with';

interface Session {
  /** What a request would show itself. */
  readonly authorization: string;
  usedAt: number;
}

/** As much of a request as says who calls. */
export interface ShownBy {
  readonly headers: IncomingHttpHeaders;
  readonly ip: string;
  readonly socket: Socket;
}

export class PageSessions {
  /** The longest unused first. */
  readonly #sessions = new Map<string, Session>();
  readonly #authenticate: (shown: ShownBy) => Promise<Caller>;
  readonly #now: () => number;

  constructor(authenticate: (shown: ShownBy) => Promise<Caller>, now: () => number = () => performance.now()) {
    this.#authenticate = authenticate;
    this.#now = now;
  }

  /** Who calls, by what the request shows or by its session. Rejects as `authenticate` does. */
  callerOf(request: ShownBy): Promise<Caller> {
    const session = request.headers.authorization === undefined ? this.#sessionOf(request) : null;
    if (session === null) return this.#authenticate(request);
    return this.#authenticate({ ...shownBy(request), headers: { authorization: session.authorization } });
  }

  /** Begins a session by a login; resolves with who it is, and the cookie. Rejects as `authenticate` does. */
  async begin(request: ShownBy, authorization: string): Promise<{ readonly caller: Caller; readonly cookie: string }> {
    const caller = await this.#authenticate({ ...shownBy(request), headers: { authorization } });
    for (const [id, { usedAt }] of this.#sessions)
      if (this.#sessions.size >= SESSIONS_MAX || this.#now() - usedAt > IDLE_MS) this.#sessions.delete(id);
      else break;
    const id = randomBytes(32).toString('base64url');
    this.#sessions.set(id, { authorization, usedAt: this.#now() });
    return { caller, cookie: cookieOf(request, id, '') };
  }

  /** Ends the request's session; the cookie that says so. */
  end(request: ShownBy): string {
    const id = idIn(request);
    if (id !== null) this.#sessions.delete(id);
    return cookieOf(request, '', '; Max-Age=0');
  }

  #sessionOf(request: ShownBy): Session | null {
    if (request.headers[PAGE_HEADER] === undefined) return null;
    const id = idIn(request);
    const session = id === null ? undefined : this.#sessions.get(id);
    if (id === null || session === undefined) return null;
    this.#sessions.delete(id);
    if (this.#now() - session.usedAt > IDLE_MS) return null;
    session.usedAt = this.#now();
    this.#sessions.set(id, session);
    return session;
  }
}

function shownBy({ ip, socket }: ShownBy): Pick<ShownBy, 'ip' | 'socket'> {
  return { ip, socket };
}

/** Browsers do not tell one port's cookies from another's: brokers of one machine must. */
function cookieName({ socket }: ShownBy): string {
  return `leveret_${socket.localPort ?? 0}`;
}

function cookieOf(request: ShownBy, value: string, more: string): string {
  const secure = 'encrypted' in request.socket ? '; Secure' : '';
  return `${cookieName(request)}=${value}; Path=/; HttpOnly; SameSite=Strict${secure}${more}`;
}

function idIn(request: ShownBy): string | null {
  const { cookie } = request.headers;
  const prefix = `${cookieName(request)}=`;
  const found = cookie?.split(/; */).find((one) => one.startsWith(prefix));
  return found?.slice(prefix.length) ?? null;
}
