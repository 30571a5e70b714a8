/** Limits of a vhost or a user: what is set, and the form to set it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, pathOf } from '../../api/client.js';
import { count } from '../../text/format.js';
import { Fact, Facts, Section } from '../page/parts.js';
import { tell } from '../page/status.js';
import { Term } from '../page/term.js';
import { Dialog } from './dialog.js';
import { TextField } from './fields.js';
import { Form } from './form.js';

export type LimitScope = 'vhost' | 'user';
export type LimitSet = Readonly<Record<string, number>>;

/** By the API's name: what is counted, and what happens where it is reached. */
export const LIMITS: Readonly<Record<LimitScope, readonly (readonly [string, string, string])[]>> = {
  vhost: [
    ['max-connections', 'Connections', 'Who would be one too many is refused.'],
    ['max-queues', 'Queues', 'What would be one too many is not declared.'],
  ],
  user: [
    ['max-connections', 'Connections', 'Who would be one too many is refused.'],
    ['max-channels', 'Channels', 'In all connections of the user together.'],
  ],
};

interface LimitsProps {
  readonly scope: LimitScope;
  readonly owner: string;
  readonly limits: LimitSet;
  readonly mayChange: boolean;
  onChange(): void;
}

export function Limits({ scope, owner, limits, mayChange, onChange }: LimitsProps): JSX.Element {
  const [isEdited, setEdited] = useState(false);
  return (
    <Section
      title={<Term name="limit">Limits</Term>}
      actions={
        mayChange && (
          <button type="button" onClick={() => setEdited(true)}>
            Change limits
          </button>
        )
      }
    >
      <Facts>
        {LIMITS[scope].map(([name, title]) => (
          <Fact key={name} name={title}>
            {limitText(limits[name])}
          </Fact>
        ))}
      </Facts>
      {isEdited && (
        <LimitsForm
          scope={scope}
          owner={owner}
          limits={limits}
          onClose={() => setEdited(false)}
          onDone={() => {
            setEdited(false);
            onChange();
          }}
        />
      )}
    </Section>
  );
}

/** A negative one is none, whatever the node allows each. */
export function limitText(limit: number | undefined): string {
  if (limit === undefined) return 'as the node allows';
  return limit < 0 ? 'none' : `at most ${count(limit)}`;
}

interface LimitsFormProps extends Omit<LimitsProps, 'mayChange' | 'onChange'> {
  onClose(): void;
  onDone(): void;
}

export function LimitsForm({ scope, owner, limits, onClose, onDone }: LimitsFormProps): JSX.Element {
  const known = LIMITS[scope];
  const [texts, setTexts] = useState(() =>
    Object.fromEntries(known.map(([name]) => [name, String(limits[name] ?? '')])),
  );
  const wrong = (text = ''): string | undefined =>
    text === '' || /^(-1|\d{1,9})$/.test(text) ? undefined : 'A whole number, -1 for no limit, or nothing.';
  const submit = async (): Promise<void> => {
    for (const [name] of known) {
      const text = texts[name] ?? '';
      if (text === String(limits[name] ?? '')) continue;
      const path = pathOf(`/api/${scope}-limits`, owner, name);
      await (text === '' ? call('DELETE', path) : call('PUT', path, { value: Number(text) }));
    }
    tell(`Limits of ${scope} ${owner} set`);
    onDone();
  };
  return (
    <Dialog title={`Limits of ${scope} ${owner}`} onClose={onClose}>
      <Form
        verb="Save limits"
        submit={submit}
        onCancel={onClose}
        isWrong={known.some(([name]) => wrong(texts[name]) !== undefined)}
      >
        <p class="field-help">
          Left empty, what the node allows each {scope} counts; 0 allows nothing; -1 is no limit.
        </p>
        {known.map(([name, title, help]) => (
          <TextField
            key={name}
            label={title}
            help={help}
            value={texts[name] ?? ''}
            error={wrong(texts[name])}
            onInput={(text) => setTexts({ ...texts, [name]: text.trim() })}
          />
        ))}
      </Form>
    </Dialog>
  );
}
