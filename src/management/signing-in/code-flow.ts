/**
 * Signing in at the issuer of tokens (OpenID Connect, the authorization code flow with PKCE). The broker exchanges the
 * code: the browser never has a token, and the page reaches nothing but its broker. What must hold: what comes back
 * belongs to what was begun in the same browser (state), comes from the issuer that was asked, and the issuer has
 * signed that it was meant for this sign-in (nonce).
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Answer, postForm } from '../../connection/tokens/fetch-text.js';
import type { KeySource } from '../../connection/tokens/key-source.js';
import type { SignInSetup } from '../../connection/tokens/oauth-setup.js';
import { type Endpoints, Provider, ProviderError } from '../../connection/tokens/provider.js';
import { type Jose, refusalInWords, type SignedClaims, signedClaims } from '../../connection/tokens/signed-claims.js';
import { looksLikeToken } from '../../connection/tokens/token-verifier.js';

/** What was begun: nobody but the broker may know the verifier before it is shown. */
export interface Begun {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly redirectUrl: string;
}

export interface Tokens {
  readonly access: string;
  /** Null: the issuer gives none. */
  readonly refresh: string | null;
}

export interface SignedIn extends Tokens {
  /** Who it is, as the issuer has signed it: it knows its session by that. */
  readonly identity: string;
}

/** Why somebody is not signed in, in words for them. */
export class SignInTrouble extends Error {
  override readonly name = 'SignInTrouble';
}

/** The issuer has refused, for good: it has answered so. */
class Refused extends SignInTrouble {}

export class CodeFlow {
  readonly #setup: SignInSetup;
  readonly #provider: Provider;
  readonly #keys: KeySource;
  readonly #clock: () => number;

  /** `keys` have signed what the issuer says of somebody; `clock`: ms since 1970. */
  constructor(setup: SignInSetup, keys: KeySource, clock: () => number = Date.now) {
    this.#setup = setup;
    this.#provider = new Provider(setup.provider);
    this.#keys = keys;
    this.#clock = clock;
  }

  /** Whom people sign in at. */
  get issuer(): string {
    return new URL(this.#setup.provider.url).host;
  }

  /** Where the browser is sent, and what it comes back to. Rejects with a `SignInTrouble`. */
  async begin(redirectUrl: string): Promise<{ readonly url: string; readonly begun: Begun }> {
    const { authorization } = await this.#endpoints();
    if (authorization === null) throw new SignInTrouble(`${this.issuer} does not say where people sign in`);
    const begun = { state: secret(), nonce: secret(), verifier: secret(), redirectUrl };
    const { clientId, scopes, authorizationParams } = this.#setup;
    const url = new URL(authorization);
    const fields = {
      ...authorizationParams,
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUrl,
      scope: scopes.join(' '),
      state: begun.state,
      nonce: begun.nonce,
      code_challenge: createHash('sha256').update(begun.verifier).digest('base64url'),
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value);
    return { url: url.href, begun };
  }

  /** `answer`: what the browser was sent back with. Rejects with a `SignInTrouble`. */
  async finish(begun: Begun, answer: URLSearchParams): Promise<SignedIn> {
    const { state, nonce, verifier, redirectUrl } = begun;
    if (!isSame(answer.get('state') ?? '', state))
      throw new SignInTrouble('this answer belongs to another sign-in (state): begin again here');
    const { issuer, namesItself } = await this.#endpoints();
    const from = answer.get('iss');
    if (from === null ? namesItself : from !== issuer)
      throw new SignInTrouble(`this answer is not of ${this.issuer} (iss): begin again here`);
    const error = answer.get('error');
    if (error !== null) throw new Refused(this.#refusal(error, answer.get('error_description')));
    const code = answer.get('code');
    if (code === null) throw new SignInTrouble(`${this.issuer} has answered without a code`);
    const told = await this.#exchange({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUrl,
      code_verifier: verifier,
    });
    const identity = await this.#checkedIdentity(told.id_token, nonce);
    return { ...this.#tokensIn(told, null), identity };
  }

  /** Where a browser ends its session at the issuer, which sends it to `page` then; null: the issuer does not say. */
  async leave(identity: string, page: string): Promise<string | null> {
    const { endSession } = await this.#endpoints();
    if (endSession === null) return null;
    const url = new URL(endSession);
    url.searchParams.set('id_token_hint', identity);
    url.searchParams.set('client_id', this.#setup.clientId);
    url.searchParams.set('post_logout_redirect_uri', page);
    return url.href;
  }

  /** Other tokens, for a refresh token; null: the issuer gives none any more. Rejects where it does not answer. */
  async refresh(token: string): Promise<Tokens | null> {
    try {
      const told = await this.#exchange({ grant_type: 'refresh_token', refresh_token: token });
      return this.#tokensIn(told, token);
    } catch (error) {
      if (error instanceof Refused) return null;
      throw error;
    }
  }

  async #endpoints(): Promise<Endpoints> {
    try {
      return await this.#provider.endpoints();
    } catch (error) {
      if (error instanceof ProviderError) throw new SignInTrouble(`${this.issuer} does not answer: ${error.message}`);
      throw error;
    }
  }

  async #exchange(fields: Readonly<Record<string, string>>): Promise<Told> {
    const { token: url, takesSecretInForm } = await this.#endpoints();
    if (url === null) throw new SignInTrouble(`${this.issuer} does not say where it gives tokens`);
    const { clientId, clientSecret, tokenParams } = this.#setup;
    const form = new URLSearchParams({ ...tokenParams, client_id: clientId, ...fields });
    if (clientSecret !== null && takesSecretInForm) form.set('client_secret', clientSecret);
    const isBasic = clientSecret !== null && !takesSecretInForm;
    const headers = isBasic ? { authorization: basic(clientId, clientSecret) } : {};
    let answer: Answer;
    try {
      answer = await postForm(url, this.#provider.authority, { fields: form, headers });
    } catch (error) {
      throw new SignInTrouble(`${this.issuer} does not answer: ${error instanceof Error ? error.message : error}`);
    }
    const told = objectIn(answer.text);
    if (answer.status === 200 && told !== null) return told;
    if (told !== null && typeof told.error === 'string' && answer.status < 500)
      throw new Refused(this.#refusal(told.error, told.error_description));
    throw new SignInTrouble(`${this.issuer} has answered the exchange of the code by status ${answer.status}`);
  }

  #refusal(error: string, description: unknown): string {
    const more = typeof description === 'string' && description !== '' ? `: ${plain(description)}` : '';
    return `${this.issuer} has refused (${plain(error)})${more}`;
  }

  #tokensIn({ access_token: access, refresh_token: refresh }: Told, before: string | null): Tokens {
    if (typeof access !== 'string') throw new SignInTrouble(`${this.issuer} has given no access token`);
    if (!looksLikeToken(access))
      throw new SignInTrouble(
        `${this.issuer} has given an access token that is no JWT, which this broker cannot read: it may have to be ` +
          'asked for one by oauth_authorization_endpoint_params (resource or audience)',
      );
    return { access, refresh: typeof refresh === 'string' ? refresh : before };
  }

