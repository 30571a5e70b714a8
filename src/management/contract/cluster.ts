/** Contracts: the cluster that the broker belongs to, and whether this node serves. */
import { type Contracts, done } from './operation-contract.js';
import {
  BOOLEAN,
  INTEGER,
  listOf,
  OPTIONAL_TEXT,
  oneOf,
  only,
  optionalBody,
  type Schema,
  STRING,
  STRING_OR_NULL,
  STRINGS,
  thing,
} from './schema.js';

/** All fields are always there. */
function whole(properties: Readonly<Record<string, Schema>>): Schema {
  return thing(properties, Object.keys(properties));
}

const SECONDS: Schema = { type: ['number', 'null'] };
const STATES = ['catching-up', 'standby', 'candidate', 'leader', 'deposed', 'failed', 'stopped'] as const;

const NODE: Schema = {
  ...whole({
    name: STRING,
    version: STRING,
    address: { ...STRING_OR_NULL, description: 'Where it takes the clients that other nodes pass on.' },
    state: oneOf(...STATES, 'copying'),
    epoch: INTEGER,
    read: INTEGER,
    applied: { ...INTEGER, description: 'How far its files are durable.' },
    lag: { ...INTEGER, description: 'Messages of the stream that it has not applied.' },
    lag_seconds: SECONDS,
    seen_seconds_ago: SECONDS,
    trouble: STRING_OR_NULL,
  }),
  title: 'ClusterNode',
};

const STREAM = {
  ...whole({
    state: oneOf('connected', 'leaderless', 'disconnected', 'closed'),
    first: INTEGER,
    last: INTEGER,
    bytes: { ...INTEGER, description: 'Of all messages that it keeps.' },
    leader: { ...STRING_OR_NULL, description: 'The server that leads the stream.' },
    replicas: listOf(whole({ server: STRING, current: BOOLEAN })),
  }),
  title: 'ClusterStream',
};

const CLUSTER_JSON: Schema = {
  ...whole({
    node: { ...STRING, description: 'Who tells.' },
    role: oneOf(...STATES),
    serves: BOOLEAN,
    epoch: INTEGER,
    leader: STRING_OR_NULL,
    read: INTEGER,
    applied: INTEGER,
    waiting_bytes: { ...INTEGER, description: 'What waits to be certain.' },
    nodes: listOf(NODE),
    stream: { anyOf: [STREAM, { type: 'null' }] },
    weaknesses: { ...STRINGS, description: 'Why the stream promises less than it should.' },
    trouble: STRING_OR_NULL,
    alarms: { ...STRINGS, description: 'What an operator should look at.' },
    counts: whole({
      appends: INTEGER,
      records: INTEGER,
      bytes: INTEGER,
      strays: INTEGER,
      take_overs: INTEGER,
      last_take_over_seconds: SECONDS,
    }),
  }),
  title: 'Cluster',
};

const READY = thing({ status: oneOf('ok'), leader: STRING }, ['status']);
const NOT_READY = thing({ status: oneOf('failed'), reason: STRING, leader: STRING_OR_NULL }, ['status', 'reason']);

export const CLUSTER: Contracts = {
  'GET /api/health/live': {
    summary: 'Whether the node runs, and answers',
    answers: { 200: thing({ status: oneOf('ok') }, ['status']) },
  },
  'GET /api/health/ready': {
    summary: 'Whether the broker serves; in a cluster: whether this node does, and which one leads',
    answers: { 200: READY, 503: NOT_READY },
  },
  'GET /api/leveret/cluster': {
    summary: 'The cluster as this node sees it: nodes, who leads, how far each is; without one: 404',
    answers: { 200: CLUSTER_JSON },
  },
  'POST /api/leveret/cluster/step-down': done('Has the node that leads hand over, to a standby or to the best one', {
    body: only(optionalBody({ to: OPTIONAL_TEXT })),
  }),
  'DELETE /api/leveret/cluster/members/:member': done('Has the cluster forget a node that is gone for good'),
};
