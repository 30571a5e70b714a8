/**
 * What a change of topology means to the store, and what the store's definitions mean to the topology. Only what is
 * durable is stored, and a binding is when both its ends are; what every vhost has from the beginning is not.
 * What must hold: a deletion takes along all that hangs on what is deleted; names and tables come back octet by octet.
 */
import { decodeTable, encodeTable, type FieldTable } from '../../amqp/table.js';
import { decodeText, encodeText } from '../../amqp/text.js';
import type {
  BindingDefinition,
  DefinitionChange,
  ExchangeDefinition,
  GlobalParameterDefinition,
  LimitsDefinition,
  PermissionDefinition,
  PolicyDefinition,
  QueueDefinition,
  TopicPermissionDefinition,
  UserDefinition,
  VhostDefinition,
} from '../../store/definitions.js';
import { idOf, logIdOf } from '../../store/queue-numbers.js';
import type { Permissions, User } from '../access/accounts.js';
import { isHashingAlgorithm } from '../access/passwords.js';
import type { TopicPermissions } from '../access/topic-permissions.js';
import type { GlobalParameter } from '../policies/global-parameters.js';
import type { LimitScope, LimitSet } from '../policies/limits.js';
import type { Policy, PolicyKind, PolicyProposal } from '../policies/policies.js';
import { isReserved } from '../requests/names.js';
import type { Change } from '../requests/requests.js';
import { defaultQueueTypeOf, NO_METADATA, type VhostMetadata } from '../requests/vhost-metadata.js';
import type { Binding, BindingChange } from '../topology/topology-entries.js';
import type { TopologyView } from '../topology/topology-view.js';

type DelayedQueueOpened = Extract<Change, { kind: 'delayed.opened' }>;
type QueueDeclared = Extract<Change, { kind: 'queue.declared' }>;
type QueuePaused = Extract<Change, { kind: 'queue.paused' }>;
type ExchangeDeclared = Extract<Change, { kind: 'exchange.declared' }>;

/** What is to be stored of a change that `view` has not seen yet. */
export function recordsOf(view: TopologyView, change: Change): DefinitionChange[] {
  switch (change.kind) {
    case 'vhost.created':
      return [vhostRecord(change.vhost, NO_METADATA)];
    case 'vhost.changed':
      return [vhostRecord(change.vhost, change.metadata)];
    case 'vhost.deleted':
      return [
        { remove: 'vhost', definition: { name: stored(change.vhost) } },
        ...view.accounts.permissionsIn(change.vhost).map(permissionsRemoval),
        ...view.accounts.topicPermissionsIn(change.vhost).map(topicPermissionsRemoval),
      ];
    case 'user.set':
      return [userRecord(change.user)];
    case 'user.deleted':
      return [
        { remove: 'user', definition: { name: stored(change.user) } },
        ...view.accounts.permissionsOf(change.user).map(permissionsRemoval),
        ...view.accounts.topicPermissionsOf(change.user).map(topicPermissionsRemoval),
      ];
    case 'permissions.set':
      return [permissionsRecord(change.permissions)];
    case 'permissions.cleared':
      return [permissionsRemoval(change)];
    case 'topic-permissions.set':
      return [topicPermissionsRecord(change.permissions)];
    case 'topic-permissions.cleared':
      return [topicPermissionsRemoval(change)];
    case 'exchange.declared':
      return change.durable ? [{ put: 'exchange', definition: exchangeDefinition(change) }] : [];
    case 'delayed.opened':
      return delayedQueueRecord(view, change);
    case 'exchange.deleted':
      return exchangeRemoval(view, change.vhost, change.exchange);
    case 'queue.declared':
      return change.logId === 0 ? [] : [{ put: 'queue', definition: queueDefinition(change) }];
    case 'queue.paused':
      return queuePaused(view, change);
    case 'queue.deleted':
      return queueRemoval(view, change.vhost, change.queue);
    case 'bound':
      return isDurable(view, change) ? [{ put: 'binding', definition: bindingDefinition(change) }] : [];
    case 'unbound':
      return isDurable(view, change) ? [{ remove: 'binding', definition: unboundDefinition(view, change) }] : [];
    case 'exchange.changed':
    case 'queue.changed':
    case 'reply.opened':
    case 'reply.closed':
      return [];
    default:
      return change satisfies never;
  }
}

export function vhostRecord(vhost: string, metadata: VhostMetadata): DefinitionChange {
  return { put: 'vhost', definition: { name: stored(vhost), ...metadata } };
}

export function userRecord({ name, passwordHash, hashingAlgorithm, tags }: User): DefinitionChange {
  return { put: 'user', definition: { name: stored(name), passwordHash, hashingAlgorithm, tags } };
}

export function permissionsRecord({ user, vhost, configure, write, read }: Permissions): DefinitionChange {
  const definition = { user: stored(user), vhost: stored(vhost), configure, write, read };
  return { put: 'permission', definition };
}

function topicPermissionsRecord({ user, vhost, exchange, write, read }: TopicPermissions): DefinitionChange {
  const definition = { user: stored(user), vhost: stored(vhost), exchange: stored(exchange), write, read };
  return { put: 'topicPermission', definition };
}

