/** Consumers: all, and those of a vhost. */
import type { ConsumerRow } from '../../../connection/inspection/rows.js';
import type { Client, ClientChannel } from '../../clients/client.js';
import type { Caller } from '../../http/authentication.js';
import { notFound } from '../../http/errors.js';
import { type Listed, type ListQuery, listedRows, rowsBy } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import { visibleClients } from '../base/client-access.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { consumerJson } from './client-json.js';

export function consumerRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  const seenBy = async (caller: Caller): Promise<readonly Client[]> =>
    visibleClients(await broker.clients.all('consumers'), caller);
  route('/api/consumers', {
    GET: {
      tag: 'management',
      handle: async ({ caller, query }) => list(broker, await seenBy(caller), query as ListQuery),
    },
  });
  route('/api/leveret/consumers', {
    GET: {
      tag: 'management',
      handle: async ({ caller, query }) => {
        const { vhost = '' } = query as { readonly vhost?: string };
        const seen = await seenBy(caller);
        return pageOf(
          broker,
          seen.filter((client) => vhost === '' || client.vhost === vhost),
          query as ListQuery,
        );
      },
    },
  });
  route('/api/consumers/:vhost', {
    GET: {
      tag: 'management',
      handle: async ({ caller, params, query }) => {
        // Whoever may not enter the vhost sees what it sees of all: nothing, or all there is. As with RabbitMQ.
        const { vhost } = params as { readonly vhost: string };
        if (!broker.view.hasVhost(vhost)) throw notFound();
        const seen = await seenBy(caller);
        return list(
          broker,
          seen.filter((client) => client.vhost === vhost),
          query as ListQuery,
        );
      },
    },
  });
}

/** They are looked for by their queue and their tag, in this order; else listed as all else is. */
function pageOf(broker: ManagedBroker, seen: readonly Client[], query: ListQuery): Promise<Listed> {
  return listedRows(consumersOf(seen), query, {
    brief: ({ consumer: { queue, tag } }) => ({ name: `${queue} ${tag}` }),
    whole: ({ client, channel, consumer }) => consumerJson(broker, client, channel, consumer),
  });
}

/** They have no names to filter by, and come in one piece, as RabbitMQ's. */
function list(broker: ManagedBroker, seen: readonly Client[], query: ListQuery): Promise<Listed> {
  const { name: _name, page: _page, page_size: _size, ...asked } = query;
  return listedRows(
    consumersOf(seen),
    asked,
    rowsBy(({ client, channel, consumer }) => consumerJson(broker, client, channel, consumer)),
  );
}

interface Found {
  readonly client: Client;
  readonly channel: ClientChannel;
  readonly consumer: ConsumerRow;
}

function* consumersOf(clients: readonly Client[]): Iterable<Found> {
  for (const client of clients) {
    for (const channel of client.channelList)
      for (const consumer of channel.consumerList) yield { client, channel, consumer };
  }
}
