/**
 * Rebuilds the topology from the store when the broker starts. Nothing is stored by that, and nobody is asked: what is
 * in the store has been let through once. What the broker no longer knows how to be stays in the store, and is
 * reported. What must hold: vhosts and users come before their permissions, policies and limits come before what they
 * apply to, the ends of bindings before bindings.
 */

import type { Queue } from '../../engine/engine.js';
import { progressTeller } from '../../store/progress.js';
import { allRights, GUEST, type Permissions, RIGHTS } from '../access/accounts.js';
import { patternError } from '../access/name-pattern.js';
import { type TopicPermissions, topicPermissionsError } from '../access/topic-permissions.js';
import type { Bindings } from '../decisions/bindings.js';
import type { DelayedQueues } from '../decisions/delayed-queues.js';
import type { Exchanges } from '../decisions/exchanges.js';
import type { Queues } from '../decisions/queues.js';
import type { GlobalParameters } from '../policies/global-parameters.js';
import type { Limits } from '../policies/limits.js';
import type { Policies } from '../policies/policies.js';
import { describe } from '../requests/names.js';
import type { Topology } from '../topology/topology.js';
import {
  restoredBinding,
  restoredExchange,
  restoredGlobalParameter,
  restoredLimits,
  restoredPermissions,
  restoredPolicy,
  restoredQueue,
  restoredTopicPermissions,
  restoredUser,
  restoredVhost,
} from './definition-records.js';
import type { DefinitionStore } from './definition-store.js';

/**
 * A queue that is back, and its number in the log: messages of that number, and of those of its priorities, are its
 * own.
 */
export interface RestoredQueue {
  readonly queue: Queue;
  readonly logId: number;
  /** It is the hidden queue of an exchange that holds messages back: they stay in memory from when they come back. */
  readonly holdsBack: boolean;
}

interface Parts {
  readonly topology: Topology;
  readonly exchanges: Exchanges;
  readonly delayedQueues: DelayedQueues;
  readonly queues: Queues;
  readonly bindings: Bindings;
  readonly policies: Policies;
  readonly limits: Limits;
  readonly globalParameters: GlobalParameters;
}

type Store = Pick<DefinitionStore, 'list'>;

export class Restoration {
  readonly #parts: Parts;
  readonly #store: Store;
  readonly #report: (line: string) => void;
  readonly #progress: (line: () => string) => void;

  constructor(parts: Parts, store: Store, report: (line: string) => void) {
    this.#parts = parts;
    this.#store = store;
    this.#report = report;
    this.#progress = progressTeller(report);
  }

  /** `nextPosition` tells where each number in the log goes on. A queue for which there is no memory is an error. */
  run(nextPosition: (logId: number) => number): RestoredQueue[] {
    this.#restoreVhosts();
    this.#restoreAccounts();
    this.#restorePolicies();
    this.#restoreLimits();
    this.#restoreGlobalParameters();
    const hidden = this.#restoreExchanges(nextPosition);
    const queues = this.#restoreQueues(nextPosition);
    this.#restoreBindings();
    return [...hidden, ...queues];
  }

