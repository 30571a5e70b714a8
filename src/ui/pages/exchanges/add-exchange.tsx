/** The form for a new exchange, with all types and their arguments. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError, call, get } from '../../api/client.js';
import { usePolled } from '../../api/polling.js';
import { Dialog } from '../../components/forms/dialog.js';
import { CheckField, ChoiceField, TextField } from '../../components/forms/fields.js';
import { Form } from '../../components/forms/form.js';
import { type Entry, entryError, TableFields, tableOf } from '../../components/forms/table-fields.js';
import { useVhosts } from '../../components/tables/vhost-choice.js';
import { EXCHANGE_TYPES, typeText } from './exchange-types.js';
import { exchangePath } from './rows.js';

interface AddExchangeProps {
  /** To begin with; empty: the first. */
  readonly vhost: string;
  onClose(): void;
  onAdded(vhost: string, name: string): void;
}

/** How often one looks whether there are other exchanges to name (ms). */
const NAMES_EVERY_MS = 60_000;

export function AddExchange({ vhost: given, onClose, onAdded }: AddExchangeProps): JSX.Element {
  const vhosts = useVhosts();
  const [chosenVhost, setVhost] = useState(given);
  const vhost = chosenVhost === '' ? (vhosts[0] ?? '/') : chosenVhost;
  const [name, setName] = useState('');
  const [type, setType] = useState('direct');
  const [isDurable, setDurable] = useState(true);
  const [isAutoDelete, setAutoDelete] = useState(false);
  const [isInternal, setInternal] = useState(false);
  const [given_, setGiven] = useState<Readonly<Record<string, string>>>({});
  const [deduplicates, setDeduplicates] = useState(false);
  const [others, setOthers] = useState<readonly Entry[]>([]);
  const { data: exchanges = [] } = usePolled<readonly { readonly name: string }[]>(
    `/api/exchanges/${encodeURIComponent(vhost)}?columns=name`,
    NAMES_EVERY_MS,
  );
  const text = (argument: string): string => given_[argument] ?? '';
  const setText = (argument: string) => (value: string) => setGiven({ ...given_, [argument]: value });
  const own = typeText(type)?.arguments ?? [];
  const numbers = [
    ...own.filter(({ kind }) => kind === 'whole number').map((argument) => argument.name),
    ...(deduplicates ? ['x-cache-size', 'x-cache-ttl'] : []),
  ];
  const texts = [
    'alternate-exchange',
    ...own.filter(({ kind }) => kind === 'text').map((argument) => argument.name),
    ...(deduplicates ? ['x-deduplication-header'] : []),
  ];
  const errors = new Map(
    numbers.filter((argument) => !/^\d{0,15}$/.test(text(argument))).map((argument) => [argument, 'a whole number']),
  );
  if (text('hash-header') !== '' && text('hash-property') !== '' && type === 'x-consistent-hash')
    errors.set('hash-property', 'a header and a property exclude each other: leave one of them empty');
  const missing = own.some(({ name: argument, isRequired }) => isRequired === true && text(argument) === '');
  const isWrong = errors.size > 0 || missing || others.some((entry) => entryError(entry) !== undefined);
  const submit = async (): Promise<void> => {
    await checkIsNew(vhost, name);
    const filled = (argument: string): boolean => text(argument) !== '';
    await call('PUT', exchangePath(vhost, name), {
      type,
      durable: isDurable,
      auto_delete: isAutoDelete,
      internal: isInternal,
      arguments: {
        ...Object.fromEntries(texts.filter(filled).map((argument) => [argument, text(argument)])),
        ...Object.fromEntries(numbers.filter(filled).map((argument) => [argument, Number(text(argument))])),
        ...(deduplicates ? { 'x-message-deduplication': true } : {}),
        ...tableOf(others),
      },
    });
    onAdded(vhost, name);
  };
  return (
    <Dialog title="Add an exchange" onClose={onClose} isWide>
      <Form verb="Add" submit={submit} onCancel={onClose} isWrong={isWrong}>
        <div class="fields">
          <TextField
            label="Name"
            help="By it programs publish, and bindings go by it."
            value={name}
            onInput={setName}
            isRequired
            isFirst
          />
          {vhosts.length > 1 && (
            <ChoiceField label="Vhost" value={vhost} onChange={setVhost} options={vhosts.map((one) => [one, one])} />
          )}
          <ChoiceField
            label="Type"
            help={typeText(type)?.routing}
            value={type}
            onChange={setType}
            options={EXCHANGE_TYPES.map((one) => [one.name, one.name])}
          />
          {own.map((argument) =>
            argument.choices === undefined ? (
              <TextField
                key={argument.name}
                label={argument.label}
                help={argument.help}
                value={text(argument.name)}
                onInput={setText(argument.name)}
                error={errors.get(argument.name)}
              />
            ) : (
              <ChoiceField
                key={argument.name}
                label={argument.label}
                help={argument.help}
                value={text(argument.name)}
                onChange={setText(argument.name)}
                error={errors.get(argument.name) ?? (argument.isRequired && missing ? 'choose one' : undefined)}
                options={[['', '–'], ...argument.choices.map((one) => [one, one] as const)]}
              />
            ),
          )}
          <TextField
            label="Alternate exchange"
            help="Gets the messages that no binding takes. Empty: they are lost, or returned to who asked for that."
            value={text('alternate-exchange')}
            onInput={setText('alternate-exchange')}
            suggestions={exchanges.map((one) => one.name).filter((one) => one !== '')}
          />
        </div>
        <div class="fields">
          <CheckField
            label="Durable"
            help="It is still there after the broker has restarted."
            value={isDurable}
            onChange={setDurable}
          />
          <CheckField
            label="Auto-delete"
            help="It goes with its last binding."
            value={isAutoDelete}
            onChange={setAutoDelete}
          />
          <CheckField
            label="Internal"
            help="Programs cannot publish to it: only other exchanges, by their bindings."
            value={isInternal}
            onChange={setInternal}
          />
          <CheckField
            label="Deduplicates"
            help="A message whose header has been seen lately is taken, and goes nowhere."
            value={deduplicates}
            onChange={setDeduplicates}
          />
        </div>
        {deduplicates && (
          <div class="fields">
            <TextField
              label="Header"
              help="By which messages are known: x-deduplication-header, if nothing is said."
              value={text('x-deduplication-header')}
              onInput={setText('x-deduplication-header')}
            />
            <TextField
              label="How many it remembers"
              help="128, if nothing is said."
              value={text('x-cache-size')}
              onInput={setText('x-cache-size')}
              error={errors.get('x-cache-size')}
            />
            <TextField
              label="For how long (ms)"
              help="As long as there is room, if nothing is said."
              value={text('x-cache-ttl')}
              onInput={setText('x-cache-ttl')}
              error={errors.get('x-cache-ttl')}
            />
          </div>
        )}
        <TableFields legend="More arguments" entries={others} onChange={setOthers} suggestions={['x-republish']} />
      </Form>
    </Dialog>
  );
}

/** A PUT of one that is there already would say nothing, where both are the same. */
async function checkIsNew(vhost: string, name: string): Promise<void> {
  const found = await get(`${exchangePath(vhost, name)}?columns=name`).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return false;
      throw error;
    },
  );
  if (found) throw new Error(`There is an exchange ${name} in ${vhost} already.`);
}
