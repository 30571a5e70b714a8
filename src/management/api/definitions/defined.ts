/** All that is declared and set, as it is now: what is set over what is declared is the coordinator's, which is asked. */
import type { There } from '../../../broker/definitions-file/comparison.js';
import type { LimitScope, LimitSet } from '../../../broker/policies/limits.js';
import type { Policy, PolicyKind } from '../../../broker/policies/policies.js';
import type { ManagedBroker } from '../base/managed-broker.js';

/** Of these vhosts, and, where `isWhole`, of all users. */
export async function definedNow(
  { view, administration }: ManagedBroker,
  vhosts: readonly string[],
  isWhole: boolean,
): Promise<There> {
  const users = isWhole ? view.accounts.users().map(({ name }) => name) : [];
  const [policies, operatorPolicies, vhostLimits, userLimits, globalParameters] = await Promise.all([
    byName(vhosts, (name) => administration.policies('policy', name)),
    byName(vhosts, (name) => administration.policies('operator policy', name)),
    byName(vhosts, (name) => administration.limits('vhost', name)),
    byName(users, (name) => administration.limits('user', name)),
    administration.globalParameters(),
  ]);
  const policiesOf = { policy: policies, 'operator policy': operatorPolicies } satisfies Record<PolicyKind, unknown>;
  const limitsOf = { vhost: vhostLimits, user: userLimits } satisfies Record<LimitScope, unknown>;
  return {
    view,
    policies: { list: (kind, of): Policy[] => policiesOf[kind].get(of) ?? [] },
    limits: { of: (scope, of): LimitSet => limitsOf[scope].get(of) ?? {} },
    globalParameters: { list: () => globalParameters },
  };
}

async function byName<T>(names: readonly string[], ask: (name: string) => Promise<T>): Promise<Map<string, T>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await ask(name)] as const)));
}
