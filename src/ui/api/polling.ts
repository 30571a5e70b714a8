/**
 * What is asked for again and again while it is looked at. What must hold: nothing is asked in a tab that nobody sees,
 * nor again before the last answer has come; what was last known stays while the broker is away.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { AwayError, get } from './client.js';
import { returns } from './reach.js';

/** The broker takes samples as often (ms). */
export const EVERY_MS = 5_000;

export interface Polled<T> {
  /** Undefined: not known yet. */
  readonly data: T | undefined;
  /** Why the last answer was none. */
  readonly error: Error | null;
  /** Asks now: something has changed. */
  reload(): void;
}

/** `path` null: nothing is asked. */
export function usePolled<T>(path: string | null, every = EVERY_MS): Polled<T> {
  const [state, setState] = useState<{ path: string | null; data?: T; error: Error | null }>({ path, error: null });
  const load = useCallback(
    async (signal: AbortSignal) => {
      if (path === null) return;
      await get<T>(path, signal).then(
        (data) => setState({ path, data, error: null }),
        (error: Error) => {
          if (signal.aborted || error instanceof AwayError) return;
          setState((last) => ({ ...(last.path === path ? last : { path }), error }));
        },
      );
    },
    [path],
  );
  const reload = useRepeated(load, every);
  const isOfThis = state.path === path;
  return { data: isOfThis ? state.data : undefined, error: isOfThis ? state.error : null, reload };
}

/** Does something now and every so often while the page is seen, and when the broker is back. Returns what does it now. */
export function useRepeated(work: (signal: AbortSignal) => Promise<void>, every = EVERY_MS): () => void {
  const again = useRef<() => void>(() => {});
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let underWay = new AbortController();
    const run = (): void => {
      clearTimeout(timer);
      underWay.abort();
      underWay = new AbortController();
      const { signal } = underWay;
      work(signal).finally(() => {
        if (!signal.aborted && !document.hidden) timer = setTimeout(run, every);
      });
    };
    const onVisibility = (): void => {
      clearTimeout(timer);
      if (!document.hidden) run();
    };
    again.current = run;
    document.addEventListener('visibilitychange', onVisibility);
    const leave = returns.listen(run);
    run();
    return () => {
      clearTimeout(timer);
      underWay.abort();
      document.removeEventListener('visibilitychange', onVisibility);
      leave();
      again.current = () => {};
    };
  }, [work, every]);
  return useCallback(() => again.current(), []);
}
