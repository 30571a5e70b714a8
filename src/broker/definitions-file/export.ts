/**
 * A file of definitions as RabbitMQ writes one: all that is declared and set, but what comes and goes by itself. What
 * must hold: an import of it makes the same, here and, as far as both have it, in RabbitMQ.
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

/** The whole file, or that of one vhost, which says nothing of users. */
export function exportDefinitions(parts: Parts, vhost: string | null): string {
  const vhosts = vhost === null ? parts.view.vhosts() : [vhost];
  const declared = {
    parameters: vhosts.flatMap((name) => parametersIn(parts, name)),
    policies: vhosts.flatMap((name) => parts.policies.list('policy', name).map(policyJson)),
    queues: vhosts.flatMap((name) => [...parts.view.queuesIn(name)].filter(isLasting).map(queueJson)),
    exchanges: vhosts.flatMap((name) => [...parts.view.exchangesIn(name)].filter(isDeclared).map(exchangeJson)),
    bindings: vhosts.flatMap((name) => bindingsIn(parts.view, name)),
  };
  const head = { rabbit_version: FORMAT, rabbitmq_version: FORMAT };
  const people =
    vhost === null
      ? { ...accounts(parts), global_parameters: parts.globalParameters.list().map(globalParameterJson) }
      : {};
  return `${JSON.stringify({ ...head, ...people, ...declared }, null, 2)}\n`;
}

function accounts({ view, limits }: Parts) {
  const users = view.accounts.users();
  return {
    users: users.map(({ name, passwordHash, hashingAlgorithm, tags }) => ({
      name,
      password_hash: passwordHash,
      hashing_algorithm: hashingAlgorithm,
      tags,
      limits: limits.of('user', name),
    })),
    vhosts: view.vhosts().map((name) => vhostJson(name, view.metadata(name))),
    permissions: users.flatMap(({ name }) => view.accounts.permissionsOf(name)),
    topic_permissions: users.flatMap(({ name }) => view.accounts.topicPermissionsOf(name)),
  };
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

function bindingsIn(view: TopologyView, vhost: string) {
  return [...view.exchangesIn(vhost)].flatMap(({ outgoing }) =>
    [...outgoing.values()].filter(({ destination }) => leadsOn(destination)).map(bindingJson),
  );
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
