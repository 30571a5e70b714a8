/**
 * The public keys of those who sign tokens: read from a JWKS (RFC 7517) or from PEM. What must hold: no key is used for
 * an algorithm that is not its own, and no secret one at all: who knows it could sign tokens.
 */
import { createPublicKey, type JsonWebKey, type KeyObject, X509Certificate } from 'node:crypto';

export interface SigningKey {
  /** Null: it has none, and may have signed any token. */
  readonly id: string | null;
  readonly algorithms: readonly string[];
  readonly key: KeyObject;
}

/** There are no keys in a text, or such as must not be there; the message goes on after its name. */
export class KeysError extends Error {
  override readonly name = 'KeysError';
}

const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const RSA_BITS_LEAST = 2048;
const CURVES: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };
const EDWARDS = ['EdDSA', 'Ed25519'];

/** What tokens may be signed with: nothing that a public key, or nobody's, would do for. */
export const ALGORITHMS: readonly string[] = [...RSA, ...Object.values(CURVES), ...EDWARDS];

/** So many are tried with a token. */
const TRIED_MOST = 8;
const KEYS_MOST = 100;

/** The keys that may have signed a token. */
export function suitableKeys(keys: readonly SigningKey[], algorithm: string, id: string | undefined): SigningKey[] {
  return keys
    .filter((key) => key.algorithms.includes(algorithm) && (id === undefined || key.id === null || key.id === id))
    .slice(0, TRIED_MOST);
}

/** The keys in a JWKS, a single JWK or PEM. Keys of a JWKS that are for something else are passed over. */
export function readSigningKeys(text: string): SigningKey[] {
  const keys = text.includes('-----BEGIN ') ? keysInPem(text) : keysInJwks(text);
  if (keys.length === 0) throw new KeysError(`holds no key that signs by one of ${ALGORITHMS.join(', ')}`);
  if (keys.length > KEYS_MOST) throw new KeysError(`holds ${keys.length} keys, and ${KEYS_MOST} are the most`);
  return keys;
}

function keysInPem(text: string): SigningKey[] {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g)];
  return blocks.flatMap(([block, label = '']) => {
    if (label.includes('PRIVATE')) throw new KeysError('holds a private key: the broker must know the public one only');
    try {
      const key = label === 'CERTIFICATE' ? new X509Certificate(block).publicKey : createPublicKey(block);
      return signingKey(key, null, undefined);
    } catch {
      throw new KeysError(`holds a ${label.toLowerCase()} that cannot be read`);
    }
  });
}

interface Jwk {
  readonly [field: string]: unknown;
  readonly keys?: unknown;
  readonly kty?: unknown;
  readonly use?: unknown;
  readonly kid?: unknown;
  readonly alg?: unknown;
}

function keysInJwks(text: string): SigningKey[] {
  const parsed = parsedJson(text);
  const list = isObject(parsed) && 'keys' in parsed ? parsed.keys : [parsed];
  if (!Array.isArray(list)) throw new KeysError("is no JWKS: 'keys' must be a list");
  return list.filter(isObject).flatMap((jwk) => {
    if ('d' in jwk) throw new KeysError('holds a private key: the broker must know the public one only');
    if (jwk.use !== undefined && jwk.use !== 'sig') return [];
    return keyOfJwk(jwk);
  });
}

function keyOfJwk(jwk: Jwk): SigningKey[] {
  // A secret key would do for whoever has it to sign tokens with.
  if (jwk.kty === 'oct') return [];
  try {
    const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    return signingKey(key, typeof jwk.kid === 'string' ? jwk.kid : null, jwk.alg);
  } catch {
    // Of a kind that is not known here.
    return [];
  }
}

/** None when nothing here is signed by such a key. */
function signingKey(key: KeyObject, id: string | null, algorithm: unknown): SigningKey[] {
  const algorithms = algorithmsOf(key).filter((one) => algorithm === undefined || one === algorithm);
  return algorithms.length === 0 ? [] : [{ id, algorithms, key }];
}

function algorithmsOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): readonly string[] {
  switch (type) {
    case 'rsa':
      return (details?.modulusLength ?? 0) >= RSA_BITS_LEAST ? RSA : [];
    case 'ec':
      return [CURVES[details?.namedCurve ?? ''] ?? []].flat();
    case 'ed25519':
      return EDWARDS;
    default:
      return [];
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KeysError('is neither JSON (a JWKS) nor PEM (-----BEGIN PUBLIC KEY-----)');
  }
}

function isObject(value: unknown): value is Jwk {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
