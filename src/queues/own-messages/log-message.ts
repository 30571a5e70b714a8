/** A line of the operator's log as the message that RabbitMQ makes of one: its level is the key, its text the body. */
import { text } from '../../broker/events/event-values.js';
import { DEFAULT_VHOST, LOG_EXCHANGE, NODE_NAME } from '../../broker/requests/names.js';
import type { LogEntry } from '../../logging/logger.js';
import type { OwnMessage } from './own-messages.js';

export function logMessage({ time, level, area, message }: LogEntry): OwnMessage {
  const stamp = new Date(time).toISOString().slice(0, -1).replace('T', ' ');
  return {
    vhost: DEFAULT_VHOST,
    exchange: LOG_EXCHANGE,
    routingKey: level,
    properties: {
      contentType: 'text/plain',
      headers: new Map([['node', text(NODE_NAME)]]),
      timestamp: BigInt(Math.floor(time / 1000)),
    },
    body: Buffer.from(`${stamp}+00:00 [${level}] ${area}: ${message}\n`),
  };
}
