/** Publishes a message to an exchange, to try where it goes. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call } from '../../api/client.js';
import { AreaField, CheckField, ChoiceField, Field, TextField } from '../../components/forms/fields.js';
import { Form } from '../../components/forms/form.js';
import { type Entry, entryError, TableFields, tableOf } from '../../components/forms/table-fields.js';
import { Notice } from '../../components/page/parts.js';
import { octets } from '../../text/format.js';
import { exchangePath } from './rows.js';

type PayloadKind = 'text' | 'base64' | 'file';

/** Properties besides the headers, with what is entered there. */
const PROPERTIES = [
  ['content_type', 'Content type', 'text', 'application/json'],
  ['content_encoding', 'Content encoding', 'text', 'gzip'],
  ['correlation_id', 'Correlation id', 'text', 'Which question this answers.'],
  ['reply_to', 'Reply to', 'text', 'The queue that waits for the answer.'],
  ['message_id', 'Message id', 'text', ''],
  ['type', 'Type', 'text', 'What its program calls this kind of message.'],
  ['app_id', 'Application', 'text', ''],
  ['user_id', 'User', 'text', 'It must be the name that you are signed in by.'],
  ['expiration', 'Expires after (ms)', 'number as text', ''],
  ['priority', 'Priority', 'number', '0 to 255; queues with priorities give out higher ones first.'],
  ['timestamp', 'Timestamp (s since 1970)', 'number', ''],
] as const;

interface PublishProps {
  readonly vhost: string;
  readonly exchange: string;
  readonly isHeaders: boolean;
}

export function Publish({ vhost, exchange, isHeaders }: PublishProps): JSX.Element {
  const [key, setKey] = useState('');
  const [headers, setHeaders] = useState<readonly Entry[]>([]);
  const [isPersistent, setPersistent] = useState(true);
  const [properties, setProperties] = useState<Readonly<Record<string, string>>>({});
  const [kind, setKind] = useState<PayloadKind>('text');
  const [text, setText] = useState('');
  const [file, setFile] = useState<File | null>(null);
  const [outcome, setOutcome] = useState<boolean | null>(null);
  const numberError = (name: string): string | undefined =>
    /^\d{0,15}$/.test(properties[name] ?? '') ? undefined : 'a whole number';
  const payloadError = kind === 'base64' && !isBase64(text) ? 'this is no base64' : undefined;
  const isWrong =
    payloadError !== undefined ||
    headers.some((entry) => entryError(entry) !== undefined) ||
    PROPERTIES.some(([name, , type]) => type !== 'text' && numberError(name) !== undefined);
  const submit = async (): Promise<void> => {
    setOutcome(null);
    if (kind === 'file' && file === null) throw new Error('Choose a file first.');
    const filled = PROPERTIES.filter(([name]) => (properties[name] ?? '') !== '').map(([name, , type]) => [
      name,
      type === 'number' ? Number(properties[name]) : properties[name],
    ]);
    const { routed } = await call<{ readonly routed: boolean }>('POST', exchangePath(vhost, exchange, 'publish'), {
      routing_key: key,
      properties: { ...Object.fromEntries(filled), delivery_mode: isPersistent ? 2 : 1, headers: tableOf(headers) },
      payload: kind === 'file' && file !== null ? base64(await file.arrayBuffer()) : text,
      payload_encoding: kind === 'text' ? 'string' : 'base64',
    });
    setOutcome(routed);
  };
  return (
    <Form verb="Publish" submit={submit} isWrong={isWrong}>
      <div class="fields">
        <TextField label="Routing key" value={key} onInput={setKey} help="By which bindings choose." />
        <CheckField
          label="Persistent"
          help="It survives a restart of the broker, in a durable queue."
          value={isPersistent}
          onChange={setPersistent}
        />
        <ChoiceField<PayloadKind>
          label="Payload is"
          value={kind}
          onChange={setKind}
          options={[
            ['text', 'a text'],
            ['base64', 'octets, as base64'],
            ['file', 'a file'],
          ]}
        />
      </div>
      {kind === 'file' ? (
        <Field label="File" help={file === null ? undefined : octets(file.size)}>
          {(of) => (
            <input {...of} type="file" onChange={({ currentTarget }) => setFile(currentTarget.files?.[0] ?? null)} />
          )}
        </Field>
      ) : (
        <AreaField label="Payload" value={text} onInput={setText} error={payloadError} />
      )}
      <TableFields
        legend="Headers"
        {...(isHeaders ? { help: 'This exchange routes by them.' } : {})}
        entries={headers}
        onChange={setHeaders}
      />
      <details>
        <summary>Properties</summary>
        <div class="fields">
          {PROPERTIES.map(([name, label, type, help]) => (
            <TextField
              key={name}
              label={label}
              help={help === '' ? undefined : help}
              value={properties[name] ?? ''}
              onInput={(value) => setProperties({ ...properties, [name]: value })}
              error={type === 'text' ? undefined : numberError(name)}
            />
          ))}
        </div>
      </details>
      <output>
        {outcome === true && <Notice tone="good" title="It went to at least one queue." />}
        {outcome === false && (
          <Notice tone="warn" title="It went nowhere.">
            No binding takes a message with this routing key and these headers.
          </Notice>
        )}
      </output>
    </Form>
  );
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text);
}

/** So many octets at once: all would be too many arguments. */
const PIECE = 0x8000;

function base64(buffer: ArrayBuffer): string {
  const bytes = new Uint8Array(buffer);
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}
