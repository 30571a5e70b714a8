/**
 * The HTTP API of the broker, by its control socket. What must hold: each call ends within the time that was given for
 * the whole command.
 */
import { request } from 'node:http';
import { CtlError, EXIT, UsageError } from './command.js';

/** The broker has answered that it does not do it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly error: string,
    reason: string,
  ) {
    super(reason);
  }
}

export interface Call {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

const HTTP_ERROR = 400;
const NOT_FOUND = 404;
/** All that RabbitMQ's routes say of what is not there. */
const UNNAMED = 'Not Found';

export class Api {
  readonly #socket: string;
  readonly #until: AbortSignal;

  /** `until`: when it is too late for an answer. */
  constructor(socket: string, until: AbortSignal) {
    this.#socket = socket;
    this.#until = until;
  }

  /** What a GET brings. Rejects with an `ApiError`. */
  async get<T>(path: string): Promise<T> {
    return JSON.parse(await this.#done('GET', path, {})) as T;
  }

  /** The same; null: there is no such thing. */
  async find<T>(path: string): Promise<T | null> {
    try {
      return await this.get<T>(path);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async put(path: string, body: unknown = {}): Promise<void> {
    await this.#done('PUT', path, { body });
  }

  async post(path: string, body: unknown = {}): Promise<string> {
    return this.#done('POST', path, { body });
  }

  async delete(path: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#done('DELETE', path, { headers });
  }

  async #done(method: string, path: string, call: Call): Promise<string> {
    const { status, text } = await this.call(method, path, call);
    if (status < HTTP_ERROR) return text;
    const { error = '', reason = '' } = fieldsOf(text);
    const named = reason === UNNAMED ? `${UNNAMED}: ${decodeURIComponent(path)}` : String(reason);
    throw new ApiError(status, String(error), named);
  }

  /** Whatever the answer is. Rejects with a `CtlError` when nobody answers, or not in time. */
  call(method: string, path: string, { body, headers = {} }: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const refuse = (error: NodeJS.ErrnoException): void => reject(this.#inWords(error));
      const asked = request(
        { socketPath: this.#socket, method, path, signal: this.#until, headers: { ...headers, host: 'localhost' } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', refuse);
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
          });
        },
      );
      asked.on('error', refuse);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  #inWords(error: NodeJS.ErrnoException): CtlError {
    if (this.#until.aborted) return new CtlError(EXIT.TEMPORARY, 'the broker has not answered in time (--timeout)');
    switch (error.code) {
      case 'ENOENT':
        return new CtlError(
          EXIT.UNAVAILABLE,
          `no broker has its socket at ${this.#socket} (--socket or --data name another)`,
        );
      case 'ECONNREFUSED':
        return new CtlError(EXIT.UNAVAILABLE, `no broker runs that would answer at ${this.#socket}`);
      case 'EACCES':
      case 'EPERM':
        return new CtlError(EXIT.UNAVAILABLE, `${this.#socket} is the broker's user's alone: run this as that user`);
      default:
        return new CtlError(EXIT.UNAVAILABLE, `the broker does not answer at ${this.#socket}: ${error.message}`);
    }
  }
}

/** A path of the API; each part may be any text but an empty one, which names nothing. */
export function at(...parts: readonly string[]): string {
  const [, ...names] = parts;
  if (names.includes('')) throw new UsageError(`a name must not be empty (of ${parts[0]})`);
  return `/api/${parts.map(encodeURIComponent).join('/')}`;
}

export function isMissing(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === NOT_FOUND;
}

function fieldsOf(text: string): { readonly error?: unknown; readonly reason?: unknown } {
  try {
    const given: unknown = JSON.parse(text);
    return typeof given === 'object' && given !== null ? given : {};
  } catch {
    return {};
  }
}
