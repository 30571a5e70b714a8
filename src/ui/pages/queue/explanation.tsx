/** What is the matter with a queue, in the words of the API, with what to do about it. */
import type { JSX } from 'preact';
import { usePolled } from '../../api/polling.js';
import { Badge, Loading, Section, Trouble } from '../../components/page/parts.js';

interface Statement {
  readonly code: string;
  readonly text: string;
  readonly next: string | null;
}

export function Explanation({ path }: { path: string }): JSX.Element {
  const { data, error } = usePolled<{ readonly statements: readonly Statement[] }>(`${path}/explain`);
  return (
    <Section title="What is the matter">
      {error !== null && <Trouble error={error} />}
      {data === undefined && error === null && <Loading />}
      <ul class="statements">
        {data?.statements.map(({ code, text, next }, at) => (
          <li key={`${code} ${at}`}>
            <p>{text}</p>
            {next !== null && (
              <p>
                <Badge tone="warn">what to do</Badge> {next}
              </p>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
