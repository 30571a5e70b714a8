/** Contracts: the broker as a whole. */
import { counted, LENGTHS, MESSAGE_STATS } from './figures.js';
import {
  COLUMNS,
  type Contracts,
  done,
  ifTrue,
  listing,
  type OperationContract,
  one,
  RANGES,
  WITHOUT_STATS,
} from './operation-contract.js';
import {
  ANY,
  BOOLEAN,
  body,
  INTEGER,
  listOf,
  NUMBER,
  OBJECT,
  oneOf,
  only,
  type Schema,
  STRING,
  STRING_OR_NULL,
  STRINGS,
  TEXT,
  thing,
} from './schema.js';

const NAMED = listOf(thing({ name: STRING, description: STRING, enabled: BOOLEAN }));

const OVERVIEW: Schema = {
  ...thing({
    management_version: STRING,
    rates_mode: STRING,
    sample_retention_policies: OBJECT,
    exchange_types: NAMED,
    product_version: STRING,
    product_name: STRING,
    rabbitmq_version: STRING,
    cluster_name: STRING,
    erlang_version: STRING,
    erlang_full_version: STRING,
    message_stats: MESSAGE_STATS,
    churn_rates: OBJECT,
    queue_totals: thing(LENGTHS),
    object_totals: thing(counted('connections', 'channels', 'exchanges', 'queues', 'consumers')),
    node: STRING,
    listeners: listOf(OBJECT),
    contexts: listOf(OBJECT),
  }),
  title: 'Overview',
};

const NODE: Schema = {
  ...thing({
    name: STRING,
    type: STRING,
    running: BOOLEAN,
    uptime: INTEGER,
    processors: INTEGER,
    run_queue: INTEGER,
    workers: INTEGER,
    worker_placement: STRING,
    mem_used: INTEGER,
    mem_limit: INTEGER,
    mem_alarm: BOOLEAN,
    fd_used: INTEGER,
    fd_total: INTEGER,
    sockets_used: INTEGER,
    sockets_total: INTEGER,
    proc_used: INTEGER,
    proc_total: INTEGER,
    disk_free: INTEGER,
    disk_free_limit: INTEGER,
    disk_free_alarm: BOOLEAN,
    exchange_types: NAMED,
    auth_mechanisms: NAMED,
    contexts: listOf(OBJECT),
    enabled_plugins: listOf(STRING),
  }),
  title: 'Node',
};
const SECONDS: Schema = { type: ['number', 'null'] };
const QUANTILES = thing({ deliveries: INTEGER, p50_seconds: SECONDS, p95_seconds: SECONDS, p99_seconds: SECONDS }, [
  'deliveries',
  'p50_seconds',
  'p95_seconds',
  'p99_seconds',
]);
const LATENCY: Schema = {
  ...thing({ since_start: QUANTILES, last_minute: QUANTILES }, ['since_start', 'last_minute']),
  title: 'Latency',
};
const MEMORY = thing({ memory: OBJECT });
const FEATURE = thing({ name: STRING, desc: STRING, state: STRING, stability: STRING, provided_by: STRING });
/** What a check has found. */
const FINDING: Schema = {
  ...thing({ status: oneOf('ok', 'failed'), reason: STRING_OR_NULL }, ['status']),
  title: 'Finding',
};

function check(path: string, summary: string): Contracts {
  return { [`GET /api/${path}`]: { summary, answers: { 200: FINDING, 503: FINDING } } };
}

const DEFINITIONS: Schema = {
  ...thing({
    rabbit_version: STRING,
    ...Object.fromEntries(
      ['users', 'vhosts', 'permissions', 'topic_permissions', 'parameters', 'global_parameters', 'policies'].map(
        (name) => [name, listOf(OBJECT)],
      ),
    ),
    queues: listOf(OBJECT),
    exchanges: listOf(OBJECT),
    bindings: listOf(OBJECT),
  }),
  title: 'Definitions',
};

