/**
 * What a queue's arguments and the policies on it come to: the rules that the core keeps, the settings that workers
 * know, and its lease. What must hold: of two numbers the smaller counts; of two names, or ways to overflow, the
 * argument's.
 */
import type { FieldTable } from '../../amqp/table.js';
import { Overflow, type QueueRules } from '../../engine/engine.js';
import type { Definition, OverflowName } from '../policies/policy-definition.js';
import type { QueueSettings } from '../requests/requests.js';
import { integerOf } from './field-values.js';
import { queueTypeOf } from './queue-arguments.js';

export interface QueueEffects {
  readonly rules: QueueRules;
  readonly settings: QueueSettings;
  /** How long the queue may be unused before it goes (ms). */
  readonly expires: number | null;
}

/** How often a message of a quorum queue may come back when nothing else is said. */
const QUORUM_DELIVERY_LIMIT = 20;
/** Limits that no queue can reach are none: the core counts with 32 bits. */
const COUNT_MAX = 2 ** 32 - 1;

const OVERFLOWS: Record<OverflowName, Overflow> = {
  'drop-head': Overflow.DROP_HEAD,
  'reject-publish': Overflow.REJECT_PUBLISH,
  'reject-publish-dlx': Overflow.REJECT_PUBLISH_DLX,
};

/** The arguments have been checked, and so has the policy. */
export function queueEffects(args: FieldTable, policy: Definition): QueueEffects {
  const declared = new Declared(args);
  const quorum = queueTypeOf(args) === 'quorum';
  const deadLetterExchange = declared.text('x-dead-letter-exchange') ?? policy['dead-letter-exchange'] ?? null;
  const overflow = overflowOf(declared.text('x-overflow') ?? policy.overflow, quorum);
  const strategy = declared.text('x-dead-letter-strategy') ?? policy['dead-letter-strategy'];
  // As in RabbitMQ: with another overflow, the letters of a queue that is full would be too many to keep.
  const keeps = quorum && overflow === Overflow.REJECT_PUBLISH && strategy === 'at-least-once';
  const deliveryLimit = deliveryLimitOf(declared.integer('x-delivery-limit'), policy['delivery-limit'], quorum);
  return {
    rules: {
      ttl: smaller(declared.integer('x-message-ttl'), policy['message-ttl']),
      maxLength: reachable(smaller(declared.integer('x-max-length'), policy['max-length'])),
      maxBytes: reachable(smaller(declared.integer('x-max-length-bytes'), policy['max-length-bytes'])),
      overflow,
      deadLetters: deadLetterExchange !== null,
      maxPriority: declared.integer('x-max-priority') ?? 0,
      deliveryLimit: reachable(deliveryLimit),
      deliveryCount: quorum || deliveryLimit !== null,
    },
    settings: {
      deadLetterExchange,
      deadLetterRoutingKey: declared.text('x-dead-letter-routing-key') ?? policy['dead-letter-routing-key'] ?? null,
      keepsDeadLetters: keeps && deadLetterExchange !== null,
      consumerTimeout: smaller(declared.integer('x-consumer-timeout'), policy['consumer-timeout']),
    },
    expires: smaller(declared.integer('x-expires'), policy.expires),
  };
}

/** The arguments of a queue by their types. */
class Declared {
  readonly #args: FieldTable;

  constructor(args: FieldTable) {
    this.#args = args;
  }

  integer(name: string): number | undefined {
    const field = this.#args.get(name);
    const value = field === undefined ? undefined : integerOf(field);
    return value === undefined ? undefined : Number(value);
  }

  text(name: string): string | undefined {
    const field = this.#args.get(name);
    return field?.type === 'S' ? field.value : undefined;
  }
}

function smaller(a: number | undefined, b: number | undefined): number | null {
  if (a === undefined || b === undefined) return a ?? b ?? null;
  return Math.min(a, b);
}

function reachable(limit: number | null): number | null {
  return limit !== null && limit < COUNT_MAX ? limit : null;
}

/** A negative limit is none, unless the other side gives one. */
function deliveryLimitOf(declared: number | undefined, policy: number | undefined, quorum: boolean): number | null {
  const given = [declared, policy].filter((limit) => limit !== undefined);
  const positive = given.filter((limit) => limit >= 0);
  if (positive.length > 0) return Math.min(...positive);
  return quorum && given.length === 0 ? QUORUM_DELIVERY_LIMIT : null;
}

/** Quorum queues cannot dead-letter what they refuse; RabbitMQ lets them drop their head then. */
function overflowOf(name: string | undefined, quorum: boolean): Overflow {
  if (!isOverflow(name) || (quorum && name === 'reject-publish-dlx')) return Overflow.DROP_HEAD;
  return OVERFLOWS[name];
}

function isOverflow(name: string | undefined): name is OverflowName {
  return name !== undefined && Object.hasOwn(OVERFLOWS, name);
}
