/**
 * What a queue's arguments and the policies on it come to: the features that the core keeps for it, the settings that
 * workers know, and when it goes unused. It is what the entries of queue-arguments.ts say, taken together.
 */
import type { FieldTable } from '../../amqp/table.js';
import { NO_FEATURES, type QueueFeatures } from '../../engine/engine.js';
import type { QueueSettings } from '../requests/requests.js';
import { effectiveValue, type PolicySettings } from './argument.js';
import { type DeclaredQueue, QUEUE_ARGUMENTS, queueTypeOf } from './queue-arguments.js';

export interface EffectiveArguments {
  readonly features: QueueFeatures;
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
    const { features, settings, expires } = argument.becomes(queue.value(argument), queue);
    effective = {
      features: { ...effective.features, ...features },
      settings: { ...effective.settings, ...settings },
      expires: expires === undefined ? effective.expires : expires,
    };
  }
  return effective;
}

const NOTHING: EffectiveArguments = {
  features: NO_FEATURES,
  settings: { deadLetterExchange: null, deadLetterRoutingKey: null, keepsDeadLetters: false, consumerTimeout: null },
  expires: null,
};
