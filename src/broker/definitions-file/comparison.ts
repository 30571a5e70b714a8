/**
 * What an import of a file would do, entry by entry, beside what there is: added, changed from what to what, the same,
 * kept as it is, left out. What must hold: it is what the import does (coordinator/definitions-import.ts), and nothing
 * is changed by looking; no password and no hash is shown.
 */
import type { PasswordHash } from '../access/passwords.js';
import { exchangeDifference } from '../decisions/exchanges.js';
import { queueDifference } from '../decisions/queues.js';
import type { GlobalParameters } from '../policies/global-parameters.js';
import type { Limits } from '../policies/limits.js';
import type { Policies, PolicyProposal } from '../policies/policies.js';
import { DEFAULT_EXCHANGE } from '../requests/names.js';
import type { DefaultQueueType, VhostMetadata } from '../requests/vhost-metadata.js';
import type { TopologyView } from '../topology/topology-view.js';
import type { BindingDeclaration, DefinitionsFile, UserEntry } from './entries.js';
import type { Json } from './json-arguments.js';

export const ACTIONS = ['added', 'changed', 'same', 'kept', 'left_out'] as const;
export type Action = (typeof ACTIONS)[number];

/** What there is. */
export interface There {
  readonly view: TopologyView;
  readonly policies: Pick<Policies, 'list'>;
  readonly limits: Pick<Limits, 'of'>;
  readonly globalParameters: Pick<GlobalParameters, 'list'>;
}

export interface FieldChange {
  readonly field: string;
  /** Null: it is not set. */
  readonly before: Json;
  readonly after: Json;
}

export interface Compared {
  /** As the file calls it, in the plural. */
  readonly section: string;
  /** In the file. */
  readonly place: string;
  readonly name: string;
  readonly vhost: string | null;
  readonly action: Action;
  /** Of what is changed. */
  readonly fields: readonly FieldChange[];
  /** Why it is kept, or left out. */
  readonly reason: string | null;
}

type Head = Pick<Compared, 'section' | 'place' | 'name' | 'vhost'>;
/** Values by field. */
type Values = Readonly<Record<string, Json | undefined>>;

/** In the order of the import; an entry at a time. */
export function* compared(file: DefinitionsFile, there: There): Iterable<Compared> {
  yield* accounts(file, there);
  yield* rules(file, there);
  yield* declarations(file, there);
}

function* accounts(file: DefinitionsFile, { view, limits }: There): Iterable<Compared> {
  for (const { place, vhost, metadata } of file.vhosts) {
    const head = { section: 'vhosts', place, name: vhost, vhost: null };
    yield set(head, view.hasVhost(vhost) ? metadataFields(view.metadata(vhost)) : null, metadataFields(metadata ?? {}));
  }
  for (const { place, name, password, tags, limits: given } of file.users) {
    const head = { section: 'users', place, name, vhost: null };
    const user = view.accounts.user(name);
    const before = user === undefined ? null : { tags: [...user.tags].sort(), ...limitFields(limits.of('user', name)) };
    const change = set(head, before, { tags: [...tags].sort(), ...limitFields(given) });
    yield user === undefined ? change : withPassword(change, user, password);
  }
  for (const { place, permissions } of file.permissions) {
    const { user, vhost, ...rights } = permissions;
    const before = view.accounts.permissionsOf(user).find((one) => one.vhost === vhost);
    yield set({ section: 'permissions', place, name: user, vhost }, before ?? null, rights);
  }
  for (const { place, permissions } of file.topicPermissions) {
    const { user, vhost, exchange, ...rights } = permissions;
    const all = view.accounts.topicPermissionsOf(user);
    const before = all.find((one) => one.vhost === vhost && one.exchange === exchange);
    const name = `${user}, exchange '${exchange}'`;
    yield set({ section: 'topic_permissions', place, name, vhost }, before ?? null, rights);
  }
}

function* rules(file: DefinitionsFile, { policies, limits, globalParameters }: There): Iterable<Compared> {
  for (const { place, kind, proposal } of file.policies) {
    const { name, vhost, pattern, definition, priority = 0, applyTo = 'all' } = proposal;
    const before = policies.list(kind, vhost).find((one) => one.name === name);
    const head = { section: kind === 'policy' ? 'policies' : 'operator_policies', place, name, vhost };
    // What a policy sets is replaced as a whole.
    yield replaced(
      head,
      before === undefined ? null : policyFields(before),
      policyFields({ pattern, definition, priority, applyTo }),
    );
  }
  for (const { place, vhost, limits: given } of file.vhostLimits) {
    const before = limits.of('vhost', vhost);
    const head = { section: 'vhost_limits', place, name: vhost, vhost };
    yield replaced(head, Object.keys(before).length === 0 ? null : before, given as Values);
  }
  const parameters = new Map(globalParameters.list().map(({ name, value }) => [name, value]));
  for (const { place, parameter } of file.globalParameters) {
    const before = parameters.get(parameter.name);
    const head = { section: 'global_parameters', place, name: parameter.name, vhost: null };
    const parsed = (text: string): Values => ({ value: JSON.parse(text) as Json });
    yield set(head, before === undefined ? null : parsed(before), parsed(parameter.value));
  }
}

