/**
 * The administration of a running broker, as a program that embeds it has it: each call is a question to the broker's
 * thread, and resolves with what it answers. `OPERATIONS` is what can be asked. What must hold: questions are answered
 * in their order; an argument that is no text where one is due is refused before it is sent.
 */
import type { Administration as LocalAdministration } from '../broker/coordinator/administration.js';
import type { DefinitionsAdministration as LocalDefinitions } from '../broker/coordinator/definitions-administration.js';
import type { UserAdministration as LocalUsers } from '../broker/coordinator/user-administration.js';

/** The same calls, answered by another thread. */
type Asked<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;
};

/** Users and their permissions. Refusals are told as the reason, or as false. */
export type UserAdministration = Asked<Omit<LocalUsers, 'put' | 'slowHash'>>;

/** All definitions at once, as RabbitMQ's files have them. */
export type DefinitionsAdministration = Asked<Pick<LocalDefinitions, 'import' | 'export'>>;

/** Vhosts, users, policies, limits, connections. Refusals are told as the reason, or as false. */
export type Administration = Asked<Omit<LocalAdministration, 'users' | 'definitions' | 'isOpen' | 'onBehalfOf'>> & {
  readonly definitions: DefinitionsAdministration;
  readonly users: UserAdministration;
};

type Operation = (administration: LocalAdministration, ...args: never[]) => unknown;
type Args<O> = O extends (administration: LocalAdministration, ...args: infer A) => unknown ? A : never;
type Of<T, K extends keyof T> = T[K] extends (...args: infer A) => unknown ? A : never;
type Own<K extends keyof LocalAdministration> = Of<LocalAdministration, K>;
type OfDefinitions<K extends keyof LocalDefinitions> = Of<LocalDefinitions, K>;
type OfUsers<K extends keyof LocalUsers> = Of<LocalUsers, K>;

const OPERATIONS = {
  saved: (local) => local.saved(),
  setPolicy: (local, ...args: Own<'setPolicy'>) => local.setPolicy(...args),
  clearPolicy: (local, ...args: Own<'clearPolicy'>) => local.clearPolicy(...args),
  policies: (local, ...args: Own<'policies'>) => local.policies(...args),
  policyOf: (local, ...args: Own<'policyOf'>) => local.policyOf(...args),
  setLimits: (local, ...args: Own<'setLimits'>) => local.setLimits(...args),
  clearLimits: (local, ...args: Own<'clearLimits'>) => local.clearLimits(...args),
  limits: (local, ...args: Own<'limits'>) => local.limits(...args),
  pauseQueue: (local, ...args: Own<'pauseQueue'>) => local.pauseQueue(...args),
  connections: (local) => local.connections(),
  vhosts: (local) => local.vhosts(),
  globalParameters: (local) => local.globalParameters(),
  setGlobalParameter: (local, ...args: Own<'setGlobalParameter'>) => local.setGlobalParameter(...args),
  clearGlobalParameter: (local, ...args: Own<'clearGlobalParameter'>) => local.clearGlobalParameter(...args),
  describeVhost: (local, ...args: Own<'describeVhost'>) => local.describeVhost(...args),
  vhostMetadata: (local, ...args: Own<'vhostMetadata'>) => local.vhostMetadata(...args),
  createVhost: (local, ...args: Own<'createVhost'>) => local.createVhost(...args),
  deleteVhost: (local, ...args: Own<'deleteVhost'>) => local.deleteVhost(...args),
  importDefinitions: (local, ...args: OfDefinitions<'import'>) => local.definitions.import(...args),
  exportDefinitions: (local, ...args: OfDefinitions<'export'>) => local.definitions.export(...args),
  addUser: (local, ...args: OfUsers<'add'>) => local.users.add(...args),
  addHashedUser: (local, ...args: OfUsers<'addHashed'>) => local.users.addHashed(...args),
  deleteUser: (local, ...args: OfUsers<'delete'>) => local.users.delete(...args),
  changePassword: (local, ...args: OfUsers<'changePassword'>) => local.users.changePassword(...args),
  clearPassword: (local, ...args: OfUsers<'clearPassword'>) => local.users.clearPassword(...args),
  authenticate: (local, ...args: OfUsers<'authenticate'>) => local.users.authenticate(...args),
  setTags: (local, ...args: OfUsers<'setTags'>) => local.users.setTags(...args),
  listUsers: (local) => local.users.list(),
  setPermissions: (local, ...args: OfUsers<'setPermissions'>) => local.users.setPermissions(...args),
  clearPermissions: (local, ...args: OfUsers<'clearPermissions'>) => local.users.clearPermissions(...args),
  permissionsOf: (local, ...args: OfUsers<'permissionsOf'>) => local.users.permissionsOf(...args),
  permissionsIn: (local, ...args: OfUsers<'permissionsIn'>) => local.users.permissionsIn(...args),
  setTopicPermissions: (local, ...args: OfUsers<'setTopicPermissions'>) => local.users.setTopicPermissions(...args),
  clearTopicPermissions: (local, ...args: OfUsers<'clearTopicPermissions'>) =>
    local.users.clearTopicPermissions(...args),
  topicPermissionsOf: (local, ...args: OfUsers<'topicPermissionsOf'>) => local.users.topicPermissionsOf(...args),
  topicPermissionsIn: (local, ...args: OfUsers<'topicPermissionsIn'>) => local.users.topicPermissionsIn(...args),
} satisfies Record<string, Operation>;

