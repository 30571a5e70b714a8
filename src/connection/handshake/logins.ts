/**
 * Logins with passwords, and with certificates, as one worker sees them. A login that was right is remembered for a moment, so that clients
 * who all come back at once do not cost a slow hash each; those who come while the same is being worked out share it.
 * What must hold: nothing is remembered past a change of the user; what is remembered is bounded, and no password is
 * among it.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Accounts, User } from '../../broker/access/accounts.js';
import type { Grant } from '../../broker/access/scopes.js';
import type { CertifiedName } from '../certificates/certificate-login.js';
import type { Credentials, Login } from './auth.js';
import { FailedLogins } from './failed-logins.js';
import type { LoginSources } from './login-sources.js';

/** How long a login that was right is remembered (ms). */
const REMEMBERED_MS = 15_000;
/** How many are. */
const REMEMBERED = 4096;

interface Verified {
  /** As the user was then: each change makes another one. */
  readonly user: User | undefined;
  readonly until: number;
}

interface UnderWay {
  readonly user: User | undefined;
  readonly isRight: Promise<boolean>;
}

export class Logins {
  readonly #accounts: Pick<Accounts, 'accepts' | 'user'>;
  readonly #now: () => number;
  /** Nobody else can make the digests of guesses. */
  readonly #key = randomBytes(32);
  /** By digest of name and password, the oldest first. */
  readonly #verified = new Map<string, Verified>();
  readonly #underWay = new Map<string, UnderWay>();

  /** Passwords that this thread has made up for itself: each is good for one login. */
  readonly #vouchers = new Map<string, Grant>();

  /** Those that were refused; logins of other kinds count among them. */
  readonly failed: FailedLogins;

  constructor(
    accounts: Pick<Accounts, 'accepts' | 'user'>,
    report: (line: string) => void,
    now: () => number = () => performance.now(),
    sources?: LoginSources,
  ) {
    this.#accounts = accounts;
    this.failed = new FailedLogins(report, now, sources);
    this.#now = now;
  }

  /**
   * Whether a user has this password; a promise where that takes long, or has to wait. Who comes back with what was
   * right a moment ago does not wait for others who try.
   */
  accepts(address: string, name: string, password: string): boolean | Promise<boolean> {
    const user = this.#accounts.user(name);
    const digest = this.#digestOf(name, password);
    const same = this.#underWay.get(digest);
    if (this.#remembers(digest, user) || (same !== undefined && same.user === user))
      return this.#counted(this.#check(name, password));
    const wait = this.failed.wait(address, name);
    if (wait === null) return this.#judged(address, name, false, 'too many logins have failed');
    const isRight = wait === 0 ? this.#check(name, password) : this.#checkLater(wait, name, password);
    const reason = user === undefined ? 'there is no such user' : 'wrong password';
    if (typeof isRight === 'boolean') return this.#judged(address, name, isRight, reason);
    return isRight.then((right) => this.#judged(address, name, right, reason));
  }

  /** Who comes in by a password; null: nobody. */
  login(address: string, { user, password }: Credentials): Login | null | Promise<Login | null> {
    const vouched = this.#vouchers.get(password);
    if (vouched !== undefined) {
      this.#vouchers.delete(password);
      return { user: vouched.name, grant: vouched };
    }
    const isRight = this.accepts(address, user, password);
    const login = { user, grant: null };
    if (typeof isRight === 'boolean') return isRight ? login : null;
    return isRight.then((right) => (right ? login : null));
  }

  /** A password by which the next client of this thread who shows it comes in with these rights. */
  vouchFor(grant: Grant): string {
    const password = randomBytes(32).toString('base64');
    this.#vouchers.set(password, grant);
    return password;
  }

  /** Who comes in by a certificate that is verified; null: nobody. Those alone wait who are refused. */
  external(address: string, certified: CertifiedName): Login | null | Promise<null> {
    if (!certified.ok) return this.#refuseInTurn(address, '', `its certificate ${certified.reason}`);
    const { name } = certified;
    if (this.#accounts.user(name) === undefined) return this.#refuseInTurn(address, name, 'there is no such user');
    this.failed.succeeded(address, name);
    return { user: name, grant: null };
  }

  #refuseInTurn(address: string, name: string, reason: string): null | Promise<null> {
    const wait = this.failed.wait(address, name);
    this.failed.tell(address, name, wait === null ? 'too many logins have failed' : reason);
    return wait === null || wait === 0 ? null : setTimeout(wait, null, { ref: false });
  }

  /** A login was refused for another reason than its password. */
  refused(address: string, name: string, reason: string): void {
    this.failed.tell(address, name, reason);
  }

  #counted(isRight: boolean | Promise<boolean>): boolean | Promise<boolean> {
    if (typeof isRight !== 'boolean') return isRight.then((right) => this.#counted(right));
    this.failed.attempts.count(isRight);
    return isRight;
  }

  async #checkLater(wait: number, name: string, password: string): Promise<boolean> {
    await setTimeout(wait, undefined, { ref: false });
    return this.#check(name, password);
  }

  #judged(address: string, name: string, isRight: boolean, reason: string): boolean {
    if (isRight) this.failed.succeeded(address, name);
    else this.failed.tell(address, name, reason);
    return isRight;
  }

  #check(name: string, password: string): boolean | Promise<boolean> {
    const digest = this.#digestOf(name, password);
    const user = this.#accounts.user(name);
    if (this.#remembers(digest, user)) return true;
    const same = this.#underWay.get(digest);
    if (same !== undefined && same.user === user) return same.isRight;
    const isRight = this.#accounts.accepts(name, password);
    if (typeof isRight === 'boolean') {
      if (isRight) this.#remember(digest, user);
      return isRight;
    }
    return this.#share(digest, user, isRight);
  }

  async #share(digest: string, user: User | undefined, isRight: Promise<boolean>): Promise<boolean> {
    const own = { user, isRight };
    this.#underWay.set(digest, own);
    try {
      const right = await isRight;
      if (right) this.#remember(digest, user);
      return right;
    } finally {
      if (this.#underWay.get(digest) === own) this.#underWay.delete(digest);
    }
  }

  #remembers(digest: string, user: User | undefined): boolean {
    const verified = this.#verified.get(digest);
    if (verified === undefined) return false;
    if (verified.user === user && verified.until > this.#now()) return true;
    this.#verified.delete(digest);
    return false;
  }

  #remember(digest: string, user: User | undefined): void {
    for (const [oldest, { until }] of this.#verified) {
      if (this.#verified.size < REMEMBERED && until > this.#now()) break;
      this.#verified.delete(oldest);
    }
    this.#verified.set(digest, { user, until: this.#now() + REMEMBERED_MS });
  }

  #digestOf(name: string, password: string): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([name, password]))
      .digest('base64');
  }
}
