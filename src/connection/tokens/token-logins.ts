/**
 * Logins with tokens, as one worker sees them. A token that was right is remembered for a moment, as passwords are, and
 * never longer than it counts; those who come while the same is being verified share it. What must hold: what is
 * remembered is bounded, and no token is among it; only those who have failed wait.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Grant } from '../../broker/access/scopes.js';
import type { Credentials, Login } from '../handshake/auth.js';
import type { FailedLogins } from '../handshake/failed-logins.js';
import type { TokenVerifier, Verdict } from './token-verifier.js';

/** How long a token that was right is remembered (ms). */
const REMEMBERED_MS = 15_000;
/** How many are. */
const REMEMBERED = 4096;

interface Verified {
  readonly grant: Grant;
  readonly until: number;
}

export class TokenLogins {
  readonly #verifier: Pick<TokenVerifier, 'verify'>;
  readonly #failed: FailedLogins;
  /** ms since 1970. */
  readonly #clock: () => number;
  readonly #key = randomBytes(32);
  /** By digest, the oldest first. */
  readonly #verified = new Map<string, Verified>();
  readonly #underWay = new Map<string, Promise<Verdict>>();

  constructor(verifier: Pick<TokenVerifier, 'verify'>, failed: FailedLogins, clock: () => number = Date.now) {
    this.#verifier = verifier;
    this.#failed = failed;
    this.#clock = clock;
  }

  /** Who comes in by a token; null: it is refused. As whom the client wants to come in says nothing. */
  async login(address: string, { user, password }: Credentials): Promise<Login | null> {
    const grant = await this.#granted(address, user, password);
    return grant === null ? null : { user: grant.name, grant };
  }

  async #granted(address: string, name: string, token: string): Promise<Grant | null> {
    const known = this.#remembered(this.#digestOf(token));
    if (known !== null) {
      this.#failed.attempts.count(true);
      return known;
    }
    const isCounted = this.#failed.isFailing(address, name);
    const wait = isCounted ? this.#failed.wait(address, name) : 0;
    if (wait === null) return this.#refused(address, name, 'too many logins have failed');
    if (wait > 0) await setTimeout(wait, undefined, { ref: false });
    const verdict = await this.verify(token);
    if (!verdict.ok) {
      if (!isCounted) this.#failed.count(address, name);
      return this.#refused(address, name, verdict.reason);
    }
    this.#failed.succeeded(address, name);
    return verdict.grant;
  }

  async verify(token: string): Promise<Verdict> {
    const digest = this.#digestOf(token);
    const known = this.#remembered(digest);
    if (known !== null) return { ok: true, grant: known };
    const same = this.#underWay.get(digest);
    if (same !== undefined) return same;
    const verdict = this.#verifier.verify(token);
    this.#underWay.set(digest, verdict);
    try {
      const judged = await verdict;
      if (judged.ok) this.#remember(digest, judged.grant);
      return judged;
    } finally {
      this.#underWay.delete(digest);
    }
  }

  #refused(address: string, name: string, reason: string): null {
    this.#failed.tell(address, name, reason);
    return null;
  }

  #remembered(digest: string): Grant | null {
    const verified = this.#verified.get(digest);
    if (verified === undefined) return null;
    if (verified.until > this.#clock()) return verified.grant;
    this.#verified.delete(digest);
    return null;
  }

  #remember(digest: string, grant: Grant): void {
    const now = this.#clock();
    for (const [oldest, { until }] of this.#verified) {
      if (this.#verified.size < REMEMBERED && until > now) break;
      this.#verified.delete(oldest);
    }
    this.#verified.set(digest, { grant, until: Math.min(now + REMEMBERED_MS, grant.expiresAt) });
  }

  #digestOf(token: string): string {
    return createHmac('sha256', this.#key).update(token).digest('base64');
  }
}
