/**
 * A text from a URL that the operator has named: bounded in size and time, and from nowhere else. What must hold:
 * redirections are not followed, and what cannot be had is one line that says why.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';

/** The whole of it may take so long (ms). */
const TIMEOUT_MS = 5_000;
const OCTETS_MOST = 256 * 1024;

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A form that is posted. */
export interface PostedForm {
  readonly fields: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
}

/** `authority`: PEM of those who may have signed for the server; null: those whom the system knows. */
export async function fetchText(url: string, authority: string | null): Promise<string> {
  const { status, text } = await fetched(url, authority, null);
  if (status !== 200) throw new Error(`the answer was status ${status}`);
  return text;
}

/** The answer, whatever its status is. */
export function postForm(url: string, authority: string | null, form: PostedForm): Promise<Answer> {
  return fetched(url, authority, form);
}

async function fetched(url: string, authority: string | null, form: PostedForm | null): Promise<Answer> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const posted = form === null ? {} : { ...form.headers, 'content-type': 'application/x-www-form-urlencoded' };
  const headers = { accept: 'application/json', ...posted };
  const method = form === null ? 'GET' : 'POST';
  const { request: open } = url.startsWith('https:') ? await import('node:https') : await import('node:http');
  const request = open(url, {
    method,
    signal,
    headers,
    agent: false,
    ...(authority === null ? {} : { ca: authority }),
  });
  // Nobody waits for it once the worker ends.
  request.on('socket', (socket) => socket.unref());
  try {
    return await answerOf(await responseTo(request, form?.fields.toString() ?? ''));
  } catch (error) {
    if (signal.aborted) throw new Error(`no answer within ${TIMEOUT_MS / 1000} s`);
    throw error;
  } finally {
    request.destroy();
  }
}

function responseTo(request: ClientRequest, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve).on('error', reject).end(body);
  });
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  const parts: Buffer[] = [];
  let octets = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    octets += part.length;
    if (octets > OCTETS_MOST) throw new Error(`the answer has more than ${OCTETS_MOST / 1024} KiB`);
    parts.push(part);
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() };
}
