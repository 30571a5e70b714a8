/**
 * What a change of the topology is told as. What must hold: a change is looked at while the view is still without it:
 * what goes with what it deletes is told, too.
 */
import type { FieldTable, FieldValue } from '../../amqp/table.js';
import type { User } from '../access/accounts.js';
import { DEFAULT_VHOST, EVENT_EXCHANGE, NODE_NAME } from '../requests/names.js';
import type { Change } from '../requests/requests.js';
import { NO_METADATA, type VhostMetadata } from '../requests/vhost-metadata.js';
import { predeclaredExchanges } from '../topology/predeclared.js';
import type { Binding, BindingChange } from '../topology/topology-entries.js';
import type { TopologyView } from '../topology/topology-view.js';
import type { Announcements, Told } from './announcements.js';
import { processText } from './event.js';
import { fieldTexts, flag, metadataText, text, texts } from './event-values.js';

type ExchangeDeclared = Extract<Change, { kind: 'exchange.declared' }>;
type QueueDeclared = Extract<Change, { kind: 'queue.declared' }>;

/** Tells of a change, if anybody hears it. */
export function tellOfChange(announcements: Announcements, view: TopologyView, change: Change): void {
  if (!announcements.isHeard && !makesHeard(change)) return;
  const tell = (name: string, told: Told): void => announcements.tell(name, told);
  switch (change.kind) {
    case 'exchange.declared':
      return tell('exchange.created', exchangeFields(change));
    case 'exchange.deleted':
      tell('exchange.deleted', named(change.vhost, change.exchange));
      return tellUnbound(tell, bindingsOfExchange(view, change.vhost, change.exchange));
    case 'queue.declared':
      return tell('queue.created', queueFields(change));
    case 'queue.deleted':
      tellUnbound(tell, view.queue(change.vhost, change.queue)?.incoming ?? []);
      return tell('queue.deleted', named(change.vhost, change.queue));
    case 'bound':
    case 'unbound':
      return tell(change.kind === 'bound' ? 'binding.created' : 'binding.deleted', bindingFields(change));
    case 'vhost.created':
      for (const exchange of predeclaredExchanges(change.vhost, [])) tell('exchange.created', exchangeFields(exchange));
      return tell('vhost.created', vhostFields(change.vhost, NO_METADATA));
    case 'vhost.changed':
      return tell('vhost.updated', vhostFields(change.vhost, change.metadata));
    case 'vhost.deleted':
      for (const { user } of view.accounts.permissionsIn(change.vhost))
        tell('permission.deleted', holder(user, change.vhost));
      return tell('vhost.deleted', [['name', text(change.vhost)]]);
    case 'user.set':
      return tellOfUser(tell, view.accounts.user(change.user.name), change.user);
    case 'user.deleted':
      return tell('user.deleted', [['name', text(change.user)]]);
    case 'permissions.set': {
      const { user, vhost, configure, write, read } = change.permissions;
      const rights = fields({ configure: text(configure), write: text(write), read: text(read) });
      return tell('permission.created', [...holder(user, vhost), ...rights]);
    }
    case 'permissions.cleared':
      return tell('permission.deleted', holder(change.user, change.vhost));
    case 'topic-permissions.set': {
      const { user, vhost, exchange, write, read } = change.permissions;
      const rights = fields({ exchange: text(exchange), write: text(write), read: text(read) });
      return tell('topic.permission.created', [...holder(user, vhost), ...rights]);
    }
    case 'topic-permissions.cleared':
      return tell('topic.permission.deleted', [
        ...holder(change.user, change.vhost),
        ['exchange', text(change.exchange)],
      ]);
    case 'exchange.changed':
    case 'queue.changed':
    case 'queue.paused':
    case 'delayed.opened':
    case 'reply.opened':
    case 'reply.closed':
      return;
    default:
      change satisfies never;
  }
}

/** Whether this is the first to be heard. */
function makesHeard(change: Change): boolean {
  return change.kind === 'bound' && change.vhost === DEFAULT_VHOST && change.source === EVENT_EXCHANGE;
}

