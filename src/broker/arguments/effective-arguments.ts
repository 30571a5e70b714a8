/**
 * What a queue's arguments and the policies on it come to: the rules that the core keeps for it, the settings that
 * workers know, and when it goes unused. It is what the entries of queue-arguments.ts say, taken together.
 */
import type { FieldTable } from '../../amqp/table.js';
import { Overflow, type QueueRules } from '../../engine/engine.js';
import type { QueueSettings } from '../requests/requests.js';
import { effectiveValue, type PolicySettings } from './argument.js';
import { type DeclaredQueue, QUEUE_ARGUMENTS, queueTypeOf } from './queue-arguments.js';

export interface EffectiveArguments {
  readonly rules: QueueRules;
  readonly settings: QueueSettings;
  /** How long the queue may be unused before it goes (ms). */
  readonly expires: number | null;
}

/** The arguments and the policies have been checked. */
export function effectiveArguments(args: FieldTable, policies: readonly PolicySettings[]): EffectiveArguments {
  const queue: DeclaredQueue = {
    type: queueTypeOf(args),
    value: (argument) => effectiveValue(argument, args, policies) ?? null,
  };
  let effective = NOTHING;
  for (const argument of QUEUE_ARGUMENTS) {
    if (argument.becomes === undefined) continue;
    const { rules, settings, expires } = argument.becomes(queue.value(argument), queue);
    effective = {
      rules: { ...effective.rules, ...rules },
      settings: { ...effective.settings, ...settings },
      expires: expires === undefined ? effective.expires : expires,
    };
  }
  return effective;
}

const NOTHING: EffectiveArguments = {
  rules: {
    ttl: null,
    maxLength: null,
    maxBytes: null,
    overflow: Overflow.DROP_HEAD,
    deadLetters: false,
    maxPriority: 0,
    deliveryLimit: null,
    deliveryCount: false,
  },
  settings: { deadLetterExchange: null, deadLetterRoutingKey: null, keepsDeadLetters: false, consumerTimeout: null },
  expires: null,
};
