/**
 * What a JWT says, once its signature is known to be right. What must hold: the algorithm is one of those that we chose,
 * whatever the token says; nothing that a token names is fetched.
 */
import { shown, TokenRefusal } from './claims.js';
import type { KeySource } from './key-source.js';
import { ALGORITHMS, type SigningKey } from './signing-keys.js';

/** Loaded with the first token, so that no broker without any waits for it. */
export type Jose = typeof import('jose');

export interface SignedClaims {
  readonly [claim: string]: unknown;
  readonly exp?: unknown;
  readonly nonce?: unknown;
  /** To which client it was given. */
  readonly azp?: unknown;
}

/** Whom a token must be of, and for. */
interface Meant {
  readonly issuer?: string;
  readonly audience?: string;
}

/** The issuer's clock may be so far ahead (s). */
const CLOCK_SKEW_S = 10;

interface Header {
  readonly alg: string;
  readonly kid?: unknown;
}

export function headerOf(encoded: string): Header | null {
  try {
    const header: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString());
    if (typeof header !== 'object' || header === null || !('alg' in header)) return null;
    return typeof header.alg === 'string' ? (header as Header) : null;
  } catch {
    return null;
  }
}

/** `clock`: ms since 1970. Rejects with what `refusalInWords` tells. */
export async function signedClaims(
  jose: Jose,
  source: KeySource,
  token: string,
  meant: Meant,
  clock: () => number,
): Promise<SignedClaims> {
  const header = headerOf(token.slice(0, token.indexOf('.')));
  if (header === null) throw new TokenRefusal('the token cannot be read');
  if (!ALGORITHMS.includes(header.alg)) {
    throw new TokenRefusal(`the token is signed by ${shown(header.alg)}, which is none of ${ALGORITHMS.join(', ')}`);
  }
  const id = typeof header.kid === 'string' ? header.kid : undefined;
  const keys = await source.find(header.alg, id);
  if (keys.length === 0) throw new TokenRefusal(`no key ${shown(id ?? null)} for ${header.alg} is known`);
  let failure: unknown;
  for (const key of keys) {
    try {
      return await checked(jose, token, key, meant, clock());
    } catch (error) {
      if (!(error instanceof jose.errors.JWSSignatureVerificationFailed)) throw error;
      failure = error;
    }
  }
  throw failure;
}

async function checked(
  jose: Jose,
  token: string,
  { key, algorithms }: SigningKey,
  meant: Meant,
  now: number,
): Promise<SignedClaims> {
  const { payload } = await jose.jwtVerify(token, key, {
    algorithms: [...algorithms],
    clockTolerance: CLOCK_SKEW_S,
    currentDate: new Date(now),
    ...meant,
  });
  return payload;
}

/** Why a token does not count, without the token. */
export function refusalInWords({ errors }: Jose, error: unknown): string {
  if (error instanceof TokenRefusal) return error.message;
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
