/** Users: who there is, with which tags; made, changed, deleted. */
import type { User } from '../../../broker/access/accounts.js';
import { Body } from '../../http/bodies.js';
import { badRequest, notFound } from '../../http/errors.js';
import { type JsonObject, type ListQuery, listed, withColumns } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { tagsIn } from '../base/tags.js';

/** Users whose limits are asked for at once. */
const TOGETHER = 100;

export function userRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  const { view, administration } = broker;
  const existing = (params: unknown): User => {
    const user = view.accounts.user((params as { readonly user: string }).user);
    if (user === undefined) throw notFound();
    return user;
  };
  const userJson = async ({ name, passwordHash, hashingAlgorithm, tags }: User): Promise<JsonObject> => {
    const limits = await administration.limits('user', name);
    return { name, password_hash: passwordHash, hashing_algorithm: hashingAlgorithm, tags, limits };
  };
  const withLimits = async (users: readonly User[]): Promise<JsonObject[]> => {
    const rows: JsonObject[] = [];
    for (let from = 0; from < users.length; from += TOGETHER)
      rows.push(...(await Promise.all(users.slice(from, from + TOGETHER).map(userJson))));
    return rows;
  };
  route('/api/users', {
    GET: {
      tag: 'administrator',
      handle: async ({ query }) => listed(await withLimits(view.accounts.users()), query as ListQuery),
    },
  });
  route('/api/users/without-permissions', {
    GET: {
      tag: 'administrator',
      handle: async ({ query }) => {
        const users = view.accounts.users().filter(({ name }) => view.accounts.permissionsOf(name).length === 0);
        return listed(await withLimits(users), query as ListQuery);
      },
    },
  });
  route('/api/users/bulk-delete', {
    POST: {
      tag: 'administrator',
      handle: async ({ body }, reply) => {
        for (const name of new Body(body).texts('users')) await administration.users.delete(name);
        return reply.status(204).send();
      },
    },
  });
  route('/api/users/:user', {
    GET: {
      tag: 'administrator',
      handle: async ({ params, query }) => withColumns(await userJson(existing(params)), (query as ListQuery).columns),
    },
    PUT: {
      tag: 'administrator',
      handle: async ({ params, body }, reply) => {
        const { user: name } = params as { readonly user: string };
        const existed = view.accounts.user(name) !== undefined;
        await setUser(broker, name, new Body(body));
        return reply.status(existed ? 204 : 201).send();
      },
    },
    DELETE: {
      tag: 'administrator',
      handle: async ({ params }, reply) => {
        await administration.users.delete(existing(params).name);
        return reply.status(204).send();
      },
    },
  });
  route('/api/users/:user/permissions', {
    GET: {
      tag: 'administrator',
      handle: async ({ params, query }) =>
        listed(view.accounts.permissionsOf(existing(params).name), query as ListQuery),
    },
  });
  route('/api/users/:user/topic-permissions', {
    GET: {
      tag: 'administrator',
      handle: async ({ params, query }) =>
        listed(view.accounts.topicPermissionsOf(existing(params).name), query as ListQuery),
    },
  });
}

/** As definitions have it: the user is as the body says from now on. */
async function setUser({ administration }: ManagedBroker, name: string, body: Body): Promise<void> {
  if (body.value('tags') === undefined) throw badRequest('tags_not_present');
  const tags = tagsIn(body);
  if (body.value('password') !== undefined && body.value('password_hash') !== undefined)
    throw badRequest('password and password_hash cannot both be there');
  const user =
    body.value('password') === undefined
      ? {
          password_hash: body.text('password_hash', ''),
          hashing_algorithm: body.text('hashing_algorithm', 'rabbit_password_hashing_sha256'),
        }
      : { password: body.text('password') };
  const outcome = await administration.definitions.import(JSON.stringify({ users: [{ name, tags, ...user }] }));
  if (!outcome.ok) throw badRequest(outcome.reason);
}
