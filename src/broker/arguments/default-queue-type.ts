/**
 * The type of queues that are declared without one, where their vhost has such a type. What must hold: a queue that
 * cannot be of that type is classic, as in RabbitMQ.
 */
import type { FieldTable } from '../../amqp/table.js';
import type { DefaultQueueType } from '../requests/vhost-metadata.js';
import { queueType } from './queue-arguments.js';
import { type QueueDeclaration, unfitForQuorum } from './queue-declaration.js';

type Declared = Pick<QueueDeclaration, 'queue' | 'durable' | 'exclusive' | 'autoDelete' | 'arguments'>;

/** The arguments of a declaration as they count. */
export function withDefaultType(declared: Declared, type: DefaultQueueType): FieldTable {
  const { arguments: args, queue } = declared;
  if (type === null || args.has(queueType.name)) return args;
  if (type === 'quorum' && (queue === '' || unfitForQuorum(declared) !== null)) return args;
  return new Map([...args, [queueType.name, { type: 'S', value: type }]]);
}
