/**
 * Tokens that clients show instead of passwords: JWTs (RFC 7519), signed by somebody whose public key is known. What
 * must hold: what is refused has one reason in words, with nothing of the token that could be used.
 */
import type { Grant } from '../../broker/access/scopes.js';
import { grantOf, type TokenRules } from './claims.js';
import type { KeySource } from './key-source.js';
import { headerOf, type Jose, refusalInWords, signedClaims } from './signed-claims.js';

export type Verdict = { readonly ok: true; readonly grant: Grant } | { readonly ok: false; readonly reason: string };

/** Whether a password is meant as a token, right or wrong. */
export function looksLikeToken(password: string): boolean {
  const [header = '', ...others] = password.split('.');
  if (others.length !== 2 || !/^[\w.-]+$/.test(password)) return false;
  return headerOf(header) !== null;
}

export class TokenVerifier {
  readonly #keys: KeySource;
  readonly #rules: TokenRules;
  /** What time it is (ms since 1970). */
  readonly #clock: () => number;
  /** Loaded with the first token, so that no other broker waits for it. */
  #jose: Promise<Jose> | null = null;

  constructor(keys: KeySource, rules: TokenRules, clock: () => number = Date.now) {
    this.#keys = keys;
    this.#rules = rules;
    this.#clock = clock;
  }

  async verify(token: string): Promise<Verdict> {
    this.#jose ??= import('jose');
    const jose = await this.#jose;
    try {
      const { issuer } = this.#rules;
      const claims = await signedClaims(jose, this.#keys, token, issuer === null ? {} : { issuer }, this.#clock);
      return { ok: true, grant: grantOf(claims, this.#rules, this.#clock()) };
    } catch (error) {
      return { ok: false, reason: refusalInWords(jose, error) };
    }
  }
}