  /** What the issuer has signed was meant for this sign-in, and for this client. */
  async #checkedIdentity(token: unknown, nonce: string): Promise<string> {
    if (typeof token !== 'string') throw new SignInTrouble(`${this.issuer} has not signed who this is (id_token)`);
    const { issuer } = await this.#endpoints();
    const { clientId } = this.#setup;
    const claims = await this.#claims(await import('jose'), token, { issuer, audience: clientId });
    if (typeof claims.exp !== 'number') throw new SignInTrouble('the id_token does not say when it expires');
    if (typeof claims.nonce !== 'string' || !isSame(claims.nonce, nonce))
      throw new SignInTrouble('the id_token belongs to another sign-in (nonce): begin again here');
    if (claims.azp !== undefined && claims.azp !== clientId)
      throw new SignInTrouble('the id_token was given to another client (azp)');
    return token;
  }

  async #claims(jose: Jose, token: string, meant: { issuer: string; audience: string }): Promise<SignedClaims> {
    try {
      return await signedClaims(jose, this.#keys, token, meant, this.#clock);
    } catch (error) {
      throw new SignInTrouble(`who this is cannot be told from the id_token: ${refusalInWords(jose, error)}`);
    }
  }
}

interface Told {
  readonly access_token?: unknown;
  readonly refresh_token?: unknown;
  readonly id_token?: unknown;
  readonly error?: unknown;
  readonly error_description?: unknown;
}

function objectIn(text: string): Told | null {
  try {
    const told: unknown = JSON.parse(text);
    return typeof told === 'object' && told !== null ? told : null;
  } catch {
    return null;
  }
}

/** 256 bits that nobody can guess. */
function secret(): string {
  return randomBytes(32).toString('base64url');
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

/** As RFC 6749 has it: each part encoded as in a form first. */
function basic(id: string, password: string): string {
  const [user, secretText] = [id, password].map((text) => encodeURIComponent(text).replaceAll('%20', '+'));
  return `Basic ${Buffer.from(`${user}:${secretText}`).toString('base64')}`;
}

const PLAIN_MOST = 200;

/** A text of somebody else, as part of a line. */
function plain(text: string): string {
  return text.replace(/\p{C}+/gu, ' ').slice(0, PLAIN_MOST);
}