  /** Those to begin with are for a broker that starts for the first time. */
  #restoreVhosts(): void {
    const { topology } = this.#parts;
    const vhosts = this.#store.list('vhost').map(restoredVhost);
    if (vhosts.length === 0) return;
    for (const { vhost, metadata } of vhosts) {
      if (!topology.view.hasVhost(vhost)) topology.createVhost(vhost);
      topology.change({ kind: 'vhost.changed', vhost, metadata });
    }
    for (const vhost of topology.view.vhosts())
      if (!vhosts.some((stored) => stored.vhost === vhost)) for (const _ of topology.deleteVhost(vhost));
  }

  /** Where there is nobody the guest is back, or nobody could ever come in. */
  #restoreAccounts(): void {
    const { topology } = this.#parts;
    const users = this.#store.list('user').map(restoredUser);
    if (users.length === 0) {
      for (const vhost of topology.view.vhosts()) {
        topology.change({ kind: 'permissions.set', permissions: allRights(GUEST, vhost) });
      }
      return;
    }
    topology.change({ kind: 'user.deleted', user: GUEST });
    for (const user of users) {
      if (!('unknown' in user)) topology.change({ kind: 'user.set', user });
      else this.#report(`user '${user.name}' is left out: the password is hashed with ${user.unknown}`);
    }
    for (const permissions of this.#store.list('permission').map(restoredPermissions)) {
      const error = this.#permissionsError(permissions);
      if (error === null) topology.change({ kind: 'permissions.set', permissions });
      else
        this.#report(
          `permissions of user '${permissions.user}' in vhost '${permissions.vhost}' are left out: ${error}`,
        );
    }
    this.#restoreTopicPermissions();
  }

  #restoreTopicPermissions(): void {
    for (const permissions of this.#store.list('topicPermission').map(restoredTopicPermissions)) {
      const { user, vhost, exchange } = permissions;
      const error = this.#holderError(permissions) ?? topicPermissionsError(permissions);
      if (error === null) this.#parts.topology.change({ kind: 'topic-permissions.set', permissions });
      else
        this.#report(
          `topic permissions of user '${user}' for ${describe('exchange', vhost, exchange)} are left out: ${error}`,
        );
    }
  }

  #permissionsError(permissions: Permissions): string | null {
    const error = this.#holderError(permissions);
    if (error !== null) return error;
    return RIGHTS.map((right) => patternError(permissions[right])).find((reason) => reason !== null) ?? null;
  }

  /** Why nobody can have them there. */
  #holderError({ user, vhost }: Pick<Permissions | TopicPermissions, 'user' | 'vhost'>): string | null {
    if (!this.#isIn(vhost)) return 'there is no such vhost';
    return this.#parts.topology.view.accounts.user(user) === undefined ? 'there is no such user' : null;
  }

  #restorePolicies(): void {
    for (const { kind, proposal } of this.#store.list('policy').map(restoredPolicy)) {
      const set = this.#parts.policies.set(kind, proposal);
      if (typeof set !== 'string') continue;
      this.#report(`${kind} '${proposal.name}' of vhost '${proposal.vhost}' is left out: ${set}`);
    }
  }

  #restoreLimits(): void {
    for (const { scope, name, limits } of this.#store.list('limits').map(restoredLimits)) {
      const error = this.#parts.limits.set(scope, name, limits);
      if (error !== null) this.#report(`limits of ${scope} '${name}' are left out: ${error}`);
    }
  }

  #restoreGlobalParameters(): void {
    for (const parameter of this.#store.list('globalParameter').map(restoredGlobalParameter)) {
      const error = this.#parts.globalParameters.set(parameter);
      if (error !== null) this.#report(`global parameter '${parameter.name}' is left out: ${error}`);
    }
  }

  /** Gives the hidden queues of those that have one. */
  #restoreExchanges(nextPosition: (logId: number) => number): RestoredQueue[] {
    const hidden: RestoredQueue[] = [];
    for (const { delayedLogId: logId, ...exchange } of this.#store.list('exchange').map(restoredExchange)) {
      const what = describe('exchange', exchange.vhost, exchange.exchange);
      if (this.#isIn(exchange.vhost) && this.#parts.exchanges.restore(exchange)) {
        if (logId === 0) continue;
        const queue = this.#parts.delayedQueues.restore(exchange.vhost, exchange.exchange, logId, nextPosition(logId));
        if (queue === 0) throw new Error(`no memory for ${what}`);
        hidden.push({ queue, logId, holdsBack: true });
        continue;
      }
      this.#report(`${what} is left out: there is no exchange type '${exchange.type}', or no such vhost`);
    }
    return hidden;
  }

  #restoreQueues(nextPosition: (logId: number) => number): RestoredQueue[] {
    const back: RestoredQueue[] = [];
    const stored = this.#store.list('queue');
    for (const [index, declared] of stored.map(restoredQueue).entries()) {
      this.#progress(() => `restoring queues: ${index} of ${stored.length}`);
      const what = describe('queue', declared.vhost, declared.queue);
      if (!this.#isIn(declared.vhost)) {
        this.#report(`${what} is left out: there is no such vhost`);
        continue;
      }
      const queue = this.#parts.queues.restore(declared, nextPosition);
      if (queue === 0) throw new Error(`no memory for ${what}`);
      back.push({ queue, logId: declared.logId, holdsBack: false });
    }
    return back;
  }

  #restoreBindings(): void {
    const stored = this.#store.list('binding');
    for (const [index, binding] of stored.map(restoredBinding).entries()) {
      this.#progress(() => `restoring bindings: ${index} of ${stored.length}`);
      if (this.#parts.bindings.restore(binding)) continue;
      const source = describe('exchange', binding.vhost, binding.source);
      this.#report(`binding of ${binding.destinationKind} '${binding.destination}' to ${source} is left out`);
    }
  }

  #isIn(vhost: string): boolean {
    return this.#parts.topology.view.hasVhost(vhost);
  }
}
