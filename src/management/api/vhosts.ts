/** Vhosts: which there are, made and deleted, and who may enter them. */
import { badRequest, notFound } from '../http/errors.js';
import { type JsonObject, type ListQuery, listed, withColumns } from '../http/listings.js';
import type { HttpServer } from '../http/server.js';
import type { ManagedBroker } from './managed-broker.js';
import { visibleVhosts } from './vhost-access.js';

interface Path {
  readonly vhost: string;
}

export function vhostRoutes({ route }: HttpServer, { view, administration }: ManagedBroker): void {
  const existing = (params: unknown): string => {
    const { vhost } = params as Path;
    if (!view.hasVhost(vhost)) throw notFound();
    return vhost;
  };
  route('/api/vhosts', {
    GET: {
      tag: 'management',
      handle: async ({ caller, query }) => listed(visibleVhosts({ view }, caller).map(vhostJson), query as ListQuery),
    },
  });
  route('/api/vhosts/:vhost', {
    GET: {
      tag: 'administrator',
      handle: async ({ params, query }) => withColumns(vhostJson(existing(params)), (query as ListQuery).columns),
    },
    PUT: {
      tag: 'administrator',
      handle: async ({ caller, params }, reply) => {
        const { vhost } = params as Path;
        if (view.hasVhost(vhost)) return reply.status(204).send();
        if (!(await administration.createVhost(vhost))) throw badRequest('vhost name is longer than 255 octets');
        // Who makes it may use it, as in RabbitMQ; the operator is no user.
        const all = { configure: '.*', write: '.*', read: '.*' };
        if (!caller.isOperator) await administration.users.setPermissions({ user: caller.user, vhost, ...all });
        return reply.status(201).send();
      },
    },
    DELETE: {
      tag: 'administrator',
      handle: async ({ params }, reply) => {
        await administration.deleteVhost(existing(params));
        await administration.saved();
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

function vhostJson(name: string): JsonObject {
  return { name, tracing: false };
}
