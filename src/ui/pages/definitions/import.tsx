/**
 * Definitions from a file. What must hold: nothing is changed before somebody has seen what would be; what is imported
 * is what was looked at.
 */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { get, inWords } from '../../api/client.js';
import { ChoiceField, Field } from '../../components/forms/fields.js';
import { Action, Notice, Section } from '../../components/page/parts.js';
import { count, counted } from '../../text/format.js';
import { Changes } from './changes.js';
import { importFile, type Preview, previewOf } from './preview-json.js';

/** Stands for what the file says: no vhost is called so. */
const AS_IT_SAYS = '\0';

interface Looked {
  readonly file: File;
  readonly vhost: string | null;
}

type State =
  | { readonly step: 'none' }
  | { readonly step: 'comparing' }
  | { readonly step: 'refused'; readonly reason: string }
  | { readonly step: 'compared'; readonly looked: Looked; readonly preview: Preview }
  | { readonly step: 'importing'; readonly preview: Preview }
  | { readonly step: 'done'; readonly preview: Preview };

export function Import({ vhosts }: { vhosts: readonly string[] }): JSX.Element {
  const [state, setState] = useState<State>({ step: 'none' });
  const [target, setTarget] = useState(AS_IT_SAYS);
  const [file, setFile] = useState<File | null>(null);
  const latest = useRef<object>({});
  const look = async (chosen: File | null, into: string): Promise<void> => {
    const mark = {};
    latest.current = mark;
    if (chosen === null) return setState({ step: 'none' });
    setState({ step: 'comparing' });
    const looked = { file: chosen, vhost: into === AS_IT_SAYS ? null : into };
    const next: State = await previewOf(looked.file, looked.vhost).then(
      (preview) => ({ step: 'compared', looked, preview }) as const,
      (error: unknown) => ({ step: 'refused', reason: inWords(error) }) as const,
    );
    if (latest.current === mark) setState(next);
  };
  const apply = async ({ looked, preview }: State & { step: 'compared' }): Promise<void> => {
    setState({ step: 'importing', preview });
    await importFile(looked.file, looked.vhost).then(
      () => setState({ step: 'done', preview }),
      (error: unknown) => setState({ step: 'refused', reason: inWords(error) }),
    );
  };
  return (
    <Section title="Import">
      <div class="form">
        <p>
          A file of this broker or of RabbitMQ is added to what is there: nothing is deleted. You see what it would
          change before anything is done.
        </p>
        <Field label="File" help="JSON, as exported.">
          {(of) => (
            <input
              {...of}
              type="file"
              accept=".json,application/json"
              disabled={state.step === 'importing'}
              onChange={({ currentTarget }) => {
                const chosen = currentTarget.files?.[0] ?? null;
                setFile(chosen);
                void look(chosen, target);
              }}
            />
          )}
        </Field>
        <ChoiceField
          label="Into"
          value={target}
          onChange={(into) => {
            setTarget(into);
            void look(file, into);
          }}
          options={[
            [AS_IT_SAYS, 'the vhosts that the file names'],
            ...vhosts.map((name) => [name, `vhost ${name}, whatever the file says`] as const),
          ]}
        />
        <div aria-live="polite" class="form">
          {state.step === 'comparing' && <p class="soft">The broker compares it with what is there…</p>}
          {state.step === 'refused' && (
            <Notice tone="bad" title="This was refused, and nothing was changed">
              {state.reason}
            </Notice>
          )}
          {state.step === 'importing' && <Progress preview={state.preview} />}
          {state.step === 'done' && (
            <Notice tone="good" title="The definitions are imported">
              {summary(state.preview)}
            </Notice>
          )}
          {state.step === 'compared' && !state.preview.valid && <Faults preview={state.preview} />}
        </div>
        {state.step === 'compared' && (
          <>
            <Changes preview={state.preview} />
            <div class="row">
              <Action tone="primary" isDisabled={!state.preview.valid} run={() => apply(state)}>
                Import it
              </Action>
            </div>
          </>
        )}
      </div>
    </Section>
  );
}

function summary({ counts }: Preview): string {
  const sum = (action: 'added' | 'changed' | 'same' | 'kept' | 'left_out'): number =>
    Object.values(counts).reduce((all, one) => all + one[action], 0);
  return `${count(sum('added'))} added, ${count(sum('changed'))} changed, ${count(sum('same'))} the same, ${count(
    sum('kept') + sum('left_out'),
  )} kept or left out.`;
}

function Faults({ preview: { faults, faults_untold: untold } }: { preview: Preview }): JSX.Element {
  return (
    <Notice
      tone="bad"
      title={`It cannot be imported: ${counted(faults.length + untold, 'thing is', 'things are')} wrong`}
    >
      <ul class="names">
        {faults.map(({ place, reason }) => (
          <li key={`${place} ${reason}`}>
            {place !== '' && <code>{place}</code>} {place === '' ? `The file ${reason}` : reason}
          </li>
        ))}
        {untold > 0 && <li>and {counted(untold, 'more', 'more')}</li>}
      </ul>
    </Notice>
  );
}

/** Between two looks at how far it is (ms). */
const LOOK_MS = 500;

/** How many queues there are beside how many there will be: they are what takes long. */
function Progress({ preview: { counts } }: { preview: Preview }): JSX.Element {
  const total = (counts.queues?.added ?? 0) + (counts.exchanges?.added ?? 0);
  const [done, setDone] = useState<number | null>(null);
  useEffect(() => {
    let before: number | null = null;
    const look = async (): Promise<void> => {
      const { object_totals: totals } = await get<{ readonly object_totals: Readonly<Record<string, number>> }>(
        '/api/overview?columns=object_totals&disable_stats=true',
      );
      const now = (totals.queues ?? 0) + (totals.exchanges ?? 0);
      before ??= now;
      setDone(now - before);
    };
    // How far it is does not matter to the import: what is not known is not shown.
    const timer = setInterval(() => look().catch(() => {}), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  if (total === 0 || done === null)
    return (
      <p>
        Importing… <progress aria-label="Import" />
      </p>
    );
  return (
    <p>
      Importing: {count(done)} of {counted(total, 'queue or exchange', 'queues and exchanges')}…{' '}
      <progress aria-label="Import" value={Math.min(done, total)} max={total} />
    </p>
  );
}
