/** Contracts: who is connected. */
import { LENGTHS, MESSAGE_STATS } from './figures.js';
import { COLUMNS, type Contracts, done, LISTING, listing, one } from './operation-contract.js';
import { BOOLEAN, INTEGER, listOf, OBJECT, type Schema, STRING, STRING_OR_NULL, thing } from './schema.js';

const PEER: Schema = { ...thing({ name: STRING, peer_host: STRING, peer_port: INTEGER }), title: 'Peer' };

const CONNECTION: Schema = {
  ...thing({
    name: STRING,
    type: STRING,
    protocol: STRING,
    node: STRING,
    state: STRING,
    user: STRING,
    vhost: STRING,
    user_provided_name: STRING,
    client_properties: OBJECT,
    auth_mechanism: STRING,
    connected_at: INTEGER,
    timeout: INTEGER,
    frame_max: INTEGER,
    channel_max: INTEGER,
    channels: INTEGER,
    host: STRING,
    port: INTEGER,
    peer_host: STRING,
    peer_port: INTEGER,
    ssl: BOOLEAN,
    ssl_protocol: STRING_OR_NULL,
    ssl_key_exchange: STRING_OR_NULL,
    ssl_cipher: STRING_OR_NULL,
    ssl_hash: STRING_OR_NULL,
    peer_cert_subject: STRING_OR_NULL,
    peer_cert_issuer: STRING_OR_NULL,
    peer_cert_validity: STRING_OR_NULL,
    recv_oct: INTEGER,
    recv_cnt: INTEGER,
    send_oct: INTEGER,
    send_cnt: INTEGER,
    send_pend: INTEGER,
  }),
  title: 'Connection',
};

const OF_USER = thing({ name: STRING, vhost: STRING, user: STRING, node: STRING });

const CHANNEL: Schema = {
  ...thing({
    name: STRING,
    number: INTEGER,
    node: STRING,
    connection_details: PEER,
    state: STRING,
    user: STRING,
    vhost: STRING,
    prefetch_count: INTEGER,
    global_prefetch_count: INTEGER,
    consumer_count: INTEGER,
    messages_unacknowledged: INTEGER,
    messages_unconfirmed: INTEGER,
    messages_uncommitted: INTEGER,
    acks_uncommitted: INTEGER,
    confirm: BOOLEAN,
    transactional: BOOLEAN,
    message_stats: MESSAGE_STATS,
  }),
  title: 'Channel',
};

export const CONSUMER: Schema = {
  ...thing({
    consumer_tag: STRING,
    queue: thing({ name: STRING, vhost: STRING }),
    channel_details: OBJECT,
    ack_required: BOOLEAN,
    active: BOOLEAN,
    activity_status: STRING,
    exclusive: BOOLEAN,
    prefetch_count: INTEGER,
    arguments: OBJECT,
    consumer_timeout: { type: ['integer', 'null'] },
  }),
  title: 'Consumer',
};

/** What queues have of their clients. */
export const OF_CLIENTS: Readonly<Record<string, Schema>> = {
  consumers: INTEGER,
  exclusive_consumer_tag: STRING_OR_NULL,
  single_active_consumer_tag: STRING_OR_NULL,
  owner_pid_details: PEER,
  consumer_details: listOf(CONSUMER),
  ...LENGTHS,
};

/** RabbitMQ's consumers come in one piece. */
const { sort, sort_reverse } = LISTING;
function inOnePiece(summary: string): Contracts[string] {
  return { summary, query: { sort, sort_reverse, ...COLUMNS }, answers: { 200: listOf(CONSUMER) } };
}

export const CLIENTS: Contracts = {
  'GET /api/connections': listing('Connections', CONNECTION),
  'GET /api/vhosts/:vhost/connections': listing("A vhost's connections", CONNECTION),
  'GET /api/connections/username/:user': listing("A user's connections", OF_USER),
  'DELETE /api/connections/username/:user': done("Closes a user's connections"),
  'GET /api/connections/:name': one('One connection', CONNECTION),
  'DELETE /api/connections/:name': done('Closes a connection'),
  'GET /api/connections/:name/channels': listing("A connection's channels", CHANNEL),
  'GET /api/channels': listing('Channels', CHANNEL),
  'GET /api/vhosts/:vhost/channels': listing("A vhost's channels", CHANNEL),
  'GET /api/channels/:name': one('One channel, with its consumers', CHANNEL),
  'GET /api/leveret/consumers': listing('Consumers, looked for by queue and tag, and in pages', CONSUMER, {
    vhost: { type: 'string', description: 'Those of this vhost alone.' },
  }),
  'GET /api/consumers': inOnePiece('Consumers'),
  'GET /api/consumers/:vhost': inOnePiece("A vhost's consumers"),
};
