/** What lies in a queue: looked at without taking it, searched, page by page; or taken. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, get, withQuery } from '../../api/client.js';
import { confirmed } from '../../components/forms/dialog.js';
import { ChoiceField, TextField } from '../../components/forms/fields.js';
import { Form } from '../../components/forms/form.js';
import { Action, Badge, Empty, Section } from '../../components/page/parts.js';
import { tell } from '../../components/page/status.js';
import { counted, duration, octets } from '../../text/format.js';
import { Message, type ShownMessage } from './message.js';

interface Peek {
  readonly messages: readonly ShownMessage[];
  readonly next: string;
  readonly at_end: boolean;
  readonly looked_at: number;
}

const PLACES = [
  ['match', 'anywhere'],
  ['key', 'the routing key'],
  ['exchange', 'the exchange'],
  ['body', 'the body'],
] as const;

type Place = (typeof PLACES)[number][0];

const PAGE = 50;
/** So many octets of each body are shown. */
const SHOWN = 4_096;

export function Messages({ path }: { path: string }): JSX.Element {
  const [place, setPlace] = useState<Place>('match');
  const [text, setText] = useState('');
  const [found, setFound] = useState<Peek | null>(null);
  const look = async (from: string | undefined, before: readonly ShownMessage[]): Promise<void> => {
    const answer = await get<Peek>(
      withQuery(`${path}/messages`, { count: PAGE, truncate: SHOWN, from, [place]: text === '' ? undefined : text }),
    );
    const looked = from === undefined ? 0 : (found?.looked_at ?? 0);
    setFound({ ...answer, messages: [...before, ...answer.messages], looked_at: looked + answer.looked_at });
  };
  return (
    <>
      <Section title="Look, without taking anything">
        <Form verb={text === '' ? 'Look' : 'Search'} submit={() => look(undefined, [])}>
          <div class="fields">
            <TextField
              label="Search for"
              type="search"
              value={text}
              onInput={setText}
              help="Nothing: all that is ready. What is looked at is neither taken nor marked."
            />
            <ChoiceField<Place> label="In" value={place} onChange={setPlace} options={PLACES} />
          </div>
        </Form>
        {found !== null && <Found found={found} more={() => look(found.next, found.messages)} />}
      </Section>
      <Get path={path} />
    </>
  );
}

function Found({ found, more }: { found: Peek; more(): Promise<void> }): JSX.Element {
  const { messages, at_end: isEnd, looked_at: looked } = found;
  return (
    <div class="messages">
      <output class="soft">
        {counted(messages.length, 'message')} of {counted(looked, 'message')} looked at
      </output>
      {messages.length === 0 && isEnd && (
        <Empty title="Nothing that is ready fits.">
          <p>What consumers have and have not acknowledged is not shown here.</p>
        </Empty>
      )}
      <ol>
        {messages.map((message, at) => (
          <Message key={message.position ?? at} message={message}>
            {message.age !== undefined && <Badge>waits for {duration(message.age)}</Badge>}
            <Badge>{octets(message.payload_bytes)}</Badge>
            {message.redelivered && <Badge tone="warn">redelivered</Badge>}
          </Message>
        ))}
      </ol>
      {!isEnd && <Action run={more}>Look further</Action>}
    </div>
  );
}

const MODES = [
  ['ack_requeue_true', 'put back'],
  ['ack_requeue_false', 'gone for good'],
  ['reject_requeue_true', 'rejected, and put back'],
  ['reject_requeue_false', 'rejected: dead letters, or gone'],
] as const;

type Mode = (typeof MODES)[number][0];

function Get({ path }: { path: string }): JSX.Element {
  const [mode, setMode] = useState<Mode>('ack_requeue_true');
  const [number, setNumber] = useState('1');
  const [got, setGot] = useState<readonly ShownMessage[] | null>(null);
  const isRight = /^[1-9]\d{0,3}$/.test(number);
  const submit = async (): Promise<void> => {
    if (mode.endsWith('false')) {
      const text = `Up to ${counted(Number(number), 'message')} will not be in this queue any more.`;
      if (!(await confirmed({ title: 'Take messages out?', text, verb: 'Take', isDestructive: true }))) return;
    }
    const body = { count: Number(number), ackmode: mode, encoding: 'auto', truncate: SHOWN };
    const messages = await call<readonly ShownMessage[]>('POST', `${path}/get`, body);
    setGot(messages);
    tell(`${counted(messages.length, 'message')} taken, then ${MODES.find(([name]) => name === mode)?.[1]}`);
  };
  return (
    <Section title="Get, as a consumer does">
      <Form verb="Get" submit={submit} isWrong={!isRight}>
        <div class="fields">
          <TextField
            label="How many"
            value={number}
            onInput={setNumber}
            error={isRight ? undefined : 'This must be a whole number from 1 to 9999.'}
          />
          <ChoiceField<Mode>
            label="What becomes of them"
            value={mode}
            onChange={setMode}
            options={MODES}
            help="What is put back is marked as redelivered."
          />
        </div>
      </Form>
      {got !== null && (
        <ol class="messages">
          {got.map((message, at) => (
            <Message key={at} message={message}>
              {message.redelivered && <Badge tone="warn">redelivered</Badge>}
            </Message>
          ))}
          {got.length === 0 && <Empty title="Nothing was ready." />}
        </ol>
      )}
    </Section>
  );
}
