/** Contracts: vhosts, exchanges, queues, bindings. */
import { OF_CLIENTS } from './clients.js';
import { LENGTHS, MESSAGE_STATS } from './figures.js';
import {
  COLUMNS,
  type Contracts,
  done,
  ifTrue,
  listing,
  made,
  type OperationContract,
  one,
  RANGES,
  REFUSAL,
  WITHOUT_STATS,
} from './operation-contract.js';
import {
  BOOLEAN,
  body,
  INTEGER,
  INTEGER_OR_NULL,
  listOf,
  OBJECT,
  OPTIONAL_TEXT,
  oneOf,
  optionalBody,
  type Schema,
  STRING,
  STRING_OR_NULL,
  STRINGS,
  TABLE,
  TAGS,
  thing,
  YES_OR_NO,
} from './schema.js';

const METADATA = {
  description: STRING,
  tags: STRINGS,
  default_queue_type: STRING,
  protected_from_deletion: BOOLEAN,
};

const VHOST: Schema = {
  ...thing({
    name: STRING,
    ...METADATA,
    metadata: thing(METADATA),
    tracing: BOOLEAN,
    ...LENGTHS,
    message_stats: MESSAGE_STATS,
  }),
  title: 'Vhost',
};

const EXCHANGE: Schema = {
  ...thing({
    name: STRING,
    vhost: STRING,
    type: STRING,
    durable: BOOLEAN,
    auto_delete: BOOLEAN,
    internal: BOOLEAN,
    arguments: OBJECT,
    policy: { ...STRING, description: 'The one in force, where there is one.' },
    incoming: { type: 'array' },
    outgoing: { type: 'array' },
    message_stats: MESSAGE_STATS,
  }),
  title: 'Exchange',
};

const QUEUE: Schema = {
  ...thing({
    name: STRING,
    vhost: STRING,
    type: STRING,
    durable: BOOLEAN,
    auto_delete: BOOLEAN,
    exclusive: BOOLEAN,
    arguments: OBJECT,
    node: STRING,
    state: oneOf('running', 'paused'),
    policy: STRING_OR_NULL,
    operator_policy: STRING_OR_NULL,
    effective_policy_definition: OBJECT,
    head_message_timestamp: INTEGER_OR_NULL,
    oldest_message_age: INTEGER_OR_NULL,
    oldest_unacknowledged_age: INTEGER_OR_NULL,
    ...OF_CLIENTS,
    message_bytes: INTEGER,
    message_bytes_ready: INTEGER,
    message_bytes_unacknowledged: INTEGER,
    message_stats: MESSAGE_STATS,
    idle_since: STRING,
  }),
  title: 'Queue',
};

const EXPLANATION: Schema = {
  ...thing({
    name: STRING,
    vhost: STRING,
    timestamp: INTEGER,
    statements: listOf(
      thing({ code: STRING, text: STRING, figures: OBJECT, next: STRING_OR_NULL }, ['code', 'text', 'figures', 'next']),
    ),
  }),
  title: 'Explanation',
};

const BINDING: Schema = {
  ...thing({
    source: STRING,
    vhost: STRING,
    destination: STRING,
    destination_type: oneOf('queue', 'exchange'),
    routing_key: STRING,
    arguments: OBJECT,
    properties_key: STRING,
  }),
  title: 'Binding',
};

const QUEUES_QUERY = {
  ...RANGES,
  ...WITHOUT_STATS,
  enable_queue_totals: ifTrue('Shows numbers of messages although `disable_stats` leaves out what is counted.'),
};

const BIND: OperationContract = {
  summary: 'Binds; `Location` says where the binding is to be found',
  body: optionalBody({ routing_key: OPTIONAL_TEXT, arguments: TABLE }),
  answers: { 201: null },
};

