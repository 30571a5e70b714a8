/**
 * What was configured of tokens (OAuth 2), as a program that embeds the broker would say it. What must hold: whatever
 * does not fit together is told by the setting that is wrong.
 */
import type { OauthOptions } from '../node/options.js';
import { KEYS } from './config/settings.js';
import { type Configuration, refuse } from './config/sources.js';

/** What holds by default may stand there all the same. */
const MEANINGLESS_ALONE = KEYS.filter((key) => key.startsWith('oauth_') && key !== 'oauth_verify_aud');

/** Undefined: nothing was said. */
export function oauthOptions(given: Configuration): OauthOptions | undefined {
  const { oauth_resource_server_id: id, oauth_keys: keys, oauth_jwks_url: url, oauth_https_ca: authority } = given;
  if (id === undefined) {
    const other = MEANINGLESS_ALONE.map((key) => given[key]).find((one) => one !== undefined);
    return other === undefined ? undefined : refuse(other.origin, 'means nothing without oauth_resource_server_id');
  }
  if ((keys === undefined) === (url === undefined)) {
    return refuse(id.origin, 'needs the keys of tokens: either oauth_keys or oauth_jwks_url');
  }
  if (authority !== undefined && url === undefined) refuse(authority.origin, 'means nothing without oauth_jwks_url');
  return {
    resourceServerId: id.value,
    keys: keys?.value,
    jwksUrl: url?.value,
    httpsAuthority: authority?.value,
    issuer: given.oauth_issuer?.value,
    verifyAudience: given.oauth_verify_aud?.value,
    scopePrefix: given.oauth_scope_prefix?.value,
    preferredUsernameClaims: given.oauth_preferred_username_claims?.value,
    additionalScopesKey: given.oauth_additional_scopes_key?.value,
    scopeAliases: given.oauth_scope_aliases && aliases(given.oauth_scope_aliases.value),
  };
}

function aliases(given: readonly string[]): Record<string, string[]> {
  const pairs = given.map((one) => {
    const at = one.indexOf('=');
    return [
      one.slice(0, at).trim(),
      one
        .slice(at + 1)
        .split(' ')
        .filter((scope) => scope !== ''),
    ] as const;
  });
  return Object.fromEntries(pairs);
}
