/** The form for a binding from an exchange to a queue or to another exchange, or from another exchange to it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call } from '../../api/client.js';
import { usePolled } from '../../api/polling.js';
import { ChoiceField, TextField } from '../../components/forms/fields.js';
import { Form } from '../../components/forms/form.js';
import { type Entry, entryError, TableFields, tableOf } from '../../components/forms/table-fields.js';
import { tell } from '../../components/page/status.js';
import { typeText } from './exchange-types.js';
import { bindingsPath, type Exchange } from './rows.js';

type Way = 'to a queue' | 'to an exchange' | 'from an exchange';
const WAYS: readonly Way[] = ['to a queue', 'to an exchange', 'from an exchange'];

/** Of x-match: what of its arguments a headers binding asks for. */
type Match = 'all' | 'any' | 'all-with-x' | 'any-with-x';
const MATCHES: readonly (readonly [Match, string])[] = [
  ['all', 'all of them'],
  ['any', 'any of them'],
  ['all-with-x', 'all, those with x- too'],
  ['any-with-x', 'any, those with x- too'],
];

/** So many names are suggested. */
const SUGGESTED = 100;
const NAMES_EVERY_MS = 60_000;

export function AddBinding({ exchange, onAdded }: { exchange: Exchange; onAdded(): void }): JSX.Element {
  const { vhost, name, type } = exchange;
  const [way, setWay] = useState<Way>('to a queue');
  const [other, setOther] = useState('');
  const [key, setKey] = useState('');
  const [match, setMatch] = useState<Match>('all');
  const [entries, setEntries] = useState<readonly Entry[]>([]);
  const kind = way === 'to a queue' ? 'queues' : 'exchanges';
  const names = usePolled<{ readonly items: readonly { readonly name: string }[] }>(
    `/api/${kind}/${encodeURIComponent(vhost)}?columns=name&page=1&page_size=${SUGGESTED}&name=${encodeURIComponent(other)}`,
    NAMES_EVERY_MS,
  );
  const suggestions = (names.data?.items ?? []).map((one) => one.name).filter((one) => one !== '');
  const isFrom = way === 'from an exchange';
  // What the other exchange makes of a key, one does not know here.
  const routes = isFrom ? undefined : typeText(innerType(exchange));
  const isHeaders = routes?.name === 'headers';
  const submit = async (): Promise<void> => {
    const ends = isFrom
      ? ({ source: other, destination_type: 'exchange', destination: name } as const)
      : ({ source: name, destination_type: way === 'to a queue' ? 'queue' : 'exchange', destination: other } as const);
    const given = tableOf(entries);
    await call('POST', bindingsPath({ vhost, ...ends }), {
      routing_key: key,
      arguments: isHeaders ? { ...given, 'x-match': match } : given,
    });
    tell(isFrom ? `${other} is bound to ${name}` : `${name} is bound to ${other}`);
    setEntries([]);
    setKey('');
    onAdded();
  };
  return (
    <Form verb="Bind" submit={submit} isWrong={entries.some((entry) => entryError(entry) !== undefined)}>
      <div class="fields">
        <ChoiceField<Way> label="Which way" value={way} onChange={setWay} options={WAYS.map((one) => [one, one])} />
        <TextField
          label={way === 'to a queue' ? 'Queue' : 'Exchange'}
          help={`Of the vhost ${vhost}.`}
          value={other}
          onInput={setOther}
          isRequired
          suggestions={suggestions}
        />
        {routes?.key !== null && (
          <TextField
            label={type === 'x-consistent-hash' && !isFrom ? 'Shares' : 'Routing key'}
            help={routes?.key ?? 'As that exchange has it.'}
            value={key}
            onInput={setKey}
          />
        )}
        {isHeaders && (
          <ChoiceField<Match> label="A message must have" value={match} onChange={setMatch} options={MATCHES} />
        )}
      </div>
      <TableFields
        legend={isHeaders ? 'Headers that are asked for' : 'Arguments'}
        entries={entries}
        onChange={setEntries}
      />
    </Form>
  );
}

/** The type that decides. */
function innerType({ type, arguments: args }: Exchange): string {
  const inner = args['x-delayed-type'];
  return type === 'x-delayed-message' && typeof inner === 'string' ? inner : type;
}
