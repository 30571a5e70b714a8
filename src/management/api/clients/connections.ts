/** Connections: lists, one, its channels; closed by name or by user. */
import { isUtf8 } from 'node:buffer';
import type { FastifyRequest } from 'fastify';
import type { Depth } from '../../../connection/inspection/rows.js';
import type { Client } from '../../clients/client.js';
import { notFound } from '../../http/errors.js';
import { type JsonObject, type ListQuery, listedRows, rowsBy, withColumns } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import { checkCloses, checkSees, visibleClients } from '../base/client-access.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { vhostOf } from '../base/vhost-access.js';
import { channelJson, connectionJson, oneConnectionJson } from './client-json.js';

interface OfConnection {
  readonly name: string;
}

interface OfUser {
  readonly user: string;
}

export function connectionRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  const { clients, facts } = broker;
  const rows = rowsBy((client: Client) => connectionJson(broker, client));
  const existing = async (params: unknown, depth: Depth): Promise<Client> => {
    const client = await clients.named((params as OfConnection).name, depth);
    if (client === undefined) throw notFound();
    return client;
  };
  const ofUser = async (params: unknown): Promise<readonly Client[]> => {
    const all = await clients.all('connections');
    return all.filter(({ user }) => user === (params as OfUser).user);
  };
  route('/api/connections', {
    GET: {
      tag: 'management',
      handle: async ({ caller, query }) => {
        const seen = visibleClients(await clients.all('connections'), caller);
        return listedRows(seen, query as ListQuery, rows);
      },
    },
  });
  route('/api/vhosts/:vhost/connections', {
    GET: {
      tag: 'management',
      handle: async ({ caller, params, query }) => {
        const vhost = vhostOf(broker, caller, params);
        const seen = visibleClients(await clients.all('connections'), caller);
        const there = seen.filter((client) => client.vhost === vhost);
        return listedRows(there, query as ListQuery, rows);
      },
    },
  });
  route('/api/connections/username/:user', {
    GET: {
      tag: 'management',
      handle: async ({ caller, params, query }) => {
        checkSees(caller, (params as OfUser).user);
        const theirs = await ofUser(params);
        const namesOnly = rowsBy(
          ({ name, vhost, user }: Client): JsonObject => ({ name, vhost, user, node: facts.node }),
        );
        return listedRows(theirs, query as ListQuery, namesOnly);
      },
    },
    DELETE: {
      tag: 'management',
      handle: async (request, reply) => {
        checkCloses(request.caller, (request.params as OfUser).user);
        await clients.end(await ofUser(request.params), reasonIn(request));
        return reply.status(204).send();
      },
    },
  });
  route('/api/connections/:name', {
    GET: {
      tag: 'management',
      handle: async ({ caller, params, query }) => {
        const client = await existing(params, 'connections');
        checkSees(caller, client.user);
        return withColumns(oneConnectionJson(broker, client), (query as ListQuery).columns);
      },
    },
    DELETE: {
      tag: 'management',
      handle: async (request, reply) => {
        const client = await existing(request.params, 'connections');
        checkCloses(request.caller, client.user);
        await clients.end([client], reasonIn(request));
        return reply.status(204).send();
      },
    },
  });
  route('/api/connections/:name/channels', {
    GET: {
      tag: 'management',
      handle: async ({ caller, params, query }) => {
        const client = await existing(params, 'channels');
        checkSees(caller, client.user);
        return listedRows(
          client.channelList,
          query as ListQuery,
          rowsBy((channel) => channelJson(broker, client, channel)),
        );
      },
    },
  });
}

/** What the client is told. A header is read as Latin-1: its octets are usually of UTF-8. */
function reasonIn({ headers }: Pick<FastifyRequest, 'headers'>): string {
  const reason = headers['x-reason'];
  if (typeof reason !== 'string' || reason === '') return 'Closed via management plugin';
  const octets = Buffer.from(reason, 'latin1');
  return isUtf8(octets) ? octets.toString() : reason;
}
