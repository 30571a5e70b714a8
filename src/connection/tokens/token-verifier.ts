/**
 * Tokens that clients show instead of passwords: JWTs (RFC 7519), signed by somebody whose public key is known. What
 * must hold: the algorithm is one of those that we chose, whatever the token says; nothing that a token names is
 * fetched; what is refused has one reason in words, with nothing of the token that could be used.
 */
import type { Grant } from '../../broker/access/scopes.js';
import { grantOf, shown, TokenRefusal, type TokenRules } from './claims.js';
import type { KeySource } from './key-source.js';
import { ALGORITHMS, type SigningKey } from './signing-keys.js';

type Jose = typeof import('jose');

export type Verdict = { readonly ok: true; readonly grant: Grant } | { readonly ok: false; readonly reason: string };

/** The issuer's clock may be so far ahead (s). */
const CLOCK_SKEW_S = 10;

/** Whether a password is meant as a token, right or wrong. */
export function looksLikeToken(password: string): boolean {
  const [header = '', ...others] = password.split('.');
  if (others.length !== 2 || !/^[\w.-]+$/.test(password)) return false;
  return headerOf(header) !== null;
}

interface Header {
  readonly alg: string;
  readonly kid?: unknown;
}

function headerOf(encoded: string): Header | null {
  try {
    const header: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString());
    if (typeof header !== 'object' || header === null || !('alg' in header)) return null;
    return typeof header.alg === 'string' ? (header as Header) : null;
  } catch {
    return null;
  }
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
      const claims = await this.#claims(jose, token);
      return { ok: true, grant: grantOf(claims, this.#rules, this.#clock()) };
    } catch (error) {
      if (error instanceof TokenRefusal) return { ok: false, reason: error.message };
      return { ok: false, reason: inWords(jose, error) };
    }
  }

  async #claims(jose: Jose, token: string): Promise<Readonly<Record<string, unknown>>> {
    const header = headerOf(token.slice(0, token.indexOf('.')));
    if (header === null) throw new TokenRefusal('the token cannot be read');
    if (!ALGORITHMS.includes(header.alg)) {
      throw new TokenRefusal(`the token is signed by ${shown(header.alg)}, which is none of ${ALGORITHMS.join(', ')}`);
    }
    const id = typeof header.kid === 'string' ? header.kid : undefined;
    const keys = await this.#keys.find(header.alg, id);
    if (keys.length === 0) throw new TokenRefusal(`no key ${shown(id ?? null)} for ${header.alg} is known`);
    let failure: unknown;
    for (const key of keys) {
      try {
        return await this.#checked(jose, token, key);
      } catch (error) {
        if (!(error instanceof jose.errors.JWSSignatureVerificationFailed)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  async #checked(
    jose: Jose,
    token: string,
    { key, algorithms }: SigningKey,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { issuer } = this.#rules;
    const now = new Date(this.#clock());
    const { payload } = await jose.jwtVerify(token, key, {
      algorithms: [...algorithms],
      clockTolerance: CLOCK_SKEW_S,
      currentDate: now,
      ...(issuer === null ? {} : { issuer }),
    });
    return payload;
  }
}

/** What jose has found, without the token. */
function inWords({ errors }: Jose, error: unknown): string {
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature of the token is wrong';
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, payload } = error;
    if (claim === 'nbf') return `the token is not valid yet: nbf is ${shown(payload.nbf)}`;
    if (claim === 'iss') return `the token is of another issuer: iss is ${shown(payload.iss)}`;
    return `the token's ${claim} is wrong: ${shown(payload[claim])}`;
  }
  if (error instanceof errors.JOSEError) return 'the token cannot be read';
  // No token ends the broker, whatever a library makes of it.
  return `the token cannot be verified: ${error instanceof Error ? error.name : 'for no reason that is known'}`;
}