type Operations = typeof OPERATIONS;

/** A question, as it goes from thread to thread. */
export type AdministrationRequest = {
  readonly [K in keyof Operations]: { readonly op: K; readonly args: Args<Operations[K]> };
}[keyof Operations];

/** What a question comes to. */
export type Answer<K extends keyof Operations> = Awaited<ReturnType<Operations[K]>>;

/** What may take long, and what is asked after it counts on: it is done first. */
export const HOLDING_UP: ReadonlySet<AdministrationRequest['op']> = new Set(['addUser', 'changePassword']);

/** Asks the broker thread, in its words, on behalf of a user; null: the program's own. */
export function perform(
  local: LocalAdministration,
  request: AdministrationRequest,
  user: string | null = null,
): unknown {
  // The compiler does not follow an operation from its name to its arguments.
  const operation = OPERATIONS[request.op] as (local: LocalAdministration, ...args: readonly unknown[]) => unknown;
  return local.onBehalfOf(user, () => operation(local, ...request.args));
}

/** Sends a question; resolves with the answer. */
export type Ask = <K extends keyof Operations>(op: K, ...args: Args<Operations[K]>) => Promise<Answer<K>>;

export function remoteAdministration(send: Ask): Administration {
  const ask: Ask = (op, ...args) => {
    const wrong = errorIn(CHECKS[op] ?? [], args);
    return wrong === null ? send(op, ...args) : Promise.reject(wrong);
  };
  return {
    saved: () => ask('saved'),
    setPolicy: (...args) => ask('setPolicy', ...args),
    clearPolicy: (...args) => ask('clearPolicy', ...args),
    policies: (...args) => ask('policies', ...args),
    policyOf: (...args) => ask('policyOf', ...args),
    setLimits: (...args) => ask('setLimits', ...args),
    clearLimits: (...args) => ask('clearLimits', ...args),
    limits: (...args) => ask('limits', ...args),
    pauseQueue: (...args) => ask('pauseQueue', ...args),
    connections: () => ask('connections'),
    vhosts: () => ask('vhosts'),
    globalParameters: () => ask('globalParameters'),
    setGlobalParameter: (...args) => ask('setGlobalParameter', ...args),
    clearGlobalParameter: (...args) => ask('clearGlobalParameter', ...args),
    describeVhost: (...args) => ask('describeVhost', ...args),
    vhostMetadata: (...args) => ask('vhostMetadata', ...args),
    createVhost: (...args) => ask('createVhost', ...args),
    deleteVhost: (...args) => ask('deleteVhost', ...args),
    definitions: {
      import: (...args) => ask('importDefinitions', ...args),
      export: (...args) => ask('exportDefinitions', ...args),
    },
    users: {
      add: (...args) => ask('addUser', ...args),
      addHashed: (...args) => ask('addHashedUser', ...args),
      delete: (...args) => ask('deleteUser', ...args),
      changePassword: (...args) => ask('changePassword', ...args),
      clearPassword: (...args) => ask('clearPassword', ...args),
      authenticate: (...args) => ask('authenticate', ...args),
      setTags: (...args) => ask('setTags', ...args),
      list: () => ask('listUsers'),
      setPermissions: (...args) => ask('setPermissions', ...args),
      clearPermissions: (...args) => ask('clearPermissions', ...args),
      permissionsOf: (...args) => ask('permissionsOf', ...args),
      permissionsIn: (...args) => ask('permissionsIn', ...args),
      setTopicPermissions: (...args) => ask('setTopicPermissions', ...args),
      clearTopicPermissions: (...args) => ask('clearTopicPermissions', ...args),
      topicPermissionsOf: (...args) => ask('topicPermissionsOf', ...args),
      topicPermissionsIn: (...args) => ask('topicPermissionsIn', ...args),
    },
  };
}

