/** The broker at a glance, and the name that it goes by. */
import { CLUSTER_NAME } from '../../../broker/policies/global-parameters.js';
import { type Caller, hasTag } from '../../http/authentication.js';
import { Body } from '../../http/bodies.js';
import { badRequest } from '../../http/errors.js';
import { type JsonObject, type ListQuery, withColumns } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import { rangesOf } from '../../statistics/statistics.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { visibleVhosts } from '../base/vhost-access.js';
import { contextsJson, EXCHANGE_TYPES, listenersJson, RATES_MODE } from './announced.js';

/** For how long samples are kept (s), as RabbitMQ has it. */
const SAMPLES = { global: [600, 3600, 28_800, 86_400], basic: [600, 3600], detailed: [600] };

export function overviewRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  const { administration } = broker;
  route('/api/overview', {
    GET: {
      tag: 'management',
      handle: async ({ caller, query }) =>
        withColumns(await overviewJson(broker, caller, query), (query as ListQuery).columns),
    },
  });
  route('/api/cluster-name', {
    GET: { tag: 'management', handle: async () => ({ name: await clusterName(broker) }) },
    PUT: {
      tag: 'administrator',
      handle: async ({ body }, reply) => {
        const value = JSON.stringify(new Body(body).text('name'));
        const refusal = await administration.setGlobalParameter({ name: CLUSTER_NAME, value });
        if (refusal !== null) throw badRequest(refusal);
        await administration.saved();
        return reply.status(204).send();
      },
    },
  });
}

/** The broker at a glance, as far as the caller sees it; `query` says over which time. */
export async function overviewJson(broker: ManagedBroker, caller: Caller, query: unknown): Promise<JsonObject> {
  const vhosts = visibleVhosts(broker, caller);
  return {
    ...(await announcedJson(broker)),
    ...figuresJson(broker, caller, query),
    object_totals: await totalsIn(broker, vhosts),
    statistics_db_event_queue: 0,
    ...(hasTag(caller, 'monitoring') ? placesJson(broker) : {}),
  };
}

async function announcedJson(broker: ManagedBroker): Promise<JsonObject> {
  const { announced } = broker.facts;
  return {
    management_version: announced,
    rates_mode: RATES_MODE,
    sample_retention_policies: SAMPLES,
    exchange_types: EXCHANGE_TYPES,
    product_version: announced,
    product_name: 'Leveret',
    rabbitmq_version: announced,
    cluster_name: await clusterName(broker),
    // Tools read them, and fail without.
    erlang_version: process.versions.node,
    erlang_full_version: `Node.js ${process.versions.node} [V8 ${process.versions.v8}]`,
    release_series_support_status: 'supported',
    disable_stats: false,
    enable_queue_totals: false,
  };
}

/** What is counted in all is for those who watch over all. */
function figuresJson({ statistics }: ManagedBroker, caller: Caller, query: unknown): JsonObject {
  const { disable_stats: without } = query as { readonly disable_stats?: string };
  return without === 'true' || !hasTag(caller, 'monitoring') ? {} : statistics.overview(rangesOf(query));
}

/** Where the broker is to be found is for those who watch over it. */
function placesJson(broker: ManagedBroker): JsonObject {
  return { node: broker.facts.node, listeners: listenersJson(broker), contexts: contextsJson(broker) };
}

async function totalsIn({ view, administration }: ManagedBroker, vhosts: readonly string[]): Promise<JsonObject> {
  const seen = new Set(vhosts);
  const connections = (await administration.connections()).filter(({ vhost }) => seen.has(vhost));
  const sum = (count: (vhost: string) => number): number => vhosts.reduce((total, vhost) => total + count(vhost), 0);
  return {
    connections: connections.length,
    exchanges: sum((vhost) => view.exchangeCount(vhost)),
    queues: sum((vhost) => view.queueCount(vhost)),
  };
}

/** The node's own name until somebody gives another. */
export async function clusterName({
  administration,
  facts,
}: Pick<ManagedBroker, 'administration' | 'facts'>): Promise<string> {
  const given = (await administration.globalParameters()).find(({ name }) => name === CLUSTER_NAME);
  return given === undefined ? facts.node : String(JSON.parse(given.value));
}
