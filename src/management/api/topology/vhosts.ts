/** Vhosts: which there are, made and deleted, and who may enter them. */

import type { DefaultQueueType, VhostMetadata } from '../../../broker/requests/vhost-metadata.js';
import { defaultQueueTypeOf, metadataError } from '../../../broker/requests/vhost-metadata.js';
import type { TopologyView } from '../../../broker/topology/topology-view.js';
import { Body } from '../../http/bodies.js';
import { badRequest, notFound, preconditionFailed } from '../../http/errors.js';
import { type JsonObject, type ListQuery, listed, listedRows, withColumns } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import { rangesOf } from '../../statistics/statistics.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { noVhost } from '../base/named.js';
import { tagsIn } from '../base/tags.js';
import { visibleVhosts } from '../base/vhost-access.js';

interface Path {
  readonly vhost: string;
}

export function vhostRoutes({ route }: HttpServer, { view, administration, statistics }: ManagedBroker): void {
  const describe = async (vhost: string, said: Partial<VhostMetadata>): Promise<void> => {
    const refusal = Object.keys(said).length === 0 ? null : await administration.describeVhost(vhost, said);
    if (refusal !== null) throw badRequest(refusal);
    await administration.saved();
  };
  const existing = (params: unknown): string => {
    const { vhost } = params as Path;
    if (!view.hasVhost(vhost)) throw notFound();
    return vhost;
  };
  route('/api/vhosts', {
    GET: {
      tag: 'management',
      handle: async ({ caller, query }) => {
        const ranges = rangesOf(query);
        return listedRows(visibleVhosts({ view }, caller), query as ListQuery, {
          brief: (vhost) => vhostJson(view, vhost),
          whole: (vhost) => ({ ...vhostJson(view, vhost), ...statistics.vhost(vhost, ranges) }),
        });
      },
    },
  });
  route('/api/vhosts/:vhost', {
    GET: {
      tag: 'administrator',
      handle: async ({ params, query }) => {
        const vhost = existing(params);
        const whole = { ...vhostJson(view, vhost), ...statistics.vhost(vhost, rangesOf(query)) };
        return withColumns(whole, (query as ListQuery).columns);
      },
    },
    PUT: {
      tag: 'administrator',
      handle: async ({ caller, params, body }, reply) => {
        const { vhost } = params as Path;
        const said = metadataIn(new Body(body));
        if (view.hasVhost(vhost)) {
          await describe(vhost, said);
          return reply.status(204).send();
        }
        if (!(await administration.createVhost(vhost))) throw badRequest('vhost name is longer than 255 octets');
        // Who makes it may use it, as in RabbitMQ; the operator and bearers of tokens are no users.
        const all = { configure: '.*', write: '.*', read: '.*' };
        if (caller.grant === null) await administration.users.setPermissions({ user: caller.user, vhost, ...all });
        await describe(vhost, said);
        return reply.status(201).send();
      },
    },
    DELETE: {
      tag: 'administrator',
      handle: async ({ params }, reply) => {
        const vhost = existing(params);
        const isDeleted = await administration.deleteVhost(vhost);
        if (!isDeleted && view.metadata(vhost).protectedFromDeletion)
          throw preconditionFailed(`Refusing to delete virtual host '${vhost}' because it is protected from deletion`);
        await administration.saved();
        return reply.status(204).send();
      },
    },
  });
  const protect = async (params: unknown, protectedFromDeletion: boolean): Promise<void> => {
    const { vhost } = params as Path;
    if (!view.hasVhost(vhost)) throw noVhost(vhost);
    await describe(vhost, { protectedFromDeletion });
  };
  route('/api/vhosts/:vhost/deletion/protection', {
    POST: {
      tag: 'administrator',
      handle: async ({ params }, reply) => {
        await protect(params, true);
        return reply.status(204).send();
      },
    },
    DELETE: {
      tag: 'administrator',
      handle: async ({ params }, reply) => {
        await protect(params, false);
        return reply.status(204).send();
      },
    },
  });
  route('/api/vhosts/:vhost/permissions', {
    GET: {
      tag: 'administrator',
      handle: async ({ params, query }) => listed(view.accounts.permissionsIn(existing(params)), query as ListQuery),
    },
  });
  route('/api/vhosts/:vhost/topic-permissions', {
    GET: {
      tag: 'administrator',
      handle: async ({ params, query }) =>
        listed(view.accounts.topicPermissionsIn(existing(params)), query as ListQuery),
    },
  });
}

function vhostJson(view: TopologyView, name: string): JsonObject {
  const { description, tags, defaultQueueType, tracing, protectedFromDeletion } = view.metadata(name);
  const type = defaultQueueType ?? 'undefined';
  const said = defaultQueueType === null ? {} : { default_queue_type: type };
  // RabbitMQ 3 does not know it.
  const kept = protectedFromDeletion ? { protected_from_deletion: true } : {};
  const metadata = { description, tags, ...said, ...kept };
  return { name, description, tags, default_queue_type: type, ...kept, metadata, tracing };
}

/** What a body says of a vhost; what it does not say stays. */
function metadataIn(body: Body): Partial<VhostMetadata> {
  const given = {
    description: body.value('description') === undefined ? undefined : body.text('description'),
    tags: body.value('tags') === undefined ? undefined : tagsIn(body),
    defaultQueueType: body.value('default_queue_type') === undefined ? undefined : queueTypeIn(body),
    tracing: flagIn(body, 'tracing'),
    protectedFromDeletion: flagIn(body, 'protected_from_deletion'),
  };
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const error = metadataError(said);
  if (error !== null) throw badRequest(error);
  return said;
}

function flagIn(body: Body, name: string): boolean | undefined {
  return body.value(name) === undefined ? undefined : body.yesOrNo(name, false);
}

function queueTypeIn(body: Body): DefaultQueueType {
  const given = body.text('default_queue_type');
  const type = defaultQueueTypeOf(given);
  if (type !== undefined) return type;
  throw badRequest(`default_queue_type must be classic or quorum, not '${given}'`);
}
