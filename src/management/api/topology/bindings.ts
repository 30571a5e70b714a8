/**
 * Bindings: lists by vhost and by ends, one, made, taken away. A binding goes by its properties key: its routing key
 * and, where it has arguments, a digest of these. Each queue is bound to the default exchange by its own name.
 */
import { createHash } from 'node:crypto';
import type { FieldTable } from '../../../amqp/table.js';
import { canonicalTable } from '../../../broker/arguments/field-values.js';
import { DEFAULT_EXCHANGE } from '../../../broker/requests/names.js';
import type { Binding } from '../../../broker/topology/topology-entries.js';
import type { Caller } from '../../http/authentication.js';
import { Body } from '../../http/bodies.js';
import { notFound } from '../../http/errors.js';
import { type JsonObject, type ListQuery, listedRows, rowsBy } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { exchangeName } from '../base/names.js';
import { tableFromJson, tableToJson } from '../base/tables.js';
import { vhostOf, visibleVhosts } from '../base/vhost-access.js';

type DestinationKind = 'queue' | 'exchange';

/** Two ends, as a path names them. */
interface Ends {
  readonly vhost: string;
  readonly source: string;
  readonly kind: DestinationKind;
  readonly destination: string;
}

/** What a binding is, as far as it is shown. */
interface Shown {
  readonly source: string;
  readonly vhost: string;
  readonly kind: DestinationKind;
  readonly destination: string;
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

const ROWS = rowsBy(bindingJson);

export function bindingRoutes(server: HttpServer, broker: ManagedBroker): void {
  addLists(server, broker);
  addBetween(server, broker, 'queue', 'q');
  addBetween(server, broker, 'exchange', 'e');
}

function addLists({ route }: HttpServer, broker: ManagedBroker): void {
  const { view } = broker;
  route('/api/bindings', {
    GET: {
      tag: 'management',
      handle: async ({ caller, query }) =>
        listedRows(bindingsIn(broker, visibleVhosts(broker, caller)), query as ListQuery, ROWS),
    },
  });
  route('/api/bindings/:vhost', {
    GET: {
      tag: 'management',
      handle: async ({ caller, params, query }) =>
        listedRows(bindingsIn(broker, [vhostOf(broker, caller, params)]), query as ListQuery, ROWS),
    },
  });
  route('/api/queues/:vhost/:name/bindings', {
    GET: {
      tag: 'management',
      handle: async ({ caller, params, query }) => {
        const vhost = vhostOf(broker, caller, params);
        const queue = view.queue(vhost, (params as { readonly name: string }).name);
        if (queue === undefined) throw notFound();
        const bindings = [implied(vhost, queue.name), ...Array.from(queue.incoming, shown)];
        return listedRows(bindings, query as ListQuery, ROWS);
      },
    },
  });
  for (const end of ['source', 'destination'] as const) {
    route(`/api/exchanges/:vhost/:name/bindings/${end}`, {
      GET: {
        tag: 'management',
        handle: async ({ caller, params, query }) => {
          const vhost = vhostOf(broker, caller, params);
          const name = exchangeName((params as { readonly name: string }).name);
          return listedRows(bindingsAt(broker, vhost, name, end), query as ListQuery, ROWS);
        },
      },
    });
  }
}

/** Bindings between two, whose destination is a queue or an exchange. */
function addBetween({ route }: HttpServer, broker: ManagedBroker, kind: DestinationKind, letter: string): void {
  const ends = (caller: Caller, params: unknown): Ends => {
    const { source, destination } = params as { readonly source: string; readonly destination: string };
    return { vhost: vhostOf(broker, caller, params), source: exchangeName(source), kind, destination };
  };
  const path = `/api/bindings/:vhost/e/:source/${letter}/:destination`;
  route(path, {
    GET: {
      tag: 'management',
      handle: async ({ caller, params, query }) =>
        listedRows(between(broker, ends(caller, params)), query as ListQuery, ROWS),
    },
    POST: {
      tag: 'management',
      handle: async ({ caller, params, body }, reply) => {
        const at = ends(caller, params);
        const fields = new Body(body);
        const routingKey = fields.text('routing_key', '');
        const args = tableFromJson('arguments', fields.value('arguments'));
        await change(broker, caller, at, 'bind', routingKey, args);
        const key = propertiesKey({ routingKey, arguments: args });
        const location = `${encodeURIComponent(at.destination)}/${encodeURIComponent(key)}`;
        return reply.status(201).header('location', location).send();
      },
    },
  });
  const found = (at: Ends, params: unknown): Shown => {
    const { properties } = params as { readonly properties: string };
    // The path may have been decoded once more than it was encoded.
    const isMeant = (key: string): boolean => key === properties || decodeURIComponent(key) === properties;
    const binding = between(broker, at).find((one) => isMeant(propertiesKey(one)));
    if (binding === undefined) throw notFound();
    return binding;
  };
  route(`${path}/:properties`, {
    GET: {
      tag: 'management',
      handle: async ({ caller, params }) => bindingJson(found(ends(caller, params), params)),
    },
    DELETE: {
      tag: 'management',
      handle: async ({ caller, params }, reply) => {
        const at = ends(caller, params);
        const binding = found(at, params);
        await change(broker, caller, at, 'unbind', binding.routingKey, binding.arguments);
        return reply.status(204).send();
      },
    },
  });
}

async function change(
  { sessions }: ManagedBroker,
  caller: Caller,
  { vhost, source, kind, destination }: Ends,
  how: 'bind' | 'unbind',
  routingKey: string,
  args: FieldTable,
): Promise<void> {
  const common = { routingKey, arguments: args, nowait: false } as const;
  await sessions.with(caller, vhost, async (session) => {
    if (kind === 'queue') {
      const ends = { queue: destination, exchange: source } as const;
      if (how === 'bind') await session.ask({ name: 'queue.bind', ...ends, ...common }, 'queue.bind-ok');
      else await session.ask({ name: 'queue.unbind', ...ends, ...common }, 'queue.unbind-ok');
    } else if (how === 'bind') {
      await session.ask({ name: 'exchange.bind', destination, source, ...common }, 'exchange.bind-ok');
    } else await session.ask({ name: 'exchange.unbind', destination, source, ...common }, 'exchange.unbind-ok');
  });
}

function* bindingsIn({ view }: ManagedBroker, vhosts: readonly string[]): Iterable<Shown> {
  for (const vhost of vhosts) {
    for (const { name } of view.queuesIn(vhost)) yield implied(vhost, name);
    for (const { outgoing } of view.exchangesIn(vhost)) for (const binding of outgoing.values()) yield shown(binding);
  }
}

function* bindingsAt(
  { view }: ManagedBroker,
  vhost: string,
  name: string,
  end: 'source' | 'destination',
): Iterable<Shown> {
  if (end === 'source' && name === DEFAULT_EXCHANGE) {
    for (const queue of view.queuesIn(vhost)) yield implied(vhost, queue.name);
    return;
  }
  const exchange = view.exchange(vhost, name);
  const bindings = end === 'source' ? exchange?.outgoing.values() : exchange?.incoming;
  for (const binding of bindings ?? []) yield shown(binding);
}

function between({ view }: ManagedBroker, { vhost, source, kind, destination }: Ends): Shown[] {
  const end = kind === 'queue' ? view.queue(vhost, destination) : view.exchange(vhost, destination);
  if (end === undefined) return [];
  if (source === DEFAULT_EXCHANGE) return kind === 'queue' ? [implied(vhost, destination)] : [];
  return Array.from(end.incoming, shown).filter((binding) => binding.source === source);
}

/** The binding that each queue has to the default exchange. */
function implied(vhost: string, queue: string): Shown {
  const kind = 'queue' as const;
  return { source: DEFAULT_EXCHANGE, vhost, kind, destination: queue, routingKey: queue, arguments: new Map() };
}

function shown({ source, destination, routingKey, arguments: args }: Binding): Shown {
  const { vhost, name } = source;
  return { source: name, vhost, kind: destination.kind, destination: destination.name, routingKey, arguments: args };
}

function bindingJson(binding: Shown): JsonObject {
  const { source, vhost, kind, destination, routingKey } = binding;
  return {
    source,
    vhost,
    destination,
    destination_type: kind,
    routing_key: routingKey,
    arguments: tableToJson(binding.arguments),
    properties_key: propertiesKey(binding),
  };
}

/** What tells bindings of the same ends apart. A key without letters goes by `~`. */
function propertiesKey({ routingKey, arguments: args }: Pick<Shown, 'routingKey' | 'arguments'>): string {
  const key = encodeURIComponent(routingKey).replaceAll(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  if (args.size === 0) return key === '' ? '~' : key;
  const digest = createHash('sha256').update(canonicalTable(args)).digest().subarray(0, 4).toString('base64url');
  return `${key}~${digest}`;
}
