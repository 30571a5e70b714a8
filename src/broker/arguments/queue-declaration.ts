/**
 * Whether a queue may be as it is declared, in the order in which RabbitMQ looks, and with its words: names of
 * exchanges first, then what its type bears, then argument by argument.
 */
import type { FieldTable } from '../../amqp/table.js';
import { describe } from '../requests/names.js';
import { invalidArgument, precondition } from '../requests/refusals.js';
import type { Refusal } from '../requests/requests.js';
import { argumentRefusal, exchangeNameRefusal } from './argument.js';
import { compareArguments } from './equivalence.js';
import {
  deadLetterExchange,
  deadLetterRoutingKey,
  QUEUE_ARGUMENTS,
  queueType,
  queueTypeOf,
} from './queue-arguments.js';

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
  const { vhost, queue, arguments: args } = declaration;
  const resource = describe('queue', vhost, queue);
  return (
    exchangeNameRefusal(deadLetterExchange, args, resource) ??
    argumentRefusal([queueType], args, resource) ??
    propertyRefusal(declaration, resource) ??
    foreignArgumentRefusal(args, resource) ??
    argumentRefusal(QUEUE_ARGUMENTS, args, resource) ??
    deadLetterKeyRefusal(args, resource)
  );
}

/** Why a queue that has `current` is not what was declared with `received`; null when it is. */
export function queueArgumentsDifference(resource: string, received: FieldTable, current: FieldTable): Refusal | null {
  return compareArguments(resource, QUEUE_ARGUMENTS, received, current);
}

/** A quorum queue is always durable, shared and lasting. */
function propertyRefusal(declaration: QueueDeclaration, resource: string): Refusal | null {
  if (queueTypeOf(declaration.arguments) !== 'quorum') return null;
  if (!declaration.named) {
    return precondition('Cannot declare a server-named queue for type rabbit_quorum_queue');
  }
  const property = unfitForQuorum(declaration);
  return property === null ? null : precondition(`invalid property '${property}' for ${resource}`);
}

/** What a queue is that a quorum queue cannot be; null: nothing. */
export function unfitForQuorum({
  autoDelete,
  exclusive,
  durable,
}: Pick<QueueDeclaration, 'autoDelete' | 'exclusive' | 'durable'>): string | null {
  if (autoDelete) return 'auto-delete';
  if (exclusive) return 'exclusive-owner';
  return durable ? null : 'non-durable';
}

function foreignArgumentRefusal(args: FieldTable, resource: string): Refusal | null {
  const type = queueTypeOf(args);
  for (const { name, onlyFor = type } of QUEUE_ARGUMENTS) {
    if (onlyFor === type || !args.has(name)) continue;
    return precondition(`invalid arg '${name}' for ${resource} of queue type rabbit_${type}_queue`);
  }
  return null;
}

function deadLetterKeyRefusal(args: FieldTable, resource: string): Refusal | null {
  const { name } = deadLetterRoutingKey;
  if (!args.has(name) || args.has(deadLetterExchange.name)) return null;
  return invalidArgument(name, resource, 'routing_key_but_no_dlx_defined');
}