export function policyRecord(kind: PolicyKind, policy: Policy): DefinitionChange {
  const { pattern, priority, applyTo, definition } = policy;
  const identity = policyIdentity(kind, policy);
  return {
    put: 'policy',
    definition: { ...identity, pattern: stored(pattern), applyTo, priority, definition: { ...definition } },
  };
}

export function policyRemoval(kind: PolicyKind, policy: Pick<Policy, 'vhost' | 'name'>): DefinitionChange {
  return { remove: 'policy', definition: policyIdentity(kind, policy) };
}

export function limitsRecord(scope: LimitScope, name: string, limits: LimitSet): DefinitionChange {
  return { put: 'limits', definition: { scope, name: stored(name), limits } };
}

export function globalParameterRecord({ name, value }: GlobalParameter): DefinitionChange {
  return { put: 'globalParameter', definition: { name: stored(name), value } };
}

export function globalParameterRemoval(name: string): DefinitionChange {
  return { remove: 'globalParameter', definition: { name: stored(name) } };
}

export function limitsRemoval(scope: LimitScope, name: string): DefinitionChange {
  return { remove: 'limits', definition: { scope, name: stored(name) } };
}

// ── Back from the store ────────────────────────────────────────────────────────────────────────────────────────

export function restoredVhost(definition: VhostDefinition): {
  readonly vhost: string;
  readonly metadata: VhostMetadata;
} {
  const { name, description, tags, tracing = false, protectedFromDeletion = false } = definition;
  const defaultQueueType = defaultQueueTypeOf(definition.defaultQueueType) ?? null;
  const metadata = { description, tags, defaultQueueType, tracing, protectedFromDeletion };
  return { vhost: restored(name), metadata };
}

/** A user, or how the password is hashed where nobody here can tell. */
export function restoredUser({ name, passwordHash, hashingAlgorithm, tags }: UserDefinition): User | UnknownHashing {
  const user = { name: restored(name), passwordHash, tags };
  return isHashingAlgorithm(hashingAlgorithm) ? { ...user, hashingAlgorithm } : { ...user, unknown: hashingAlgorithm };
}

export interface UnknownHashing {
  readonly name: string;
  readonly unknown: string;
}

export function restoredPermissions({ user, vhost, ...rights }: PermissionDefinition): Permissions {
  return { user: restored(user), vhost: restored(vhost), ...rights };
}

export function restoredTopicPermissions(definition: TopicPermissionDefinition): TopicPermissions {
  const { user, vhost, exchange, ...rights } = definition;
  return { user: restored(user), vhost: restored(vhost), exchange: restored(exchange), ...rights };
}

/** All that an exchange is but what policies make of it. */
export function restoredExchange(definition: ExchangeDefinition) {
  const { type, autoDelete, internal } = definition;
  return {
    vhost: restored(definition.vhost),
    exchange: restored(definition.name),
    type,
    durable: true,
    autoDelete,
    internal,
    arguments: restoredTable(definition.arguments),
    delayedLogId: logIdOf(definition.waitingId ?? 0),
  };
}

export function restoredQueue({ vhost, name, id, autoDelete, arguments: args, isPaused = false }: QueueDefinition) {
  const logId = logIdOf(id);
  return { vhost: restored(vhost), queue: restored(name), logId, autoDelete, arguments: restoredTable(args), isPaused };
}

export function restoredBinding(definition: BindingDefinition): BindingChange {
  return {
    kind: 'bound',
    vhost: restored(definition.vhost),
    source: restored(definition.source),
    destination: restored(definition.destination),
    destinationKind: definition.destinationType,
    routingKey: restored(definition.routingKey),
    arguments: restoredTable(definition.arguments),
  };
}

export function restoredPolicy({ vhost, name, operator, pattern, ...rest }: PolicyDefinition): {
  readonly kind: PolicyKind;
  readonly proposal: PolicyProposal;
} {
  const names = { vhost: restored(vhost), name: restored(name), pattern: restored(pattern) };
  return { kind: operator ? 'operator policy' : 'policy', proposal: { ...rest, ...names } };
}

export function restoredLimits({ scope, name, limits }: LimitsDefinition): LimitsDefinition {
  return { scope, name: restored(name), limits };
}

export function restoredGlobalParameter({ name, value }: GlobalParameterDefinition): GlobalParameter {
  return { name: restored(name), value };
}

// ── To the store ───────────────────────────────────────────────────────────────────────────────────────────────

function delayedQueueRecord(view: TopologyView, { vhost, exchange, logId }: DelayedQueueOpened): DefinitionChange[] {
  const declared = view.exchange(vhost, exchange);
  if (declared === undefined) return [];
  const definition = { ...exchangeDefinition({ ...declared, exchange }), waitingId: idOf(logId) };
  return [{ put: 'exchange', definition }];
}

type Exchange = Pick<ExchangeDeclared, 'vhost' | 'exchange' | 'type' | 'autoDelete' | 'internal' | 'arguments'>;

