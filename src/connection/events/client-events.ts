/**
 * This folder is what others are told of clients, as RabbitMQ's events: logins, connections, channels, consumers. Made
 * when somebody hears it; connections and channels import it.
 */
import { decodeTable, type FieldTable, type FieldValue } from '../../amqp/table.js';
import { INTERNAL_USER, processText } from '../../broker/events/event.js';
import { fieldTexts, flag, text, whole } from '../../broker/events/event-values.js';
import { NODE_NAME } from '../../broker/requests/names.js';
import type { ConnectionRow, ConsumerRow } from '../inspection/rows.js';
import type { Session } from '../session/session.js';
import { addressTerm, portOf } from './addresses.js';

const PROTOCOL = '{0,9,1}';
const BY_NETWORK = 'network';

/** What is known of a client before it is in. */
type Facts = Pick<ConnectionRow, 'name' | 'peer' | 'local' | 'isEncrypted' | 'mechanism'>;

/** A login that went well, or the reason why it did not. */
export function loginHeaders(facts: Facts, user: string, failure: string | null): FieldTable {
  const { peer, local, name, isEncrypted, mechanism } = facts;
  return table({
    name: text(user),
    connection_type: text(BY_NETWORK),
    host: text(addressTerm(local)),
    connection_name: text(name),
    peer_host: text(addressTerm(peer)),
    peer_port: portOf(peer),
    protocol: text(PROTOCOL),
    auth_mechanism: text(mechanism),
    ssl: flag(isEncrypted),
    ...(failure === null ? {} : { error: letters(failure) }),
  });
}

/** `name`: what the client calls it; null: nothing. */
export function connectionHeaders(row: ConnectionRow, name: string | null): FieldTable {
  const { peer, local, tls, user } = row;
  const certificate = tls?.certificate ?? null;
  return table({
    type: text(BY_NETWORK),
    pid: text(processText(row.id)),
    name: text(row.name),
    port: portOf(local),
    peer_port: portOf(peer),
    host: text(addressTerm(local)),
    peer_host: text(addressTerm(peer)),
    ssl: flag(row.isEncrypted),
    peer_cert_subject: text(certificate?.subject ?? ''),
    peer_cert_issuer: text(certificate?.issuer ?? ''),
    peer_cert_validity: text(certificate?.validity ?? ''),
    auth_mechanism: text(row.mechanism),
    ssl_protocol: text(tls?.protocol ?? ''),
    ssl_key_exchange: text(tls?.keyExchange ?? ''),
    ssl_cipher: text(tls?.cipher ?? ''),
    ssl_hash: text(tls?.hash ?? ''),
    protocol: text(PROTOCOL),
    user: text(user),
    vhost: text(row.vhost),
    timeout: whole(row.heartbeat),
    frame_max: whole(row.frameMax),
    channel_max: whole(row.channelMax),
    client_properties: fieldTexts(decodeTable(row.clientProperties)),
    connected_at: whole(row.connectedAt),
    node: text(NODE_NAME),
    user_who_performed_action: text(user),
    ...named(name),
  });
}

export function connectionClosedHeaders(row: ConnectionRow, name: string | null): FieldTable {
  return table({
    name: text(row.name),
    pid: text(processText(row.id)),
    node: text(NODE_NAME),
    client_properties: fieldTexts(decodeTable(row.clientProperties)),
    ...named(name),
  });
}

type Owner = Pick<Session, 'id' | 'name' | 'vhost' | 'principal'>;

export function channelHeaders({ id, name, vhost, principal }: Owner, channel: number): FieldTable {
  return table({
    pid: text(processText(id, channel)),
    name: text(`${name} (${channel})`),
    connection: text(processText(id)),
    number: whole(channel),
    user: text(principal.name),
    vhost: text(vhost),
    user_who_performed_action: text(principal.name),
  });
}

export function channelClosedHeaders({ id, principal }: Owner, channel: number): FieldTable {
  return table({ pid: text(processText(id, channel)), user_who_performed_action: text(principal.name) });
}

export function consumerHeaders(owner: Owner, channel: number, row: ConsumerRow): FieldTable {
  return table({
    ...consumer(owner, channel, row),
    exclusive: flag(row.exclusive),
    ack_required: flag(!row.noAck),
    prefetch_count: whole(row.prefetch),
    arguments: fieldTexts(row.arguments),
    user_who_performed_action: text(owner.principal.name),
  });
}

/** `isCancelled`: its client has cancelled it. */
export function consumerDeletedHeaders(
  owner: Owner,
  channel: number,
  row: ConsumerRow,
  isCancelled: boolean,
): FieldTable {
  const user = isCancelled ? owner.principal.name : INTERNAL_USER;
  return table({ ...consumer(owner, channel, row), user_who_performed_action: text(user) });
}

function consumer({ id, vhost }: Owner, channel: number, { tag, queue }: ConsumerRow): Record<string, FieldValue> {
  return {
    consumer_tag: text(tag),
    channel: text(processText(id, channel)),
    queue: text(queue),
    vhost: text(vhost),
  };
}

function named(name: string | null): Record<string, FieldValue> {
  return name === null ? {} : { user_provided_name: text(name) };
}

/** A text as Erlang has it that takes it for a list: RabbitMQ tells reasons so. */
function letters(reason: string): FieldValue {
  return { type: 'A', value: [...reason].map((letter) => whole(letter.codePointAt(0) ?? 0)) };
}

function table(fields: Readonly<Record<string, FieldValue>>): FieldTable {
  return new Map(Object.entries(fields));
}
