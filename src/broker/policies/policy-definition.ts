/**
 * What policies can say about queues and exchanges, by the names that settings have in policies: arguments without
 * their `x-`. Numbers are not negative, times are in milliseconds. What must hold: a definition that passes
 * `definitionError` has the type that it says; reasons are in RabbitMQ's words.
 */
import { term, terms } from '../requests/erlang-terms.js';

export interface Definition {
  readonly 'message-ttl'?: number;
  readonly expires?: number;
  readonly 'max-length'?: number;
  readonly 'max-length-bytes'?: number;
  readonly overflow?: OverflowName;
  readonly 'dead-letter-exchange'?: string;
  readonly 'dead-letter-routing-key'?: string;
  readonly 'dead-letter-strategy'?: DeadLetterStrategy;
  readonly 'alternate-exchange'?: string;
  readonly 'delivery-limit'?: number;
  readonly 'consumer-timeout'?: number;
}

const OVERFLOW_NAMES = ['drop-head', 'reject-publish', 'reject-publish-dlx'] as const;
export type OverflowName = (typeof OVERFLOW_NAMES)[number];

const STRATEGIES = ['at-most-once', 'at-least-once'] as const;
export type DeadLetterStrategy = (typeof STRATEGIES)[number];

type Setting = keyof Definition;

/** What a setting may be, and what it is called. */
interface Rule {
  readonly what: string;
  fits(value: unknown): boolean;
}

const text = (what: string): Rule => ({ what, fits: (value) => typeof value === 'string' });
const atLeast = (least: number, what: string): Rule => ({
  what,
  fits: (value) => Number.isSafeInteger(value) && Number(value) >= least,
});

function oneOf(what: string, names: readonly unknown[]): Rule {
  return { what, fits: (value) => names.includes(value) };
}

const RULES: Readonly<Record<Setting, Rule>> = {
  'message-ttl': atLeast(0, 'message TTL'),
  expires: atLeast(1, 'queue expiry'),
  'max-length': atLeast(0, 'maximum length'),
  'max-length-bytes': atLeast(0, 'maximum length in bytes'),
  overflow: oneOf('overflow value', OVERFLOW_NAMES),
  'dead-letter-exchange': text('dead letter exchange name'),
  'dead-letter-routing-key': text('dead letter routing key'),
  'dead-letter-strategy': oneOf('dead letter strategy', STRATEGIES),
  'alternate-exchange': text('alternate exchange name'),
  'delivery-limit': atLeast(0, 'delivery limit'),
  'consumer-timeout': atLeast(0, 'consumer timeout'),
};

/** What operators may set over everybody's head. */
const OPERATOR_SETTINGS: ReadonlySet<string> = new Set<Setting>([
  'message-ttl',
  'expires',
  'max-length',
  'max-length-bytes',
  'overflow',
  'delivery-limit',
]);

/** Why this is no definition of a policy; null when it is one. */
export function definitionError(
  definition: Readonly<Record<string, unknown>>,
  kind: 'policy' | 'operator policy',
): string | null {
  const settings = Object.entries(definition);
  if (settings.length === 0) return 'no policy provided';
  const known = (name: string): boolean =>
    Object.hasOwn(RULES, name) && (kind === 'policy' || OPERATOR_SETTINGS.has(name));
  const unknown = settings.filter(([name]) => !known(name));
  if (unknown.length > 0) return `${terms(unknown)} are not recognised policy settings`;
  const wrong = settings.find(([name, value]) => !RULES[name as Setting].fits(value));
  return wrong === undefined ? null : `${term(wrong[1])} is not a valid ${RULES[wrong[0] as Setting].what}`;
}

/** What a policy and an operator's policy come to: numbers are the smaller of both, all else is the operator's. */
export function restricted(policy: Definition, operator: Definition): Definition {
  const merged: Record<string, unknown> = { ...policy };
  for (const [name, value] of Object.entries(operator)) {
    const own = merged[name];
    merged[name] = typeof own === 'number' && typeof value === 'number' ? Math.min(own, value) : value;
  }
  return merged;
}
