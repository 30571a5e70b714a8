/**
 * The management API of a broker, as RabbitMQ has it and we: the few requests that a migration needs. What must hold:
 * whatever goes wrong is one line that names the address and what would be right; no password is in it.
 */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { TlsSettings } from '../client/connection.js';
import { reasonOf } from '../client/errors.js';
import { type HttpPlace, MigrationError } from './plan.js';

/** No answer within this time is none (ms); definitions may be long. */
const ANSWER_MS = 120_000;
const UNAUTHORIZED = 401;
const FORBIDDEN = 403;
const NOT_FOUND = 404;
const ERRORS = 400;

interface Answer {
  readonly status: number;
  readonly text: string;
}

export class ManagementApi {
  readonly #place: HttpPlace;
  readonly #tls: TlsSettings;
  /** The flag that says where it is. */
  readonly #flag: string;

  constructor(place: HttpPlace, tls: TlsSettings, flag: string) {
    this.#place = place;
    this.#tls = tls;
    this.#flag = flag;
  }

  async get<T>(path: string): Promise<T> {
    const text = await this.text(path);
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new MigrationError(`${this.#place.url} answers ${path} with what is no JSON: is it a management API?`);
    }
  }

  text(path: string): Promise<string> {
    return this.#done('GET', path);
  }

  async put(path: string, body: string): Promise<void> {
    await this.#done('PUT', path, body);
  }

  async post(path: string, body: string): Promise<void> {
    await this.#done('POST', path, body);
  }

  async #done(method: string, path: string, body?: string): Promise<string> {
    const { status, text } = await this.#ask(method, path, body);
    if (status < ERRORS) return text;
    const { url, user } = this.#place;
    switch (status) {
      case UNAUTHORIZED:
        throw new MigrationError(
          `${url} does not let '${user}' in: ${this.#flag} takes user:password@ before the host`,
        );
      case FORBIDDEN:
        throw new MigrationError(`${url} refuses ${path} to '${user}', who needs the tag administrator`);
      case NOT_FOUND:
        throw new MigrationError(`${url} knows no ${path}`);
      default:
        throw new MigrationError(`${url} answers ${method} ${path} with ${status}: ${reasonIn(text)}`);
    }
  }

  #ask(method: string, path: string, body: string | undefined): Promise<Answer> {
    const { url, user, password } = this.#place;
    const at = new URL(`${url}${path}`);
    const { authority, certificate, key, isVerified } = this.#tls;
    const options = {
      method,
      auth: `${user}:${password}`,
      timeout: ANSWER_MS,
      headers:
        body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      ca: authority ?? undefined,
      cert: certificate ?? undefined,
      key: key ?? undefined,
      rejectUnauthorized: isVerified,
    };
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void => {
        const where = `${this.#flag} says where the management API is`;
        reject(new MigrationError(`${url} cannot be reached: ${reasonOf(error)} (${where})`));
      };
      const asked = (at.protocol === 'https:' ? requestHttps : requestHttp)(at, options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      });
      asked.on('timeout', () => asked.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`)));
      asked.on('error', fail);
      asked.end(body);
    });
  }
}

function reasonIn(text: string): string {
  try {
    const { reason } = JSON.parse(text) as { readonly reason?: unknown };
    return typeof reason === 'string' ? reason : text.slice(0, 200);
  } catch {
    return text.slice(0, 200);
  }
}
