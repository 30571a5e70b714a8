/**
 * Who is connected: connections, channels and consumers listed, connections closed. There are no processes of Erlang:
 * where rabbitmqctl tells one (`pid`), the name stands, in angle brackets and without spaces, and is taken as well.
 */
import { type Api, at, isMissing } from '../../api.js';
import { type Cell, type CtlCommand, DONE, type Given, type Outcome, one, type Row, rows } from '../../command.js';

const CONNECTION_COLUMNS = [
  'name',
  'pid',
  'vhost',
  'channels',
  'protocol',
  'host',
  'port',
  'ssl',
  'ssl_protocol',
  'ssl_key_exchange',
  'ssl_cipher',
  'ssl_hash',
  'peer_cert_subject',
  'peer_cert_issuer',
  'peer_cert_validity',
  'auth_mechanism',
  'timeout',
  'frame_max',
  'channel_max',
  'client_properties',
  'user_provided_name',
  'connected_at',
  'type',
  'recv_oct',
  'recv_cnt',
  'send_oct',
  'send_cnt',
  'send_pend',
];

const CHANNEL_COLUMNS = [
  'name',
  'connection',
  'number',
  'vhost',
  'transactional',
  'confirm',
  'messages_uncommitted',
  'acks_uncommitted',
  'messages_unconfirmed',
  'prefetch_count',
  'global_prefetch_count',
  'state',
];

export const CONNECTION_COMMANDS: readonly CtlCommand[] = [
  {
    name: 'list_connections',
    subject: 'Connections',
    summary: 'lists the connections of clients',
    arguments: [],
    columns: { standard: ['user', 'peer_host', 'peer_port', 'state'], others: CONNECTION_COLUMNS },
    banner: () => 'Listing connections ...',
    run: async (given, api) => {
      const all = await api.get<readonly Row[]>(at('connections'));
      return rows(
        given.several,
        all.map(({ protocol, ...connection }) => ({
          ...connection,
          pid: pidOf(nameOf(connection)),
          protocol: protocolText(protocol),
        })),
      );
    },
  },
  {
    name: 'list_channels',
    subject: 'Connections',
    summary: 'lists the channels of clients',
    arguments: [],
    columns: { standard: ['pid', 'user', 'consumer_count', 'messages_unacknowledged'], others: CHANNEL_COLUMNS },
    banner: () => 'Listing channels ...',
    run: async (given, api) => {
      const all = await api.get<readonly Row[]>(at('channels'));
      return rows(
        given.several,
        all.map(({ connection_details: connection, ...channel }) => ({
          ...channel,
          pid: pidOf(nameOf(channel)),
          connection: pidOf(nameOf(connection)),
        })),
      );
    },
  },
  {
    name: 'list_consumers',
    subject: 'Connections',
    summary: 'lists the consumers of a vhost',
    arguments: [],
    isInVhost: true,
    columns: {
      standard: ['queue_name', 'channel_pid', 'consumer_tag', 'ack_required', 'prefetch_count', 'active', 'arguments'],
      others: ['exclusive', 'activity_status'],
    },
    banner: ({ vhost }) => `Listing consumers in vhost ${vhost} ...`,
    run: async (given, api) => {
      const all = (await api.find<readonly Row[]>(at('consumers', given.vhost))) ?? [];
      return rows(
        given.several,
        all.map(({ queue, channel_details: channel, ...consumer }) => ({
          ...consumer,
          queue_name: nameOf(queue),
          channel_pid: pidOf(nameOf(channel)),
        })),
      );
    },
  },
  {
    name: 'close_connection',
    subject: 'Connections',
    summary: 'closes a connection: its name, or its pid as list_connections tells it; the client is told the reason',
    arguments: [one('connection'), one('explanation')],
    banner: ({ argument }) => `Closing connection ${argument('connection')}, reason: ${argument('explanation')}...`,
    run: async ({ argument }, api) => {
      const [wanted, reason] = [argument('connection'), argument('explanation')];
      const all = await connections(api, () => true);
      await close(
        api,
        all.filter((name) => name === wanted || pidOf(name) === wanted),
        reason,
      );
      return DONE;
    },
  },
  {
    name: 'close_all_connections',
    subject: 'Connections',
    summary: 'closes the connections to a vhost',
    arguments: [one('explanation')],
    isInVhost: true,
    options: {
      global: { value: null, help: 'those to all vhosts' },
      limit: { value: 'COUNT', whole: { min: 0, max: Number.MAX_SAFE_INTEGER }, help: 'close so many of them; 0: all' },
      'per-connection-delay': { value: 'MS', whole: { min: 0, max: 3_600_000 }, help: 'wait so long after each' },
    },
    banner: ({ vhost, argument, has }) => {
      const which = has('global') ? 'Closing all connections to node' : `Closing all connections in vhost ${vhost}`;
      return `${which}, reason: ${argument('explanation')}...`;
    },
    run: closeAll,
  },
  {
    name: 'close_all_user_connections',
    subject: 'Connections',
    summary: 'closes the connections of a user',
    arguments: [one('username'), one('explanation')],
    banner: ({ argument }) =>
      `Closing connections of user ${argument('username')}, reason: ${argument('explanation')}...`,
    run: async ({ argument }, api) => {
      const all = await connections(api, ({ user }) => user === argument('username'));
      await close(api, all, argument('explanation'));
      return DONE;
    },
  },
];

async function closeAll({ vhost, argument, option, has }: Given, api: Api): Promise<Outcome> {
  const all = await connections(api, ({ vhost: to }) => has('global') || to === vhost);
  const limit = Number(option('limit') ?? 0);
  const wanted = limit > 0 ? all.slice(0, limit) : all;
  await close(api, wanted, argument('explanation'), Number(option('per-connection-delay') ?? 0));
  return { kind: 'text', text: `Closed ${wanted.length} connections` };
}

/** The names of those that are wanted. */
async function connections(api: Api, isWanted: (connection: Row) => boolean): Promise<string[]> {
  const all = await api.get<readonly Row[]>(at('connections'));
  return all.filter(isWanted).map(({ name }) => String(name));
}

/** Those that are gone meanwhile are closed. */
async function close(api: Api, names: readonly string[], reason: string, delay = 0): Promise<void> {
  for (const name of names) {
    try {
      await api.delete(at('connections', name), { 'x-reason': headerText(reason) });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
  }
}

/** As a header has room for it: octets of UTF-8, and none that would end it. */
function headerText(text: string): string {
  return Buffer.from(text.replace(/\p{Cc}/gu, ' ')).toString('latin1');
}

function pidOf(name: Cell | undefined): string {
  return typeof name === 'string' ? `<${name.replace(' -> ', '-').replaceAll(' ', '')}>` : '';
}

/** As rabbitmqctl tells a version. */
function protocolText(protocol: Cell | undefined): Cell {
  return protocol === 'AMQP 0-9-1' ? '{0,9,1}' : (protocol ?? null);
}

function nameOf(value: Cell | undefined): Cell {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const { name } = value as Row;
  return name ?? null;
}