function exchangeFields(declared: ExchangeDeclared): Told {
  const { vhost, exchange, type, durable, autoDelete, internal } = declared;
  return [
    ...named(vhost, exchange),
    ['type', text(type)],
    ['durable', flag(durable)],
    ['auto_delete', flag(autoDelete)],
    ['internal', flag(internal)],
    ['arguments', fieldTexts(declared.arguments)],
    ['policy', text('')],
  ];
}

function queueFields(declared: QueueDeclared): Told {
  const { vhost, queue, durable, autoDelete, owner } = declared;
  return [
    ...named(vhost, queue),
    ['durable', flag(durable)],
    ['auto_delete', flag(autoDelete)],
    ['arguments', fieldTexts(declared.arguments)],
    ['owner_pid', text(owner === null ? '' : processText(owner))],
    ['exclusive', flag(owner !== null)],
  ];
}

type BindingFacts = Pick<
  BindingChange,
  'vhost' | 'source' | 'destination' | 'destinationKind' | 'routingKey' | 'arguments'
>;

function bindingFields({
  vhost,
  source,
  destination,
  destinationKind,
  routingKey,
  arguments: args,
}: BindingFacts): Told {
  return [
    ['source_name', text(source)],
    ['source_kind', text('exchange')],
    ['destination_name', text(destination)],
    ['destination_kind', text(destinationKind)],
    ['routing_key', text(routingKey)],
    ['arguments', fieldTexts(sorted(args))],
    ['vhost', text(vhost)],
  ];
}

/** RabbitMQ has them by their names. */
function sorted(args: FieldTable): FieldTable {
  return new Map([...args].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function* bindingsOfExchange(view: TopologyView, vhost: string, name: string): Iterable<Binding> {
  const exchange = view.exchange(vhost, name);
  if (exchange === undefined) return;
  yield* exchange.outgoing.values();
  for (const binding of exchange.incoming) if (binding.source !== exchange) yield binding;
}

function tellUnbound(tell: (name: string, told: Told) => void, bindings: Iterable<Binding>): void {
  for (const { source, destination, routingKey, arguments: args } of bindings)
    tell(
      'binding.deleted',
      bindingFields({
        vhost: source.vhost,
        source: source.name,
        destination: destination.name,
        destinationKind: destination.kind,
        routingKey,
        arguments: args,
      }),
    );
}

function vhostFields(vhost: string, metadata: VhostMetadata): Told {
  const { description, tags, defaultQueueType, tracing } = metadata;
  return [
    ['name', text(vhost)],
    ['default_queue_type', text(defaultQueueType ?? 'undefined')],
    ['metadata', text(metadataText(metadata))],
    ['tracing', flag(tracing)],
    ['cluster_state', { type: 'F', value: new Map([[NODE_NAME, text('running')]]) }],
    ['description', text(description)],
    ['tags', texts(tags)],
  ];
}

/** What is new of a user: one that stays as it was is not told of. */
function tellOfUser(tell: (name: string, told: Told) => void, before: User | undefined, user: User): void {
  const name = [['name', text(user.name)]] as const;
  if (before === undefined) tell('user.created', name);
  else if (before.passwordHash !== user.passwordHash || before.hashingAlgorithm !== user.hashingAlgorithm)
    tell(user.passwordHash === '' ? 'user.password.cleared' : 'user.password.changed', name);
  if ((before?.tags ?? []).join() !== user.tags.join()) tell('user.tags.set', [...name, ['tags', texts(user.tags)]]);
}

/** A queue or an exchange. */
function named(vhost: string, name: string): Told {
  return fields({ name: text(name), vhost: text(vhost) });
}

function holder(user: string, vhost: string): Told {
  return fields({ user: text(user), vhost: text(vhost) });
}

function fields(values: Readonly<Record<string, FieldValue>>): Told {
  return Object.entries(values);
}
