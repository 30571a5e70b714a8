/** What users may do: permissions and topic permissions, by vhost and user. */
import { Body } from '../../http/bodies.js';
import { badRequest, notFound } from '../../http/errors.js';
import { type ListQuery, listed, withColumns } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';

interface Path {
  readonly vhost: string;
  readonly user: string;
}

export function permissionRoutes(server: HttpServer, broker: ManagedBroker): void {
  addPermissions(server, broker);
  addTopicPermissions(server, broker);
}

function addPermissions({ route }: HttpServer, { view, administration }: ManagedBroker): void {
  const { accounts } = view;
  route('/api/permissions', {
    GET: {
      tag: 'administrator',
      handle: async ({ query }) =>
        listed(
          accounts.users().flatMap(({ name }) => accounts.permissionsOf(name)),
          query as ListQuery,
        ),
    },
  });
  route('/api/permissions/:vhost/:user', {
    GET: {
      tag: 'administrator',
      handle: async ({ params, query }) => {
        const { vhost, user } = params as Path;
        const permissions = accounts.permissions(user, vhost);
        if (permissions === undefined) throw notFound();
        return withColumns(permissions, (query as ListQuery).columns);
      },
    },
    PUT: {
      tag: 'administrator',
      handle: async ({ params, body }, reply) => {
        const { vhost, user } = params as Path;
        const fields = new Body(body);
        fields.needs('configure', 'write', 'read');
        const existed = accounts.permissions(user, vhost) !== undefined;
        if (!view.hasVhost(vhost) || accounts.user(user) === undefined) throw badRequest('vhost_or_user_not_found');
        const [configure, write, read] = [fields.text('configure'), fields.text('write'), fields.text('read')];
        const refusal = await administration.users.setPermissions({ user, vhost, configure, write, read });
        if (refusal !== null) throw badRequest(refusal);
        return reply.status(existed ? 204 : 201).send();
      },
    },
    DELETE: {
      tag: 'administrator',
      handle: async ({ params }, reply) => {
        const { vhost, user } = params as Path;
        if (!(await administration.users.clearPermissions(user, vhost))) throw notFound();
        return reply.status(204).send();
      },
    },
  });
}

function addTopicPermissions({ route }: HttpServer, { view, administration }: ManagedBroker): void {
  const { accounts } = view;
  route('/api/topic-permissions', {
    GET: {
      tag: 'administrator',
      handle: async ({ query }) =>
        listed(
          accounts.users().flatMap(({ name }) => accounts.topicPermissionsOf(name)),
          query as ListQuery,
        ),
    },
  });
  route('/api/topic-permissions/:vhost/:user', {
    GET: {
      tag: 'administrator',
      handle: async ({ params, query }) => {
        const { vhost, user } = params as Path;
        const set = accounts.topicPermissionsOf(user).filter((one) => one.vhost === vhost);
        if (set.length === 0) throw notFound();
        return listed(set, query as ListQuery);
      },
    },
    PUT: {
      tag: 'administrator',
      handle: async ({ params, body }, reply) => {
        const { vhost, user } = params as Path;
        const fields = new Body(body);
        fields.needs('exchange', 'write', 'read');
        if (!view.hasVhost(vhost) || accounts.user(user) === undefined) throw badRequest('vhost_or_user_not_found');
        const [exchange, write, read] = [fields.text('exchange'), fields.text('write'), fields.text('read')];
        const existed = accounts.topicPermissionsOf(user).some((one) => one.vhost === vhost);
        const refusal = await administration.users.setTopicPermissions({ user, vhost, exchange, write, read });
        if (refusal !== null) throw badRequest(refusal);
        return reply.status(existed ? 204 : 201).send();
      },
    },
    DELETE: {
      tag: 'administrator',
      handle: async ({ params }, reply) => {
        const { vhost, user } = params as Path;
        if (!(await administration.users.clearTopicPermissions(user, vhost))) throw notFound();
        return reply.status(204).send();
      },
    },
  });
}
