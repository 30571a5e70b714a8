/** What is told of the broker as a whole, its process and its topology, under RabbitMQ's names. */
import { DEFAULT_EXCHANGE } from '../../../broker/requests/names.js';
import type { ExchangeEntry } from '../../../broker/topology/topology-entries.js';
import type { Attempts } from '../../../connection/handshake/login-attempts.js';
import { Counter, ExchangeCounter } from '../../../engine/engine.js';
import type { Labels } from './exposition.js';
import { type BrokerMetric, brokerFamily, type Family, objectFamily, type Vhosts } from './family.js';
import type { Reading } from './reading.js';

const figure =
  (name: string) =>
  (reading: Reading): Promise<number> =>
    reading.figure(name);

const counter =
  (which: Counter) =>
  ({ broker: { engine } }: Reading): number =>
    engine.counted(which);

function churn(name: string, help: string, which: Counter): BrokerMetric {
  return { name, type: 'counter', help, of: counter(which) };
}

/** By what is spoken. */
function attempts(name: string, help: string, of: (attempts: Attempts) => number): BrokerMetric {
  return {
    name,
    type: 'counter',
    help,
    of: ({ broker }) => broker.attempts.all().map((one) => ({ labels: { protocol: one.protocol }, value: of(one) })),
  };
}

export const ALARMS: Family = brokerFamily('alarms', [
  {
    name: 'alarms_free_disk_space_watermark',
    type: 'untyped',
    help: 'is 1 if free disk space watermark alarm is in effect',
    of: ({ broker: { alarms } }) => Number(alarms.isLowOnDisk),
  },
  {
    name: 'alarms_memory_used_watermark',
    type: 'untyped',
    help: 'is 1 if VM memory watermark alarm is in effect',
    of: ({ broker: { alarms } }) => Number(alarms.isShortOfMemory),
  },
]);

/** How many there are of what came and went. What went is read first, so that it is never more than what came. */
function open(opened: Counter, closed: Counter): (reading: Reading) => number {
  return ({ broker: { engine } }) => {
    const gone = engine.counted(closed);
    return engine.counted(opened) - gone;
  };
}

export const OBJECTS: Family = brokerFamily('objects', [
  {
    name: 'connections',
    type: 'gauge',
    help: 'Connections currently open',
    of: open(Counter.CONNECTIONS_OPENED, Counter.CONNECTIONS_CLOSED),
  },
  {
    name: 'channels',
    type: 'gauge',
    help: 'Channels currently open',
    of: open(Counter.CHANNELS_OPENED, Counter.CHANNELS_CLOSED),
  },
  { name: 'consumers', type: 'gauge', help: 'Consumers currently connected', of: (reading) => reading.consumers() },
  {
    name: 'queues',
    type: 'gauge',
    help: 'Queues available',
    of: ({ broker: { view } }) => view.queueCountInAll,
  },
]);

export const BROKER_FAMILIES: readonly Family[] = [
  brokerFamily('connection_churn_metrics', [
    churn('connections_opened_total', 'Total number of connections opened', Counter.CONNECTIONS_OPENED),
    churn('connections_closed_total', 'Total number of connections closed or terminated', Counter.CONNECTIONS_CLOSED),
    churn('channels_opened_total', 'Total number of channels opened', Counter.CHANNELS_OPENED),
    churn('channels_closed_total', 'Total number of channels closed', Counter.CHANNELS_CLOSED),
    churn('queues_declared_total', 'Total number of queues declared', Counter.QUEUES_DECLARED),
    churn('queues_created_total', 'Total number of queues created', Counter.QUEUES_CREATED),
    churn('queues_deleted_total', 'Total number of queues deleted', Counter.QUEUES_DELETED),
  ]),
  brokerFamily('auth_attempt_metrics', [
    attempts('auth_attempts_total', 'Total number of authorization attempts', (one) => one.succeeded + one.failed),
    attempts(
      'auth_attempts_succeeded_total',
      'Total number of successful authentication attempts',
      ({ succeeded }) => succeeded,
    ),
    attempts('auth_attempts_failed_total', 'Total number of failed authentication attempts', ({ failed }) => failed),
  ]),
  brokerFamily('node_coarse_metrics', [
    { name: 'process_open_fds', type: 'gauge', help: 'Open file descriptors', of: figure('fd_used') },
    { name: 'process_open_tcp_sockets', type: 'gauge', help: 'Open TCP sockets', of: figure('sockets_used') },
    { name: 'process_resident_memory_bytes', type: 'gauge', help: 'Memory used in bytes', of: figure('mem_used') },
    {
      name: 'disk_space_available_bytes',
      type: 'gauge',
      help: 'Disk space available in bytes',
      of: figure('disk_free'),
    },
  ]),
  brokerFamily('node_metrics', [
    { name: 'process_max_fds', type: 'gauge', help: 'Open file descriptors limit', of: figure('fd_total') },
    { name: 'process_max_tcp_sockets', type: 'gauge', help: 'Open TCP sockets limit', of: figure('sockets_total') },
    {
      name: 'resident_memory_limit_bytes',
      type: 'gauge',
      help: 'Memory high watermark in bytes',
      of: memoryLimit,
    },
    {
      name: 'disk_space_available_limit_bytes',
      type: 'gauge',
      help: 'Free disk space low watermark in bytes',
      of: figure('disk_free_limit'),
    },
    {
      name: 'erlang_uptime_seconds',
      type: 'gauge',
      help: 'Node uptime',
      of: async (reading) => (await reading.figure('uptime')) / 1000,
    },
  ]),
  brokerFamily('node_persister_metrics', [
    churn('io_write_ops_total', 'Total number of I/O write operations', Counter.LOG_WRITES),
    churn('io_write_bytes_total', 'Total number of I/O bytes written', Counter.LOG_OCTETS),
    {
      name: 'io_write_time_seconds_total',
      type: 'counter',
      help: 'Total I/O write time',
      of: ({ broker: { engine } }) => engine.counted(Counter.LOG_MICROS) / 1e6,
    },
  ]),
];

