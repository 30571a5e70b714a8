/**
 * The methods that read or change the topology, as requests to the coordinator, and its answers as methods. Pure.
 */
import type { ClientMethod, Method } from '../amqp/protocol.js';
import { noPreviousQueue } from '../broker/requests/refusals.js';
import type { Granted, Request } from '../broker/requests/requests.js';
import { refusalError } from './errors/errors.js';

const NAMES = [
  'exchange.declare',
  'exchange.delete',
  'exchange.bind',
  'exchange.unbind',
  'queue.declare',
  'queue.delete',
  'queue.purge',
  'queue.bind',
  'queue.unbind',
] as const;

export type TopologyMethod = Extract<ClientMethod, { name: (typeof NAMES)[number] }>;

export function isTopologyMethod(method: ClientMethod): method is TopologyMethod {
  return (NAMES as readonly string[]).includes(method.name);
}

/** `lastQueue` is the queue that the channel declared last: an empty queue name means that one. */
export function requestOf(method: TopologyMethod, vhost: string, lastQueue: string | null): Request {
  switch (method.name) {
    case 'exchange.declare': {
      const { name: op, exchange, nowait, ...rest } = method;
      return { op, vhost, exchange: exchange, ...rest };
    }
    case 'exchange.delete':
      return { op: method.name, vhost, exchange: method.exchange, ifUnused: method.ifUnused };
    case 'exchange.bind':
    case 'exchange.unbind': {
      const { name: op, nowait, ...rest } = method;
      return { op, vhost, ...rest };
    }
    case 'queue.declare': {
      const { name: op, queue, nowait, ...rest } = method;
      return { op, vhost, queue, ...rest };
    }
    case 'queue.delete': {
      const { ifUnused, ifEmpty } = method;
      const queue = queueNamed(method, lastQueue);
      return { op: method.name, vhost, queue, ifUnused, ifEmpty };
    }
    case 'queue.purge':
      return { op: method.name, vhost, queue: queueNamed(method, lastQueue) };
    case 'queue.bind':
    case 'queue.unbind': {
      const queue = queueNamed(method, lastQueue);
      const { exchange, arguments: args } = method;
      // Both names left out: the queue is bound by its own name.
      const routingKey = method.queue === '' && method.routingKey === '' ? queue : method.routingKey;
      return { op: method.name, vhost, queue, exchange, routingKey, arguments: args };
    }
    default:
      return method satisfies never;
  }
}

/** The answer to the client. */
export function replyTo(method: TopologyMethod, granted: Granted): Method {
  const messageCount = granted.messageCount ?? 0;
  switch (method.name) {
    case 'queue.declare':
      return {
        name: 'queue.declare-ok',
        queue: granted.queue ?? method.queue,
        messageCount,
        consumerCount: granted.consumerCount ?? 0,
      };
    case 'queue.delete':
    case 'queue.purge':
      return { name: `${method.name}-ok`, messageCount };
    default:
      return { name: `${method.name}-ok` };
  }
}

/** Whether the client wants no answer. */
export function isNowait(method: TopologyMethod): boolean {
  return method.name !== 'queue.unbind' && method.nowait;
}

/** The queue that a method names: an empty name means the one that the channel declared last. */
export function queueNamed(method: Extract<ClientMethod, { queue: string }>, lastQueue: string | null): string {
  if (method.queue !== '') return method.queue;
  if (lastQueue !== null) return lastQueue;
  throw refusalError(noPreviousQueue(), method.name);
}
