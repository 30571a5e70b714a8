/** Declares a queue, with all that can be said of one. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, pathOf } from '../../api/client.js';
import { usePolled } from '../../api/polling.js';
import { Dialog } from '../../components/forms/dialog.js';
import { AreaField, CheckField, ChoiceField, TextField } from '../../components/forms/fields.js';
import { Form } from '../../components/forms/form.js';
import { tell } from '../../components/page/status.js';
import { objectIn } from '../../text/json-object.js';
import { ARGUMENT_GROUPS, type ArgumentField, argumentValue, wrongIn } from './queue-arguments.js';

const TYPES = [
  ['', 'as the vhost has it'],
  ['classic', 'classic'],
  ['quorum', 'quorum'],
] as const;

type Type = (typeof TYPES)[number][0];

const NAME_OCTETS_MAX = 255;

export function AddQueue({ onClose }: { onClose(isAdded: boolean): void }): JSX.Element {
  const { data: vhosts } = usePolled<readonly { readonly name: string }[]>('/api/vhosts?columns=name');
  const names = (vhosts ?? []).map(({ name }) => name);
  const [chosenVhost, setVhost] = useState<string | null>(null);
  const vhost = chosenVhost ?? names.find((name) => name === '/') ?? names[0] ?? '/';
  const [name, setName] = useState('');
  const [type, setType] = useState<Type>('');
  const [isDurable, setDurable] = useState(true);
  const [goesByItself, setGoesByItself] = useState(false);
  const [entered, setEntered] = useState<Readonly<Record<string, string>>>({});
  const [others, setOthers] = useState('');
  const [isSent, setSent] = useState(false);
  const groups = ARGUMENT_GROUPS.map((group) => ({
    ...group,
    fields: group.fields.filter((field) => fits(field, type)),
  }));
  const fields = groups.flatMap((group) => group.fields);
  const other = objectIn(others);
  const nameTrouble = wrongName(name);
  const isWrong =
    nameTrouble !== undefined ||
    typeof other === 'string' ||
    fields.some((field) => wrongIn(field, entered[field.name] ?? ''));
  const submit = async (): Promise<void> => {
    setSent(true);
    if (isWrong || typeof other === 'string') return;
    const given = fields.map((field) => [field.name, argumentValue(field, entered[field.name] ?? '')] as const);
    const known = Object.fromEntries(given.filter(([, value]) => value !== undefined && value !== false));
    const body = {
      durable: isDurable,
      auto_delete: goesByItself,
      arguments: { ...(type === '' ? {} : { 'x-queue-type': type }), ...known, ...other },
    };
    await call('PUT', pathOf('/api/queues', vhost, name), body);
    tell(`queue ${name} is there`);
    onClose(true);
  };
  return (
    <Dialog title="Add a queue" isWide onClose={() => onClose(false)}>
      <Form verb="Add" submit={submit} onCancel={() => onClose(false)}>
        <div class="fields">
          <TextField label="Name" value={name} onInput={setName} isFirst error={isSent ? nameTrouble : undefined} />
          <ChoiceField<string>
            label="Vhost"
            value={vhost}
            onChange={setVhost}
            options={names.map((one) => [one, one] as const)}
          />
          <ChoiceField<Type>
            label="Type"
            value={type}
            onChange={setType}
            options={TYPES}
            help="Programs that declare it must say the same."
          />
        </div>
        <CheckField label="Durable: it is still there after a restart" value={isDurable} onChange={setDurable} />
        <CheckField
          label="Auto-delete: it goes with its last consumer"
          value={goesByItself}
          onChange={setGoesByItself}
        />
        {groups.map((group) => (
          <fieldset key={group.title}>
            <legend>{group.title}</legend>
            <div class="fields">
              {group.fields.map((field) => (
                <ArgumentInput
                  key={field.name}
                  field={field}
                  value={entered[field.name] ?? ''}
                  onChange={(value) => setEntered({ ...entered, [field.name]: value })}
                />
              ))}
            </div>
          </fieldset>
        ))}
        <AreaField
          label="Other arguments"
          help={'A JSON object, as {"x-my-argument": 1}.'}
          rows={2}
          value={others}
          onInput={setOthers}
          error={typeof other === 'string' ? other : undefined}
        />
      </Form>
    </Dialog>
  );
}

function fits({ onlyFor }: ArgumentField, type: Type): boolean {
  return onlyFor === undefined || onlyFor === (type === '' ? 'classic' : type);
}

interface ArgumentProps {
  readonly field: ArgumentField;
  readonly value: string;
  onChange(value: string): void;
}

function ArgumentInput({ field, value, onChange }: ArgumentProps): JSX.Element {
  const { name, label, help, kind } = field;
  const said = help === '' ? name : `${help} (${name})`;
  if (kind === 'flag')
    return (
      <CheckField
        label={label}
        help={said}
        value={value === 'true'}
        onChange={(isOn) => onChange(isOn ? 'true' : '')}
      />
    );
  if (kind === 'number' || kind === 'text')
    return <TextField label={label} help={said} value={value} onInput={onChange} error={wrongIn(field, value)} />;
  const options = [['', 'not said'] as const, ...kind.map((one) => [one, one] as const)];
  return <ChoiceField<string> label={label} help={said} value={value} onChange={onChange} options={options} />;
}

function wrongName(name: string): string | undefined {
  if (name === '') return 'A queue needs a name.';
  if (name.startsWith('amq.')) return 'Names that begin with amq. are the broker’s own.';
  return new TextEncoder().encode(name).length > NAME_OCTETS_MAX
    ? `A name has ${NAME_OCTETS_MAX} octets at most.`
    : undefined;
}
