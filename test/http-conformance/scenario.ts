/** What is asked of both, the broker under test and the referee. */

export interface Step {
  readonly method: 'GET' | 'HEAD' | 'OPTIONS' | 'PUT' | 'POST' | 'DELETE';
  /** Behind `/api`. */
  readonly path: string;
  /** A text goes as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** `user:password`; null: nobody. The guest, if nothing is said. */
  readonly as?: string | null;
}

export interface Scenario {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** What came back. */
export interface Answered {
  readonly status: number;
  /** Those that tools look at. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null: there was no body. */
  readonly body: unknown;
}

export const get = (path: string, as?: string | null): Step => step('GET', path, undefined, as);
export const put = (path: string, body: unknown = {}, as?: string | null): Step => step('PUT', path, body, as);
export const post = (path: string, body: unknown = {}, as?: string | null): Step => step('POST', path, body, as);
export const remove = (path: string, as?: string | null): Step => step('DELETE', path, undefined, as);

function step(method: Step['method'], path: string, body: unknown, as: string | null | undefined): Step {
  return { method, path, ...(body === undefined ? {} : { body }), ...(as === undefined ? {} : { as }) };
}

const JSON_BODY = { 'content-type': 'application/json' };
const HEADERS = ['allow', 'content-type', 'location', 'www-authenticate'];

/** Plays one step against an HTTP API. */
export async function play(base: string, { method, path, body, headers, as = 'guest:guest' }: Step): Promise<Answered> {
  const login = as === null ? {} : { authorization: `Basic ${Buffer.from(as).toString('base64')}` };
  const answer = await fetch(`${base}${path}`, {
    method,
    headers: { ...(typeof body === 'object' ? JSON_BODY : {}), ...login, ...headers },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    redirect: 'manual',
  });
  const text = await answer.text();
  const told = HEADERS.flatMap((name) => {
    const value = answer.headers.get(name);
    return value === null ? [] : [[name, value.replace(/; charset=utf-8$/, '')] as const];
  });
  return { status: answer.status, headers: Object.fromEntries(told), body: text === '' ? null : parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
