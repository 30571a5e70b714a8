/**
 * What passes through a vhost that is traced, as the messages that RabbitMQ's firehose makes of it: the body is that of
 * the message, and all that is known of the message and of its way stands in the headers. What must hold: what the
 * firehose itself has published is not traced.
 */
import type { Properties } from '../../amqp/properties.js';
import type { FieldTable, FieldValue } from '../../amqp/table.js';
import { text, texts } from '../../broker/events/event-values.js';
import { NODE_NAME, TRACE_EXCHANGE } from '../../broker/requests/names.js';
import { routingKeys } from '../../broker/routing/carbon-copies.js';
import type { OwnMessage } from './own-messages.js';

/** A message, and who has published or gets it. */
export interface Traced {
  readonly vhost: string;
  /** The name of the connection. */
  readonly connection: string;
  readonly channel: number;
  readonly user: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: Properties;
  readonly body: Uint8Array;
}

/** `queues`: where it goes. */
export function publishTrace(traced: Traced, queues: readonly string[]): OwnMessage {
  return trace(`publish.${traced.exchange}`, traced, ['routed_queues', texts(queues)]);
}

/** `queue`: where it comes from. */
export function deliveryTrace(traced: Traced, queue: string, isRedelivered: boolean): OwnMessage {
  return trace(`deliver.${queue}`, traced, ['redelivered', { type: 'I', value: Number(isRedelivered) }]);
}

function trace(routingKey: string, traced: Traced, of: readonly [name: string, value: FieldValue]): OwnMessage {
  const { vhost, connection, channel, user, exchange, properties, body } = traced;
  const headers: FieldTable = new Map<string, FieldValue>([
    ['exchange_name', text(exchange)],
    ['routing_keys', texts(routingKeys(traced.routingKey, properties))],
    ['properties', { type: 'F', value: propertyTable(properties) }],
    ['node', text(NODE_NAME)],
    of,
    ['vhost', text(vhost)],
    ['connection', text(connection)],
    ['channel', { type: 'I', value: channel }],
    ['user', text(user)],
  ]);
  return { vhost, exchange: TRACE_EXCHANGE, routingKey, properties: { headers }, body };
}

/** The protocol's names of the properties. */
const NAMES = {
  contentType: 'content_type',
  contentEncoding: 'content_encoding',
  headers: 'headers',
  deliveryMode: 'delivery_mode',
  priority: 'priority',
  correlationId: 'correlation_id',
  replyTo: 'reply_to',
  expiration: 'expiration',
  messageId: 'message_id',
  timestamp: 'timestamp',
  type: 'type',
  userId: 'user_id',
  appId: 'app_id',
  clusterId: 'cluster_id',
} as const satisfies Record<keyof Properties, string>;

function propertyTable(properties: Properties): FieldTable {
  const table = new Map<string, FieldValue>();
  for (const [property, name] of Object.entries(NAMES)) {
    const value = properties[property as keyof Properties];
    if (value !== undefined) table.set(name, propertyValue(value));
  }
  return table;
}

/** All numbers of 32 bits, as with RabbitMQ. */
function propertyValue(value: NonNullable<Properties[keyof Properties]>): FieldValue {
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return { type: 'I', value };
  if (typeof value === 'bigint') return { type: 'I', value: Number(BigInt.asIntN(32, value)) };
  return { type: 'F', value };
}
