/**
 * What there is, as far as a file of definitions may speak of it. What must hold: an import and the preview of it ask the
 * same.
 */
import type { FieldTable } from '../../amqp/table.js';
import type { Limits } from '../policies/limits.js';
import type { TopologyView } from '../topology/topology-view.js';

export interface Present {
  hasVhost(vhost: string): boolean;
  hasUser(user: string): boolean;
  exchange(vhost: string, name: string): { readonly type: string; readonly arguments: FieldTable } | undefined;
  queue(vhost: string, name: string): { readonly arguments: FieldTable } | undefined;
  /** Whether limits allow one more in a vhost that has so many more already, as have all vhosts together. */
  allowsQueue(vhost: string, more: number, moreInAll: number): boolean;
  allowsExchange(vhost: string, more: number, moreInAll: number): boolean;
}

/** What there is where a file tells of all. */
export const NOTHING: Present = {
  hasVhost: () => false,
  hasUser: () => false,
  exchange: () => undefined,
  queue: () => undefined,
  allowsQueue: () => true,
  allowsExchange: () => true,
};

/** What the broker has, and what its limits leave. */
export function presentIn(view: TopologyView, limits: Limits): Present {
  return {
    hasVhost: (vhost) => view.hasVhost(vhost),
    hasUser: (user) => view.accounts.user(user) !== undefined,
    exchange: (vhost, name) => view.exchange(vhost, name),
    queue: (vhost, name) => view.queue(vhost, name),
    allowsQueue: (vhost, more, moreInAll) =>
      limits.reached('vhost', vhost, 'max-queues', view.queueCount(vhost) + more) === null &&
      limits.nodeReached('clusterQueueLimit', view.queueCountInAll + moreInAll) === null,
    allowsExchange: (vhost, more, moreInAll) =>
      limits.nodeReached('exchangeMaxPerVhost', view.exchangeCount(vhost) + more) === null &&
      limits.nodeReached('clusterExchangeLimit', view.exchangeCountInAll + moreInAll) === null,
  };
}
