/**
 * The settings that let clients in by tokens (OAuth 2), and people sign in to the web page. They are called as those of
 * RabbitMQ's backend (`auth_oauth2.`) and page (`management.oauth_`) are.
 */
import { isTrustedUrl, TRUSTED_URL } from '../../connection/tokens/trusted-url.js';
import { OAUTH_DEFAULTS } from '../../node/oauth-options.js';
import { type Kind, parsed, text, texts, yesOrNo } from './kinds.js';
import type { Setting } from './settings.js';

function setting<T>(kind: Kind<T>, rest: Omit<Setting<T>, 'kind'>): Setting<T> {
  return { kind, ...rest };
}

export const OAUTH_SETTINGS = {
  oauth_resource_server_id: setting(text('ID', 'what tokens call this broker'), {
    help: 'let clients in by tokens (OAuth 2) that call this broker so, besides those with passwords; see docs/oauth2.md',
    standard: null,
  }),
  oauth_keys: setting(text('FILE', 'the name of a file'), {
    help: 'keys of those who sign tokens: a JWKS, or PEM',
    standard: null,
  }),
  oauth_jwks_url: setting(parsed('URL', TRUSTED_URL, trustedUrl, String), {
    help: 'where the issuer of tokens shows its keys (a JWKS), by https, or by http on this machine',
    standard: null,
    standardText: 'where the issuer says (OpenID Connect Discovery), if there is no oauth_keys',
  }),
  oauth_https_ca: setting(text('FILE', 'the name of a file'), {
    help: 'certificates (PEM) of those who may sign for the server of the issuer',
    standard: null,
    standardText: 'those that Node.js knows',
  }),
  oauth_issuer: setting(text('ISSUER', 'the issuer of tokens'), {
    help: 'who must have issued a token (iss)',
    standard: null,
    standardText: 'oauth_provider_url, else whoever has one of the keys',
  }),
  oauth_provider_url: setting(parsed('URL', TRUSTED_URL, trustedUrl, String), {
    help: 'where the issuer tells how it is set up, at .well-known/openid-configuration below it',
    standard: null,
    standardText: 'oauth_issuer',
  }),
  oauth_verify_aud: setting(yesOrNo, {
    help: 'a token must be for this broker: its audience (aud) names oauth_resource_server_id',
    standard: OAUTH_DEFAULTS.verifyAudience,
  }),
  oauth_scope_prefix: setting(parsed('PREFIX', 'a text', String, String), {
    help: 'what scopes for this broker begin with; empty, all are',
    standard: null,
    standardText: 'oauth_resource_server_id and a dot',
  }),
  oauth_preferred_username_claims: setting(texts('CLAIM', 'the name of a claim'), {
    help: 'claims to take the name of the user from, the first that is there, before sub and client_id; several may be given',
    standard: null,
  }),
  oauth_additional_scopes_key: setting(text('CLAIM', 'the name of a claim'), {
    help: 'where scopes are besides scope: a claim, or a path with dots; several, with blanks between them',
    standard: null,
  }),
  oauth_scope_aliases: setting(texts('ALIAS=SCOPES', 'ALIAS=SCOPE SCOPE …', isAlias), {
    help: 'a scope that stands for others, with blanks between these, such as admin=rabbitmq.tag:administrator; several may be given',
    standard: null,
  }),
  oauth_client_id: setting(text('ID', 'what the issuer calls the web page'), {
    help: 'let people sign in to the web page at the issuer, which knows the page as this client',
    standard: null,
  }),
  oauth_client_secret: setting(text('SECRET', 'a secret'), {
    help: 'the secret of that client, if the issuer has given it one',
    standard: null,
    isSecret: true,
  }),
  oauth_scopes: setting(
    parsed('SCOPES', 'scopes with blanks between them', wordsIn, (all) => all.join(' ')),
    {
      help: 'the scopes that the web page asks the issuer for, with blanks between them; openid is among them in any case',
      standard: null,
      standardText: OAUTH_DEFAULTS.scopes.join(' '),
    },
  ),
  oauth_authorization_endpoint_params: setting(texts('NAME=VALUE', 'NAME=VALUE', isAlias), {
    help: 'what else the issuer is told where people sign in, such as resource=rabbitmq or audience=rabbitmq; several may be given',
    standard: null,
  }),
  oauth_token_endpoint_params: setting(texts('NAME=VALUE', 'NAME=VALUE', isAlias), {
    help: 'what else the issuer is told where the sign-in is exchanged for a token; several may be given',
    standard: null,
  }),
};

function trustedUrl(given: string): string | undefined {
  return isTrustedUrl(given) ? given : undefined;
}

function isAlias(given: string): boolean {
  return /^[^=]+=.+$/.test(given);
}

function wordsIn(given: string): readonly string[] | undefined {
  const words = given.split(' ').filter((word) => word !== '');
  return words.length === 0 ? undefined : words;
}
