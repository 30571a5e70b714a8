/**
 * A real OpenID provider (oidc-provider) of this machine, where people sign in by whatever name and password, and agree
 * or not. It is on `localhost`, and so of another site than what is on 127.0.0.1.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { vi } from 'vitest';
import { RESOURCE } from './issuer.js';

export const CLIENT = 'leveret-page';
/** What the provider calls the broker. */
export const RESOURCE_URI = 'https://broker.example/';

export interface Grants {
  /** Those that a token has, of those that are asked for. */
  scopes: string;
  /** How long tokens count (s). */
  seconds: number;
  isRefreshed: boolean;
}

export class OidcProvider {
  readonly #server: Server;
  readonly #port: number;
  /** What it gives from now on. */
  readonly grants: Grants = { scopes: `${RESOURCE}.tag:management`, seconds: 600, isRefreshed: false };

  private constructor(server: Server) {
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  static async start(): Promise<OidcProvider> {
    let handle: RequestListener = (_request, response) => void response.writeHead(503).end();
    const server = createServer((request, response) => handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    const started = new OidcProvider(server);
    handle = await started.#handler();
    return started;
  }

  get issuer(): string {
    return `http://localhost:${this.#port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #handler(): Promise<RequestListener> {
    // It says that its store and its pages are for trials.
    const quiet = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'info')].map((spy) => spy.mockImplementation(() => {}));
    const { Provider } = await import('oidc-provider');
    const provider = new Provider(this.issuer, {
      clients: [
        {
          client_id: CLIENT,
          token_endpoint_auth_method: 'none',
          // Of such clients any port of this machine will do.
          application_type: 'native',
          redirect_uris: ['http://127.0.0.1/js/oidc-oauth/login-callback.html'],
          post_logout_redirect_uris: ['http://127.0.0.1/'],
          grant_types: ['authorization_code', 'refresh_token'],
          response_types: ['code'],
        },
      ],
      cookies: { keys: ['a secret of this test'] },
      scopes: ['openid', 'profile', 'offline_access'],
      findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
      issueRefreshToken: () => this.grants.isRefreshed,
      ttl: {
        Interaction: 600,
        Session: 600,
        Grant: 600,
        AccessToken: () => this.grants.seconds,
        IdToken: 600,
        RefreshToken: 600,
      },
      pkce: { required: () => true },
      features: {
        devInteractions: { enabled: true },
        resourceIndicators: {
          enabled: true,
          useGrantedResource: () => true,
          getResourceServerInfo: () => ({
            scope: this.grants.scopes,
            audience: RESOURCE,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'RS256' } },
          }),
        },
      },
    });
    for (const spy of quiet) spy.mockRestore();
    return provider.callback();
  }
}
