/**
 * What was configured of tokens (OAuth 2), as a program that embeds the broker would say it. What must hold: whatever
 * does not fit together is told by the setting that is wrong.
 */
import { isTrustedUrl, TRUSTED_URL } from '../connection/tokens/trusted-url.js';
import type { OauthOptions } from '../node/options.js';
import { KEYS, type Key } from './config/settings.js';
import { type Configuration, type Given, refuse } from './config/sources.js';

/** What holds by default may stand there all the same. */
const MEANINGLESS_ALONE = KEYS.filter((key) => key.startsWith('oauth_') && key !== 'oauth_verify_aud');
const OF_SIGN_IN = [
  'oauth_client_secret',
  'oauth_scopes',
  'oauth_authorization_endpoint_params',
  'oauth_token_endpoint_params',
] as const satisfies readonly Key[];

/** Undefined: nothing was said. */
export function oauthOptions(given: Configuration): OauthOptions | undefined {
  const { oauth_resource_server_id: id, oauth_keys: keys, oauth_jwks_url: url, oauth_https_ca: authority } = given;
  const { oauth_issuer: issuer, oauth_provider_url: provider, oauth_client_id: client } = given;
  if (id === undefined) {
    const other = MEANINGLESS_ALONE.map((key) => given[key]).find((one) => one !== undefined);
    return other === undefined ? undefined : refuse(other.origin, 'means nothing without oauth_resource_server_id');
  }
  const isProvider = provider !== undefined || (issuer !== undefined && isTrustedUrl(issuer.value));
  if (keys !== undefined && url !== undefined)
    return refuse(url.origin, 'says where the keys of tokens are, and oauth_keys does, too: leave one of them out');
  if (keys === undefined && url === undefined && !isProvider) {
    const wanted = `oauth_keys, oauth_jwks_url, or an oauth_issuer that is ${TRUSTED_URL} and says where they are`;
    return refuse(id.origin, `needs the keys of tokens: ${wanted}`);
  }
  if (client !== undefined && !isProvider)
    refuse(client.origin, `needs an oauth_issuer that is ${TRUSTED_URL}, or an oauth_provider_url`);
  const other = OF_SIGN_IN.map((key) => given[key]).find((one) => one !== undefined);
  if (client === undefined && other !== undefined) refuse(other.origin, 'means nothing without oauth_client_id');
  if (authority !== undefined && url === undefined && !isProvider)
    refuse(authority.origin, 'means nothing without oauth_jwks_url');
  return {
    resourceServerId: id.value,
    keys: keys?.value,
    jwksUrl: url?.value,
    httpsAuthority: authority?.value,
    issuer: issuer?.value,
    providerUrl: provider?.value,
    verifyAudience: given.oauth_verify_aud?.value,
    scopePrefix: given.oauth_scope_prefix?.value,
    preferredUsernameClaims: given.oauth_preferred_username_claims?.value,
    additionalScopesKey: given.oauth_additional_scopes_key?.value,
    scopeAliases: given.oauth_scope_aliases && aliases(given.oauth_scope_aliases.value),
    clientId: client?.value,
    clientSecret: given.oauth_client_secret?.value,
    scopes: given.oauth_scopes?.value,
    authorizationEndpointParams: params(given.oauth_authorization_endpoint_params),
    tokenEndpointParams: params(given.oauth_token_endpoint_params),
  };
}

function aliases(given: readonly string[]): Record<string, string[]> {
  const pairs = given.map(pairIn).map(([alias, scopes]) => [alias, scopes.split(' ').filter((scope) => scope !== '')]);
  return Object.fromEntries(pairs) as Record<string, string[]>;
}

function params(given: Given<readonly string[]> | undefined): Record<string, string> | undefined {
  return given && Object.fromEntries(given.value.map(pairIn));
}

function pairIn(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}
