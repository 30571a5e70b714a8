/**
 * Parameters, as RabbitMQ's tools set them: of vhosts, by component, and global ones. The components that there are
 * here are those of RabbitMQ without plugins: what they hold is what policies and limits are (policies.ts, limits.ts).
 */
import { CLUSTER_NAME } from '../../../broker/policies/global-parameters.js';
import {
  invalidParameter,
  isParameterComponent,
  noSuchComponent,
  type ParameterComponent,
} from '../../../broker/policies/parameter-components.js';
import type { Policy, PolicyKind } from '../../../broker/policies/policies.js';
import { Body } from '../../http/bodies.js';
import { badRequest, notFound } from '../../http/errors.js';
import { type Json, type JsonObject, type ListQuery, listed, withColumns } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { vhostOf, visibleVhosts } from '../base/vhost-access.js';

interface Path {
  readonly component: string;
  readonly vhost: string;
  readonly name: string;
}

/** Where a component's parameters are kept. */
interface Component {
  list(vhost: string): Promise<readonly JsonObject[]>;
  /** Returns why it cannot be, or null. */
  set(vhost: string, name: string, value: Readonly<Record<string, unknown>>): Promise<string | null>;
  /** False when there is none. */
  clear(vhost: string, name: string): Promise<boolean>;
}

const LIMITS = 'limits';

export function parameterRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  const components: Readonly<Record<ParameterComponent, Component>> = {
    'vhost-limits': limitsComponent(broker),
    operator_policy: policyComponent(broker, 'operator policy'),
    policy: policyComponent(broker, 'policy'),
  };
  const named = (name: string): Component | undefined => (isParameterComponent(name) ? components[name] : undefined);
  const in_ = async (component: string, vhosts: readonly string[]): Promise<JsonObject[]> => {
    const found = await Promise.all(vhosts.map((vhost) => named(component)?.list(vhost) ?? []));
    return found.flat().map((parameter) => ({ ...parameter, component }));
  };
  const find = async (vhost: string, { component, name }: Path): Promise<JsonObject | undefined> =>
    (await in_(component, [vhost])).find(({ name: known }) => known === name);
  route('/api/parameters', {
    GET: {
      tag: 'policymaker',
      handle: async ({ caller, query }) => {
        const vhosts = visibleVhosts(broker, caller);
        // Policies have their own list.
        const all = ['vhost-limits', 'operator_policy'].map((component) => in_(component, vhosts));
        return listed((await Promise.all(all)).flat(), query as ListQuery);
      },
    },
  });
  route('/api/parameters/:component', {
    GET: {
      tag: 'policymaker',
      handle: async ({ caller, params, query }) =>
        listed(await in_((params as Path).component, visibleVhosts(broker, caller)), query as ListQuery),
    },
  });
  route('/api/parameters/:component/:vhost', {
    GET: {
      tag: 'policymaker',
      handle: async ({ caller, params, query }) =>
        listed(await in_((params as Path).component, [vhostOf(broker, caller, params)]), query as ListQuery),
    },
  });
  route('/api/parameters/:component/:vhost/:name', {
    GET: {
      tag: 'policymaker',
      handle: async ({ caller, params, query }) => {
        const found = await find(vhostOf(broker, caller, params), params as Path);
        if (found === undefined) throw notFound();
        return withColumns(found, (query as ListQuery).columns);
      },
    },
    PUT: {
      tag: 'policymaker',
      handle: async ({ caller, params, body }, reply) => {
        const vhost = vhostOf(broker, caller, params);
        const { component: known, name } = params as Path;
        const fields = new Body(body);
        const existed = (await find(vhost, params as Path)) !== undefined;
        const component = named(known);
        if (component === undefined) throw badRequest(noSuchComponent(known));
        const refusal = await component.set(vhost, name, new Body(fields.value('value')).all());
        if (refusal !== null) throw badRequest(invalidParameter(refusal));
        return reply.status(existed ? 204 : 201).send();
      },
    },
    DELETE: {
      tag: 'policymaker',
      handle: async ({ caller, params }, reply) => {
        const vhost = vhostOf(broker, caller, params);
        const { component, name } = params as Path;
        if (!((await named(component)?.clear(vhost, name)) ?? false)) throw notFound();
        return reply.status(204).send();
      },
    },
  });
}

function limitsComponent({ administration }: ManagedBroker): Component {
  const list = async (vhost: string): Promise<readonly JsonObject[]> => {
    const value = await administration.limits('vhost', vhost);
    return Object.keys(value).length === 0 ? [] : [{ vhost, name: LIMITS, value }];
  };
  return {
    list,
    set: async (vhost, name, value) =>
      name === LIMITS ? administration.setLimits('vhost', vhost, value) : `name must be '${LIMITS}', not '${name}'`,
    clear: async (vhost, name) => {
      if (name !== LIMITS || (await list(vhost)).length === 0) return false;
      await administration.clearLimits('vhost', vhost);
      return true;
    },
  };
}

function policyComponent({ administration }: ManagedBroker, kind: PolicyKind): Component {
  return {
    list: async (vhost) => (await administration.policies(kind, vhost)).map(policyParameter),
    set: async (vhost, name, value) => {
      const fields = new Body(value);
      fields.needs('pattern', 'definition');
      return administration.setPolicy(kind, {
        vhost,
        name,
        pattern: fields.text('pattern'),
        definition: new Body(fields.value('definition')).all(),
        priority: fields.whole('priority', 0),
        applyTo: fields.text('apply-to', 'all'),
      });
    },
    clear: (vhost, name) => administration.clearPolicy(kind, vhost, name),
  };
}

function policyParameter({ vhost, name, pattern, applyTo, definition, priority }: Policy): JsonObject {
  return { vhost, name, value: { pattern, 'apply-to': applyTo, definition: definition as JsonObject, priority } };
}

interface GlobalPath {
  readonly name: string;
}

export function globalParameterRoutes({ route }: HttpServer, { administration, facts }: ManagedBroker): void {
  const list = async (): Promise<JsonObject[]> => {
    const given = (await administration.globalParameters()).map(({ name, value }) => ({
      name,
      value: JSON.parse(value) as Json,
    }));
    return given.some(({ name }) => name === CLUSTER_NAME)
      ? given
      : [{ name: CLUSTER_NAME, value: facts.node }, ...given];
  };
  const find = async (params: unknown): Promise<JsonObject | undefined> =>
    (await list()).find(({ name }) => name === (params as GlobalPath).name);
  route('/api/global-parameters', {
    GET: { tag: 'policymaker', handle: async ({ query }) => listed(await list(), query as ListQuery) },
  });
  route('/api/global-parameters/:name', {
    GET: {
      tag: 'policymaker',
      handle: async ({ params, query }) => {
        const found = await find(params);
        if (found === undefined) throw notFound();
        return withColumns(found, (query as ListQuery).columns);
      },
    },
    PUT: {
      tag: 'policymaker',
      handle: async ({ params, body }, reply) => {
        const fields = new Body(body);
        const existed = (await find(params)) !== undefined;
        const { name } = params as GlobalPath;
        const value = JSON.stringify(fields.value('value'));
        const refusal = await administration.setGlobalParameter({ name, value });
        if (refusal !== null) throw badRequest(refusal);
        await administration.saved();
        return reply.status(existed ? 204 : 201).send();
      },
    },
    DELETE: {
      tag: 'policymaker',
      handle: async ({ params }, reply) => {
        if (!(await administration.clearGlobalParameter((params as GlobalPath).name))) throw notFound();
        await administration.saved();
        return reply.status(204).send();
      },
    },
  });
}
