/** Contracts: messages, published and taken for trying things. */
import { type Contracts, done } from './operation-contract.js';
import {
  BOOLEAN,
  body,
  INTEGER,
  listOf,
  oneOf,
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

export const MESSAGES: Contracts = {
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
  'DELETE /api/queues/:vhost/:name/contents': done('Empties a queue'),
};
