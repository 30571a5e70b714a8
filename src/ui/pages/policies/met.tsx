/** Which queues and exchanges a policy would meet, shown while it is written: the broker says so, by its own rules. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiError, call, pathOf } from '../../api/client.js';
import { href } from '../../api/route.js';
import { Badge, Empty, Section } from '../../components/page/parts.js';
import { counted } from '../../text/format.js';
import type { Kind, Policy } from './policy-json.js';

interface Met {
  readonly count: number;
  readonly in_force: number;
  readonly first: readonly { readonly name: string; readonly in_force: boolean; readonly other: string | null }[];
}

export interface Trial {
  /** Null: not known yet. */
  readonly met: { readonly queues: Met; readonly exchanges: Met } | null;
  /** What is wrong with the pattern. */
  readonly error: string | undefined;
}

/** How long somebody may not type before it is asked (ms). */
const TYPING_MS = 250;

export function usePolicyTrial(kind: Kind, policy: Omit<Policy, 'definition'>): Trial {
  const [trial, setTrial] = useState<Trial>({ met: null, error: undefined });
  const { vhost, name, pattern, priority } = policy;
  const body = { name, pattern, priority, 'apply-to': policy['apply-to'], operator: kind === 'operator-policies' };
  const asked = JSON.stringify([vhost, body]);
  useEffect(() => {
    const controller = new AbortController();
    const ask = (): void => {
      const path = `${pathOf('/api/leveret/policies', vhost)}/trial`;
      call<NonNullable<Trial['met']>>('POST', path, body, controller.signal).then(
        (met) => setTrial({ met, error: undefined }),
        (error: unknown) => {
          if (error instanceof ApiError) setTrial({ met: null, error: error.message });
        },
      );
    };
    const timer = setTimeout(ask, TYPING_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [asked]);
  return trial;
}

export function MetSection({ trial: { met }, vhost }: { trial: Trial; vhost: string }): JSX.Element {
  const nothing = met !== null && met.queues.count + met.exchanges.count === 0;
  return (
    <Section title="What it meets now">
      <div aria-live="polite">
        {met === null && <p class="soft">Nothing is known until the pattern is right.</p>}
        {nothing && (
          <Empty title="It meets nothing that is there.">
            <p>It will count for what is declared later and fits.</p>
          </Empty>
        )}
        {met !== null && !nothing && (
          <div class="met">
            <MetList what="queue" met={met.queues} pageOf={(name) => href('queues', vhost, name)} />
            <MetList what="exchange" met={met.exchanges} pageOf={(name) => href('exchanges', vhost, name)} />
          </div>
        )}
      </div>
    </Section>
  );
}

interface MetListProps {
  readonly what: string;
  readonly met: Met;
  pageOf(name: string): string;
}

function MetList({ what, met: { count, in_force: counts, first }, pageOf }: MetListProps): JSX.Element | null {
  if (count === 0) return null;
  const rest = count - first.length;
  return (
    <div>
      <h3>
        {counted(count, what)}
        {counts < count && `: it counts for ${counts}, for the others another policy goes before it`}
      </h3>
      <ul class="names">
        {first.map(({ name, in_force: isInForce, other }) => (
          <li key={name}>
            <a href={pageOf(name)}>{name}</a> {!isInForce && <Badge tone="warn">{other} goes before it</Badge>}
            {isInForce && other !== null && <Badge>in place of {other}</Badge>}
          </li>
        ))}
        {rest > 0 && <li class="soft">and {counted(rest, 'more', 'more')}</li>}
      </ul>
    </div>
  );
}
