/**
 * Server-sent events, read by fetch: an EventSource would not say why it was refused. What must hold: a stream that ends
 * is begun again, and there is none in a tab that nobody sees.
 */
import { useEffect, useRef } from 'preact/hooks';
import { ApiError, respond } from './client.js';

/** How soon a stream that has ended is begun again (ms). */
const AGAIN_MS = 2_000;

export type OnEvent = (kind: string, data: unknown) => void;

/** `path` null: nothing is followed. `onRefused` hears why the API does not let it be followed; it is not asked again. */
export function useEvents(path: string | null, onEvent: OnEvent, onRefused?: (error: ApiError) => void): void {
  const hearing = useRef({ onEvent, onRefused });
  hearing.current = { onEvent, onRefused };
  useEffect(() => {
    if (path === null) return;
    let controller: AbortController | null = null;
    const follow = async ({ signal }: AbortController): Promise<void> => {
      while (!signal.aborted) {
        try {
          const answer = await respond('GET', path, undefined, signal);
          if (answer.body !== null) await read(answer.body, (kind, data) => hearing.current.onEvent(kind, data));
        } catch (error) {
          // Too many watch already: a place may come free.
          if (error instanceof ApiError && error.status !== 503) {
            hearing.current.onRefused?.(error);
            return;
          }
        }
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    };
    const onVisibility = (): void => {
      controller?.abort();
      controller = document.hidden ? null : new AbortController();
      if (controller !== null) void follow(controller);
    };
    onVisibility();
    document.addEventListener('visibilitychange', onVisibility);
    return () => {
      document.removeEventListener('visibilitychange', onVisibility);
      controller?.abort();
    };
  }, [path]);
}

async function read(body: ReadableStream<Uint8Array<ArrayBuffer>>, onEvent: OnEvent): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
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