function* declarations(file: DefinitionsFile, { view }: There): Iterable<Compared> {
  const types = new Map<string, DefaultQueueType>();
  for (const { vhost, metadata } of file.vhosts)
    if (metadata?.defaultQueueType !== undefined) types.set(vhost, metadata.defaultQueueType);
  const added = new Set<string>();
  for (const { place, request } of file.exchanges) {
    const { vhost, exchange: name } = request;
    const existing = view.exchange(vhost, name);
    if (existing === undefined) added.add(keyOf('exchange', vhost, name));
    const difference = existing === undefined ? null : exchangeDifference(existing, request);
    yield declared({ section: 'exchanges', place, name, vhost }, existing !== undefined, difference?.text ?? null);
  }
  for (const { place, request } of file.queues) {
    const { vhost, queue: name } = request;
    const existing = view.queue(vhost, name);
    if (existing === undefined) added.add(keyOf('queue', vhost, name));
    const type = types.get(vhost) ?? (view.hasVhost(vhost) ? view.metadata(vhost).defaultQueueType : null);
    const difference = existing === undefined ? null : queueDifference(existing, request, type);
    yield declared({ section: 'queues', place, name, vhost }, existing !== undefined, difference?.text ?? null);
  }
  for (const binding of file.bindings) yield bound(binding, view, added);
}

/** What is there stays as it is. */
function declared(head: Head, isThere: boolean, difference: string | null): Compared {
  if (!isThere) return { ...head, action: 'added', fields: [], reason: null };
  return { ...head, action: difference === null ? 'same' : 'kept', fields: [], reason: difference };
}

/** `added`: ends that come with the file. */
function bound({ place, request }: BindingDeclaration, view: TopologyView, added: ReadonlySet<string>): Compared {
  const { vhost, routingKey, arguments: args } = request;
  const isToQueue = 'queue' in request;
  const source = isToQueue ? request.exchange : request.source;
  const destination = isToQueue ? request.queue : request.destination;
  const destinationKind = isToQueue ? 'queue' : 'exchange';
  const head = {
    section: 'bindings',
    place,
    name: `${source} -> ${destinationKind} ${destination} (${routingKey})`,
    vhost,
  };
  const leftOut = (reason: string): Compared => ({ ...head, action: 'left_out', fields: [], reason });
  if (source === DEFAULT_EXCHANGE) return leftOut('what the exchange without a name leads to is fixed');
  const from = view.exchange(vhost, source);
  if (from === undefined && !added.has(keyOf('exchange', vhost, source))) return leftOut(`no exchange '${source}'`);
  const to = isToQueue ? view.queue(vhost, destination) : view.exchange(vhost, destination);
  if (to === undefined && !added.has(keyOf(destinationKind, vhost, destination)))
    return leftOut(`no ${destinationKind} '${destination}'`);
  const change = { kind: 'bound', vhost, source, destination, destinationKind, routingKey, arguments: args } as const;
  return { ...head, action: from?.binding(change) === undefined ? 'added' : 'same', fields: [], reason: null };
}

function keyOf(kind: 'exchange' | 'queue', vhost: string, name: string): string {
  return JSON.stringify([kind, vhost, name]);
}

/** What the file does not name stays. */
function set(head: Head, before: Values | null, after: Values): Compared {
  if (before === null) return { ...head, action: 'added', fields: [], reason: null };
  return changed(head, differences(before, after, Object.keys(after)));
}

/** What the file does not name is set no more. */
function replaced(head: Head, before: Values | null, after: Values): Compared {
  if (before === null) return { ...head, action: 'added', fields: [], reason: null };
  return changed(head, differences(before, after, [...new Set([...Object.keys(before), ...Object.keys(after)])]));
}

function changed(head: Head, fields: readonly FieldChange[]): Compared {
  return { ...head, action: fields.length === 0 ? 'same' : 'changed', fields, reason: null };
}

function differences(before: Values, after: Values, names: readonly string[]): FieldChange[] {
  return names
    .map((field) => ({ field, before: before[field] ?? null, after: after[field] ?? null }))
    .filter((one) => JSON.stringify(one.before) !== JSON.stringify(one.after));
}

function metadataFields(metadata: Partial<VhostMetadata>): Values {
  const { description, tags, defaultQueueType, tracing, protectedFromDeletion } = metadata;
  const all = {
    description,
    tags,
    default_queue_type: defaultQueueType,
    tracing,
    protected_from_deletion: protectedFromDeletion,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function policyFields(policy: Required<Omit<PolicyProposal, 'vhost' | 'name'>>): Values {
  const { pattern, applyTo, priority, definition } = policy;
  const settings = Object.entries(definition).map(([key, value]) => [`definition.${key}`, value as Json] as const);
  return { pattern, 'apply-to': applyTo, priority, ...Object.fromEntries(settings) };
}

function limitFields(limits: Readonly<Record<string, unknown>>): Values {
  return Object.fromEntries(Object.entries(limits).map(([name, value]) => [`limits.${name}`, value as Json]));
}

/** A password itself can be that which is there: nobody knows without trying, and it is hashed anew. */
function withPassword(change: Compared, user: PasswordHash, password: UserEntry['password']): Compared {
  const before = user.passwordHash === '' ? 'none' : 'set';
  if (typeof password === 'string') return changed(change, [...change.fields, field('password', before, 'set anew')]);
  const { passwordHash, hashingAlgorithm } = password;
  const isSame =
    passwordHash === user.passwordHash && (passwordHash === '' || hashingAlgorithm === user.hashingAlgorithm);
  if (isSame) return change;
  return changed(change, [...change.fields, field('password', before, passwordHash === '' ? 'none' : 'another')]);
}

function field(name: string, before: Json, after: Json): FieldChange {
  return { field: name, before, after };
}
