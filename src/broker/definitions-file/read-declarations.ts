/** What is declared, in a file of definitions: exchanges, queues, bindings. */
import type { FieldTable } from '../../amqp/table.js';
import { queueType, queueTypeOf } from '../arguments/queue-arguments.js';
import { queueRefusal } from '../arguments/queue-declaration.js';
import { newExchangeRefusal } from '../decisions/exchanges.js';
import { DEFAULT_EXCHANGE, describe, isReserved } from '../requests/names.js';
import type { BindingDeclaration, ExchangeDeclaration, QueueDeclaration } from './entries.js';
import { DefinitionsError, type Fields, mustBe } from './fields.js';
import { argumentsIn } from './json-arguments.js';
import type { Notes } from './notes.js';
import { type Scope, vhostIn } from './scope.js';

export function readExchanges(file: Fields, scope: Scope, notes: Notes): ExchangeDeclaration[] {
  return file.each('exchanges', (fields) => {
    const exchange = fields.resource('name');
    const vhost = vhostIn(fields, scope);
    if (exchange === DEFAULT_EXCHANGE || isReserved(exchange)) {
      notes.add('exchanges', `${describe('exchange', vhost, exchange)} is left out: each vhost has its own`);
      return [];
    }
    const request = {
      op: 'exchange.declare',
      vhost,
      exchange,
      type: fields.text('type'),
      passive: false,
      durable: fields.flag('durable'),
      autoDelete: fields.flag('auto_delete'),
      internal: fields.flag('internal'),
      arguments: argumentsIn(fields),
    } as const;
    const refusal = newExchangeRefusal(request, exchange);
    if (refusal !== null) throw new DefinitionsError(fields.place, `cannot be declared: ${refusal.text}`);
    return [{ place: fields.place, request }];
  });
}

export function readQueues(file: Fields, scope: Scope, notes: Notes): QueueDeclaration[] {
  return file.each('queues', (fields) => {
    const queue = fields.resource('name');
    const vhost = vhostIn(fields, scope);
    const what = describe('queue', vhost, queue);
    const args = typedArguments(fields);
    if (isReserved(queue) || queue === '') {
      notes.add('queues', `${what} is left out: the broker gives such names`);
      return [];
    }
    if (queueTypeOf(args) === 'stream') {
      notes.add('queues', `${what} is left out: there are no streams`);
      return [];
    }
    const properties = { durable: fields.flag('durable'), autoDelete: fields.flag('auto_delete'), exclusive: false };
    const request = { op: 'queue.declare', vhost, queue, passive: false, ...properties, arguments: args } as const;
    const refusal = queueRefusal({ ...request, named: true });
    if (refusal !== null) throw new DefinitionsError(fields.place, `cannot be declared: ${refusal.text}`);
    return [{ place: fields.place, request }];
  });
}

/**
 * RabbitMQ says a queue's type beside the arguments, too, and in newer versions there alone: it counts before the
 * vhost's default type.
 */
function typedArguments(fields: Fields): FieldTable {
  const args = argumentsIn(fields);
  const type = fields.optionalText('type');
  if (type === undefined || args.has(queueType.name)) return args;
  return new Map([...args, [queueType.name, { type: 'S', value: type }]]);
}

const DESTINATIONS = ['queue', 'exchange'];

export function readBindings(file: Fields, scope: Scope): BindingDeclaration[] {
  return file.each<BindingDeclaration>('bindings', (fields) => {
    const { place } = fields;
    const vhost = vhostIn(fields, scope);
    const source = fields.resource('source');
    const destination = fields.resource('destination');
    const rest = { vhost, routingKey: fields.resource('routing_key'), arguments: argumentsIn(fields) };
    const kind = fields.text('destination_type');
    if (!DESTINATIONS.includes(kind)) fields.fail('destination_type', mustBe(DESTINATIONS.join(' or '), kind));
    return kind === 'queue'
      ? [{ place, request: { op: 'queue.bind', queue: destination, exchange: source, ...rest } }]
      : [{ place, request: { op: 'exchange.bind', destination, source, ...rest } }];
  });
}
