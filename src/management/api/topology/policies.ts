/** Policies and operator policies. */
import type { Policy, PolicyKind } from '../../../broker/policies/policies.js';
import { Body } from '../../http/bodies.js';
import { badRequest, notFound } from '../../http/errors.js';
import { type JsonObject, type ListQuery, listed, withColumns } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { vhostOf, visibleVhosts } from '../base/vhost-access.js';

interface Path {
  readonly name: string;
}

export function policyRoutes(server: HttpServer, broker: ManagedBroker): void {
  addKind(server, broker, 'policy', 'policies');
  addKind(server, broker, 'operator policy', 'operator-policies');
}

function addKind({ route }: HttpServer, broker: ManagedBroker, kind: PolicyKind, path: string): void {
  const { administration } = broker;
  const writer = kind === 'policy' ? 'policymaker' : 'administrator';
  const find = async (vhost: string, params: unknown): Promise<Policy | undefined> =>
    (await administration.policies(kind, vhost)).find(({ name }) => name === (params as Path).name);
  route(`/api/${path}`, {
    GET: {
      tag: 'management',
      handle: async ({ caller, query }) => {
        const all = visibleVhosts(broker, caller).map((vhost) => administration.policies(kind, vhost));
        return listed((await Promise.all(all)).flat().map(policyJson), query as ListQuery);
      },
    },
  });
  route(`/api/${path}/:vhost`, {
    GET: {
      tag: 'management',
      handle: async ({ caller, params, query }) => {
        const policies = await administration.policies(kind, vhostOf(broker, caller, params));
        return listed(policies.map(policyJson), query as ListQuery);
      },
    },
  });
  route(`/api/${path}/:vhost/:name`, {
    GET: {
      tag: writer,
      handle: async ({ caller, params, query }) => {
        const policy = await find(vhostOf(broker, caller, params), params);
        if (policy === undefined) throw notFound();
        return withColumns(policyJson(policy), (query as ListQuery).columns);
      },
    },
    PUT: {
      tag: writer,
      handle: async ({ caller, params, body }, reply) => {
        const vhost = vhostOf(broker, caller, params);
        const existed = (await find(vhost, params)) !== undefined;
        const fields = new Body(body);
        const definition = fields.value('definition');
        if (typeof definition !== 'object' || definition === null || Array.isArray(definition))
          throw badRequest('definition must be an object');
        const refusal = await administration.setPolicy(kind, {
          vhost,
          name: (params as Path).name,
          pattern: fields.text('pattern'),
          definition: definition as Readonly<Record<string, unknown>>,
          priority: fields.whole('priority', 0),
          applyTo: fields.text('apply-to', 'all'),
        });
        if (refusal !== null) throw badRequest(`Validation failed\n\n${refusal}\n`);
        return reply.status(existed ? 204 : 201).send();
      },
    },
    DELETE: {
      tag: writer,
      handle: async ({ caller, params }, reply) => {
        const vhost = vhostOf(broker, caller, params);
        if (!(await administration.clearPolicy(kind, vhost, (params as Path).name))) throw notFound();
        return reply.status(204).send();
      },
    },
  });
}

function policyJson({ vhost, name, pattern, applyTo, definition, priority }: Policy): JsonObject {
  return { vhost, name, pattern, 'apply-to': applyTo, definition: definition as JsonObject, priority };
}
