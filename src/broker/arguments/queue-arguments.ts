/**
 * The arguments of queues that mean something, each with all that is to be said of it. A new one is an entry here, and
 * the behaviour that it becomes. Arguments that are not listed are accepted as they come.
 */
import { type FieldTable, fieldValue } from '../../amqp/table.js';
import { Overflow, type QueueFeatures } from '../../engine/engine.js';
import type { QueueSettings } from '../requests/requests.js';
import { type Argument, declaredValue, FLAG, NUMBER, TEXT, type Value } from './argument.js';
import {
  atMost,
  mustBeFlag,
  mustBeInteger,
  mustBeText,
  nonNegative,
  oneOfIntegers,
  oneOfTexts,
  positive,
  TIME_MAX,
} from './argument-checks.js';
import { DEDUPLICATION_ARGUMENTS } from './deduplication-arguments.js';
import { anyText, atLeast, oneOf } from './policy-values.js';

export interface QueueArgument<V extends Value> extends Argument<V> {
  /** The only type of queue that takes it; undefined: all do. */
  readonly onlyFor?: 'classic' | 'quorum' | 'stream';
  /** What the queue does for it, given the value that counts, or null: nobody has said anything. */
  becomes?(value: V | null, queue: DeclaredQueue): Behaviour;
}

/** A queue as it is declared and as policies make it. */
export interface DeclaredQueue {
  readonly type: string;
  /** What counts of an argument; null: nobody has said anything. */
  value<V extends Value>(argument: QueueArgument<V>): V | null;
}

/**
 * What a queue does for an argument: something in the core, or that workers know, or when the queue goes unused (ms).
 */
export interface Behaviour {
  readonly features?: Partial<QueueFeatures>;
  readonly settings?: Partial<QueueSettings>;
  readonly expires?: number | null;
}

const PRIORITY_MAX = 255n;
/** How often a message of a quorum queue may come back when nothing else is said. */
const QUORUM_DELIVERY_LIMIT = 20;
/** Limits that no queue can reach are none: the core counts with 32 bits. */
const COUNT_MAX = 2 ** 32 - 1;

const STRATEGIES = ['at-most-once', 'at-least-once'];
const OVERFLOWS = new Map<string, Overflow>([
  ['drop-head', Overflow.DROP_HEAD],
  ['reject-publish', Overflow.REJECT_PUBLISH],
  ['reject-publish-dlx', Overflow.REJECT_PUBLISH_DLX],
]);
const OVERFLOW_NAMES = [...OVERFLOWS.keys()];

const expires: QueueArgument<number> = {
  name: 'x-expires',
  ...NUMBER,
  check: atMost(TIME_MAX, positive, 'value_too_large'),
  compared: true,
  policy: { key: 'expires', title: 'queue expiry', fits: atLeast(1), operators: true },
  becomes: (duration) => ({ expires: duration }),
};

const messageTtl: QueueArgument<number> = {
  name: 'x-message-ttl',
  ...NUMBER,
  check: atMost(TIME_MAX, nonNegative, 'value_too_large'),
  compared: true,
  policy: { key: 'message-ttl', title: 'message TTL', fits: atLeast(0), operators: true },
  becomes: (ttl) => ({ features: { ttl } }),
};

export const deadLetterExchange: QueueArgument<string> = {
  name: 'x-dead-letter-exchange',
  ...TEXT,
  check: mustBeText,
  compared: true,
  policy: { key: 'dead-letter-exchange', title: 'dead letter exchange name', fits: anyText, operators: false },
  becomes: (exchange) => ({
    features: { deadLetters: exchange !== null },
    settings: { deadLetterExchange: exchange },
  }),
};

export const deadLetterRoutingKey: QueueArgument<string> = {
  name: 'x-dead-letter-routing-key',
  ...TEXT,
  check: mustBeText,
  compared: true,
  policy: { key: 'dead-letter-routing-key', title: 'dead letter routing key', fits: anyText, operators: false },
  becomes: (key) => ({ settings: { deadLetterRoutingKey: key } }),
};

/** As in RabbitMQ: with another overflow, the dead letters of a queue that is full would be too many to keep. */
const deadLetterStrategy: QueueArgument<string> = {
  name: 'x-dead-letter-strategy',
  onlyFor: 'quorum',
  ...TEXT,
  check: oneOfTexts(STRATEGIES, () => 'invalid_dlx_strategy'),
  compared: true,
  policy: { key: 'dead-letter-strategy', title: 'dead letter strategy', fits: oneOf(STRATEGIES), operators: false },
  becomes: (strategy, queue) => {
    const keeps =
      queue.type === 'quorum' &&
      strategy === 'at-least-once' &&
      queue.value(overflow) === 'reject-publish' &&
      queue.value(deadLetterExchange) !== null;
    return { settings: { keepsDeadLetters: keeps } };
  },
};

const maxLength: QueueArgument<number> = {
  name: 'x-max-length',
  ...NUMBER,
  check: nonNegative,
  compared: true,
  policy: { key: 'max-length', title: 'maximum length', fits: atLeast(0), operators: true },
  becomes: (limit) => ({ features: { maxLength: reachable(limit) } }),
};

