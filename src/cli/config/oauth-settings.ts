/**
 * The settings that let clients in by tokens (OAuth 2). They are called as those of RabbitMQ's backend (`auth_oauth2.`)
 * are.
 */
import { DEFAULTS, isTrustedUrl, TRUSTED_URL } from '../../node/options.js';
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
  }),
  oauth_https_ca: setting(text('FILE', 'the name of a file'), {
    help: 'certificates (PEM) of those who may sign for the server of that URL',
    standard: null,
    standardText: 'those that Node.js knows',
  }),
  oauth_issuer: setting(text('ISSUER', 'the issuer of tokens'), {
    help: 'who must have issued a token (iss)',
    standard: null,
    standardText: 'whoever has one of the keys',
  }),
  oauth_verify_aud: setting(yesOrNo, {
    help: 'a token must be for this broker: its audience (aud) names oauth_resource_server_id',
    standard: DEFAULTS.oauthVerifyAudience,
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
};

function trustedUrl(given: string): string | undefined {
  return isTrustedUrl(given) ? given : undefined;
}

function isAlias(given: string): boolean {
  return /^[^=]+=.+$/.test(given);
}
