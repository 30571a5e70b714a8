/**
 * This folder is what happens in a broker, in the words of RabbitMQ's event exchange: names, headers and how values
 * stand in them. The coordinator and connections import it, and what publishes events. What must hold: whoever tells of
 * something asks first whether anybody hears it, and makes nothing where nobody does.
 */
import type { FieldTable } from '../../amqp/table.js';
import { DEFAULT_VHOST, EVENT_EXCHANGE, NODE_NAME } from '../requests/names.js';
import type { ConnectionId } from '../requests/requests.js';
import type { TopologyView } from '../topology/topology-view.js';

/** Something that has happened: a plain value that crosses a message port. */
export interface BrokerEvent {
  /** The routing key: `queue.created`. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly headers: FieldTable;
}

/** Who acts where no user does, by RabbitMQ's name. */
export const INTERNAL_USER = 'rmq-internal';

/** Whether anybody would get an event. */
export function isHeard(view: TopologyView): boolean {
  return view.leadsOn(DEFAULT_VHOST, EVENT_EXCHANGE);
}

export function eventOf(name: string, headers: FieldTable): BrokerEvent {
  return { name, time: Date.now(), headers };
}

/**
 * A connection, or a channel of it, as RabbitMQ names processes: the same text wherever it is spoken of.
 */
export function processText(connection: ConnectionId, channel = 0): string {
  return `<${NODE_NAME}.0.${connection}.${channel}>`;
}
