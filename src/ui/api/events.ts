/**
 * Server-sent events, read by fetch: an EventSource would not say why it was refused. What must hold: a stream that
 * ends, or from which nothing comes, is begun again, later each time; there is none in a tab that nobody sees; and the
 * windows of a browser leave each other connections for all else.
 */
import { useEffect, useRef } from 'preact/hooks';
import { ApiError, respond } from './client.js';
import { returns } from './reach.js';

/** How soon a stream that has ended is begun again (ms), and how much later at most, if that fails again and again. */
const AGAIN_MS = 2_000;
const AGAIN_MAX_MS = 60_000;
/** The broker sends something at once: what is between may keep it back (ms). */
const FIRST_MS = 3_000;
/** The broker gives a sign of life each 15 s: whoever hears nothing for two of them is cut off (ms). */
const SILENCE_MS = 35_000;
/** A browser has six connections to a broker for all of its windows, and each stream takes one. */
const STREAMS_MOST = 3;

export type OnEvent = (kind: string, data: unknown) => void;

interface Hearer {
  readonly onEvent: OnEvent;
  /** Why the API does not let it be followed; it is not asked again. */
  readonly onRefused?: ((error: ApiError) => void) | undefined;
  /** Whether it comes, or does not for now. Given by whoever can ask instead, and leaves others the few places then. */
  readonly onFlow?: ((flows: boolean) => void) | undefined;
}

/** `path` null: nothing is followed. */
export function useEvents(path: string | null, onEvent: OnEvent, onRefused?: (error: ApiError) => void): void {
  useStream(path, { onEvent, onRefused });
}

export function useStream(path: string | null, hearer: Hearer): void {
  const hearing = useRef(hearer);
  // Not while it is drawn: what still comes by the last path is for the last hearer.
  useEffect(() => {
    hearing.current = hearer;
  });
  useEffect(() => {
    if (path === null) return;
    let stop = (): void => {};
    const begin = (): void => {
      stop();
      stop = document.hidden ? () => {} : follow(path, () => hearing.current);
    };
    begin();
    document.addEventListener('visibilitychange', begin);
    const leave = returns.listen(begin);
    return () => {
      document.removeEventListener('visibilitychange', begin);
      leave();
      stop();
    };
  }, [path]);
}

/** Returns what ends it. */
function follow(path: string, hearer: () => Hearer): () => void {
  let isStopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = new AbortController();
  let wait = AGAIN_MS;
  const alive = (within: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => attempt.abort(), within);
  };
  const listen = async (): Promise<void> => {
    alive(FIRST_MS);
    const answer = await respond('GET', path, undefined, attempt.signal);
    if (answer.body === null) return;
    await read(answer.body, (kind, data) => {
      alive(SILENCE_MS);
      wait = AGAIN_MS;
      if (kind === null || isStopped) return;
      hearer().onFlow?.(true);
      hearer().onEvent(kind, data);
    });
  };
  const run = async (): Promise<void> => {
    attempt = new AbortController();
    try {
      await (hearer().onFlow === undefined ? listen() : inTurn(listen));
    } catch (error) {
      // The broker may be upgraded, or what is between us: that is tried again.
      if (!isStopped && error instanceof ApiError && error.status < 500) {
        hearer().onFlow?.(false);
        hearer().onRefused?.(error);
        return;
      }
    } finally {
      clearTimeout(timer);
      attempt.abort();
    }
    if (isStopped) return;
    hearer().onFlow?.(false);
    // Not all windows at once.
    timer = setTimeout(run, wait * (0.75 + Math.random() / 2));
    wait = Math.min(2 * wait, AGAIN_MAX_MS);
  };
  void run();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    attempt.abort();
  };
}

/**
 * Does it as one of the few of this browser, or not at all. Over HTTP without TLS browsers do not let windows agree,
 * but on this machine: it is done then, in each window that is seen.
 */
async function inTurn(listen: () => Promise<void>): Promise<void> {
  const locks = navigator.locks as LockManager | undefined;
  if (locks === undefined) return listen();
  let isDone = false;
  for (let place = 0; place < STREAMS_MOST && !isDone; place++) {
    await locks.request(`leveret stream ${place}`, { ifAvailable: true }, async (lock) => {
      if (lock === null) return;
      isDone = true;
      await listen();
    });
  }
}

/** `onEvent` hears null, too, at each sign of life. */
async function read(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  onEvent: (kind: string | null, data: unknown) => void,
): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onEvent(null, undefined);
    text += value;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const lines = block.split('\n');
      const field = (name: string): string | undefined =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const data = field('data');
      if (data !== undefined) onEvent(field('event') ?? 'message', JSON.parse(data) as unknown);
    }
  }
}
