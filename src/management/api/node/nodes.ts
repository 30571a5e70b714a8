/** The one node that there is, as a cluster's list of nodes has it. */
import { notFound } from '../../http/errors.js';
import { type JsonObject, type ListQuery, listed, withColumns } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { authMechanisms, contextsJson, EXCHANGE_TYPES, RATES_MODE } from './announced.js';
import { nodeFigures } from './node-figures.js';

export function nodeRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  const { facts } = broker;
  const mustBeOurs = (params: unknown): void => {
    if ((params as { readonly node: string }).node !== facts.node) throw notFound();
  };
  route('/api/nodes', {
    GET: {
      tag: 'monitoring',
      handle: async ({ query }) => listed([await nodeJson(broker)], query as ListQuery),
    },
  });
  route('/api/nodes/:node', {
    GET: {
      tag: 'monitoring',
      handle: async ({ params, query }) => {
        mustBeOurs(params);
        const { memory } = query as { readonly memory?: string };
        const node = await nodeJson(broker);
        return withColumns(memory === 'true' ? { ...node, ...memoryJson(broker) } : node, (query as ListQuery).columns);
      },
    },
  });
  route('/api/nodes/:node/memory', {
    GET: {
      tag: 'monitoring',
      handle: async ({ params }) => {
        mustBeOurs(params);
        return memoryJson(broker);
      },
    },
  });
}

async function nodeJson(broker: ManagedBroker): Promise<JsonObject> {
  const { facts } = broker;
  return {
    name: facts.node,
    type: 'disc',
    running: true,
    being_drained: false,
    partitions: [],
    rates_mode: RATES_MODE,
    ...(await nodeFigures(broker)),
    exchange_types: EXCHANGE_TYPES,
    auth_mechanisms: authMechanisms(broker.anonymous()),
    applications: [{ name: 'leveret', description: 'Leveret', version: facts.announced }],
    contexts: contextsJson(broker),
    log_files: [],
    db_dir: facts.dataDirectory ?? '',
    config_files: [],
    // Tools look here for what there is to manage.
    enabled_plugins: ['rabbitmq_management'],
    net_ticktime: 60,
    cluster_links: [],
  };
}

/** What RabbitMQ tells of, and what there is none of here: its processes and tables. Tools read all of them. */
const NONE_OF: Readonly<Record<string, number>> = Object.fromEntries(
  [
    'allocated_unused',
    'atom',
    'code',
    'connection_channels',
    'connection_other',
    'connection_readers',
    'connection_writers',
    'metadata_store',
    'metadata_store_ets',
    'mnesia',
    'msg_index',
    'other_ets',
    'other_proc',
    'plugins',
    'queue_slave_procs',
    'quorum_ets',
    'quorum_queue_dlx_procs',
    'quorum_queue_procs',
    'stream_queue_coordinator_procs',
    'stream_queue_procs',
    'stream_queue_replica_reader_procs',
  ].map((name) => [name, 0]),
);

/**
 * What the process takes, by what it is for (octets). What the core holds is RabbitMQ's `queue_procs`, this thread's
 * heap its `metrics`, what was sampled its `mgmt_db`; what the system has given and nothing is said of is `other_system`.
 */
function memoryJson({ engine, statistics }: ManagedBroker): JsonObject {
  const { rss, heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
  const core = engine.memoryUsed();
  return {
    memory: {
      ...NONE_OF,
      strategy: 'rss',
      total: { rss, allocated: rss, erlang: heapTotal },
      queue_procs: core,
      metrics: heapUsed,
      mgmt_db: statistics.sampler.octets,
      binary: external,
      reserved_unallocated: heapTotal - heapUsed,
      other_system: Math.max(0, rss - core - heapTotal - external),
      core_used: core,
      core_free: engine.memoryFree(),
      heap_used: heapUsed,
      heap_total: heapTotal,
      external,
      array_buffers: arrayBuffers,
    },
  };
}
