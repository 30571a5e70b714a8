/**
 * What a path or a body names, for the routes that RabbitMQ has not: where there is no such thing, the answer says what
 * is missing, and in which vhost. RabbitMQ's own routes answer as RabbitMQ does (`notFound`).
 */
import { describe } from '../../../broker/requests/names.js';
import type { QueueEntry } from '../../../broker/topology/topology-entries.js';
import type { TopologyView } from '../../../broker/topology/topology-view.js';
import type { Caller } from '../../http/authentication.js';
import { type HttpError, missing } from '../../http/errors.js';
import { vhostOf } from './vhost-access.js';

interface Viewing {
  readonly view: TopologyView;
}

export function noVhost(vhost: string): HttpError {
  return missing(`no vhost '${vhost}'`);
}

export function noQueue(vhost: string, name: string): HttpError {
  return missing(`no ${describe('queue', vhost, name)}`);
}

export function noExchange(vhost: string, name: string): HttpError {
  return missing(`no ${describe('exchange', vhost, name)}`);
}

/** The vhost that a path names. Throws the answer where there is none, or the caller may not enter it. */
export function namedVhost(broker: Viewing, caller: Caller, params: unknown): string {
  const { vhost } = params as { readonly vhost: string };
  if (!broker.view.hasVhost(vhost)) throw noVhost(vhost);
  return vhostOf(broker, caller, params);
}

/** The queue of that name. Throws the answer where there is none. */
export function namedQueue({ view }: Viewing, vhost: string, name: string): QueueEntry {
  const queue = view.queue(vhost, name);
  if (queue === undefined) throw noQueue(vhost, name);
  return queue;
}
