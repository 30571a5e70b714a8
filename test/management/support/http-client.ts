/** A caller of the HTTP API of a broker that is embedded in this process. */
import { afterAll, beforeAll } from 'vitest';
import type { Broker } from '../../../src/index.js';
import { startEmbedded } from '../../support/embedded.js';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined: the body is no JSON. */
  readonly json: unknown;
}

const GUEST: Credentials = { user: 'guest', password: 'guest' };

export class HttpApi {
  constructor(
    readonly broker: Broker,
    private readonly credentials: Credentials | null = GUEST,
  ) {}

  /** The same for somebody else; null: nobody. */
  as(credentials: Credentials | null): HttpApi {
    return new HttpApi(this.broker, credentials);
  }

  get(path: string): Promise<HttpAnswer> {
    return this.#request('GET', path, undefined, {});
  }

  put(path: string, body: unknown, headers: Record<string, string> = {}): Promise<HttpAnswer> {
    return this.#request('PUT', path, body, headers);
  }

  post(path: string, body: unknown): Promise<HttpAnswer> {
    return this.#request('POST', path, body, {});
  }

  /** As a page sends a form. */
  postForm(path: string, form: FormData): Promise<HttpAnswer> {
    return this.#request('POST', path, form, {});
  }

  delete(path: string, headers: Record<string, string> = {}): Promise<HttpAnswer> {
    return this.#request('DELETE', path, undefined, headers);
  }

  /** A body that is no text goes as JSON. */
  async #request(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<HttpAnswer> {
    const { user, password } = this.credentials ?? {};
    const login = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const answer = await fetch(`http://127.0.0.1:${this.broker.management?.port}/api${path}`, {
      method,
      headers: this.credentials === null ? headers : { ...headers, authorization: login },
      body: body === undefined ? null : isSentAsItIs(body) ? body : JSON.stringify(body),
      redirect: 'manual',
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, json: parsed(text) };
  }
}

function isSentAsItIs(body: unknown): body is string | FormData {
  return typeof body === 'string' || body instanceof FormData;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A broker with an HTTP API for the tests of a file. */
export function useHttpApi(): () => HttpApi {
  let api: HttpApi | undefined;
  beforeAll(async () => {
    const { embedded } = await startEmbedded(undefined, { management: { host: '127.0.0.1', port: 0 } });
    api = new HttpApi(embedded);
  });
  afterAll(() => api?.broker.stop());
  return () => {
    if (api === undefined) throw new Error('the broker is there while tests run');
    return api;
  };
}
