/**
 * Whoever issues tokens (OAuth 2), in a test: signs them, and shows its keys on this machine, as long as the test does
 * not have it answer something else.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export const RESOURCE = 'leveret';
export const ALL_SCOPES = ['configure', 'write', 'read'].map((right) => `${RESOURCE}.${right}:*/*/*`);

interface Pair {
  readonly id: string;
  readonly algorithm: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export interface TokenOptions {
  readonly key?: Pair;
  /** s from now. */
  readonly expiresIn?: number;
  readonly header?: Readonly<Record<string, unknown>>;
}

export class Issuer {
  readonly #server: Server;
  /** Those that it shows. */
  keys: Pair[] = [];
  /** How often it was asked. */
  asked = 0;
  /** What it answers instead of its keys. */
  answer: RequestListener | null = null;
  #pairs = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.asked++;
      if (this.answer !== null) return this.answer(request, response);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(this.jwks));
    });
  }

  static async start(algorithm = 'RS256'): Promise<Issuer> {
    const issuer = new Issuer();
    await issuer.rotate(algorithm);
    await issuer.listen();
    return issuer;
  }

  get jwks(): { readonly keys: readonly JWK[] } {
    return { keys: this.keys.map(({ publicJwk }) => publicJwk) };
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys`;
  }

  listen(port = 0): Promise<void> {
    return new Promise((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** A key of its own, which it does not show. */
  async newKey(algorithm = 'RS256'): Promise<Pair> {
    const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
    const id = `key-${++this.#pairs}`;
    return { id, algorithm, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid: id, use: 'sig' } };
  }

  /** From now on it signs by another key, and shows that one alone. */
  async rotate(algorithm = 'RS256'): Promise<void> {
    this.keys = [await this.newKey(algorithm)];
  }

  /** A token for a user with these scopes; `claims` come on top of, or instead of, what tokens have. */
  token(claims: Readonly<Record<string, unknown>> = {}, options: TokenOptions = {}): Promise<string> {
    const key = options.key ?? this.keys[0];
    if (key === undefined) throw new Error('the issuer has no key');
    const now = Math.floor(Date.now() / 1000);
    const { expiresIn = 600, header = {} } = options;
    const all = {
      sub: 'ann',
      aud: RESOURCE,
      iss: 'issuer',
      exp: now + expiresIn,
      scope: ALL_SCOPES.join(' '),
      ...claims,
    };
    return new SignJWT(all).setProtectedHeader({ alg: key.algorithm, kid: key.id, ...header }).sign(key.privateKey);
  }
}
