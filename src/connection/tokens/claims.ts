/**
 * What a token says of its bearer, once its signature is known to be right: for whom it is, how long it counts, who the
 * bearer is and what it may do. As RabbitMQ's OAuth 2 backend reads it. What must hold: whatever an issuer may have put
 * there is read without fault, and is bounded.
 */
import type { Grant } from '../../broker/access/scopes.js';

/** How the claims of tokens are read. */
export interface TokenRules {
  /** What tokens call this broker: must be among those whom a token is for. */
  readonly resourceServerId: string;
  /** Who must have issued the token; null: whoever has its key. */
  readonly issuer: string | null;
  /** Whether the token must be for this broker. */
  readonly verifyAudience: boolean;
  /** What scopes for this broker begin with. */
  readonly scopePrefix: string;
  /** The claims to look for the user's name in, before `sub` and `client_id`. */
  readonly preferredUsernameClaims: readonly string[];
  /** Where else scopes are: paths of claims, with a dot between two; null: nowhere. */
  readonly additionalScopesKey: string | null;
  /** Scopes, each with those that it stands for. */
  readonly scopeAliases: Readonly<Record<string, readonly string[]>>;
}

/** Why a token does not count, in words for the operator. */
export class TokenRefusal extends Error {
  override readonly name = 'TokenRefusal';
}

interface Claims {
  readonly [claim: string]: unknown;
  readonly scope?: unknown;
}

/** As RabbitMQ has it. */
const SCOPES_MOST = 2048;
/** Longer names no user has. */
const NAME_MOST = 255;
const NAME_CLAIMS = ['sub', 'client_id'];
/** Where Keycloak has scopes in the token of a requesting party. */
const PARTY_SCOPES = 'authorization.permissions.scopes';

/** `now`: ms since 1970. Throws `TokenRefusal`. */
export function grantOf(claims: Claims, rules: TokenRules, now: number): Grant {
  const expiresAt = expiryOf(claims, now);
  if (rules.verifyAudience) checkAudience(claims, rules.resourceServerId);
  return { name: nameOf(claims, rules), scopes: scopesOf(claims, rules), expiresAt };
}

function expiryOf({ exp }: Claims, now: number): number {
  if (typeof exp !== 'number' || !Number.isFinite(exp))
    throw new TokenRefusal('the token does not say when it expires');
  const expiresAt = Math.trunc(exp) * 1000;
  if (expiresAt > now) return expiresAt;
  throw new TokenRefusal(`the token has expired ${Math.ceil((now - expiresAt) / 1000)} s ago`);
}

function checkAudience({ aud }: Claims, resourceServerId: string): void {
  if (textsIn(aud).includes(resourceServerId)) return;
  throw new TokenRefusal(`the token is not for '${resourceServerId}': its audience (aud) is ${shown(aud)}`);
}

function nameOf(claims: Claims, { preferredUsernameClaims }: TokenRules): string {
  for (const claim of [...preferredUsernameClaims, ...NAME_CLAIMS]) {
    const name = claims[claim];
    if (typeof name !== 'string' || name === '') continue;
    if (Buffer.byteLength(name) <= NAME_MOST) return name;
    throw new TokenRefusal(`the token names a user with more than ${NAME_MOST} octets`);
  }
  throw new TokenRefusal('the token names no user');
}

function scopesOf(claims: Claims, rules: TokenRules): string[] {
  const paths = [PARTY_SCOPES, ...words(rules.additionalScopesKey ?? '')];
  const given = [...textsIn(claims.scope), ...paths.flatMap((path) => scopesAt(claims, path.split('.'), rules))];
  const { scopeAliases } = rules;
  const all = given.flatMap((scope) => [
    scope,
    ...(Object.hasOwn(scopeAliases, scope) ? (scopeAliases[scope] ?? []) : []),
  ]);
  const { scopePrefix } = rules;
  const ours = all.filter((scope) => scope.startsWith(scopePrefix)).map((scope) => scope.slice(scopePrefix.length));
  const scopes = [...new Set(ours)].sort();
  if (scopes.length <= SCOPES_MOST) return scopes;
  throw new TokenRefusal(`the token has ${scopes.length} scopes, and ${SCOPES_MOST} are the most`);
}

/** What stands at the end of a path; lists on the way are gone through. */
function scopesAt(value: unknown, path: readonly string[], rules: TokenRules): string[] {
  if (path.length === 0) return scopesIn(value, rules);
  if (Array.isArray(value)) return value.flatMap((one) => (isObject(one) ? scopesAt(one, path, rules) : []));
  const [key = '', ...rest] = path;
  return isObject(value) && Object.hasOwn(value, key) ? scopesAt(value[key], rest, rules) : [];
}

/** In an object they stand by the broker, without its name. */
function scopesIn(value: unknown, { resourceServerId: id }: TokenRules): string[] {
  if (!isObject(value)) return textsIn(value);
  return Object.hasOwn(value, id) ? textsIn(value[id]).map((scope) => `${id}.${scope}`) : [];
}

/** The texts of a list, or the words of a text. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return words(value);
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const SHOWN_MOST = 200;

/** A claim, for people. */
export function shown(claim: unknown): string {
  const text = claim === undefined ? 'not there' : JSON.stringify(claim);
  return text.length > SHOWN_MOST ? `${text.slice(0, SHOWN_MOST)}…` : text;
}