const FAULT = thing({ place: STRING, reason: STRING }, ['place', 'reason']);
const CHANGE: Schema = {
  ...thing(
    {
      section: STRING,
      place: STRING,
      name: STRING,
      vhost: STRING_OR_NULL,
      action: oneOf('added', 'changed', 'kept', 'left_out'),
      fields: listOf(thing({ field: STRING, before: ANY, after: ANY }, ['field', 'before', 'after'])),
      reason: STRING_OR_NULL,
    },
    ['section', 'place', 'name', 'vhost', 'action', 'fields', 'reason'],
  ),
  title: 'DefinitionChange',
};
const PREVIEW: Schema = {
  ...thing(
    {
      valid: BOOLEAN,
      faults: listOf(FAULT),
      faults_untold: INTEGER,
      counts: {
        type: 'object',
        additionalProperties: { type: 'object', additionalProperties: INTEGER },
        description: 'By section and by what happens: added, changed, same, kept, left_out.',
      },
      changes: listOf(CHANGE),
      changes_untold: INTEGER,
      notes: listOf(STRING),
    },
    ['valid', 'faults', 'faults_untold', 'counts', 'changes', 'changes_untold', 'notes'],
  ),
  title: 'DefinitionsPreview',
};

function definitions(path: string, of: string): Contracts {
  const download = { ...STRING, description: 'The name of the file that a browser keeps it as.' };
  return {
    [`GET ${path}`]: one(`Exports what is declared ${of}`, DEFINITIONS, { download }),
    [`POST ${path}`]: {
      summary: `Imports what is declared ${of}`,
      query: { dry_run: ifTrue('Changes nothing, and says what the import would do (200).') },
      body: DEFINITIONS,
      takesForms: true,
      answers: { 200: PREVIEW, 204: null, 303: null },
    },
  };
}

const SAMPLED = {
  interval: {
    ...STRING,
    pattern: '^[0-9]{1,2}([.][0-9]{1,3})?$',
    description: 'Between two samples (s): 5, if left out.',
  },
  whole: ifTrue('Samples say all that the route does which is asked for the same once.'),
  ...RANGES,
};

const CERTIFICATE: Schema = {
  ...thing(
    {
      use: oneOf('server', 'authority'),
      subject: STRING,
      issuer: STRING,
      names: STRING_OR_NULL,
      serial: STRING,
      valid_from: STRING,
      valid_to: STRING,
    },
    ['use', 'subject', 'issuer', 'names', 'serial', 'valid_from', 'valid_to'],
  ),
  title: 'Certificate',
};
const THREAD: Schema = {
  ...thing({ name: STRING, cpu_seconds: NUMBER, busy_seconds: NUMBER, ticks: INTEGER, late_seconds: NUMBER }, [
    'name',
    'cpu_seconds',
    'busy_seconds',
    'ticks',
    'late_seconds',
  ]),
  title: 'Thread',
};

/** Server-sent events, until the reader goes. */
function live(summary: string, query: Readonly<Record<string, Schema>>): OperationContract {
  return { summary, query, contentType: 'text/event-stream', answers: { 200: STRING } };
}

