/** Queues: lists, one, declared, deleted, emptied. */
import { queueTypeOf } from '../../../broker/arguments/queue-arguments.js';
import type { QueueEntry } from '../../../broker/topology/topology-entries.js';
import { Body } from '../../http/bodies.js';
import { notFound } from '../../http/errors.js';
import { type JsonObject, type Listed, type ListQuery, listedRows, withColumns } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import { type Ranges, rangesOf } from '../../statistics/statistics.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { tableFromJson, tableToJson } from '../base/tables.js';
import { vhostOf, visibleVhosts } from '../base/vhost-access.js';
import { QueueClients } from '../clients/queue-clients.js';
import { PoliciesInForce } from './policies-in-force.js';
import { agesOf } from './queue-ages.js';

interface QueueQuery {
  readonly disable_stats?: string;
  readonly enable_queue_totals?: string;
}

interface QueuePath {
  readonly vhost: string;
  readonly name: string;
}

/** All that is told of one queue; null: it is not there. */
export async function wholeQueue(
  broker: ManagedBroker,
  vhost: string,
  name: string,
  ranges: Ranges,
): Promise<JsonObject | null> {
  const clients = await QueueClients.now(broker);
  const policies = await PoliciesInForce.now(broker, [vhost]);
  // Whatever is read of the core is read in the turn in which the queue is found.
  const queue = broker.view.queue(vhost, name);
  if (queue === undefined) return null;
  const counted = broker.statistics.queue(queue, ranges);
  const ages = agesOf(broker, queue, clients, true);
  return {
    ...queueJson(broker, queue),
    ...policies.ofQueue(queue),
    ...counted,
    ...ages,
    ...clients.details(broker, queue),
  };
}

export function queueRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  route('/api/queues', {
    GET: {
      tag: 'management',
      handle: ({ caller, query }) => listedQueues(broker, visibleVhosts(broker, caller), query),
    },
  });
  route('/api/queues/:vhost', {
    GET: {
      tag: 'management',
      handle: async ({ caller, params, query }) => listedQueues(broker, [vhostOf(broker, caller, params)], query),
    },
  });
  route('/api/queues/:vhost/:name', {
    GET: {
      tag: 'management',
      handle: async ({ caller, params, query }) => {
        const vhost = vhostOf(broker, caller, params);
        const whole = await wholeQueue(broker, vhost, (params as QueuePath).name, rangesOf(query));
        if (whole === null) throw notFound();
        return withColumns(whole, (query as ListQuery).columns);
      },
    },
    PUT: {
      tag: 'management',
      handle: async ({ caller, params, body }, reply) => {
        const vhost = vhostOf(broker, caller, params);
        const { name } = params as QueuePath;
        const existed = broker.view.queue(vhost, name) !== undefined;
        const fields = new Body(body);
        const declaration = {
          name: 'queue.declare',
          queue: name,
          passive: false,
          durable: fields.yesOrNo('durable', false),
          exclusive: false,
          autoDelete: fields.yesOrNo('auto_delete', false),
          nowait: false,
          arguments: tableFromJson('arguments', fields.value('arguments')),
        } as const;
        await broker.sessions.with(caller, vhost, (session) => session.ask(declaration, 'queue.declare-ok'));
        return reply.status(existed ? 204 : 201).send();
      },
    },
    DELETE: {
      tag: 'management',
      handle: async ({ caller, params, query }, reply) => {
        const vhost = vhostOf(broker, caller, params);
        const { name: queue } = params as QueuePath;
        if (broker.view.queue(vhost, queue) === undefined) throw notFound();
        const { 'if-unused': ifUnused, 'if-empty': ifEmpty } = query as {
          readonly 'if-unused'?: string;
          readonly 'if-empty'?: string;
        };
        const deletion = {
          name: 'queue.delete',
          queue,
          ifUnused: ifUnused === 'true',
          ifEmpty: ifEmpty === 'true',
          nowait: false,
        } as const;
        await broker.sessions.with(caller, vhost, (session) => session.ask(deletion, 'queue.delete-ok'));
        return reply.status(204).send();
      },
    },
  });
  route('/api/queues/:vhost/:name/actions', {
    POST: {
      tag: 'management',
      handle: async ({ caller, params }, reply) => {
        const vhost = vhostOf(broker, caller, params);
        if (broker.view.queue(vhost, (params as QueuePath).name) === undefined) throw notFound();
        return reply.status(204).send();
      },
    },
  });
}

/** `disable_stats` leaves out what is counted; `enable_queue_totals` has the numbers of messages then. */
async function listedQueues(broker: ManagedBroker, vhosts: readonly string[], query: unknown): Promise<Listed> {
  const { disable_stats: without, enable_queue_totals: totals } = query as QueueQuery;
  const hasStats = without !== 'true';
  const ranges = rangesOf(query);
  const clients = hasStats ? await QueueClients.now(broker) : null;
  const policies = await PoliciesInForce.now(broker, vhosts);
  const { statistics, view } = broker;
  // What is read of the core is read in the turn in which the queue is found.
  const brief = (queue: QueueEntry): JsonObject | null => {
    if (view.queue(queue.vhost, queue.name) !== queue) return null;
    const lengths = hasStats || totals === 'true' ? statistics.lengths(queue) : {};
    return { ...queueJson(broker, queue), ...clients?.summary(queue), ...lengths };
  };
  const whole = (queue: QueueEntry): JsonObject | null => {
    const known = brief(queue);
    if (known === null) return null;
    const row = { ...known, ...policies.ofQueue(queue) };
    if (clients === null) return row;
    return { ...row, ...statistics.queue(queue, ranges), ...agesOf(broker, queue, clients, false) };
  };
  return listedRows(queuesIn(broker, vhosts), query as ListQuery, { brief, whole });
}

function* queuesIn({ view }: Pick<ManagedBroker, 'view'>, vhosts: readonly string[]): Iterable<QueueEntry> {
  for (const vhost of vhosts) yield* view.queuesIn(vhost);
}

function queueJson({ facts }: ManagedBroker, queue: QueueEntry): JsonObject {
  return {
    name: queue.name,
    vhost: queue.vhost,
    type: queueTypeOf(queue.arguments),
    durable: queue.durable,
    auto_delete: queue.autoDelete,
    exclusive: queue.owner !== null,
    arguments: tableToJson(queue.arguments),
    node: facts.node,
    state: queue.isPaused ? 'paused' : 'running',
  };
}
