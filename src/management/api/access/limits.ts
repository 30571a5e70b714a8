/** Limits of vhosts and of users. */
import type { LimitScope } from '../../../broker/policies/limits.js';
import { Body } from '../../http/bodies.js';
import { badRequest, notAuthorised, notFound } from '../../http/errors.js';
import { type JsonObject, type ListQuery, listed } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { visibleVhosts } from '../base/vhost-access.js';

interface Path {
  readonly owner: string;
  readonly limit: string;
}

export function limitRoutes(server: HttpServer, broker: ManagedBroker): void {
  addScope(server, broker, 'vhost');
  addScope(server, broker, 'user');
}

function addScope({ route }: HttpServer, broker: ManagedBroker, scope: LimitScope): void {
  const { view, administration } = broker;
  const owners = (): string[] => (scope === 'vhost' ? view.vhosts() : view.accounts.users().map(({ name }) => name));
  const existing = (params: unknown): string => {
    const { owner } = params as Path;
    if (!owners().includes(owner)) throw notFound();
    return owner;
  };
  const limitsOf = async (owner: string): Promise<JsonObject[]> => {
    const value = await administration.limits(scope, owner);
    return Object.keys(value).length === 0 ? [] : [{ [scope]: owner, value }];
  };
  route(`/api/${scope}-limits`, {
    GET: {
      tag: 'management',
      handle: async ({ caller, query }) => {
        const seen = scope === 'vhost' ? visibleVhosts(broker, caller) : owners();
        const all = await Promise.all(seen.map(limitsOf));
        return listed(all.flat(), query as ListQuery);
      },
    },
  });
  route(`/api/${scope}-limits/:owner`, {
    GET: {
      tag: 'management',
      handle: async ({ caller, params, query }) => {
        const owner = existing(params);
        const isSeen = scope === 'user' || visibleVhosts(broker, caller).includes(owner);
        if (!isSeen) throw notAuthorised('User not authorised to access virtual host');
        return listed(await limitsOf(owner), query as ListQuery);
      },
    },
  });
  route(`/api/${scope}-limits/:owner/:limit`, {
    PUT: {
      tag: 'administrator',
      handle: async ({ params, body }, reply) => {
        const owner = existing(params);
        const fields = new Body(body);
        const before = await administration.limits(scope, owner);
        const after = { ...before, [(params as Path).limit]: fields.value('value') };
        const refusal = await administration.setLimits(scope, owner, after);
        if (refusal !== null) throw badRequest(`Validation failed\n\n${refusal}\n`);
        return reply.status(204).send();
      },
    },
    DELETE: {
      tag: 'administrator',
      handle: async ({ params }, reply) => {
        const owner = existing(params);
        const { [(params as Path).limit as 'max-connections']: _gone, ...rest } = await administration.limits(
          scope,
          owner,
        );
        if (Object.keys(rest).length === 0) await administration.clearLimits(scope, owner);
        else await administration.setLimits(scope, owner, rest);
        return reply.status(204).send();
      },
    },
  });
}
