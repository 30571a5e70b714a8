/**
 * Message deduplication, as LavinMQ has it: an exchange or a queue that remembers the messages it took by one of their
 * headers, and drops those that come again. Messages without that header are never duplicates.
 */
import type { Properties } from '../../amqp/properties.js';
import type { FieldTable } from '../../amqp/table.js';
import { DuplicateMemory } from '../history/duplicate-memory.js';
import { describe } from '../requests/names.js';
import { invalidArgument } from '../requests/refusals.js';
import type { Refusal } from '../requests/requests.js';
import { type ArgumentCheck, atMost, nonNegative, positive, TIME_MAX, text } from './argument-checks.js';
import { canonical, integerOf } from './field-values.js';

const DEDUPLICATES = 'x-message-deduplication';
const CACHE_SIZE = 'x-cache-size';
const CACHE_TTL = 'x-cache-ttl';
const HEADER = 'x-deduplication-header';

const SIZE_DEFAULT = 128;
const SIZE_MAX = 10_000_000n;

/** What the arguments must be, where deduplication is asked for. */
const CHECKS = new Map<string, ArgumentCheck>([
  [CACHE_SIZE, atMost(SIZE_MAX, positive, 'max_value_exceeded')],
  [CACHE_TTL, atMost(TIME_MAX, nonNegative, 'value_too_large')],
  [HEADER, text],
]);

/** The checks that arguments must pass: none where duplicates do not matter. */
export function deduplicationChecks(args: FieldTable): ReadonlyMap<string, ArgumentCheck> {
  return deduplicates(args) ? CHECKS : new Map();
}

/** How many keys are remembered by what has these arguments; null: it remembers none. */
export function cacheSizeOf(args: FieldTable): number | null {
  return deduplicates(args) ? (integerIn(args, CACHE_SIZE) ?? SIZE_DEFAULT) : null;
}

/** Why something cannot be declared for whose memory there is no room. */
export function cacheRefusal(args: FieldTable, kind: 'queue' | 'exchange', vhost: string, name: string): Refusal {
  return invalidArgument(CACHE_SIZE, describe(kind, vhost, name), `{no_memory_left,${cacheSizeOf(args)}}`);
}

export class Deduplication {
  readonly #memory: DuplicateMemory;
  readonly #header: string;
  readonly #ttl: number | undefined;

  constructor(memory: SharedArrayBuffer, args: FieldTable) {
    this.#memory = new DuplicateMemory(memory);
    const header = args.get(HEADER);
    this.#header = header?.type === 'S' ? header.value : HEADER;
    this.#ttl = integerIn(args, CACHE_TTL);
  }

  /**
   * Whether the message was here before; if not, it has been now. A message may say itself how long it is remembered.
   */
  isDuplicate({ headers }: Properties): boolean {
    const field = headers?.get(this.#header);
    if (headers === undefined || field === undefined) return false;
    const now = Date.now();
    const ttl = integerIn(headers, CACHE_TTL) ?? this.#ttl;
    return !this.#memory.remember(canonical(field), now, ttl === undefined ? Number.POSITIVE_INFINITY : now + ttl);
  }
}

function deduplicates(args: FieldTable): boolean {
  const field = args.get(DEDUPLICATES);
  return field?.value === true || field?.value === 'true';
}

function integerIn(table: FieldTable, name: string): number | undefined {
  const field = table.get(name);
  const value = field === undefined ? undefined : integerOf(field);
  return value === undefined ? undefined : Number(value);
}
