/**
 * What a connection may use: the checks that the coordinator and every worker make alike before they touch a queue or an exchange.
 */
import { queueTypeOf } from './queue-arguments.js';
import {
  internalExchange,
  lockedQueue,
  noExchange,
  noQueue,
  noSingleMessages,
  type Refused,
  refused,
} from './refusals.js';
import type { ConnectionId, Refusal } from './requests.js';
import type { QueueEntry } from './topology-entries.js';
import type { TopologyView } from './topology-view.js';

export type QueueAccess = { readonly ok: true; readonly queue: QueueEntry } | Refused;

/** Whether another connection holds the queue as its own. */
export function isLocked(queue: QueueEntry, connection: ConnectionId): boolean {
  return queue.owner !== null && queue.owner !== connection;
}

/** The queue that a connection wants to use: it must exist, and not be another's own. */
export function accessQueue(view: TopologyView, connection: ConnectionId, vhost: string, name: string): QueueAccess {
  const queue = view.queue(vhost, name);
  if (queue === undefined) return refused(noQueue(vhost, name));
  if (isLocked(queue, connection)) return refused(lockedQueue(vhost, name));
  return { ok: true, queue };
}

/** The queue that a connection wants to take a single message from. */
export function accessForGet(view: TopologyView, connection: ConnectionId, vhost: string, name: string): QueueAccess {
  const access = accessQueue(view, connection, vhost, name);
  if (!access.ok || !access.queue.singleActive || queueTypeOf(access.queue.arguments) !== 'quorum') return access;
  return refused(noSingleMessages(vhost, name));
}

/** Why a client may not publish to this exchange; null when it may. */
export function publishRefusal(view: TopologyView, vhost: string, exchange: string): Refusal | null {
  const target = view.exchange(vhost, exchange);
  if (target === undefined) return noExchange(vhost, exchange);
  return target.internal ? internalExchange(vhost, exchange) : null;
}
