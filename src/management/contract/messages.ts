/** Contracts: messages, published and taken for trying things. */
import { type Contracts, done, ifTrue } from './operation-contract.js';
import {
  BOOLEAN,
  body,
  INTEGER,
  listOf,
  OPTIONAL_TEXT,
  oneOf,
  only,
  type Schema,
  STRING,
  TABLE,
  TEXT,
  thing,
  WHOLE,
  YES_OR_NO,
} from './schema.js';

/** RabbitMQ shows none as an empty list. */
const PROPERTIES: Schema = { type: ['object', 'array'], maxItems: 0 };

const GOT: Schema = {
  ...thing(
    {
      payload_bytes: INTEGER,
      redelivered: BOOLEAN,
      exchange: STRING,
      routing_key: STRING,
      message_count: INTEGER,
      properties: PROPERTIES,
      payload: STRING,
      payload_encoding: oneOf('string', 'base64'),
    },
    ['payload', 'payload_encoding', 'properties'],
  ),
  title: 'GotMessage',
};

/** The most messages that one request gets. */
export const COUNT_MAX = 10_000;

const ACK_MODES = ['ack_requeue_true', 'reject_requeue_true', 'ack_requeue_false', 'reject_requeue_false'] as const;
/** What becomes of messages that were got. */
export type AckModeName = (typeof ACK_MODES)[number];

/** By which messages are looked for; `header.NAME` and `property.NAME` besides. */
const SEARCH = {
  match: { type: 'string', description: 'In the key, the exchange, a property, a header or the body.' },
  key: { type: 'string', description: 'In the routing key.' },
  exchange: { type: 'string', description: 'In the name of the exchange.' },
  body: { type: 'string', description: 'In the first 128 KiB of the body.' },
  'header.NAME': { type: 'string', description: 'In the value of this header; any other name as well.' },
  'property.NAME': { type: 'string', description: 'In this property; any other name as well.' },
  use_regex: ifTrue('All of them are regular expressions (RE2).'),
} satisfies Record<string, Schema>;

const PEEKED: Schema = {
  ...thing(
    {
      position: { ...STRING, description: 'Where it stands: as `from` the beginning of a page.' },
      state: oneOf('ready', 'unacked'),
      priority: INTEGER,
      arrived_at: { ...INTEGER, description: 'ms since 1970' },
      age: { ...INTEGER, description: 'ms' },
      expires_at: { type: ['integer', 'null'], description: 'ms since 1970' },
      payload_bytes: INTEGER,
      redelivered: BOOLEAN,
      requeues: { type: ['integer', 'null'], description: 'Where the queue counts them.' },
      exchange: STRING,
      routing_key: STRING,
      properties: PROPERTIES,
      payload: STRING,
      payload_encoding: oneOf('string', 'base64'),
      truncated: BOOLEAN,
    },
    ['position', 'state', 'payload', 'payload_encoding', 'properties'],
  ),
  title: 'PeekedMessage',
};

const MOVE: Schema = {
  ...thing(
    {
      id: STRING,
      vhost: STRING,
      queue: STRING,
      to: { description: 'As it was asked for.' },
      state: oneOf('running', 'waiting', 'done', 'failed', 'cancelled'),
      reason: { type: ['string', 'null'], description: 'Why it waits, or has failed.' },
      count: { type: ['integer', 'null'], description: 'At most so many.' },
      moved: INTEGER,
      passed: { ...INTEGER, description: 'Messages that do not match.' },
      unroutable: { ...INTEGER, description: 'Messages that lead nowhere, or were refused: they stay.' },
      user: STRING,
      started_at: { ...INTEGER, description: 'ms since 1970' },
      ended_at: { type: ['integer', 'null'], description: 'ms since 1970' },
    },
    ['id', 'vhost', 'queue', 'state', 'moved'],
  ),
  title: 'Move',
};

const FILTER: Schema = only({
  ...TABLE,
  description: 'As the query of a peek; `headers` and `properties` are objects.',
  properties: {
    match: OPTIONAL_TEXT,
    key: OPTIONAL_TEXT,
    exchange: OPTIONAL_TEXT,
    body: OPTIONAL_TEXT,
    headers: TABLE,
    properties: TABLE,
    use_regex: YES_OR_NO,
  },
});