export const NODE_CONTRACTS: Contracts = {
  'GET /api/overview': one('The broker at a glance', OVERVIEW, { ...RANGES, ...WITHOUT_STATS }),
  'GET /api/cluster-name': { summary: "The broker's name", answers: { 200: thing({ name: STRING }, ['name']) } },
  'PUT /api/cluster-name': done('Gives the broker a name', { body: body({ name: TEXT }, 'name') }),
  'GET /api/nodes': listing('The one node', NODE),
  'GET /api/nodes/:node': one('The node', NODE, { memory: ifTrue('Shows what its memory is used for.') }),
  'GET /api/nodes/:node/memory': { summary: 'What memory is used for', query: COLUMNS, answers: { 200: MEMORY } },
  'GET /api/extensions': {
    summary: "What extends RabbitMQ's page",
    answers: { 200: listOf(thing({ javascript: STRING })) },
  },
  'GET /api/feature-flags': listing('Features, which are all there', FEATURE),
  'PUT /api/feature-flags/:name/enable': done('Does nothing: what there is is enabled'),
  'GET /api/deprecated-features': listing('Features that will go: none', FEATURE),
  'GET /api/deprecated-features/used': listing('Features that will go, and are used: none', FEATURE),
  'POST /api/rebalance/queues': done('Does nothing: one node leads all queues'),
  ...check('health/checks/alarms', 'Whether no alarm is in effect'),
  ...check('health/checks/local-alarms', 'Whether no alarm is in effect on this node'),
  ...check('health/checks/certificate-expiration/:within/:unit', 'Whether certificates are good for longer than that'),
  ...check('health/checks/port-listener/:port', 'Whether something listens at a port'),
  ...check('health/checks/protocol-listener/:protocol', 'Whether a protocol is spoken'),
  ...check('health/checks/virtual-hosts', 'Whether all vhosts run'),
  ...check('health/checks/node-is-mirror-sync-critical', 'Whether no mirror needs this node'),
  ...check('health/checks/node-is-quorum-critical', 'Whether no quorum needs this node'),
  ...check('health/checks/is-in-service', 'Whether the node is in service'),
  ...check('health/checks/below-node-connection-limit', 'Whether more clients may connect'),
  ...check('health/checks/ready-to-serve-clients', 'Whether clients are served'),
  ...check('healthchecks/node', 'Whether no alarm is in effect, as tools of before 3.8 ask'),
  ...check('healthchecks/node/:node', 'Whether no alarm is in effect, as tools of before 3.8 ask'),
  ...check('aliveness-test/:vhost', 'Declares a queue, publishes a message, takes it'),
  ...definitions('/api/definitions', 'in all'),
  ...definitions('/api/definitions/:vhost', 'in a vhost'),
  'GET /api/leveret/latency': {
    summary: 'How long deliveries take, from the arrival of a message to the write to its socket',
    answers: { 200: LATENCY },
  },
  'GET /api/leveret/history': {
    summary: 'What the node took over time: memory, disk, CPU of each thread, latency of deliveries',
    query: {
      age: { type: 'string', description: 'How far back (s), at most a day; else 600.' },
      step: { type: 'string', description: 'Between two samples (s); else 5. Beyond an hour they are 2 min apart.' },
    },
    answers: {
      200: thing({ threads: STRINGS, samples: listOf(OBJECT) }, ['threads', 'samples']),
    },
  },
  'GET /api/leveret/environment': {
    summary: 'What the broker was told, and what it has found out',
    answers: { 200: OBJECT },
  },
  'GET /api/leveret/certificates': {
    summary: "The broker's certificates, and for how long they are good",
    answers: { 200: listOf(CERTIFICATE) },
  },
  'GET /api/leveret/threads': {
    summary: "What the broker's threads have done since they began",
    answers: { 200: listOf(THREAD) },
  },
  'GET /api/leveret/log-levels': {
    summary: 'What the log tells, by area',
    answers: { 200: { type: 'object', additionalProperties: STRING } },
  },
  'PUT /api/leveret/log-levels': done('Says what the log tells, of one area or of all', {
    body: only(body({ level: TEXT, area: STRING_OR_NULL }, 'level')),
  }),
  'POST /api/leveret/stop': done('Ends the broker: by the control socket alone'),
  'GET /api/leveret/events/overview': live('Figures of the broker: an event `sample` in each interval', SAMPLED),
  'GET /api/leveret/events/queues/:vhost/:name': live('Figures of a queue; `gone` when it is deleted', SAMPLED),
  'GET /api/leveret/log': live('The log as it comes: an event `entry` each', {}),
  'GET /api/openapi.json': { summary: 'This document', answers: { 200: OBJECT } },
};
