/**
 * How clients come in by tokens (OAuth 2): what a worker is told of it, and what it makes of that.
 *
 * This folder is about tokens that clients show instead of passwords; the handshake imports it, and what announces its
 * end.
 */
import type { FailedLogins } from '../handshake/failed-logins.js';
import type { TokenRules } from './claims.js';
import { fixedKeys, RemoteKeys } from './key-source.js';
import { TokenLogins } from './token-logins.js';
import { TokenVerifier } from './token-verifier.js';

/** Plain values, that go to another thread. */
export interface OauthSetup {
  readonly rules: TokenRules;
  /** `text`: a JWKS or PEM. `authority`: PEM of those who sign for the server at the URL; null: whom the system knows. */
  readonly keys:
    | { readonly kind: 'fixed'; readonly text: string }
    | { readonly kind: 'remote'; readonly url: string; readonly authority: string | null };
}

/** `report` takes lines for the operator. */
export function tokenLogins(
  { rules, keys }: OauthSetup,
  failed: FailedLogins,
  report: (line: string) => void,
): TokenLogins {
  const source = keys.kind === 'fixed' ? fixedKeys(keys.text) : new RemoteKeys({ ...keys, report });
  return new TokenLogins(new TokenVerifier(source, rules), failed);
}
