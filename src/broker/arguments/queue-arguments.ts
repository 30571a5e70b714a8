/**
 * The arguments of queue.declare and basic.consume that mean something: their types and values, checked in RabbitMQ's
 * order and with its texts, and compared when a queue is declared again. Arguments that are not listed are accepted as
 * they come.
 */
import { type FieldTable, table } from '../../amqp/table.js';
import { describe } from '../requests/names.js';
import { invalidArgument, precondition } from '../requests/refusals.js';
import type { Refusal } from '../requests/requests.js';
import {
  type ArgumentCheck,
  argumentRefusal,
  atMost,
  flag,
  integer,
  nonNegative,
  oneOfIntegers,
  oneOfTexts,
  positive,
  TIME_MAX,
  text,
} from './argument-checks.js';
import { deduplicationChecks } from './deduplication.js';
import { compareArguments } from './equivalence.js';
import { integerOf, typeName } from './field-values.js';

const QUEUE_TYPE = 'x-queue-type';
const DEAD_LETTER_EXCHANGE = 'x-dead-letter-exchange';
const DEAD_LETTER_ROUTING_KEY = 'x-dead-letter-routing-key';
const SINGLE_ACTIVE_CONSUMER = 'x-single-active-consumer';
const PRIORITY_MAX = 255n;
const INT32_MIN = -(2n ** 31n);
const INT32_MAX = 2n ** 31n - 1n;

const DEFAULTS = table({ [QUEUE_TYPE]: 'classic' });

const checkQueueType = oneOfTexts(['classic', 'quorum'], (type) => `"unsupported queue type '${type}'"`);

/** In the order in which RabbitMQ looks at them: with several at fault the first one is told. */
const QUEUE_CHECKS = new Map<string, ArgumentCheck>([
  ['x-expires', atMost(TIME_MAX, positive, 'value_too_large')],
  ['x-message-ttl', atMost(TIME_MAX, nonNegative, 'value_too_large')],
  [DEAD_LETTER_EXCHANGE, text],
  [DEAD_LETTER_ROUTING_KEY, text],
  ['x-dead-letter-strategy', oneOfTexts(['at-most-once', 'at-least-once'], () => 'invalid_dlx_strategy')],
  ['x-max-length', nonNegative],
  ['x-max-length-bytes', nonNegative],
  ['x-max-priority', atMost(PRIORITY_MAX, nonNegative, 'max_value_exceeded')],
  ['x-overflow', oneOfTexts(['drop-head', 'reject-publish', 'reject-publish-dlx'], () => 'invalid_overflow')],
  ['x-queue-mode', oneOfTexts(['default', 'lazy'], (mode) => `"unsupported queue mode '${mode}'"`)],
  ['x-queue-version', oneOfIntegers([1n, 2n], 'queue version')],
  [SINGLE_ACTIVE_CONSUMER, flag],
  [QUEUE_TYPE, checkQueueType],
  ['x-delivery-limit', integer],
]);

/** Arguments that only one type of queue takes. A delivery limit is good for all, whatever RabbitMQ says. */
const ONLY_FOR = new Map([
  ['x-dead-letter-strategy', 'quorum'],
  ['x-max-in-memory-length', 'quorum'],
  ['x-max-in-memory-bytes', 'quorum'],
  ['x-quorum-initial-group-size', 'quorum'],
  ['x-max-priority', 'classic'],
  ['x-queue-mode', 'classic'],
  ['x-queue-version', 'classic'],
  ['x-queue-master-locator', 'classic'],
  ['x-max-age', 'stream'],
  ['x-stream-max-segment-size-bytes', 'stream'],
  ['x-initial-cluster-size', 'stream'],
]);

const CONSUMER_PRIORITY = 'x-priority';
const CONSUMER_CHECKS = new Map<string, ArgumentCheck>([
  [CONSUMER_PRIORITY, integer],
  ['x-cancel-on-ha-failover', flag],
]);

/** What is declared, as far as its type may mind. `named`: the client has chosen the name. */
export interface QueueDeclaration {
  readonly vhost: string;
  readonly queue: string;
  readonly named: boolean;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly arguments: FieldTable;
}

/** Why a new queue cannot be as declared; null when it can. */
export function queueRefusal(declaration: QueueDeclaration): Refusal | null {
  return (
    deadLetterExchangeRefusal(declaration) ??
    queueTypeRefusal(declaration) ??
    propertyRefusal(declaration) ??
    foreignArgumentRefusal(declaration) ??
    checkArguments(QUEUE_CHECKS, declaration) ??
    checkArguments(deduplicationChecks(declaration.arguments), declaration) ??
    deadLetterKeyRefusal(declaration)
  );
}