/**
 * Publishers wait when what is for messages and queues is full, whatever the process takes beside it: so the difference
 * to what is resident is what they may still take.
 */
async function memoryLimit(reading: Reading): Promise<number> {
  return (await reading.figure('mem_used')) + (await reading.figure('core_memory_free'));
}

/** RabbitMQ's prefix of what is the same on all nodes of a cluster. */
const OF_CLUSTER = 'rabbitmq_cluster_';

/** By exchange or vhost: asked for by name alone. */
export const TOPOLOGY_FAMILIES: readonly Family[] = [
  {
    ...objectFamily('vhost_status', vhostsIn, (vhost) => ({ vhost }), [
      { name: 'vhost_status', type: 'gauge', help: 'Whether a given vhost is running', of: () => 1 },
    ]),
    prefix: OF_CLUSTER,
  },
  {
    ...objectFamily('exchange_names', exchangesIn, exchangeLabels, [
      { name: 'exchange_name', type: 'gauge', help: 'Enumerates exchanges without any additional info', of: () => 1 },
    ]),
    prefix: OF_CLUSTER,
  },
  {
    ...objectFamily('exchange_bindings', exchangesIn, exchangeLabels, [
      {
        name: 'exchange_bindings',
        type: 'gauge',
        help: 'Number of bindings for an exchange',
        of: ({ outgoing }) => outgoing.size,
      },
    ]),
    prefix: OF_CLUSTER,
  },
  objectFamily('exchange_metrics', allExchangesIn, exchangeLabels, [
    {
      name: 'exchange_messages_published_total',
      type: 'counter',
      help: 'Total number of messages published into an exchange',
      of: ({ counters }, { broker: { engine } }) => engine.countedIn(counters, ExchangeCounter.PUBLISHED_IN),
    },
    {
      name: 'exchange_messages_routed_total',
      type: 'counter',
      help: 'Total number of messages that an exchange sent to queues, each once for each queue',
      of: ({ counters }, { broker: { engine } }) => engine.countedIn(counters, ExchangeCounter.PUBLISHED_OUT),
    },
  ]),
];

async function vhostsIn({ broker: { view } }: Reading, vhosts: Vhosts): Promise<readonly string[]> {
  return view.vhosts().filter((vhost) => vhosts === null || vhosts.has(vhost));
}

async function exchangesIn(reading: Reading, vhosts: Vhosts): Promise<Iterable<ExchangeEntry>> {
  return exchangesOf(reading, await vhostsIn(reading, vhosts));
}

async function allExchangesIn(reading: Reading, vhosts: Vhosts): Promise<Iterable<ExchangeEntry>> {
  const { view } = reading.broker;
  return (await vhostsIn(reading, vhosts)).flatMap((vhost) => [...view.exchangesIn(vhost)]);
}

/** Without the default exchange, which is bound to all queues. */
function* exchangesOf({ broker: { view } }: Reading, vhosts: readonly string[]): Iterable<ExchangeEntry> {
  for (const vhost of vhosts) {
    for (const exchange of view.exchangesIn(vhost)) if (exchange.name !== DEFAULT_EXCHANGE) yield exchange;
  }
}

function exchangeLabels({ vhost, name, type }: ExchangeEntry): Labels {
  return { vhost, exchange: name, type };
}
