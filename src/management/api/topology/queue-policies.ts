/** Which policies are in force for a queue, and what they come to: under RabbitMQ's names. */
import { queueTypeOf } from '../../../broker/arguments/queue-arguments.js';
import type { QueueEntry } from '../../../broker/topology/topology-entries.js';
import type { Json, JsonObject } from '../../http/listings.js';
import type { ManagedBroker } from '../base/managed-broker.js';

export async function policiesOf(
  { administration }: Pick<ManagedBroker, 'administration'>,
  queue: Pick<QueueEntry, 'vhost' | 'name' | 'arguments'>,
): Promise<JsonObject> {
  const { vhost, name } = queue;
  const subject = { kind: 'queue', vhost, name, type: queueTypeOf(queue.arguments) } as const;
  const [policy, operator] = await Promise.all([
    administration.policyOf('policy', subject),
    administration.policyOf('operator policy', subject),
  ]);
  return {
    policy: policy?.name ?? null,
    operator_policy: operator?.name ?? null,
    effective_policy_definition: merged(policy?.definition ?? {}, operator?.definition ?? {}),
  };
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
