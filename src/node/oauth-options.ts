/**
 * What a broker can be told of tokens (OAuth 2), and what is refused of it. What must hold: where the keys of tokens
 * are is said once, and whatever needs a provider has one.
 */
import { isTrustedUrl, TRUSTED_URL } from '../connection/tokens/trusted-url.js';
import type { OauthFiles, SignInOptions } from './files/oauth-files.js';
import { OptionError, refuseUnknown, shown, text, textOrNull, texts, yesOrNo } from './option-values.js';

/** Tokens (OAuth 2) as passwords; names and defaults are those of RabbitMQ's backend. */
export interface OauthOptions {
  /** What tokens call this broker. */
  readonly resourceServerId: string;
  /** A file with the keys of those who sign tokens: a JWKS, or PEM. */
  readonly keys?: string | null | undefined;
  /** Where the issuer shows its keys (a JWKS): https, or http on this machine; null, without `keys`: where it says. */
  readonly jwksUrl?: string | null | undefined;
  /** A file with certificates (PEM) of those who sign for the issuer's server; null: those whom Node.js knows. */
  readonly httpsAuthority?: string | null | undefined;
  /** Who must have issued a token; null: `providerUrl`, or without it whoever has its key. */
  readonly issuer?: string | null | undefined;
  /** Where the issuer tells how it is set up (OpenID Connect Discovery); null: at `issuer`. */
  readonly providerUrl?: string | null | undefined;
  /** Whether a token must be for this broker (`aud`). */
  readonly verifyAudience?: boolean | undefined;
  /** What scopes for this broker begin with; `resourceServerId` and a dot if nothing is said. */
  readonly scopePrefix?: string | null | undefined;
  /** Claims with the name of the user, before `sub` and `client_id`. */
  readonly preferredUsernameClaims?: readonly string[] | undefined;
  /** Claims, besides `scope`, that hold scopes: paths with dots, and blanks between them. */
  readonly additionalScopesKey?: string | null | undefined;
  /** Scopes, each with those that it stands for. */
  readonly scopeAliases?: Readonly<Record<string, readonly string[]>> | undefined;
  /** What the issuer knows the web page by: with it people sign in there. Null: they do not. */
  readonly clientId?: string | null | undefined;
  /** Null: the issuer has given none. */
  readonly clientSecret?: string | null | undefined;
  /** The scopes that the web page asks for; `openid` is among them in any case. */
  readonly scopes?: readonly string[] | undefined;
  /** What else the issuer is told where people sign in, such as `resource` or `audience`. */
  readonly authorizationEndpointParams?: Readonly<Record<string, string>> | undefined;
  /** What else it is told where that is exchanged for tokens. */
  readonly tokenEndpointParams?: Readonly<Record<string, string>> | undefined;
}

const OAUTH_NAMES = [
  'resourceServerId',
  'keys',
  'jwksUrl',
  'httpsAuthority',
  'issuer',
  'providerUrl',
  'verifyAudience',
  'scopePrefix',
  'preferredUsernameClaims',
  'additionalScopesKey',
  'scopeAliases',
  'clientId',
  'clientSecret',
  'scopes',
  'authorizationEndpointParams',
  'tokenEndpointParams',
] as const satisfies readonly (keyof OauthOptions)[];

export const OAUTH_DEFAULTS = {
  verifyAudience: true,
  /** Those of RabbitMQ's page. */
  scopes: ['openid', 'profile'],
} as const;

