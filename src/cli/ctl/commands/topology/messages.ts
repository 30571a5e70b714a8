/** Messages where they lie: shown without being taken out, moved, replayed. Leveret's own: rabbitmqctl has no such thing. */
import { at } from '../../api.js';
import { type CtlCommand, DONE, type Given, type Option, one, type Row, rows, UsageError } from '../../command.js';

/** Which messages are meant. */
const SEARCH: Readonly<Record<string, Option>> = {
  match: { value: 'TEXT', help: 'in the key, the exchange, a property, a header or the body' },
  key: { value: 'TEXT', help: 'in the routing key' },
  exchange: { value: 'TEXT', help: 'in the name of the exchange' },
  body: { value: 'TEXT', help: 'in the first 128 KiB of the body' },
  header: { value: 'NAME=TEXT', help: 'in the value of a header' },
  regex: { value: null, help: 'all of them are regular expressions' },
};

const PEEKED = ['position', 'age', 'redelivered', 'routing_key', 'payload_bytes', 'payload'];
const MOVE = ['id', 'queue', 'state', 'moved', 'passed', 'unroutable', 'reason'];
/** Octets of a payload that a line of a table has room for. */
const TRUNCATE = 200;

/** Messages that are shown, if nothing is said. */
const COUNT = 100;

interface PeekedPage {
  readonly messages: readonly Row[];
  readonly next: string;
  readonly at_end: boolean;
  readonly looked_at: number;
}

/** The API looks for a bounded time, and shows a bounded number of octets. */
function brokenOff({ next, looked_at: looked }: PeekedPage): string {
  return `Warning: this is not all: the look ended early, after ${looked} messages. Go on with --from ${next}`;
}

export const MESSAGE_COMMANDS: readonly CtlCommand[] = [
  {
    name: 'peek_messages',
    subject: 'Queues',
    summary: 'shows messages of a queue that are ready, takes nothing out and marks nothing',
    arguments: [one('queue')],
    isInVhost: true,
    options: {
      count: { value: 'N', whole: { min: 1, max: 10_000 }, help: `at most so many; else ${COUNT}` },
      from: { value: 'POSITION', help: 'from this position on, which an answer before has shown' },
      truncate: { value: 'OCTETS', whole: { min: 0, max: 999_999_999 }, help: `of each payload; else ${TRUNCATE}` },
      ...SEARCH,
    },
    banner: ({ vhost, argument }) => `Peeking at queue '${argument('queue')}' in vhost '${vhost}' ...`,
    run: async (given, api) => {
      const path = `${at('queues', given.vhost, given.argument('queue'))}/messages?${query(given)}`;
      const page = await api.get<PeekedPage>(path);
      const outcome = rows(PEEKED, page.messages);
      const isWhole = page.at_end || page.messages.length >= Number(given.option('count') ?? COUNT);
      return isWhole ? outcome : { ...outcome, note: brokenOff(page) };
    },
  },
  {
    name: 'move_messages',
    subject: 'Queues',
    summary: 'begins to move messages of a queue, which goes on by itself',
    arguments: [one('queue')],
    isInVhost: true,
    options: {
      'to-queue': { value: 'QUEUE', help: 'to a queue' },
      'to-exchange': { value: 'EXCHANGE', help: 'to an exchange' },
      'routing-key': { value: 'KEY', help: 'with an exchange: under this key; else each under its own' },
      'to-origin': { value: null, help: 'dead letters: each to where it was published to before it died' },
      count: { value: 'N', whole: { min: 1, max: Number.MAX_SAFE_INTEGER }, help: 'at most so many; else all' },
      'remove-deaths': { value: null, help: 'without the headers that tell of deaths' },
      ...SEARCH,
    },
    banner: ({ vhost, argument }) => `Moving messages of queue '${argument('queue')}' in vhost '${vhost}' ...`,
    run: async (given, api) => {
      const body = { to: target(given), ...wish(given) };
      const path = `${at('queues', given.vhost, given.argument('queue'))}/move`;
      const move = JSON.parse(await api.post(path, body)) as Row;
      return rows(MOVE, [move]);
    },
  },
  {
    name: 'list_moves',
    subject: 'Queues',
    summary: 'lists moves of messages that run, and the last that have ended',
    arguments: [],
    columns: { standard: MOVE, others: ['vhost', 'to', 'count', 'user', 'started_at', 'ended_at'] },
    banner: () => 'Listing moves of messages ...',
    run: async ({ several }, api) =>
      rows(several.length > 0 ? several : MOVE, await api.get<readonly Row[]>(at('leveret', 'moves'))),
  },
  {
    name: 'cancel_move',
    subject: 'Queues',
    summary: 'ends a move of messages; what was moved stays moved',
    arguments: [one('id')],
    banner: ({ argument }) => `Ending the move ${argument('id')} ...`,
    run: async ({ argument }, api) => {
      await api.delete(at('leveret', 'moves', argument('id')));
      return DONE;
    },
  },
];

function query(given: Given): string {
  const asked = new URLSearchParams({ truncate: given.option('truncate') ?? `${TRUNCATE}` });
  for (const name of ['count', 'from', 'match', 'key', 'exchange', 'body']) {
    const value = given.option(name);
    if (value !== null) asked.set(name, value);
  }
  for (const [name, value] of Object.entries(headers(given))) asked.set(`header.${name}`, value);
  if (given.has('regex')) asked.set('use_regex', 'true');
  return asked.toString();
}

function headers(given: Given): Readonly<Record<string, string>> {
  const header = given.option('header');
  if (header === null) return {};
  const [, name, text] = /^([^=]+)=(.*)$/s.exec(header) ?? [];
  if (name === undefined || text === undefined) throw new UsageError('--header must be NAME=TEXT');
  return { [name]: text };
}

function wish(given: Given) {
  const text = (name: string): string => given.option(name) ?? '';
  const count = given.option('count');
  return {
    count: count === null ? null : Number(count),
    deaths: given.has('remove-deaths') ? 'remove' : 'keep',
    filter: {
      match: text('match'),
      key: text('key'),
      exchange: text('exchange'),
      body: text('body'),
      headers: headers(given),
      use_regex: given.has('regex'),
    },
  };
}

function target(given: Given) {
  const queue = given.option('to-queue');
  const exchange = given.option('to-exchange');
  const named = [queue !== null, exchange !== null, given.has('to-origin')].filter(Boolean).length;
  if (named !== 1) throw new UsageError('one of --to-queue, --to-exchange and --to-origin is needed');
  if (queue !== null) return { queue };
  if (exchange === null) return 'origin';
  const key = given.option('routing-key');
  return key === null ? { exchange } : { exchange, routing_key: key };
}
