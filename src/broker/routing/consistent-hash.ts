/**
 * Consistent hash: each message goes to one destination, messages that hash alike to the same; a binding's key says how
 * many shares its destination has. What is hashed is the routing key, a header, or a property.
 *
 * The shares stand in a row, and a jump hash picks one of them: when a share comes at the end, only what goes to it
 * moves. As in RabbitMQ's plugin a destination's first binding counts, and with any of its bindings it loses all of its
 * shares.
 */
import type { FieldTable } from '../../amqp/table.js';
import { comparable } from '../arguments/field-values.js';
import type { Bound, Routable, Router } from './router.js';
import { ShareRow } from './share-row.js';
import { textHash } from './text-hash.js';

const HASH_HEADER = 'hash-header';
const HASH_PROPERTY = 'hash-property';

const PROPERTIES = {
  message_id: 'messageId',
  correlation_id: 'correlationId',
  timestamp: 'timestamp',
} as const;

/** What a message hashes by; messages without it go the same way. */
type HashKey = (message: Routable) => string;

export class ConsistentHashRouter<B extends Bound> implements Router<B> {
  readonly #hashKey: HashKey;
  /** By destination. */
  readonly #shares = new ShareRow<object, B>();

  constructor(args: FieldTable) {
    this.#hashKey = hashKeyOf(args);
  }

  add(binding: B): void {
    const { destination, routingKey } = binding;
    if (!this.#shares.has(destination)) this.#shares.add(destination, binding, weightOf(routingKey));
  }

  remove(binding: B): void {
    this.#shares.remove(binding.destination);
  }

  match(message: Routable, found: (binding: B) => void): void {
    const { total } = this.#shares;
    if (total === 0) return;
    const chosen = this.#shares.ownerOf(jump(textHash(this.#hashKey(message)), total));
    if (chosen !== undefined) found(chosen);
  }
}

/** Whether the routing key alone decides. */
export function hashesByKey(args: FieldTable): boolean {
  return !args.has(HASH_HEADER) && !args.has(HASH_PROPERTY);
}

/** Why RabbitMQ would not declare an exchange with these arguments; null when it would. */
export function hashArgumentsError(args: FieldTable): string | null {
  const header = args.get(HASH_HEADER);
  const property = args.get(HASH_PROPERTY);
  if (header !== undefined && property !== undefined) return 'hash-header and hash-property are mutually exclusive';
  if (header !== undefined && header.type !== 'S') return `Invalid hash-header: ${comparable(header)}`;
  if (property === undefined) return null;
  if (property.type === 'S' && Object.hasOwn(PROPERTIES, property.value)) return null;
  return `Unsupported property: ${property.type === 'S' ? property.value : comparable(property)}`;
}

/** Why RabbitMQ would not bind with this key; null when it would. */
export function weightError(routingKey: string): string | null {
  if (!/^[+-]?\d+$/.test(routingKey)) {
    return `The binding key must be an integer: <<${routingKey === '' ? '' : `"${routingKey}"`}>>`;
  }
  return Number(routingKey) < 1 ? 'The binding key must be greater than 0' : null;
}

function hashKeyOf(args: FieldTable): HashKey {
  const header = args.get(HASH_HEADER);
  if (header?.type === 'S') {
    return ({ properties }) => {
      const field = properties.headers?.get(header.value);
      return field === undefined ? '' : comparable(field);
    };
  }
  const property = args.get(HASH_PROPERTY);
  if (property?.type === 'S' && Object.hasOwn(PROPERTIES, property.value)) {
    const name = PROPERTIES[property.value as keyof typeof PROPERTIES];
    return ({ properties }) => String(properties[name] ?? '');
  }
  return ({ keys }) => keys[0] ?? '';
}

/** More shares than this are no more precise. */
const WEIGHT_MAX = 2 ** 31;

function weightOf(routingKey: string): number {
  return Math.min(Number(routingKey), WEIGHT_MAX);
}

/**
 * Jump consistent hash (Lamping and Veach): a share from 0 to `count` - 1. Its random numbers are drawn from the key.
 */
function jump(key: number, count: number): number {
  let state = key;
  let share = 0;
  for (let next = 0; next < count; ) {
    share = next;
    state = (state + 0x9e3779b9) >>> 0;
    next = Math.floor((share + 1) / fraction(state));
  }
  return share;
}

/** A number above 0, at most 1, for each state: the finalizer of murmur3. */
function fraction(state: number): number {
  let mixed = state;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  mixed ^= mixed >>> 16;
  return ((mixed >>> 0) + 1) / 2 ** 32;
}
