/** Channels: lists, one with its consumers. */
import type { Client, ClientChannel } from '../../clients/client.js';
import { notFound } from '../../http/errors.js';
import { type Listed, type ListQuery, listedRows, rowsBy, withColumns } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import { checkSees, visibleClients } from '../base/client-access.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { vhostOf } from '../base/vhost-access.js';
import { channelJson, consumerJson } from './client-json.js';

export function channelRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  const { clients } = broker;
  const list = (seen: readonly Client[], query: unknown): Promise<Listed> =>
    listedRows(
      channelsOf(seen),
      query as ListQuery,
      rowsBy(({ client, channel }) => channelJson(broker, client, channel)),
    );
  route('/api/channels', {
    GET: {
      tag: 'management',
      handle: async ({ caller, query }) => list(visibleClients(await clients.all('channels'), caller), query),
    },
  });
  route('/api/vhosts/:vhost/channels', {
    GET: {
      tag: 'management',
      handle: async ({ caller, params, query }) => {
        const vhost = vhostOf(broker, caller, params);
        const seen = visibleClients(await clients.all('channels'), caller);
        return list(
          seen.filter((client) => client.vhost === vhost),
          query,
        );
      },
    },
  });
  route('/api/channels/:name', {
    GET: {
      tag: 'management',
      handle: async ({ caller, params, query }) => {
        const found = await channelNamed(broker, (params as { readonly name: string }).name);
        if (found === null) throw notFound();
        const { client, channel } = found;
        checkSees(caller, client.user);
        const one = {
          ...channelJson(broker, client, channel),
          consumer_details: channel.consumerList.map((consumer) => consumerJson(broker, client, channel, consumer)),
          publishes: [],
          deliveries: [],
        };
        return withColumns(one, (query as ListQuery).columns);
      },
    },
  });
}

interface Found {
  readonly client: Client;
  readonly channel: ClientChannel;
}

function* channelsOf(clients: readonly Client[]): Iterable<Found> {
  for (const client of clients) for (const channel of client.channelList) yield { client, channel };
}

/** By the name of its connection and, behind it, its number in brackets. */
async function channelNamed({ clients }: ManagedBroker, name: string): Promise<Found | null> {
  const [, connection, number] = /^(.*) \((\d{1,5})\)$/.exec(name) ?? [];
  if (connection === undefined) return null;
  const client = await clients.named(connection, 'consumers');
  const channel = client?.channelList.find((one) => one.number === Number(number));
  return client === undefined || channel === undefined ? null : { client, channel };
}
