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

/** One kind of permissions: how they are read, given and taken. */
interface Kind<F extends string> {
  readonly path: string;
  /** What the body needs: texts. */
  readonly fields: readonly F[];
  of(user: string): readonly { readonly vhost: string }[];
  /** What a user has in a vhost is told as one thing, not as a list. */
  readonly isOne: boolean;
  /** Resolves with the reason of a refusal, or null. */
  set(permissions: Path & Readonly<Record<F, string>>): Promise<string | null>;
  /** Whether there was something. */
  clear(path: Path): Promise<boolean>;
}

export function permissionRoutes(server: HttpServer, broker: ManagedBroker): void {
  const { accounts } = broker.view;
  const { users } = broker.administration;
  addRoutes(server, broker, {
    path: '/api/permissions',
    fields: ['configure', 'write', 'read'],
    of: (user) => accounts.permissionsOf(user),
    isOne: true,
    set: (permissions) => users.setPermissions(permissions),
    clear: ({ vhost, user }) => users.clearPermissions(user, vhost),
  });
  addRoutes(server, broker, {
    path: '/api/topic-permissions',
    fields: ['exchange', 'write', 'read'],
    of: (user) => accounts.topicPermissionsOf(user),
    isOne: false,
    set: (permissions) => users.setTopicPermissions(permissions),
    clear: ({ vhost, user }) => users.clearTopicPermissions(user, vhost),
  });
  addOfExchange(server, broker);
}

/** Those of one exchange can be taken alone; in RabbitMQ, too, all are told there. */
function addOfExchange({ route }: HttpServer, { view, administration }: ManagedBroker): void {
  route('/api/topic-permissions/:vhost/:user/:exchange', {
    GET: {
      tag: 'administrator',
      handle: async ({ params, query }) => {
        const { vhost, user } = params as Path;
        const set = view.accounts.topicPermissionsOf(user).filter((one) => one.vhost === vhost);
        if (set.length === 0) throw notFound();
        return listed(set, query as ListQuery);
      },
    },
    DELETE: {
      tag: 'administrator',
      handle: async ({ params }, reply) => {
        const { vhost, user, exchange } = params as Path & { readonly exchange: string };
        const has = view.accounts.topicPermissionsOf(user).some((one) => one.vhost === vhost);
        if (!has) throw notFound();
        await administration.users.clearTopicPermissions(user, vhost, exchange);
        return reply.status(204).send();
      },
    },
  });
}

function addRoutes<F extends string>({ route }: HttpServer, { view }: ManagedBroker, kind: Kind<F>): void {
  const { accounts } = view;
  const found = ({ vhost, user }: Path) => kind.of(user).filter((one) => one.vhost === vhost);
  route(kind.path, {
    GET: {
      tag: 'administrator',
      handle: async ({ query }) =>
        listed(
          accounts.users().flatMap(({ name }) => kind.of(name)),
          query as ListQuery,
        ),
    },
  });
  route(`${kind.path}/:vhost/:user`, {
    GET: {
      tag: 'administrator',
      handle: async ({ params, query }) => {
        const set = found(params as Path);
        const [first] = set;
        if (first === undefined) throw notFound();
        return kind.isOne ? withColumns(first, (query as ListQuery).columns) : listed(set, query as ListQuery);
      },
    },
    PUT: {
      tag: 'administrator',
      handle: async ({ params, body }, reply) => {
        const { vhost, user } = params as Path;
        const fields = new Body(body);
        const existed = found({ vhost, user }).length > 0;
        if (!view.hasVhost(vhost) || accounts.user(user) === undefined) throw badRequest('vhost_or_user_not_found');
        const texts = Object.fromEntries(kind.fields.map((name) => [name, fields.text(name)])) as Record<F, string>;
        const refusal = await kind.set({ vhost, user, ...texts });
        if (refusal !== null) throw badRequest(refusal);
        return reply.status(existed ? 204 : 201).send();
      },
    },
    DELETE: {
      tag: 'administrator',
      handle: async ({ params }, reply) => {
        if (!(await kind.clear(params as Path))) throw notFound();
        return reply.status(204).send();
      },
    },
  });
}
