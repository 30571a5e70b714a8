/**
 * What the broker tells by itself while it is looked at (server-sent events), and is asked for where that does not
 * come: not all proxies let streams pass. What must hold: nothing is asked for while the stream comes; what was last
 * known stays until something newer does.
 */
import { useCallback, useRef, useState } from 'preact/hooks';
import { get } from './client.js';
import { useStream } from './events.js';
import { type Polled, usePolled } from './polling.js';

interface Known<T> {
  readonly path: string;
  readonly data: T;
}

interface Flow {
  readonly events: string;
  readonly flows: boolean;
}

/** Whether the last stream came: if not, a page asks at once, and does not wait for its own. */
let lastFlowed = true;

/** `path`: what is asked for; `events`: where the same comes as events `sample`; null: nowhere. */
export function useLive<T>(path: string, events: string | null): Polled<T> {
  const [flow, setFlow] = useState<Flow | null>(null);
  const [heard, setHeard] = useState<Known<T> | null>(null);
  const asks = events === null || !(flow?.events === events ? flow.flows : lastFlowed);
  const polled = usePolled<T>(asks ? path : null);
  useStream(events, {
    onEvent: (kind, data) => {
      if (kind === 'sample') setHeard({ path, data: data as T });
    },
    onFlow: (flows) => {
      lastFlowed = flows;
      if (events !== null && (flow?.events !== events || flow.flows !== flows)) setFlow({ events, flows });
    },
  });
  const known = useRef<Known<T> | null>(null);
  /** Of each of the two, the last that was taken: what was known before the other came is old by now. */
  const taken = useRef<{ polled?: T | undefined; heard?: Known<T> | null }>({});
  if (asks && polled.data !== undefined && polled.data !== taken.current.polled) {
    taken.current.polled = polled.data;
    known.current = { path, data: polled.data };
  }
  if (!asks && heard?.path === path && heard !== taken.current.heard) {
    taken.current.heard = heard;
    known.current = heard;
  }
  const again = polled.reload;
  const reload = useCallback(() => {
    if (asks) again();
    // What goes wrong is told by what comes next.
    else
      get<T>(path).then(
        (data) => setHeard({ path, data }),
        () => {},
      );
  }, [asks, path, again]);
  return { data: known.current?.path === path ? known.current.data : undefined, error: polled.error, reload };
}
