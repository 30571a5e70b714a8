/** How the broker is: each check in plain words, alarms, listeners, certificates, threads. */
import type { JSX } from 'preact';
import { useCallback, useState } from 'preact/hooks';
import { AwayError, get, inWords } from '../../api/client.js';
import { EVERY_MS, useRepeated } from '../../api/polling.js';
import { hasTag } from '../../api/session.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Badge, Loading, Notice, Page, Section } from '../../components/page/parts.js';
import { PlainTable } from '../../components/tables/plain-table.js';
import { counted } from '../../text/format.js';
import { CHECKS, type Check } from './checks.js';
import { Figures } from './figures.js';

interface Finding {
  readonly check: Check;
  /** Null: all is well. */
  readonly trouble: string | null;
}

export default function HealthPage({ account }: PageProps): JSX.Element {
  const findings = useFindings();
  return (
    <Page title="Health">
      <div aria-live="polite">{findings === null ? <Loading /> : <Verdict findings={findings} />}</div>
      {findings !== null && (
        <Section title="Checks">
          <PlainTable<Finding>
            label="Checks"
            rows={findings}
            keyOf={({ check }) => check.path}
            columns={[
              {
                label: 'State',
                cell: ({ trouble }) => (
                  <Badge tone={trouble === null ? 'good' : 'bad'}>{trouble === null ? 'well' : 'not well'}</Badge>
                ),
              },
              { label: 'What', cell: ({ check }) => check.name },
              {
                label: 'That means',
                cell: ({ check, trouble }) => (trouble === null ? check.good : `${trouble}. ${check.advice}`),
              },
              { label: 'By the API', cell: ({ check }) => <code>/api/health/checks/{check.path}</code> },
            ]}
          />
        </Section>
      )}
      {hasTag(account, 'monitoring') ? (
        <Figures />
      ) : (
        <p class="soft">Alarms, listeners, certificates and threads are shown to users with the tag monitoring.</p>
      )}
    </Page>
  );
}

function useFindings(): readonly Finding[] | null {
  const [findings, setFindings] = useState<readonly Finding[] | null>(null);
  const look = useCallback(async (signal: AbortSignal) => {
    try {
      setFindings(await Promise.all(CHECKS.map((check) => findingOf(check, signal))));
    } catch {
      // The broker is away, or somebody else is asked already: what was last found stays.
    }
  }, []);
  useRepeated(look, EVERY_MS);
  return findings;
}

/** A check that fails is answered as an error. */
async function findingOf(check: Check, signal: AbortSignal): Promise<Finding> {
  try {
    await get(`/api/health/checks/${check.path}`, signal);
    return { check, trouble: null };
  } catch (error) {
    if (signal.aborted || error instanceof AwayError) throw error;
    return { check, trouble: inWords(error) };
  }
}

function Verdict({ findings }: { findings: readonly Finding[] }): JSX.Element {
  const wrong = findings.filter(({ trouble }) => trouble !== null);
  if (wrong.length === 0)
    return (
      <Notice tone="good" title="All is well">
        {counted(findings.length, 'check')}, made anew each {EVERY_MS / 1000} seconds.
      </Notice>
    );
  return (
    <Notice tone="bad" title={`${counted(wrong.length, 'thing is', 'things are')} not well`}>
      <ul>
        {wrong.map(({ check, trouble }) => (
          <li key={check.path}>
            <strong>{check.name}:</strong> {trouble}. {check.advice}
          </li>
        ))}
      </ul>
    </Notice>
  );
}
