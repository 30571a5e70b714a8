/** What callers may do with queues and exchanges, where that is not asked of a session of theirs. */
import type { Right } from '../../../broker/access/accounts.js';
import { type Principal, principalOfUser } from '../../../broker/access/principal.js';
import { principalOfGrant } from '../../../broker/access/scopes.js';
import { type Resource, rightRefusal } from '../../../broker/topology/access.js';
import type { Caller } from '../../http/authentication.js';
import { fromRefusal } from '../../http/errors.js';
import type { MoveSpec } from '../../moving/move-spec.js';
import { Refused } from '../../sessions/amqp-session.js';
import type { ManagedBroker } from './managed-broker.js';

export function principalOfCaller({ view }: Pick<ManagedBroker, 'view'>, { user, grant }: Caller): Principal {
  return grant === null ? principalOfUser(view.accounts, user) : principalOfGrant(grant);
}

/** Whoever began a move, as long as it goes on. */
export function principalOfMove({ view }: Pick<ManagedBroker, 'view'>, { user, scopes }: MoveSpec): Principal {
  if (scopes === null) return principalOfUser(view.accounts, user);
  return principalOfGrant({ name: user, scopes, expiresAt: Number.POSITIVE_INFINITY });
}

/** Throws the answer where somebody may not do this to something. */
export function checkRight(principal: Principal, right: Right, resource: Resource): void {
  const refusal = rightRefusal(principal, right, resource);
  if (refusal !== null) throw fromRefusal(new Refused(refusal.code, refusal.text));
}
