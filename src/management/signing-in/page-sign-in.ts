/**
 * Signing in to the web page at the issuer of tokens: from the button to the session. What must hold: what was begun is
 * known to the browser alone that began it, sealed in a cookie; whatever goes wrong is told by the page, where the
 * browser ends in any case, and never by the address.
 */
import { HttpError } from '../http/errors.js';
import { type Begun, type CodeFlow, SignInTrouble, type Tokens } from './code-flow.js';
import { Cookie, type ShownBy } from './cookies.js';
import type { Leave, PageSessions, Renew } from './page-sessions.js';
import { Sealed } from './sealed.js';

/** So long somebody may take at the issuer (s). */
const UNDER_WAY_S = 600;
/** Where the issuer sends browsers back to, below the page: RabbitMQ's page has the same. */
export const CALLBACK = '/js/oidc-oauth/login-callback.html';

/** What the browser keeps: a sign-in that was begun, or why it has failed. `page`: where it came from. */
type UnderWay =
  | { readonly kind: 'begun'; readonly page: string; readonly begun: Begun }
  | { readonly kind: 'failed'; readonly reason: string };

const COOKIE = new Cookie('_oauth', 'Lax');

export class PageSignIn {
  readonly #flow: CodeFlow;
  readonly #sessions: Pick<PageSessions, 'begin'>;
  readonly #sealed = new Sealed<UnderWay>(UNDER_WAY_S * 1000);

  constructor(flow: CodeFlow, sessions: Pick<PageSessions, 'begin'>) {
    this.#flow = flow;
    this.#sessions = sessions;
  }

  /** Whom people sign in at. */
  get issuer(): string {
    return this.#flow.issuer;
  }

  /** `page`: the page's own address. Rejects with the answer. */
  async begin(request: ShownBy, page: string): Promise<{ readonly url: string; readonly cookie: string }> {
    const from = pageOf(request, page);
    try {
      const { url, begun } = await this.#flow.begin(new URL(`.${CALLBACK}`, from).href);
      return { url, cookie: this.#kept(request, { kind: 'begun', page: from.href, begun }) };
    } catch (error) {
      if (error instanceof SignInTrouble) throw new HttpError(503, 'unavailable', error.message);
      throw error;
    }
  }

  /** `query`: what the issuer has sent the browser back with. Where it goes then, and its cookies. */
  async finish(
    request: ShownBy,
    query: URLSearchParams,
  ): Promise<{ readonly to: string; readonly cookies: readonly string[] }> {
    const kept = this.#sealed.open(COOKIE.read(request) ?? '');
    // Back from the folder of the callback.
    const to = kept?.kind === 'begun' ? kept.page : '../../';
    try {
      if (kept?.kind !== 'begun')
        throw new SignInTrouble('this sign-in was not begun in this browser, or too long ago: begin again here');
      const tokens = await this.#flow.finish(kept.begun, query);
      const page = new URL('../../', kept.begun.redirectUrl).href;
      const leave: Leave = () => this.#flow.leave(tokens.identity, page);
      const atIssuer = { renew: this.#renew(tokens), leave };
      const { cookie } = await this.#sessions.begin(request, `Bearer ${tokens.access}`, atIssuer);
      return { to, cookies: [cookie, COOKIE.clear(request)] };
    } catch (error) {
      return { to, cookies: [this.#kept(request, { kind: 'failed', reason: reasonOf(error) })] };
    }
  }

  /** Why the last sign-in of this browser has failed; null: it has not. */
  troubleOf(request: ShownBy): { readonly reason: string; readonly cookie: string } | null {
    const kept = this.#sealed.open(COOKIE.read(request) ?? '');
    return kept?.kind === 'failed' ? { reason: kept.reason, cookie: COOKIE.clear(request) } : null;
  }

  #renew({ refresh }: Tokens): Renew | null {
    if (refresh === null) return null;
    let current = refresh;
    return async () => {
      const tokens = await this.#flow.refresh(current);
      if (tokens === null) return null;
      current = tokens.refresh ?? current;
      return `Bearer ${tokens.access}`;
    };
  }

  #kept(request: ShownBy, underWay: UnderWay): string {
    return COOKIE.set(request, this.#sealed.seal(underWay), UNDER_WAY_S);
  }
}

/** Browsers are sent back to this broker alone. */
function pageOf({ headers: { host, origin } }: ShownBy, page: string): URL {
  const url = URL.canParse(page) ? new URL(page) : null;
  const isOurs = url !== null && /^https?:$/.test(url.protocol) && url.host === host;
  if (!isOurs || (origin !== undefined && url.origin !== origin))
    throw new HttpError(400, 'bad_request', 'page must be the address of this web page');
  url.search = '';
  return url;
}

/** What the broker refuses a token for is in its log, and not for everybody. */
function reasonOf(error: unknown): string {
  if (error instanceof SignInTrouble) return error.message;
  if (!(error instanceof HttpError)) throw error;
  if (error.error === 'not_authorised')
    return `you are known, but your token lets you see nothing here: it needs a scope such as tag:management (${error.message})`;
  return 'the broker does not take the token that it was given: its log says why';
}
