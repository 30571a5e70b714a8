/** What an import would do: a sum of each section, and each change, narrowed to what is looked for. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Badge, Empty, type Tone } from '../../components/page/parts.js';
import { PlainTable } from '../../components/tables/plain-table.js';
import { count, counted } from '../../text/format.js';
import { ACTIONS, type Action, type Change, type Preview, sectionName } from './preview-json.js';

const TONES: Readonly<Record<Action, Tone>> = {
  added: 'good',
  changed: 'warn',
  same: 'plain',
  kept: 'bad',
  left_out: 'bad',
};

export function Changes({ preview }: { preview: Preview }): JSX.Element {
  const { counts, changes, changes_untold: untold, notes } = preview;
  const [shown, setShown] = useState<Action | null>(null);
  const sections = Object.entries(counts);
  if (sections.length === 0 && preview.valid) return <Empty title="There is nothing in this file." />;
  const rows = shown === null ? changes : changes.filter(({ action }) => action === shown);
  return (
    <>
      {sections.length > 0 && (
        <PlainTable
          label="What the file has, by section"
          rows={sections}
          keyOf={([section]) => section}
          columns={[
            { label: 'Section', cell: ([section]) => sectionName(section) },
            ...ACTIONS.map(([action, name, meaning]) => ({
              label: <span title={meaning}>{name}</span>,
              isNumber: true,
              cell: ([, of]: (typeof sections)[number]) => count(of[action]),
            })),
          ]}
        />
      )}
      <dl class="meanings">
        {ACTIONS.filter(([action]) => sections.some(([, of]) => of[action] > 0)).map(([action, name, meaning]) => (
          <div key={action}>
            <dt>
              <Badge tone={TONES[action]}>{name}</Badge>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      {changes.length > 0 && (
        <>
          <fieldset class="row choices">
            <legend class="unseen">Which changes are shown</legend>
            <Shown name="all changes" isOn={shown === null} choose={() => setShown(null)} />
            {ACTIONS.filter(([action]) => changes.some((change) => change.action === action)).map(([action, name]) => (
              <Shown key={action} name={name} isOn={shown === action} choose={() => setShown(action)} />
            ))}
          </fieldset>
          <PlainTable<Change>
            label="Changes"
            rows={rows}
            keyOf={({ place, section }) => `${section} ${place}`}
            columns={[
              {
                label: 'What happens',
                cell: ({ action }) => (
                  <Badge tone={TONES[action]}>{ACTIONS.find(([one]) => one === action)?.[1] ?? action}</Badge>
                ),
              },
              { label: 'Section', cell: ({ section }) => sectionName(section) },
              { label: 'Name', cell: ({ name, vhost }) => (vhost === null ? name : `${name} in ${vhost}`) },
              { label: 'How', cell: (change) => <How change={change} /> },
              { label: 'In the file', cell: ({ place }) => <code>{place}</code> },
            ]}
          />
          {untold > 0 && <p class="soft">and {counted(untold, 'more change', 'more changes')}</p>}
        </>
      )}
      {notes.map((text) => (
        <p key={text} class="soft">
          {text}
        </p>
      ))}
    </>
  );
}

function Shown({ name, isOn, choose }: { name: string; isOn: boolean; choose(): void }): JSX.Element {
  return (
    <button type="button" aria-pressed={isOn} onClick={choose}>
      {name}
    </button>
  );
}

function How({ change: { fields, reason } }: { change: Change }): JSX.Element {
  return (
    <>
      {reason}
      {fields.map(({ field, before, after }) => (
        <div key={field}>
          {field}: <del>{valueText(before)}</del> → <ins>{valueText(after)}</ins>
        </div>
      ))}
    </>
  );
}

function valueText(value: unknown): string {
  if (value === null) return 'not set';
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
}