export const TOPOLOGY: Contracts = {
  'GET /api/vhosts': listing('Vhosts that the caller may enter', VHOST, RANGES),
  'GET /api/vhosts/:vhost': one('One vhost', VHOST, RANGES),
  'PUT /api/vhosts/:vhost': made(
    'Makes a vhost, or changes what is said of it',
    optionalBody({
      description: OPTIONAL_TEXT,
      tags: { ...TAGS, type: ['string', 'array', 'null'] },
      default_queue_type: OPTIONAL_TEXT,
      tracing: YES_OR_NO,
      protected_from_deletion: YES_OR_NO,
    }),
  ),
  'DELETE /api/vhosts/:vhost': done('Deletes a vhost with all that is in it', { answers: { 204: null, 412: REFUSAL } }),
  'POST /api/vhosts/:vhost/deletion/protection': done('Protects a vhost from being deleted'),
  'DELETE /api/vhosts/:vhost/deletion/protection': done('Has a vhost be deleted as any other'),
  'GET /api/exchanges': listing('Exchanges', EXCHANGE, RANGES),
  'GET /api/exchanges/:vhost': listing("A vhost's exchanges", EXCHANGE, RANGES),
  'GET /api/exchanges/:vhost/:name': one('One exchange', EXCHANGE, RANGES),
  'PUT /api/exchanges/:vhost/:name': made(
    'Declares an exchange',
    optionalBody({
      type: OPTIONAL_TEXT,
      durable: YES_OR_NO,
      auto_delete: YES_OR_NO,
      internal: YES_OR_NO,
      arguments: TABLE,
    }),
  ),
  'DELETE /api/exchanges/:vhost/:name': done('Deletes an exchange', {
    query: { 'if-unused': ifTrue('Only if nothing is bound to it.') },
  }),
  'GET /api/queues': listing('Queues', QUEUE, QUEUES_QUERY),
  'GET /api/queues/:vhost': listing("A vhost's queues", QUEUE, QUEUES_QUERY),
  'GET /api/queues/:vhost/:name': one('One queue', QUEUE, { ...RANGES, ...WITHOUT_STATS }),
  'PUT /api/queues/:vhost/:name': made(
    'Declares a queue',
    optionalBody({ durable: YES_OR_NO, auto_delete: YES_OR_NO, arguments: TABLE }),
  ),
  'DELETE /api/queues/:vhost/:name': done('Deletes a queue with its messages', {
    query: { 'if-unused': ifTrue('Only if it has no consumer.'), 'if-empty': ifTrue('Only if it has no message.') },
  }),
  'GET /api/queues/:vhost/:name/explain': {
    summary: 'Says in plain words what is the matter with a queue',
    answers: { 200: EXPLANATION },
  },
  'PUT /api/queues/:vhost/:name/pause': done('Has a queue give out nothing, while it takes messages as ever'),
  'PUT /api/queues/:vhost/:name/resume': done('Has a paused queue go on'),
  'POST /api/queues/:vhost/:name/actions': done('Does nothing: there are no mirrors that would be out of step', {
    body: body({ action: { enum: ['sync', 'cancel_sync'] } }, 'action'),
  }),
  'GET /api/bindings': listing('Bindings', BINDING),
  'GET /api/bindings/:vhost': listing("A vhost's bindings", BINDING),
  'GET /api/queues/:vhost/:name/bindings': listing("A queue's bindings", BINDING),
  'GET /api/exchanges/:vhost/:name/bindings/source': listing('Bindings out of an exchange', BINDING),
  'GET /api/exchanges/:vhost/:name/bindings/destination': listing('Bindings into an exchange', BINDING),
  ...between('q', 'an exchange and a queue'),
  ...between('e', 'two exchanges'),
};

function between(letter: string, ends: string): Contracts {
  const path = `/api/bindings/:vhost/e/:source/${letter}/:destination`;
  return {
    [`GET ${path}`]: listing(`Bindings between ${ends}`, BINDING),
    [`POST ${path}`]: BIND,
    [`GET ${path}/:properties`]: { summary: 'One binding', query: COLUMNS, answers: { 200: BINDING } },
    [`DELETE ${path}/:properties`]: done('Takes a binding away'),
  };
}