export function oauthFiles(given: OauthOptions | null): OauthFiles | null {
  if (given === null) return null;
  refuseUnknown('oauth.', given, OAUTH_NAMES);
  const resourceServerId = text('oauth.resourceServerId', given.resourceServerId);
  const aliases = Object.entries(given.scopeAliases ?? {});
  const issuer = textOrNull('oauth.issuer', given.issuer ?? null);
  const providerUrl = trustedUrlOrNull('oauth.providerUrl', given.providerUrl ?? null);
  const keys = textOrNull('oauth.keys', given.keys ?? null);
  const jwksUrl = trustedUrlOrNull('oauth.jwksUrl', given.jwksUrl ?? null);
  if (keys !== null && jwksUrl !== null)
    throw new OptionError('oauth.keys and oauth.jwksUrl say both where the keys of tokens are: leave one out');
  const signIn = signInOptions(given);
  const named = providerUrl ?? issuer;
  const isProvider = named !== null && isTrustedUrl(named);
  if (keys === null && jwksUrl === null && !isProvider)
    throw new OptionError(
      `oauth needs the keys of tokens: oauth.keys, oauth.jwksUrl, or an oauth.issuer that is ${TRUSTED_URL}`,
    );
  if (signIn !== null && !isProvider)
    throw new OptionError(`oauth.clientId needs an oauth.issuer or oauth.providerUrl that is ${TRUSTED_URL}`);
  return {
    resourceServerId,
    keys,
    jwksUrl,
    httpsAuthority: textOrNull('oauth.httpsAuthority', given.httpsAuthority ?? null),
    provider: isProvider ? { url: named, issuer: issuer ?? named } : null,
    signIn,
    issuer: issuer ?? providerUrl,
    verifyAudience: yesOrNo('oauth.verifyAudience', given.verifyAudience ?? OAUTH_DEFAULTS.verifyAudience),
    scopePrefix: scopePrefix(given.scopePrefix ?? `${resourceServerId}.`),
    preferredUsernameClaims: texts('oauth.preferredUsernameClaims', given.preferredUsernameClaims ?? []),
    additionalScopesKey: textOrNull('oauth.additionalScopesKey', given.additionalScopesKey ?? null),
    scopeAliases: Object.fromEntries(
      aliases.map(([alias, scopes]) => [alias, texts(`oauth.scopeAliases['${alias}']`, scopes)]),
    ),
  };
}

const SIGN_IN_NAMES = ['clientSecret', 'scopes', 'authorizationEndpointParams', 'tokenEndpointParams'] as const;

function signInOptions(given: OauthOptions): SignInOptions | null {
  const clientId = textOrNull('oauth.clientId', given.clientId ?? null);
  if (clientId === null) {
    const other = SIGN_IN_NAMES.find((name) => given[name] !== undefined && given[name] !== null);
    if (other !== undefined) throw new OptionError(`oauth.${other} means nothing without oauth.clientId`);
    return null;
  }
  return {
    clientId,
    clientSecret: textOrNull('oauth.clientSecret', given.clientSecret ?? null),
    scopes: [...new Set(['openid', ...texts('oauth.scopes', given.scopes ?? OAUTH_DEFAULTS.scopes)])],
    authorizationParams: params('oauth.authorizationEndpointParams', given.authorizationEndpointParams ?? {}),
    tokenParams: params('oauth.tokenEndpointParams', given.tokenEndpointParams ?? {}),
  };
}

/** What the broker says itself. */
const OWN_PARAMS = [
  'client_id',
  'client_secret',
  'code',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
  'grant_type',
  'nonce',
  'redirect_uri',
  'refresh_token',
  'response_mode',
  'response_type',
  'scope',
  'state',
];

function params(name: string, given: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  if (typeof given !== 'object' || given === null)
    throw new OptionError(`${name} must be an object, not ${shown(given)}`);
  const own = Object.keys(given).find((one) => OWN_PARAMS.includes(one));
  if (own !== undefined) throw new OptionError(`${name} cannot say '${own}': the broker says that itself`);
  return Object.fromEntries(Object.entries(given).map(([one, value]) => [one, text(`${name}['${one}']`, value)]));
}

function trustedUrlOrNull(name: string, value: unknown): string | null {
  const url = textOrNull(name, value);
  if (url === null || isTrustedUrl(url)) return url;
  throw new OptionError(`${name} must be ${TRUSTED_URL}, not '${url}'`);
}

/** May be empty: then all scopes are for this broker. */
function scopePrefix(value: unknown): string {
  return value === '' ? '' : text('oauth.scopePrefix', value);
}
