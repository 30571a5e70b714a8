/** Connections, channels and consumers in the words of RabbitMQ's HTTP API. */
import { decodeTable } from '../../../amqp/table.js';
import type { ConnectionRow, ConsumerRow } from '../../../connection/inspection/rows.js';
import { type Endpoint, hostText } from '../../../connection/transport/endpoint.js';
import type { Client, ClientChannel } from '../../clients/client.js';
import type { Json, JsonObject } from '../../http/listings.js';
import { channelStats, idleSince } from '../../statistics/channel-stats.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { tableToJson } from '../base/tables.js';

type Node = Pick<ManagedBroker, 'facts'>;

export function connectionJson({ facts }: Node, client: Client): JsonObject {
  const properties = tableToJson(decodeTable(client.clientProperties));
  const { connection_name: provided } = properties;
  return {
    name: client.name,
    type: 'network',
    protocol: 'AMQP 0-9-1',
    node: facts.node,
    state: client.state,
    user: client.user,
    user_who_performed_action: client.user,
    vhost: client.vhost,
    ...(provided === undefined ? {} : { user_provided_name: provided }),
    client_properties: properties,
    auth_mechanism: client.mechanism,
    connected_at: client.connectedAt,
    timeout: client.heartbeat,
    frame_max: client.frameMax,
    channel_max: client.channelMax,
    channels: client.channels,
    ...ends(client),
    ...tlsJson(client),
    recv_oct: client.received,
    recv_oct_details: { rate: client.rates.received },
    recv_cnt: client.reads,
    send_oct: client.sent,
    send_oct_details: { rate: client.rates.sent },
    send_cnt: client.writes,
    send_pend: client.unsent,
    ...channelStats(client.counts, client.rates.counts),
  };
}

/** RabbitMQ tells of one connection with empty texts where a list has nothing. */
export function oneConnectionJson(broker: Node, client: Client): JsonObject {
  const entries = Object.entries(connectionJson(broker, client));
  return Object.fromEntries(entries.map(([name, value]): [string, Json] => [name, value ?? '']));
}

export function channelJson({ facts }: Node, client: Client, channel: ClientChannel): JsonObject {
  return {
    name: channelName(client, channel),
    number: channel.number,
    node: facts.node,
    connection_details: peerDetails(client),
    state: channel.state,
    user: client.user,
    user_who_performed_action: client.user,
    vhost: client.vhost,
    prefetch_count: channel.prefetch,
    global_prefetch_count: channel.globalPrefetch,
    consumer_count: channel.consumers,
    messages_unacknowledged: channel.unacknowledged,
    messages_unconfirmed: channel.unconfirmed,
    messages_uncommitted: channel.uncommitted,
    acks_uncommitted: channel.acksUncommitted,
    confirm: channel.mode === 'confirm',
    transactional: channel.mode === 'transactional',
    pending_raft_commands: 0,
    ...channelStats(channel.counts, channel.rates),
    ...idleSince(channel.activeAt),
  };
}

export function consumerJson(
  { facts }: Node,
  client: Client,
  channel: ClientChannel,
  consumer: ConsumerRow,
): JsonObject {
  const { name: connectionName, ...peer } = peerDetails(client);
  return {
    consumer_tag: consumer.tag,
    queue: { name: consumer.queue, vhost: client.vhost },
    channel_details: {
      connection_name: connectionName,
      name: channelName(client, channel),
      node: facts.node,
      number: channel.number,
      ...peer,
      user: client.user,
    },
    ack_required: !consumer.noAck,
    active: consumer.activity !== 'waiting',
    activity_status: consumer.activity,
    exclusive: consumer.exclusive,
    prefetch_count: consumer.prefetch,
    arguments: tableToJson(consumer.arguments),
    consumer_timeout: consumer.timeout,
  };
}

export function channelName({ name }: Pick<Client, 'name'>, { number }: Pick<ClientChannel, 'number'>): string {
  return `${name} (${number})`;
}

/** Where a connection comes from. */
export function peerDetails({ name, peer }: Pick<Client, 'name' | 'peer'>): JsonObject {
  return { name, peer_host: hostOf(peer), peer_port: portOf(peer) };
}

function ends({ peer, local }: ConnectionRow): JsonObject {
  return { host: hostOf(local), port: portOf(local), peer_host: hostOf(peer), peer_port: portOf(peer) };
}

/** Of a Unix-domain socket: the path. */
function hostOf(end: Endpoint | null): string {
  return end === null ? 'unknown' : hostText(end);
}

function portOf(end: Endpoint | null): number {
  return end?.kind === 'tcp' ? end.port : 0;
}

function tlsJson({ isEncrypted, tls }: ConnectionRow): JsonObject {
  return {
    ssl: tls !== null || isEncrypted,
    ssl_protocol: tls?.protocol ?? null,
    ssl_key_exchange: tls?.keyExchange ?? null,
    ssl_cipher: tls?.cipher ?? null,
    ssl_hash: tls?.hash ?? null,
    peer_cert_subject: tls?.certificate?.subject ?? null,
    peer_cert_issuer: tls?.certificate?.issuer ?? null,
    peer_cert_validity: tls?.certificate?.validity ?? null,
  };
}
