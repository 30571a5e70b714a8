/**
 * What a connection may use: the checks that the coordinator and every worker make alike before they touch a queue or
 * an exchange.
 */
import type { Right } from '../access/accounts.js';
import type { KeyPattern, Principal } from '../access/principal.js';
import type { TopicRight } from '../access/topic-permissions.js';
import { queueTypeOf } from '../arguments/queue-arguments.js';
import { DEFAULT_EXCHANGE } from '../requests/names.js';
import {
  accessRefused,
  internalExchange,
  lockedQueue,
  noExchange,
  noQueue,
  noSingleMessages,
  type Refused,
  refused,
  topicRefused,
} from '../requests/refusals.js';
import type { ConnectionId, Refusal } from '../requests/requests.js';
import type { QueueEntry } from './topology-entries.js';
import type { TopologyView } from './topology-view.js';

export type QueueAccess = { readonly ok: true; readonly queue: QueueEntry } | Refused;

/** Something that rights are about. */
export interface Resource {
  readonly kind: 'queue' | 'exchange';
  readonly vhost: string;
  readonly name: string;
}

/** What rights know the default exchange by. */
const DEFAULT_EXCHANGE_NAME = 'amq.default';

/** Why somebody may not do this to something, whether it exists or not; null: they may. */
export function rightRefusal(principal: Principal, right: Right, resource: Resource): Refusal | null {
  const { kind, vhost } = resource;
  const isDefault = kind === 'exchange' && resource.name === DEFAULT_EXCHANGE;
  const name = isDefault ? DEFAULT_EXCHANGE_NAME : resource.name;
  return principal.may(right, vhost, name) ? null : accessRefused(kind, vhost, name, principal.name);
}

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

/** Whoever uses something. */
export interface Actor {
  readonly id: ConnectionId;
  readonly principal: Principal;
  readonly vhost: string;
}

/** The queue that a client wants to take a single message from. */
export function accessForGet(view: TopologyView, { id, principal, vhost }: Actor, name: string): QueueAccess {
  const refusal = rightRefusal(principal, 'read', { kind: 'queue', vhost, name });
  if (refusal !== null) return refused(refusal);
  const access = accessQueue(view, id, vhost, name);
  if (!access.ok || !access.queue.singleActive || queueTypeOf(access.queue.arguments) !== 'quorum') return access;
  return refused(noSingleMessages(vhost, name));
}

/** Why a client may not publish to this exchange; null when it may. */
export function publishRefusal(view: TopologyView, { principal, vhost }: Actor, exchange: string): Refusal | null {
  const refusal = rightRefusal(principal, 'write', { kind: 'exchange', vhost, name: exchange });
  if (refusal !== null) return refusal;
  const target = view.exchange(vhost, exchange);
  if (target === undefined) return noExchange(vhost, exchange);
  return target.internal ? internalExchange(vhost, exchange) : null;
}

/** Types of exchanges in which rights go by the routing key, too. */
const TOPIC = 'topic';

/** What keys must match under which a client publishes to an exchange, or binds to it; null: any, or it is not there. */
export function topicPattern(
  view: TopologyView,
  right: TopicRight,
  { principal, vhost }: Pick<Actor, 'principal' | 'vhost'>,
  exchange: string,
): KeyPattern | null {
  if (view.exchange(vhost, exchange)?.type !== TOPIC) return null;
  return principal.topicPattern(right, vhost, exchange);
}

/** Why a client may not do that under one of these keys; null: it may. */
export function topicRefusal(
  view: TopologyView,
  right: TopicRight,
  actor: Pick<Actor, 'principal' | 'vhost'>,
  exchange: string,
  keys: readonly string[],
): Refusal | null {
  const pattern = topicPattern(view, right, actor, exchange);
  if (pattern === null) return null;
  const key = keys.find((one) => !pattern.matches(one));
  return key === undefined ? null : topicRefused(actor.vhost, exchange, key, actor.principal.name);
}
