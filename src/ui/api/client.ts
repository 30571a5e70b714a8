/**
 * Calls of the HTTP API. What must hold: an error is told in the API's own words; a call that reaches no broker says so
 * to the whole page, and one that finds no session ends in the sign-in.
 */
import { foundAway } from './reach.js';
import { sessionEnded } from './session.js';

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** What the API has refused, and why. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** The API's word for it: `not_found`. */
    readonly code: string,
    reason: string,
  ) {
    super(reason);
  }
}

/** The broker could not be reached: the page tells of it by itself. */
export class AwayError extends Error {}

/** Says to the broker that this is its own page: no other site can send it. */
const HEADERS = { 'x-requested-with': 'leveret' };

/** `path`: from `/api/` on, below wherever this page is. */
export function addressOf(path: string): URL {
  return new URL(`.${path}`, document.baseURI.replace(/#.*/, ''));
}

/** A path of parts that may say anything: `pathOf('/api/queues', vhost, name)`. */
export function pathOf(start: string, ...parts: readonly string[]): string {
  return [start, ...parts.map(encodeURIComponent)].join('/');
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  if (given.length === 0) return path;
  return `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

/**
 * The answer, if it is one; rejects with an `ApiError`, or an `AwayError`. A body that is a `Blob` is JSON already.
 */
export async function respond(
  method: Method,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(addressOf(path), {
      method,
      headers: { ...HEADERS, ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined ? null : body instanceof Blob ? body : JSON.stringify(body),
      credentials: 'same-origin',
      cache: 'no-store',
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    foundAway();
    throw new AwayError('the broker cannot be reached');
  }
  if (answer.ok) return answer;
  const refusal = await refusalIn(answer);
  // Somebody who may not do this is `not_authorised`, with an s.
  if (answer.status === 401 && refusal.code !== 'not_authorised') sessionEnded(refusal.code === 'session_ended');
  throw refusal;
}

export async function call<T>(
  method: Method,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<T> {
  const answer = await respond(method, path, body, signal, headers);
  const text = await answer.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return call('GET', path, undefined, signal);
}

/** As a header has room for a text: octets of UTF-8, and none that would end it. */
export function headerText(text: string): string {
  const octets = new TextEncoder().encode(text.replace(/\p{Cc}/gu, ' '));
  return Array.from(octets, (octet) => String.fromCharCode(octet)).join('');
}

async function refusalIn(answer: Response): Promise<ApiError> {
  const text = await answer.text();
  try {
    const { error = '', reason = '' } = JSON.parse(text) as { error?: string; reason?: string };
    return new ApiError(answer.status, error, reason || error || answer.statusText);
  } catch {
    return new ApiError(answer.status, '', text || `the broker answered ${answer.status} ${answer.statusText}`);
  }
}

export function inWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
