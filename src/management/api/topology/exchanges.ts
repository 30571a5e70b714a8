/** Exchanges: lists, one, declared, deleted. */
import { exchangeType } from '../../../broker/routing/exchange-types.js';
import type { ExchangeEntry } from '../../../broker/topology/topology-entries.js';
import { Body } from '../../http/bodies.js';
import { badRequest, notFound } from '../../http/errors.js';
import { type JsonObject, type Listed, type ListQuery, listedRows, withColumns } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import { rangesOf } from '../../statistics/statistics.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { exchangeName } from '../base/names.js';
import { tableFromJson, tableToJson } from '../base/tables.js';
import { vhostOf, visibleVhosts } from '../base/vhost-access.js';
import { PoliciesInForce } from './policies-in-force.js';

export function exchangeRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  const { view, sessions, statistics } = broker;
  const list = async (vhosts: readonly string[], query: unknown): Promise<Listed> => {
    const ranges = rangesOf(query);
    const policies = await PoliciesInForce.now(broker, vhosts);
    return listedRows(exchangesIn(broker, vhosts), query as ListQuery, {
      brief: exchangeJson,
      whole: (exchange) =>
        view.exchange(exchange.vhost, exchange.name) === exchange
          ? { ...exchangeJson(exchange), ...policies.ofExchange(exchange), ...statistics.exchange(exchange, ranges) }
          : null,
    });
  };
  const nameIn = (params: unknown): string => exchangeName((params as { readonly name: string }).name);
  route('/api/exchanges', {
    GET: {
      tag: 'management',
      handle: async ({ caller, query }) => list(visibleVhosts(broker, caller), query),
    },
  });
  route('/api/exchanges/:vhost', {
    GET: {
      tag: 'management',
      handle: async ({ caller, params, query }) => list([vhostOf(broker, caller, params)], query),
    },
  });
  route('/api/exchanges/:vhost/:name', {
    GET: {
      tag: 'management',
      handle: async ({ caller, params, query }) => {
        const vhost = vhostOf(broker, caller, params);
        const ranges = rangesOf(query);
        const policies = await PoliciesInForce.now(broker, [vhost]);
        const exchange = view.exchange(vhost, nameIn(params));
        if (exchange === undefined) throw notFound();
        const whole = {
          ...{ ...exchangeJson(exchange), ...policies.ofExchange(exchange), ...statistics.exchange(exchange, ranges) },
          ...{ incoming: [], outgoing: [] },
        };
        return withColumns(whole, (query as ListQuery).columns);
      },
    },
    PUT: {
      tag: 'management',
      handle: async ({ caller, params, body }, reply) => {
        const vhost = vhostOf(broker, caller, params);
        const name = nameIn(params);
        const existed = view.exchange(vhost, name) !== undefined;
        const fields = new Body(body);
        const type = fields.text('type', 'direct');
        if (exchangeType(type) === undefined) throw badRequest(`invalid exchange type '${type}'`);
        const declaration = {
          name: 'exchange.declare',
          exchange: name,
          type,
          passive: false,
          durable: fields.yesOrNo('durable', false),
          autoDelete: fields.yesOrNo('auto_delete', false),
          internal: fields.yesOrNo('internal', false),
          nowait: false,
          arguments: tableFromJson('arguments', fields.value('arguments')),
        } as const;
        await sessions.with(caller, vhost, (session) => session.ask(declaration, 'exchange.declare-ok'));
        return reply.status(existed ? 204 : 201).send();
      },
    },
    DELETE: {
      tag: 'management',
      handle: async ({ caller, params, query }, reply) => {
        const vhost = vhostOf(broker, caller, params);
        const exchange = nameIn(params);
        if (view.exchange(vhost, exchange) === undefined) throw notFound();
        const { 'if-unused': ifUnused } = query as { readonly 'if-unused'?: string };
        const deletion = {
          name: 'exchange.delete',
          exchange,
          ifUnused: ifUnused === 'true',
          nowait: false,
        } as const;
        await sessions.with(caller, vhost, (session) => session.ask(deletion, 'exchange.delete-ok'));
        return reply.status(204).send();
      },
    },
  });
}

function* exchangesIn({ view }: Pick<ManagedBroker, 'view'>, vhosts: readonly string[]): Iterable<ExchangeEntry> {
  for (const vhost of vhosts) yield* view.exchangesIn(vhost);
}

function exchangeJson(exchange: ExchangeEntry): JsonObject {
  return {
    name: exchange.name,
    vhost: exchange.vhost,
    type: exchange.type,
    durable: exchange.durable,
    auto_delete: exchange.autoDelete,
    internal: exchange.internal,
    arguments: tableToJson(exchange.arguments),
  };
}
