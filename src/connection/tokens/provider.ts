/**
 * Who issues tokens, as it tells of itself (OpenID Connect Discovery): where its keys are, and where people sign in. It
 * is asked at the start, and again when that failed. What must hold: it is the issuer that the operator has named, and
 * all that it names is to be had by https, or on this machine.
 */
import { fetchText } from './fetch-text.js';
import { isTrustedUrl, TRUSTED_URL } from './trusted-url.js';

const CONFIGURATION = '/.well-known/openid-configuration';
/** After an attempt that failed, it is asked again so much later at the soonest (ms). */
const AGAIN_MS = 5_000;

/** What a provider tells of itself. */
export interface Endpoints {
  readonly issuer: string;
  /** Where its keys are. */
  readonly keys: string;
  /** Where people sign in, and where that is exchanged for tokens; null: it does not say. */
  readonly authorization: string | null;
  readonly token: string | null;
  /** Where people end their session with it; null: it does not say. */
  readonly endSession: string | null;
  /** Whether a client shows its secret in the form, since the provider does not take it by HTTP Basic. */
  readonly takesSecretInForm: boolean;
  /** Whether it says in its answers that they are its own (RFC 9207). */
  readonly namesItself: boolean;
}

/** Plain values, that go to another thread. */
export interface ProviderSetup {
  readonly url: string;
  readonly issuer: string;
  /** PEM of those who sign for its server; null: whom the system knows. */
  readonly authority: string | null;
  /** What it said at the start; null: it could not be asked. */
  readonly known: Endpoints | null;
}

/** A provider tells nothing of itself, or what cannot be used; in words for the operator. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
}

export class Provider {
  readonly #setup: ProviderSetup;
  readonly #now: () => number;
  #known: Endpoints | null;
  #underWay: Promise<Endpoints> | null = null;
  #failure: { readonly error: Error; readonly until: number } | null = null;

  constructor(setup: ProviderSetup, now: () => number = () => performance.now()) {
    this.#setup = setup;
    this.#known = setup.known;
    this.#now = now;
  }

  get url(): string {
    return this.#setup.url;
  }

  get authority(): string | null {
    return this.#setup.authority;
  }

  /** Whoever comes while it is asked waits for the same. Rejects with a `ProviderError`. */
  async endpoints(): Promise<Endpoints> {
    if (this.#known !== null) return this.#known;
    if (this.#failure !== null && this.#now() < this.#failure.until) throw this.#failure.error;
    this.#underWay ??= this.#ask();
    return this.#underWay;
  }

  async #ask(): Promise<Endpoints> {
    try {
      this.#known = await discovered(this.#setup);
      return this.#known;
    } catch (error) {
      this.#failure = { error: error as Error, until: this.#now() + AGAIN_MS };
      throw error;
    } finally {
      this.#underWay = null;
    }
  }
}

/** Where an issuer tells of itself. */
export function configurationUrl(url: string): string {
  return url.replace(/\/+$/, '') + CONFIGURATION;
}

async function discovered({ url, issuer, authority }: ProviderSetup): Promise<Endpoints> {
  const address = configurationUrl(url);
  try {
    return endpointsIn(await fetchText(address, authority), issuer);
  } catch (error) {
    throw new ProviderError(`${address}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

interface Told {
  readonly [field: string]: unknown;
  readonly issuer?: unknown;
  readonly jwks_uri?: unknown;
  readonly token_endpoint_auth_methods_supported?: unknown;
  readonly authorization_response_iss_parameter_supported?: unknown;
}

/** Throws an `Error` whose message goes on after the provider's address. */
export function endpointsIn(text: string, issuer: string): Endpoints {
  const told = objectIn(text);
  if (told.issuer !== issuer)
    throw new Error(`the issuer there is ${quoted(told.issuer)}; oauth_issuer must be the same, and is '${issuer}'`);
  const keys = urlIn(told, 'jwks_uri');
  if (keys === null) throw new Error('no jwks_uri is there, and so no keys');
  const methods = told.token_endpoint_auth_methods_supported;
  const takes = (method: string): boolean => Array.isArray(methods) && methods.includes(method);
  return {
    issuer,
    keys,
    authorization: urlIn(told, 'authorization_endpoint'),
    token: urlIn(told, 'token_endpoint'),
    endSession: urlIn(told, 'end_session_endpoint'),
    takesSecretInForm: takes('client_secret_post') && !takes('client_secret_basic'),
    namesItself: told.authorization_response_iss_parameter_supported === true,
  };
}

function objectIn(text: string): Told {
  try {
    const told: unknown = JSON.parse(text);
    if (typeof told === 'object' && told !== null && !Array.isArray(told)) return told as Told;
  } catch {}
  throw new Error('the answer is no JSON object');
}

function urlIn(told: Told, field: string): string | null {
  const url = told[field];
  if (url === undefined) return null;
  if (typeof url === 'string' && isTrustedUrl(url)) return url;
  throw new Error(`${field} there is ${quoted(url)}, and not ${TRUSTED_URL}`);
}

const QUOTED_MOST = 200;

function quoted(value: unknown): string {
  if (value === undefined) return 'not said';
  return typeof value === 'string' ? `'${value.slice(0, QUOTED_MOST)}'` : JSON.stringify(value).slice(0, QUOTED_MOST);
}
