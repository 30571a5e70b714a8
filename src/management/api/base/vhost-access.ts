/**
 * Which vhosts a caller sees: those that the user may enter; administrators see all. Monitors see what there is of all in
 * lists of all, and nothing of a vhost that they name and may not enter, as in RabbitMQ.
 */
import { type Caller, hasTag } from '../../http/authentication.js';
import { notAuthorised, notFound } from '../../http/errors.js';
import type { ManagedBroker } from './managed-broker.js';

export function visibleVhosts({ view }: Pick<ManagedBroker, 'view'>, caller: Caller): string[] {
  const all = view.vhosts();
  return hasTag(caller, 'monitoring') ? all : all.filter((vhost) => caller.mayEnter(vhost));
}

/** The vhost that a path names; throws the answer where there is none, or it is not the caller's to see. */
export function vhostOf({ view }: Pick<ManagedBroker, 'view'>, caller: Caller, params: unknown): string {
  const { vhost } = params as { readonly vhost: string };
  if (!view.hasVhost(vhost)) throw notFound();
  if (hasTag(caller, 'administrator') || caller.mayEnter(vhost)) return vhost;
  throw notAuthorised('User not authorised to access virtual host');
}
