/** What callers may do with queues and exchanges, where that is not asked of a session of theirs. */
import type { Right } from '../../../broker/access/accounts.js';
import { type Principal, principalOfUser } from '../../../broker/access/principal.js';
import { principalOfGrant } from '../../../broker/access/scopes.js';
import { type Resource, rightRefusal } from '../../../broker/topology/access.js';
import type { Caller } from '../../http/authentication.js';
import { fromRefusal } from '../../http/errors.js';
import { OPERATOR_GRANT } from '../../http/operator.js';
import { Refused } from '../../sessions/amqp-session.js';
import type { ManagedBroker } from './managed-broker.js';

export function principalOf(
  { view }: Pick<ManagedBroker, 'view'>,
  { user, isOperator }: Pick<Caller, 'user' | 'isOperator'>,
): Principal {
  return isOperator ? principalOfGrant(OPERATOR_GRANT) : principalOfUser(view.accounts, user);
}

/** Throws the answer where somebody may not do this to something. */
export function checkRight(principal: Principal, right: Right, resource: Resource): void {
  const refusal = rightRefusal(principal, right, resource);
  if (refusal !== null) throw fromRefusal(new Refused(refusal.code, refusal.text));
}
