/**
 * A file of definitions as RabbitMQ writes one: all that is declared and set, but what comes and goes by itself. What
 * must hold: an import of it makes the same, here and, as far as both have it, in RabbitMQ. It is of one moment, and its
 * text is made entry by entry: a long one is written in portions, so that nobody waits for it.
 */
import type { GlobalParameter, GlobalParameters } from '../policies/global-parameters.js';
import type { Limits } from '../policies/limits.js';
import type { Policies, Policy } from '../policies/policies.js';
import { isReserved } from '../requests/names.js';
import type { VhostMetadata } from '../requests/vhost-metadata.js';
import type { Binding, Destination, ExchangeEntry, QueueEntry } from '../topology/topology-entries.js';
import type { TopologyView } from '../topology/topology-view.js';
import { type Json, jsonOf } from './json-arguments.js';

/** The RabbitMQ in whose format files are written. */
const FORMAT = '3.13.7';

interface Parts {
  readonly view: TopologyView;
  readonly policies: Pick<Policies, 'list'>;
  readonly limits: Pick<Limits, 'of'>;
  readonly globalParameters: Pick<GlobalParameters, 'list'>;
}

/** What there is of one kind, and how an entry says it. */
interface Section {
  readonly name: string;
  /** Each makes its entry. */
  entries(): Iterable<object>;
}

/**
 * The text of the whole file, or of that of one vhost, which says nothing of users, as there is all now: in parts, of
 * which each is made when it is asked for. `isWanted`: which of its fields.
 */
export function definitionsText(
  parts: Parts,
  vhost: string | null,
  isWanted: (name: string) => boolean = () => true,
): Iterable<string> {
  const vhosts = vhost === null ? parts.view.vhosts() : [vhost];
  const all = [...(vhost === null ? accounts(parts) : []), ...declared(parts, vhosts)];
  return textOf(
    ['rabbit_version', 'rabbitmq_version'].filter(isWanted),
    all.filter(({ name }) => isWanted(name)),
  );
}

function* textOf(versions: readonly string[], sections: readonly Section[]): Iterable<string> {
  let separator = '{\n';
  for (const name of versions) {
    yield `${separator}  "${name}": ${JSON.stringify(FORMAT)}`;
    separator = ',\n';
  }
  for (const { name, entries } of sections) {
    let before = `${separator}  "${name}": [`;
    separator = ',\n';
    let isEmpty = true;
    for (const entry of entries()) {
      yield `${before}\n    ${JSON.stringify(entry, null, 2).replaceAll('\n', '\n    ')}`;
      before = ',';
      isEmpty = false;
    }
    yield isEmpty ? `${before}]` : '\n  ]';
  }
  yield separator === '{\n' ? '{}\n' : '\n}\n';
}

/** What is there now is listed now, and told when its turn comes. */
function section<T>(name: string, items: readonly T[], json: (item: T) => object): Section {
  return {
    name,
    *entries() {
      for (const item of items) yield json(item);
    },
  };
}

const asItIs = (entry: object): object => entry;

/** In this order: what an entry names comes before it. */
function declared(parts: Parts, vhosts: readonly string[]): readonly Section[] {
  const { view, policies } = parts;
  return [
    section(
      'parameters',
      inEach(vhosts, (vhost) => parametersIn(parts, vhost)),
      asItIs,
    ),
    section(
      'policies',
      inEach(vhosts, (vhost) => policies.list('policy', vhost)),
      policyJson,
    ),
    section('queues', inEach(vhosts, (vhost) => view.queuesIn(vhost)).filter(isLasting), queueJson),
    section('exchanges', inEach(vhosts, (vhost) => view.exchangesIn(vhost)).filter(isDeclared), exchangeJson),
    section(
      'bindings',
      inEach(vhosts, (vhost) => bindingsIn(view, vhost)),
      bindingJson,
    ),
  ];
}

