/**
 * A text from a URL that the operator has named: bounded in size and time, and from nowhere else. What must hold:
 * redirections are not followed, and what cannot be had is one line that says why.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';

/** The whole of it may take so long (ms). */
const TIMEOUT_MS = 5_000;
const OCTETS_MOST = 256 * 1024;

/** `authority`: PEM of those who may have signed for the server; null: those whom the system knows. */
export async function fetchText(url: string, authority: string | null): Promise<string> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const headers = { accept: 'application/json' };
  const { request: open } = url.startsWith('https:') ? await import('node:https') : await import('node:http');
  const request = open(url, { signal, headers, agent: false, ...(authority === null ? {} : { ca: authority }) });
  // Nobody waits for it once the worker ends.
  request.on('socket', (socket) => socket.unref());
  try {
    return await textOf(await responseTo(request));
  } catch (error) {
    if (signal.aborted) throw new Error(`no answer within ${TIMEOUT_MS / 1000} s`);
    throw error;
  } finally {
    request.destroy();
  }
}

function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve).on('error', reject).end();
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  if (response.statusCode !== 200) throw new Error(`the answer was status ${response.statusCode}`);
  const parts: Buffer[] = [];
  let octets = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    octets += part.length;
    if (octets > OCTETS_MOST) throw new Error(`the answer has more than ${OCTETS_MOST / 1024} KiB`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