/** What is said of any other. */
export const MOVE_TARGET = 'to must be origin, or name one exchange or queue';

export const MESSAGES: Contracts = {
  'GET /api/queues/:vhost/:name/messages': {
    summary: 'Shows what lies in a queue; takes nothing out and marks nothing',
    query: {
      from: { type: 'string', description: 'What an answer before has said as `next`; else from the first.' },
      count: { type: 'string', pattern: '^[0-9]{1,5}$', description: `At most ${COUNT_MAX}; else 100.` },
      encoding: { ...oneOf('auto', 'base64'), 'x-refusal': 'Unsupported encoding. Please use auto or base64.' },
      truncate: { type: 'string', pattern: '^[0-9]{1,9}$', description: 'How many octets of each payload are shown.' },
      ...SEARCH,
    },
    answers: {
      200: thing(
        {
          messages: listOf(PEEKED),
          next: { ...STRING, description: 'Where the next page begins.' },
          at_end: { ...BOOLEAN, description: 'Nothing follows now.' },
          looked_at: { ...INTEGER, description: 'Messages that were looked at, found or not.' },
        },
        ['messages', 'next', 'at_end', 'looked_at'],
      ),
    },
  },
  'POST /api/exchanges/:vhost/:name/publish': {
    summary: 'Publishes a message',
    body: body(
      {
        payload: TEXT,
        payload_encoding: oneOf('string', 'base64'),
        properties: { ...TABLE, type: ['object', 'array'] },
        routing_key: TEXT,
      },
      'payload',
      'payload_encoding',
      'properties',
      'routing_key',
    ),
    answers: { 200: thing({ routed: BOOLEAN }, ['routed']) },
  },
  'POST /api/queues/:vhost/:name/move': {
    summary: 'Begins to move messages of a queue, or to replay dead letters',
    body: only(
      body(
        {
          to: {
            description: 'An exchange or a queue; or `origin`: where each was published to before it died.',
            anyOf: [
              { ...oneOf('origin'), 'x-refusal': MOVE_TARGET },
              only(thing({ exchange: TEXT, routing_key: OPTIONAL_TEXT, queue: TEXT })),
            ],
          },
          count: { ...WHOLE, description: 'At most so many; else all that are ready.' },
          filter: FILTER,
          deaths: { enum: ['keep', 'remove', null], description: 'What becomes of `x-death` and its like; else kept.' },
        },
        'to',
      ),
    ),
    answers: { 202: MOVE },
  },
  'GET /api/leveret/moves': { summary: 'Moves that run, and the last that have ended', answers: { 200: listOf(MOVE) } },
  'GET /api/leveret/moves/:id': { summary: 'One move', answers: { 200: MOVE } },
  'DELETE /api/leveret/moves/:id': done('Ends a move; what was moved stays moved'),
  'POST /api/queues/:vhost/:name/get': {
    summary: 'Takes messages, and puts them back if `ackmode` says so',
    body: body(
      {
        count: { ...WHOLE, type: ['integer', 'string'], minimum: 1, maximum: COUNT_MAX },
        encoding: { ...oneOf('auto', 'base64'), 'x-refusal': 'Unsupported encoding. Please use auto or base64.' },
        ackmode: { enum: [...ACK_MODES, null] },
        requeue: { ...YES_OR_NO, description: 'In place of `ackmode`, of tools of before 3.7.' },
        truncate: { ...WHOLE, description: 'How many octets of each payload are shown.' },
      },
      'count',
      'encoding',
    ),
    answers: { 200: listOf(GOT) },
  },
  'DELETE /api/queues/:vhost/:name/contents': done('Empties a queue', {
    query: {
      count: {
        type: 'string',
        pattern: '^([1-9][0-9]{0,8})?$',
        description: 'Only so many, the first; else all that are ready.',
        'x-refusal': 'count must be a whole number from 1 to 999999999',
      },
    },
  }),
};
