/**
 * How clients come in by tokens (OAuth 2): what a worker is told of it, and what it makes of that.
 *
 * This folder is about tokens that clients show instead of passwords; the handshake imports it, and what announces its
 * end.
 */
import type { FailedLogins } from '../handshake/failed-logins.js';
import type { TokenRules } from './claims.js';
import { fixedKeys, type KeySource, RemoteKeys } from './key-source.js';
import { Provider, ProviderError, type ProviderSetup } from './provider.js';
import { TokenLogins } from './token-logins.js';
import { TokenVerifier } from './token-verifier.js';

/** Plain values, that go to another thread. */
export interface OauthSetup {
  readonly rules: TokenRules;
  /**
   * `text`: a JWKS or PEM. `authority`: PEM of those who sign for the server at the URL; null: whom the system knows.
   * Of a provider: where it says.
   */
  readonly keys:
    | { readonly kind: 'fixed'; readonly text: string }
    | { readonly kind: 'remote'; readonly url: string; readonly authority: string | null }
    | { readonly kind: 'provider'; readonly provider: ProviderSetup };
  /** How people sign in at the provider to the web page; null: they do not. */
  readonly signIn: SignInSetup | null;
}

/** What the provider knows the web page by. */
export interface SignInSetup {
  readonly provider: ProviderSetup;
  readonly clientId: string;
  /** Null: it has none. */
  readonly clientSecret: string | null;
  readonly scopes: readonly string[];
  /** What else is said where people sign in, and where that is exchanged for tokens. */
  readonly authorizationParams: Readonly<Record<string, string>>;
  readonly tokenParams: Readonly<Record<string, string>>;
}

type Report = (line: string) => void;

const KEPT_MS = 60_000;

/** `report` takes lines for the operator. */
export function tokenLogins(setup: OauthSetup, failed: FailedLogins, report: Report): TokenLogins {
  return new TokenLogins(new TokenVerifier(keySource(setup, report), setup.rules), failed);
}

export function keySource({ keys }: Pick<OauthSetup, 'keys'>, report: Report): KeySource {
  switch (keys.kind) {
    case 'fixed':
      return fixedKeys(keys.text);
    case 'remote': {
      const { url, authority } = keys;
      return new RemoteKeys({ from: url, url: async () => url, authority, report });
    }
    case 'provider': {
      const provider = new Provider(keys.provider);
      const url = async (): Promise<string> => (await provider.endpoints()).keys;
      return new RemoteKeys({ from: provider.url, url, authority: provider.authority, report });
    }
    default:
      return keys satisfies never;
  }
}

/** The same, with what its provider tells of itself, if it does; else `report` has a line. */
export async function askedAhead(setup: OauthSetup, report: Report): Promise<OauthSetup> {
  const { keys, signIn } = setup;
  const asked = keys.kind === 'provider' ? keys.provider : (signIn?.provider ?? null);
  if (asked === null) return setup;
  // Nothing else may keep a thread that is still starting: what it waits for here does not.
  const kept = setInterval(() => {}, KEPT_MS);
  try {
    const provider = { ...asked, known: await new Provider(asked).endpoints() };
    return {
      ...setup,
      keys: keys.kind === 'provider' ? { ...keys, provider } : keys,
      signIn: signIn === null ? null : { ...signIn, provider },
    };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const meanwhile = keys.kind === 'provider' ? 'tokens are refused' : 'nobody signs in there to the web page';
    report(`the issuer of tokens does not tell how it is set up: ${error.message}; ${meanwhile} until it does`);
    return setup;
  } finally {
    clearInterval(kept);
  }
}