// A program without types may give anything; what is no text would be found amid a change.

type Check = (value: unknown) => void;

function errorIn(checks: readonly Check[], args: readonly unknown[]): Error | null {
  try {
    for (const [index, check] of checks.entries()) check(args[index]);
    return null;
  } catch (error) {
    return error as Error;
  }
}

function isText(value: unknown): void {
  if (typeof value !== 'string') throw new TypeError(`a text is needed, not ${String(value)}`);
}

function isTextOrNothing(value: unknown): void {
  if (value !== undefined) isText(value);
}

function isOneOf(...names: readonly string[]): Check {
  return (value) => {
    if (!names.some((name) => name === value)) throw new TypeError(`needed is one of ${names.join(', ')}`);
  };
}

function hasTexts(...fields: readonly string[]): Check {
  return (value) => {
    if (typeof value !== 'object' || value === null) throw new TypeError(`an object is needed, not ${String(value)}`);
    for (const field of fields) isText((value as Record<string, unknown>)[field]);
  };
}

function isYesOrNo(value: unknown): void {
  if (typeof value !== 'boolean') throw new TypeError(`true or false is needed, not ${String(value)}`);
}

function areTexts(value: unknown): void {
  if (value === undefined) return;
  if (!Array.isArray(value)) throw new TypeError(`a list of texts is needed, not ${String(value)}`);
  value.forEach(isText);
}

function isVhostMetadata(value: unknown): void {
  hasTexts()(value);
  const { description, tags, defaultQueueType, ...flags } = value as Record<string, unknown>;
  isTextOrNothing(description);
  areTexts(tags);
  if (defaultQueueType !== undefined && defaultQueueType !== null) isOneOf('classic', 'quorum')(defaultQueueType);
  for (const name of ['tracing', 'protectedFromDeletion']) {
    const flag = flags[name];
    if (flag !== undefined && typeof flag !== 'boolean')
      throw new TypeError(`${name} must be true or false, not ${String(flag)}`);
  }
}

const isPolicyKind = isOneOf('policy', 'operator policy');
const isScope = isOneOf('vhost', 'user');

/** What the arguments of a call must be, as far as the call itself takes that for granted. */
const CHECKS: { readonly [K in keyof Operations]?: readonly Check[] } = {
  setPolicy: [isPolicyKind, withDefinition(hasTexts('vhost', 'name', 'pattern'))],
  clearPolicy: [isPolicyKind, isText, isText],
  policies: [isPolicyKind, isText],
  policyOf: [isPolicyKind, hasTexts('kind', 'vhost', 'name')],
  setLimits: [isScope, isText, hasTexts()],
  clearLimits: [isScope, isText],
  limits: [isScope, isText],
  pauseQueue: [isText, isText, isYesOrNo],
  setGlobalParameter: [hasTexts('name', 'value')],
  clearGlobalParameter: [isText],
  describeVhost: [isText, isVhostMetadata],
  vhostMetadata: [isText],
  createVhost: [isText],
  deleteVhost: [isText],
  importDefinitions: [isText, isTextOrNothing],
  exportDefinitions: [isTextOrNothing],
  addUser: [isText, isText, areTexts],
  addHashedUser: [isText, isText, isText, areTexts],
  deleteUser: [isText],
  changePassword: [isText, isText],
  clearPassword: [isText],
  authenticate: [isText, isText],
  setTags: [isText, areTexts],
  setPermissions: [hasTexts('user', 'vhost', 'configure', 'write', 'read')],
  clearPermissions: [isText, isText],
  permissionsOf: [isText],
  permissionsIn: [isText],
  setTopicPermissions: [hasTexts('user', 'vhost', 'exchange', 'write', 'read')],
  clearTopicPermissions: [isText, isText, isTextOrNothing],
  topicPermissionsOf: [isText],
  topicPermissionsIn: [isText],
};

function withDefinition(check: Check): Check {
  return (value) => {
    check(value);
    hasTexts()((value as { readonly definition?: unknown }).definition);
  };
}