const maxLengthBytes: QueueArgument<number> = {
  name: 'x-max-length-bytes',
  ...NUMBER,
  check: nonNegative,
  compared: true,
  policy: { key: 'max-length-bytes', title: 'maximum length in bytes', fits: atLeast(0), operators: true },
  becomes: (limit) => ({ features: { maxBytes: reachable(limit) } }),
};

const maxPriority: QueueArgument<number> = {
  name: 'x-max-priority',
  onlyFor: 'classic',
  ...NUMBER,
  check: atMost(PRIORITY_MAX, nonNegative, 'max_value_exceeded'),
  compared: true,
  becomes: (highest) => ({ features: { maxPriority: highest ?? 0 } }),
};

/** Quorum queues cannot dead-letter what they refuse; RabbitMQ lets them drop their head then. */
const overflow: QueueArgument<string> = {
  name: 'x-overflow',
  ...TEXT,
  check: oneOfTexts(OVERFLOW_NAMES, () => 'invalid_overflow'),
  compared: true,
  policy: { key: 'overflow', title: 'overflow value', fits: oneOf(OVERFLOW_NAMES), operators: true },
  becomes: (name, queue) => {
    const asked = OVERFLOWS.get(name ?? '') ?? Overflow.DROP_HEAD;
    const isImpossible = queue.type === 'quorum' && asked === Overflow.REJECT_PUBLISH_DLX;
    return { features: { overflow: isImpossible ? Overflow.DROP_HEAD : asked } };
  },
};

const queueMode: QueueArgument<string> = {
  name: 'x-queue-mode',
  onlyFor: 'classic',
  ...TEXT,
  check: oneOfTexts(['default', 'lazy'], (mode) => `"unsupported queue mode '${mode}'"`),
  compared: true,
};

const queueVersion: QueueArgument<number> = {
  name: 'x-queue-version',
  onlyFor: 'classic',
  ...NUMBER,
  check: oneOfIntegers([1n, 2n], 'queue version'),
  compared: true,
};

const singleActiveConsumer: QueueArgument<boolean> = {
  name: 'x-single-active-consumer',
  ...FLAG,
  check: mustBeFlag,
  compared: true,
};

export const queueType: QueueArgument<string> = {
  name: 'x-queue-type',
  ...TEXT,
  check: oneOfTexts(['classic', 'quorum'], (type) => `"unsupported queue type '${type}'"`),
  compared: true,
  otherwise: fieldValue('classic'),
};

/** Good for all types, whatever RabbitMQ says. A negative limit is none, unless somebody else gives one. */
const deliveryLimit: QueueArgument<number> = {
  name: 'x-delivery-limit',
  read: NUMBER.read,
  check: mustBeInteger,
  compared: true,
  combine: (given) => NUMBER.combine(given.filter((limit) => limit >= 0)) ?? given[0],
  policy: { key: 'delivery-limit', title: 'delivery limit', fits: atLeast(0), operators: true },
  becomes: (given, queue) => {
    const isQuorum = queue.type === 'quorum';
    const asked = given ?? (isQuorum ? QUORUM_DELIVERY_LIMIT : null);
    const limit = asked === null || asked < 0 ? null : asked;
    return { features: { deliveryLimit: reachable(limit), deliveryCount: isQuorum || limit !== null } };
  },
};

const consumerTimeout: QueueArgument<number> = {
  name: 'x-consumer-timeout',
  ...NUMBER,
  policy: { key: 'consumer-timeout', title: 'consumer timeout', fits: atLeast(0), operators: false },
  becomes: (timeout) => ({ settings: { consumerTimeout: timeout } }),
};

/** In the order in which RabbitMQ looks at them: with several at fault the first one is told. */
export const QUEUE_ARGUMENTS: readonly QueueArgument<Value>[] = [
  expires,
  messageTtl,
  deadLetterExchange,
  deadLetterRoutingKey,
  deadLetterStrategy,
  foreign('x-max-in-memory-length', 'quorum'),
  foreign('x-max-in-memory-bytes', 'quorum'),
  foreign('x-quorum-initial-group-size', 'quorum'),
  maxLength,
  maxLengthBytes,
  maxPriority,
  overflow,
  queueMode,
  queueVersion,
  foreign('x-queue-master-locator', 'classic'),
  foreign('x-max-age', 'stream'),
  foreign('x-stream-max-segment-size-bytes', 'stream'),
  foreign('x-initial-cluster-size', 'stream'),
  singleActiveConsumer,
  queueType,
  deliveryLimit,
  consumerTimeout,
  ...DEDUPLICATION_ARGUMENTS,
];

/** `classic` unless another type is declared. */
export function queueTypeOf(args: FieldTable): string {
  return declaredValue(queueType, args) ?? 'classic';
}

export function isSingleActiveConsumer(args: FieldTable): boolean {
  return declaredValue(singleActiveConsumer, args) === true;
}

/** An argument that means nothing here, and that RabbitMQ takes for one type of queue only. */
function foreign(name: string, onlyFor: 'classic' | 'quorum' | 'stream'): QueueArgument<string> {
  return { name, onlyFor, ...TEXT };
}

function reachable(limit: number | null): number | null {
  return limit !== null && limit < COUNT_MAX ? limit : null;
}
