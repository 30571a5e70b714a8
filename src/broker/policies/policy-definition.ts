/**
 * What policies can say about queues and exchanges: the settings that the tables of arguments give to policies. What
 * must hold: each value of a definition fits its setting; reasons are in RabbitMQ's words.
 */
import type { PolicySetting, PolicySettings, Value } from '../arguments/argument.js';
import { EXCHANGE_ARGUMENTS } from '../arguments/exchange-arguments.js';
import { QUEUE_ARGUMENTS } from '../arguments/queue-arguments.js';
import { term, terms } from '../requests/erlang-terms.js';

const SETTINGS = new Map<string, PolicySetting<Value>>();
for (const { policy } of [...QUEUE_ARGUMENTS, ...EXCHANGE_ARGUMENTS]) {
  if (policy !== undefined) SETTINGS.set(policy.key, policy);
}

/** What a definition sets, or why it is none. */
export function policySettings(
  definition: Readonly<Record<string, unknown>>,
  kind: 'policy' | 'operator policy',
): PolicySettings | string {
  const given = Object.entries(definition);
  if (given.length === 0) return 'no policy provided';
  const unknown = given.filter(([key]) => settingOf(key, kind) === undefined);
  if (unknown.length > 0) return `${terms(unknown)} are not recognised policy settings`;
  const settings: Record<string, Value> = {};
  for (const [key, value] of given) {
    const setting = settingOf(key, kind);
    if (setting === undefined) continue;
    if (!setting.fits(value)) return `${term(value)} is not a valid ${setting.title}`;
    settings[key] = value;
  }
  return settings;
}

/** Undefined when there is none of that name, or it is not for policies of this kind. */
function settingOf(key: string, kind: 'policy' | 'operator policy'): PolicySetting<Value> | undefined {
  const setting = SETTINGS.get(key);
  return kind === 'policy' || setting?.operators ? setting : undefined;
}
