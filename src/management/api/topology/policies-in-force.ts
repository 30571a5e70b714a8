/**
 * Which policies are in force for queues and exchanges, and what they come to: under RabbitMQ's names. They are asked
 * for once, however many rows a list has.
 */
import { queueTypeOf } from '../../../broker/arguments/queue-arguments.js';
import { Policies, type PolicyKind } from '../../../broker/policies/policies.js';
import type { ExchangeEntry, QueueEntry } from '../../../broker/topology/topology-entries.js';
import type { Json, JsonObject } from '../../http/listings.js';
import type { ManagedBroker } from '../base/managed-broker.js';

const KINDS: readonly PolicyKind[] = ['policy', 'operator policy'];

export class PoliciesInForce {
  readonly #policies: Policies;

  private constructor(policies: Policies) {
    this.#policies = policies;
  }

  /** Those of these vhosts, as they are now. */
  static async now(
    { administration }: Pick<ManagedBroker, 'administration'>,
    vhosts: readonly string[],
  ): Promise<PoliciesInForce> {
    const policies = new Policies();
    const load = async (kind: PolicyKind, vhost: string): Promise<void> => {
      for (const policy of await administration.policies(kind, vhost)) policies.set(kind, policy);
    };
    await Promise.all(vhosts.flatMap((vhost) => KINDS.map((kind) => load(kind, vhost))));
    return new PoliciesInForce(policies);
  }

  ofQueue({ vhost, name, arguments: given }: Pick<QueueEntry, 'vhost' | 'name' | 'arguments'>): JsonObject {
    const subject = { kind: 'queue', vhost, name, type: queueTypeOf(given) } as const;
    const policy = this.#policies.applying('policy', subject);
    const operator = this.#policies.applying('operator policy', subject);
    return {
      policy: policy?.name ?? null,
      operator_policy: operator?.name ?? null,
      effective_policy_definition: merged(policy?.definition ?? {}, operator?.definition ?? {}),
    };
  }

  /** Nothing, where there is none. */
  ofExchange({ vhost, name }: Pick<ExchangeEntry, 'vhost' | 'name'>): JsonObject {
    const policy = this.#policies.applying('policy', { kind: 'exchange', vhost, name });
    return policy === null ? {} : { policy: policy.name };
  }
}

/** An operator's limit restricts what a policy says: of two numbers the lower one counts. */
function merged(own: JsonObject, operators: JsonObject): JsonObject {
  const all: Record<string, Json | undefined> = { ...own, ...operators };
  for (const [key, value] of Object.entries(own)) {
    const limit = operators[key];
    if (typeof value === 'number' && typeof limit === 'number') all[key] = Math.min(value, limit);
  }
  return all;
}