/** Why a consumer cannot have these arguments; null when it can. */
export function consumerRefusal(vhost: string, queue: string, args: FieldTable): Refusal | null {
  return checkArguments(CONSUMER_CHECKS, { vhost, queue, arguments: args });
}

/** The rank that a consumer asks for, as near as 32 bits come to it. */
export function consumerPriority(args: FieldTable): number {
  const field = args.get(CONSUMER_PRIORITY);
  const priority = field === undefined ? 0n : (integerOf(field) ?? 0n);
  if (priority < INT32_MIN) return Number(INT32_MIN);
  return Number(priority > INT32_MAX ? INT32_MAX : priority);
}

/** Why a queue that has `current` is not what was declared with `received`; null when it is. */
export function queueArgumentsDifference(
  definitionKey: string,
  received: FieldTable,
  current: FieldTable,
): Refusal | null {
  return compareArguments(definitionKey, [...QUEUE_CHECKS.keys()], received, current, DEFAULTS);
}

export function isSingleActiveConsumer(args: FieldTable): boolean {
  return args.get(SINGLE_ACTIVE_CONSUMER)?.value === true;
}

type WithArguments = Pick<QueueDeclaration, 'vhost' | 'queue' | 'arguments'>;

function checkArguments(checks: ReadonlyMap<string, ArgumentCheck>, definitionKey: WithArguments): Refusal | null {
  return argumentRefusal(checks, definitionKey.arguments, 'queue', definitionKey.vhost, definitionKey.queue);
}

function queueTypeRefusal(definitionKey: WithArguments): Refusal | null {
  return checkArguments(new Map([[QUEUE_TYPE, checkQueueType]]), definitionKey);
}

/** The exchange that a queue's arguments name for its dead letters; null: none, or none that could be. */
export function deadLetterExchangeOf(args: FieldTable): string | null {
  const exchange = args.get(DEAD_LETTER_EXCHANGE);
  return exchange?.type === 'S' ? exchange.value : null;
}

/** RabbitMQ resolves this argument to an exchange before it checks any other, and words it differently. */
function deadLetterExchangeRefusal({ vhost, queue, arguments: args }: QueueDeclaration): Refusal | null {
  const exchange = args.get(DEAD_LETTER_EXCHANGE);
  if (exchange === undefined || exchange.type === 'S') return null;
  return precondition(
    `invalid type '${typeName(exchange)}' for arg '${DEAD_LETTER_EXCHANGE}' in ${describe('queue', vhost, queue)}`,
  );
}

function deadLetterKeyRefusal({ vhost, queue, arguments: args }: QueueDeclaration): Refusal | null {
  if (!args.has(DEAD_LETTER_ROUTING_KEY) || args.has(DEAD_LETTER_EXCHANGE)) return null;
  return invalidArgument(DEAD_LETTER_ROUTING_KEY, describe('queue', vhost, queue), 'routing_key_but_no_dlx_defined');
}

/** A quorum queue is always durable, shared and lasting. */
function propertyRefusal(declaration: QueueDeclaration): Refusal | null {
  if (queueTypeOf(declaration.arguments) !== 'quorum') return null;
  if (!declaration.named) {
    return precondition('Cannot declare a server-named queue for type rabbit_quorum_queue');
  }
  const property = unfitForQuorum(declaration);
  if (property === null) return null;
  return precondition(`invalid property '${property}' for ${describe('queue', declaration.vhost, declaration.queue)}`);
}

function unfitForQuorum({ autoDelete, exclusive, durable }: QueueDeclaration): string | null {
  if (autoDelete) return 'auto-delete';
  if (exclusive) return 'exclusive-owner';
  return durable ? null : 'non-durable';
}

function foreignArgumentRefusal(declaration: QueueDeclaration): Refusal | null {
  const type = queueTypeOf(declaration.arguments);
  for (const [name, onlyFor] of ONLY_FOR) {
    if (onlyFor === type || !declaration.arguments.has(name)) continue;
    const queue = describe('queue', declaration.vhost, declaration.queue);
    return precondition(`invalid arg '${name}' for ${queue} of queue type rabbit_${type}_queue`);
  }
  return null;
}

/** `classic` unless another type is declared. */
export function queueTypeOf(args: FieldTable): string {
  const type = args.get(QUEUE_TYPE);
  return type?.type === 'S' ? type.value : 'classic';
}
