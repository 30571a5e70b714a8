/**
 * The arguments of message deduplication, which queues and exchanges take alike. They mean something only where
 * deduplication is asked for, and are not compared when something is declared again.
 */
import type { FieldTable } from '../../amqp/table.js';
import { invalidArgument } from '../requests/refusals.js';
import type { Refusal } from '../requests/requests.js';
import { type Argument, declaredValue, NUMBER, TEXT, type Value } from './argument.js';
import { type ArgumentCheck, atMost, mustBeText, nonNegative, positive, TIME_MAX } from './argument-checks.js';

const DEDUPLICATES = 'x-message-deduplication';

const SIZE_DEFAULT = 128;
const SIZE_MAX = 10_000_000n;

const cacheSize: Argument<number> = {
  name: 'x-cache-size',
  ...NUMBER,
  check: whereAskedFor(atMost(SIZE_MAX, positive, 'max_value_exceeded')),
};

/** Messages may have it, too, as a header. */
export const cacheTtl: Argument<number> = {
  name: 'x-cache-ttl',
  ...NUMBER,
  check: whereAskedFor(atMost(TIME_MAX, nonNegative, 'value_too_large')),
};

/** The header that messages are known by. */
export const deduplicationHeader: Argument<string> = {
  name: 'x-deduplication-header',
  ...TEXT,
  check: whereAskedFor(mustBeText),
};

export const DEDUPLICATION_ARGUMENTS: readonly Argument<Value>[] = [cacheSize, cacheTtl, deduplicationHeader];

/** How many keys are remembered by what has these arguments; null: it remembers none. */
export function cacheSizeOf(args: FieldTable): number | null {
  return deduplicates(args) ? (declaredValue(cacheSize, args) ?? SIZE_DEFAULT) : null;
}

/** Why something cannot be declared for whose memory there is no room. */
export function cacheRefusal(args: FieldTable, resource: string): Refusal {
  return invalidArgument(cacheSize.name, resource, `{no_memory_left,${cacheSizeOf(args)}}`);
}

function whereAskedFor(check: ArgumentCheck): ArgumentCheck {
  return (field, args) => (deduplicates(args) ? check(field, args) : null);
}

function deduplicates(args: FieldTable): boolean {
  const field = args.get(DEDUPLICATES);
  return field?.value === true || field?.value === 'true';
}
