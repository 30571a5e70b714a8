/** An event as the message that RabbitMQ makes of it: all is in the headers, and the body is empty. */
import type { BrokerEvent } from '../../broker/events/event.js';
import { whole } from '../../broker/events/event-values.js';
import { DEFAULT_VHOST, EVENT_EXCHANGE } from '../../broker/requests/names.js';
import type { OwnMessage } from './own-messages.js';

const NO_BODY = new Uint8Array(0);
const PERSISTENT = 2;

export function eventMessage({ name, time, headers }: BrokerEvent): OwnMessage {
  return {
    vhost: DEFAULT_VHOST,
    exchange: EVENT_EXCHANGE,
    routingKey: name,
    properties: {
      headers: new Map([['timestamp_in_ms', whole(time)], ...headers]),
      deliveryMode: PERSISTENT,
      timestamp: BigInt(Math.floor(time / 1000)),
    },
    body: NO_BODY,
  };
}