function exchangeDefinition(declared: Exchange): ExchangeDefinition {
  const { vhost, exchange, type, autoDelete, internal, arguments: args } = declared;
  return { vhost: stored(vhost), name: stored(exchange), type, autoDelete, internal, arguments: encodeTable(args) };
}

type Queue = Pick<QueueDeclared, 'vhost' | 'queue' | 'logId' | 'autoDelete' | 'arguments' | 'isPaused'>;

function queueDefinition({ vhost, queue, logId, autoDelete, arguments: args, isPaused }: Queue): QueueDefinition {
  const definition = { vhost: stored(vhost), name: stored(queue), id: idOf(logId), autoDelete };
  return { ...definition, arguments: encodeTable(args), ...(isPaused === true ? { isPaused } : {}) };
}

function queuePaused(view: TopologyView, { vhost, queue: name, isPaused }: QueuePaused): DefinitionChange[] {
  const queue = view.queue(vhost, name);
  if (queue === undefined || queue.logId === 0) return [];
  return [{ put: 'queue', definition: queueDefinition({ ...queue, queue: name, isPaused }) }];
}

type Ends = Pick<BindingChange, 'vhost' | 'source' | 'destination' | 'destinationKind' | 'routingKey' | 'arguments'>;

function bindingDefinition(ends: Ends): BindingDefinition {
  const { vhost, source, destination, destinationKind, routingKey, arguments: args } = ends;
  return {
    vhost: stored(vhost),
    source: stored(source),
    destination: stored(destination),
    destinationType: destinationKind,
    routingKey: stored(routingKey),
    arguments: encodeTable(args),
  };
}

/** The binding as it was made: who takes it back may have said the same in other octets. */
function unboundDefinition(view: TopologyView, change: BindingChange): BindingDefinition {
  const args = view.exchange(change.vhost, change.source)?.binding(change)?.arguments ?? change.arguments;
  return bindingDefinition({ ...change, arguments: args });
}

function isDurable(view: TopologyView, { vhost, source, destination, destinationKind }: BindingChange): boolean {
  const end = destinationKind === 'queue' ? view.queue(vhost, destination) : view.exchange(vhost, destination);
  return end?.durable === true && view.exchange(vhost, source)?.durable === true;
}

function exchangeRemoval(view: TopologyView, vhost: string, name: string): DefinitionChange[] {
  const exchange = view.exchange(vhost, name);
  if (exchange?.durable !== true) return [];
  const bindings = bindingRemovals([...exchange.outgoing.values(), ...exchange.incoming]);
  if (isReserved(name)) return bindings;
  return [{ remove: 'exchange', definition: { vhost: stored(vhost), name: stored(name) } }, ...bindings];
}

function queueRemoval(view: TopologyView, vhost: string, name: string): DefinitionChange[] {
  const queue = view.queue(vhost, name);
  if (queue === undefined || queue.logId === 0) return [];
  const removal: DefinitionChange = { remove: 'queue', definition: { vhost: stored(vhost), name: stored(name) } };
  return [removal, ...bindingRemovals([...queue.incoming])];
}

function bindingRemovals(bindings: readonly Binding[]): DefinitionChange[] {
  return bindings
    .filter(({ source, destination }) => source.durable && destination.durable)
    .map((binding) => ({ remove: 'binding', definition: bindingDefinition(endsOf(binding)) }));
}

export function endsOf({ source, destination, routingKey, arguments: args }: Binding): Ends {
  return {
    vhost: source.vhost,
    source: source.name,
    destination: destination.name,
    destinationKind: destination.kind,
    routingKey,
    arguments: args,
  };
}

function permissionsRemoval({ user, vhost }: Pick<Permissions, 'user' | 'vhost'>): DefinitionChange {
  return { remove: 'permission', definition: { user: stored(user), vhost: stored(vhost) } };
}

function topicPermissionsRemoval(of: Pick<TopicPermissions, 'user' | 'vhost' | 'exchange'>): DefinitionChange {
  const definition = { user: stored(of.user), vhost: stored(of.vhost), exchange: stored(of.exchange) };
  return { remove: 'topicPermission', definition };
}

function policyIdentity(kind: PolicyKind, { vhost, name }: Pick<Policy, 'vhost' | 'name'>) {
  return { vhost: stored(vhost), name: stored(name), operator: kind === 'operator policy' };
}

// ── Octets ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a name starts with that is stored as octets: not every name is text, nor such text as keys can be. */
const OCTETS = '\u{f8ff}';

function stored(name: string): string {
  if (isPlain(name)) return name;
  return OCTETS + Buffer.from(encodeText(name)).toString('base64');
}

function restored(name: string): string {
  if (!name.startsWith(OCTETS)) return name;
  return decodeText(new Uint8Array(Buffer.from(name.slice(OCTETS.length), 'base64')));
}

function isPlain(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it looks for
  return name.isWellFormed() && !name.startsWith(OCTETS) && !/[\u0000-\u001f]/.test(name);
}

function restoredTable(octets: Uint8Array): FieldTable {
  return decodeTable(new Uint8Array(octets));
}
