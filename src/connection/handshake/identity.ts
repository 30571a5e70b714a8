/**
 * How the broker introduces itself. Clients steer by this: they compute semantics from product and version, and some
 * fail without a version. So it says what it is compatible with, and names itself in the fields that no client reads.
 */
import { type FieldTable, table } from '../../amqp/table.js';
import { NODE_NAME } from '../../broker/requests/names.js';

/**
 * The SASL mechanisms: ANONYMOUS only where somebody is let in by it, EXTERNAL only for who has shown a certificate.
 */
export function mechanisms(anonymous: string | null, isCertified: boolean): string {
  const others = [...(anonymous === null ? [] : ['ANONYMOUS']), ...(isCertified ? ['EXTERNAL'] : [])];
  return ['PLAIN', 'AMQPLAIN', ...others].join(' ');
}

export const LOCALES = 'en_US';

/** The product and version whose behaviour clients may expect. */
export interface Announced {
  readonly product: string;
  readonly version: string;
}

/**
 * The last RabbitMQ before those that refuse transient queues and global prefetch: clients that know of both use them.
 */
export const COMPATIBLE: Announced = { product: 'RabbitMQ', version: '3.13.7' };

export function serverProperties(announced: Announced): FieldTable {
  return table({
    capabilities: {
      publisher_confirms: true,
      exchange_exchange_bindings: true,
      'basic.nack': true,
      consumer_cancel_notify: true,
      'connection.blocked': true,
      consumer_priorities: true,
      authentication_failure_close: true,
      per_consumer_qos: true,
      direct_reply_to: true,
    },
    cluster_name: NODE_NAME,
    copyright: 'The Leveret authors',
    information: 'Leveret, an AMQP 0-9-1 broker. Licensed under the Apache License 2.0',
    platform: `Leveret on Node.js ${process.versions.node}`,
    ...announced,
  });
}

/** What a client said that it understands. */
export interface ClientCapabilities {
  readonly consumerCancelNotify: boolean;
  readonly connectionBlocked: boolean;
  readonly authenticationFailureClose: boolean;
}

/** Of a client that has said nothing yet. */
export const NO_CAPABILITIES = clientCapabilities(new Map());

export function clientCapabilities(properties: FieldTable): ClientCapabilities {
  const field = properties.get('capabilities');
  const says = (name: string): boolean => field?.type === 'F' && field.value.get(name)?.value === true;
  return {
    consumerCancelNotify: says('consumer_cancel_notify'),
    connectionBlocked: says('connection.blocked'),
    authenticationFailureClose: says('authentication_failure_close'),
  };
}

/** The name that a client gives its connection, for people to tell it from others; null: none. */
export function connectionName(properties: FieldTable): string | null {
  const name = properties.get('connection_name');
  return name?.type === 'S' ? name.value : null;
}