function inEach<T>(vhosts: readonly string[], itemsIn: (vhost: string) => Iterable<T>): T[] {
  return vhosts.flatMap((vhost) => [...itemsIn(vhost)]);
}

function accounts({ view, limits, globalParameters }: Parts): readonly Section[] {
  const users = view.accounts.users();
  const { accounts: of } = view;
  return [
    section('users', users, ({ name, passwordHash, hashingAlgorithm, tags }) => ({
      name,
      password_hash: passwordHash,
      hashing_algorithm: hashingAlgorithm,
      tags,
      limits: limits.of('user', name),
    })),
    section('vhosts', view.vhosts(), (name) => vhostJson(name, view.metadata(name))),
    section(
      'permissions',
      users.flatMap(({ name }) => of.permissionsOf(name)),
      asItIs,
    ),
    section(
      'topic_permissions',
      users.flatMap(({ name }) => of.topicPermissionsOf(name)),
      asItIs,
    ),
    section('global_parameters', globalParameters.list(), globalParameterJson),
  ];
}

/** What nothing is said of is left out: older RabbitMQ would say it anew. */
function vhostJson(name: string, metadata: VhostMetadata) {
  const { description, tags, defaultQueueType, tracing, protectedFromDeletion } = metadata;
  const type = defaultQueueType === null ? {} : { default_queue_type: defaultQueueType };
  const isPlain = description === '' && tags.length === 0 && defaultQueueType === null && !protectedFromDeletion;
  // RabbitMQ has it in `metadata` alone.
  const kept = protectedFromDeletion ? { protected_from_deletion: true } : {};
  const said = isPlain ? {} : { description, tags, ...type, metadata: { description, tags, ...type, ...kept } };
  return { name, ...said, ...(tracing ? { tracing } : {}) };
}

function globalParameterJson({ name, value }: GlobalParameter) {
  return { name, value: JSON.parse(value) as Json };
}

function parametersIn({ policies, limits }: Parts, vhost: string) {
  const operators = policies.list('operator policy', vhost).map((policy) => {
    const { vhost: _, name, ...value } = policyJson(policy);
    return { vhost, component: 'operator_policy', name, value };
  });
  const value = limits.of('vhost', vhost);
  if (Object.keys(value).length === 0) return operators;
  return [...operators, { vhost, component: 'vhost-limits', name: 'limits', value }];
}

function policyJson({ vhost, name, pattern, applyTo, definition, priority }: Policy) {
  return { vhost, name, pattern, 'apply-to': applyTo, definition, priority };
}

/** An exclusive queue goes with its connection. */
function isLasting({ owner }: QueueEntry): boolean {
  return owner === null;
}

/** Each vhost has its own of the others. */
function isDeclared({ isDefault, name }: ExchangeEntry): boolean {
  return !isDefault && !isReserved(name);
}

function queueJson({ vhost, name, durable, autoDelete, arguments: args }: QueueEntry) {
  return { name, vhost, durable, auto_delete: autoDelete, arguments: jsonOf(args) };
}

function exchangeJson({ vhost, name, type, durable, autoDelete, internal, arguments: args }: ExchangeEntry) {
  return { name, vhost, type, durable, auto_delete: autoDelete, internal, arguments: jsonOf(args) };
}

function* bindingsIn(view: TopologyView, vhost: string): Iterable<Binding> {
  for (const { outgoing } of view.exchangesIn(vhost)) {
    for (const binding of outgoing.values()) if (leadsOn(binding.destination)) yield binding;
  }
}

function leadsOn(destination: Destination): boolean {
  return destination.kind === 'exchange' || isLasting(destination);
}

function bindingJson({ source, destination, routingKey, arguments: args }: Binding): { readonly [name: string]: Json } {
  return {
    source: source.name,
    vhost: source.vhost,
    destination: destination.name,
    destination_type: destination.kind,
    routing_key: routingKey,
    arguments: jsonOf(args),
  };
}
