/**
 * What administrators do to the broker while it runs, and see of it: vhosts, users, policies, limits, connections. Each
 * call takes effect at once, in all workers; `saved` tells when it outlasts the broker. What must hold: a call that is
 * refused changes nothing.
 */
import { fatal } from '../../platform/fatal.js';
import type { DefinitionChange } from '../../store/definitions.js';
import type { PasswordHashing } from '../access/passwords.js';
import type { Exchanges } from '../decisions/exchanges.js';
import type { Queues } from '../decisions/queues.js';
import type { OpenConnection, Sessions } from '../decisions/sessions.js';
import {
  globalParameterRecord,
  globalParameterRemoval,
  limitsRecord,
  limitsRemoval,
  policyRecord,
  policyRemoval,
} from '../definitions/definition-records.js';
import type { Announcements } from '../events/announcements.js';
import {
  tellOfClearedGlobalParameter,
  tellOfClearedLimits,
  tellOfClearedPolicy,
  tellOfGlobalParameter,
  tellOfLimits,
  tellOfPolicy,
} from '../events/rule-events.js';
import type { GlobalParameter, GlobalParameters } from '../policies/global-parameters.js';
import type { LimitScope, LimitSet, Limits } from '../policies/limits.js';
import type { Policies, Policy, PolicyKind, PolicyProposal, PolicySubject } from '../policies/policies.js';
import { fitsName } from '../requests/names.js';
import type { Answer, Notice, Request } from '../requests/requests.js';
import { metadataError, type VhostMetadata } from '../requests/vhost-metadata.js';
import type { Topology } from '../topology/topology.js';
import { DefinitionsAdministration } from './definitions-administration.js';
import type { Portions, Steps } from './portions.js';
import { noUser, UserAdministration } from './user-administration.js';

interface Parts {
  readonly topology: Topology;
  readonly exchanges: Exchanges;
  readonly queues: Queues;
  readonly sessions: Sessions;
  /** How new passwords are hashed. */
  passwordHashing(): PasswordHashing;
}

interface Outside {
  readonly announcements: Announcements;
  readonly portions: Portions;
  /** Posts what was changed. */
  publishChanges(): void;
  /** Stores what is no part of the topology. */
  note(changes: readonly DefinitionChange[]): void;
  saved(): Promise<void>;
  notify(notice: Notice): void;
  /** Decides on a declaration as if the broker asked. */
  declare(request: Request): Answer | Promise<Answer>;
  report(line: string): void;
}

const NAME_TOO_LONG = 'name is longer than 255 octets';

export class Administration {
  readonly users: UserAdministration;
  readonly definitions: DefinitionsAdministration;
  readonly #parts: Parts;
  readonly #policies: Policies;
  readonly #limits: Limits;
  readonly #globalParameters: GlobalParameters;
  readonly #outside: Outside;
  /** Vhosts that are being deleted. */
  readonly #leaving = new Set<string>();
  /** What was begun last, by vhosts to whose queues and exchanges policies are being applied. */
  readonly #applying = new Map<string, object>();

  constructor(parts: Parts, policies: Policies, limits: Limits, globalParameters: GlobalParameters, outside: Outside) {
    this.#parts = parts;
    this.#policies = policies;
    this.#limits = limits;
    this.#globalParameters = globalParameters;
    this.#outside = outside;
    this.users = new UserAdministration(parts.topology, parts.sessions, () => parts.passwordHashing(), {
      publishChanges: () => outside.publishChanges(),
      notify: (notice) => outside.notify(notice),
      userDeleted: (user) => this.clearLimits('user', user),
      onBehalf: (work) => outside.announcements.bound(work),
    });
    this.definitions = new DefinitionsAdministration(
      { view: parts.topology.view, policies, limits, globalParameters },
      {
        administration: this,
        view: parts.topology.view,
        declare: (request) => outside.declare(request),
        report: (line) => outside.report(line),
        onBehalf: (work) => outside.announcements.bound(work),
        run: async (steps) => {
          this.#run(steps);
          await outside.saved();
        },
      },
    );
  }

  /** Asks for something on behalf of a user, by whose name others are told of it; null: the broker's own. */
  onBehalfOf<T>(user: string | null, work: () => T): T {
    return this.#outside.announcements.onBehalfOf(() => user, work);
  }

  /**
   * Resolves when all that has been done so far is durable; rejects when that cannot be. Where nothing is stored, at
   * once.
   */
  saved(): Promise<void> {
    return this.#outside.saved();
  }

  /**
   * Sets a policy, which applies at once, to the last of many queues when `saved` resolves; returns why it cannot be,
   * or null.
   */
  setPolicy(kind: PolicyKind, proposal: PolicyProposal): string | null {
    if (!this.#parts.topology.view.hasVhost(proposal.vhost)) return `vhost ${proposal.vhost} not found`;
    if (!fitsName(proposal.name)) return NAME_TOO_LONG;
    const set = this.#policies.set(kind, proposal);
    if (typeof set === 'string') return set;
    tellOfPolicy(this.#outside.announcements, kind, set);
    this.#outside.note([policyRecord(kind, set)]);
    this.#applyPolicies(proposal.vhost);
    return null;
  }

  /** Takes a policy back, and what it did; false when there is none. */
  clearPolicy(kind: PolicyKind, vhost: string, name: string): boolean {
    const cleared = this.#policies.clear(kind, vhost, name);
    if (!cleared) return false;
    tellOfClearedPolicy(this.#outside.announcements, kind, vhost, name);
    this.#outside.note([policyRemoval(kind, { vhost, name })]);
    this.#applyPolicies(vhost);
    return true;
  }

  policies(kind: PolicyKind, vhost: string): Policy[] {
    return this.#policies.list(kind, vhost);
  }

  /** The policy that applies to something; null: none does. */
  policyOf(kind: PolicyKind, subject: PolicySubject): Policy | null {
    return this.#policies.applying(kind, subject);
  }

  /** Sets the limits of a vhost or a user; they hold for what comes. Returns why they cannot be, or null. */
  setLimits(scope: LimitScope, name: string, limits: Readonly<Record<string, unknown>>): string | null {
    const { view } = this.#parts.topology;
    if (scope === 'vhost' && !view.hasVhost(name)) return `vhost ${name} not found`;
    if (scope === 'user' && view.accounts.user(name) === undefined) return noUser(name);
    const error = this.#limits.set(scope, name, limits);
    if (error !== null) return error;
    tellOfLimits(this.#outside.announcements, scope, name, this.#limits.of(scope, name));
    this.#outside.note([limitsRecord(scope, name, this.#limits.of(scope, name))]);
    return null;
  }

  clearLimits(scope: LimitScope, name: string): void {
    if (Object.keys(this.#limits.of(scope, name)).length > 0)
      tellOfClearedLimits(this.#outside.announcements, scope, name);
    this.#limits.clear(scope, name);
    this.#outside.note([limitsRemoval(scope, name)]);
  }

  limits(scope: LimitScope, name: string): LimitSet {
    return this.#limits.of(scope, name);
  }

  /**
   * Has a queue give out nothing from now on, while it takes messages as ever; or go on. A durable one stays so over a
   * restart. False: there is none of that name.
   */
  pauseQueue(vhost: string, name: string, isPaused: boolean): boolean {
    const isKnown = this.#parts.queues.pause(vhost, name, isPaused);
    this.#outside.publishChanges();
    return isKnown;
  }

  /**
   * The connections that have entered a vhost, in the order of their coming, with the names that their clients gave
   * them.
   */
  connections(): OpenConnection[] {
    return this.#parts.sessions.list();
  }

  vhosts(): string[] {
    return this.#parts.topology.view.vhosts();
  }

  /**
   * Nobody may enter it before having permissions there. False when there is such a vhost already, or clients could not
   * name it.
   */
  createVhost(vhost: string): boolean {
    if (!fitsName(vhost) || this.#parts.topology.view.hasVhost(vhost)) return false;
    this.#parts.topology.createVhost(vhost);
    this.#outside.publishChanges();
    return true;
  }

  /** Says something else of a vhost; what is not said stays. Returns why it cannot be, or null. */
  describeVhost(vhost: string, said: Partial<VhostMetadata>): string | null {
    const { view } = this.#parts.topology;
    if (!this.isOpen(vhost)) return `vhost ${vhost} not found`;
    const metadata = { ...view.metadata(vhost), ...said };
    const error = metadataError(metadata);
    if (error !== null) return error;
    this.#parts.topology.change({ kind: 'vhost.changed', vhost, metadata });
    this.#outside.publishChanges();
    return null;
  }

  vhostMetadata(vhost: string): VhostMetadata {
    return this.#parts.topology.view.metadata(vhost);
  }

  /** What concerns no vhost, and means nothing to the broker; in the order of their names. */
  globalParameters(): GlobalParameter[] {
    return this.#globalParameters.list();
  }

  /** `value` is JSON. Returns why it cannot be, or null. */
  setGlobalParameter(parameter: GlobalParameter): string | null {
    const error = this.#globalParameters.set(parameter);
    if (error !== null) return error;
    tellOfGlobalParameter(this.#outside.announcements, parameter);
    this.#outside.note([globalParameterRecord(parameter)]);
    return null;
  }

  /** False when there is none. */
  clearGlobalParameter(name: string): boolean {
    if (!this.#globalParameters.clear(name)) return false;
    tellOfClearedGlobalParameter(this.#outside.announcements, name);
    this.#outside.note([globalParameterRemoval(name)]);
    return true;
  }

  /**
   * Deletes a vhost with all that is in it, and closes the connections to it; false when there is none, or it is
   * protected from that. Nobody can do anything in it from now on; where it holds much, the last of it is gone when
   * `saved` resolves.
   */
  deleteVhost(vhost: string): boolean {
    const { view } = this.#parts.topology;
    if (!view.hasVhost(vhost) || this.#leaving.has(vhost) || view.metadata(vhost).protectedFromDeletion) return false;
    this.#leaving.add(vhost);
    this.#run(this.#vhostDeletion(vhost));
    return true;
  }

  /** Whether a vhost is there, and stays. */
  isOpen(vhost: string): boolean {
    return this.#parts.topology.view.hasVhost(vhost) && !this.#leaving.has(vhost);
  }

  *#vhostDeletion(vhost: string): Generator<void, void> {
    yield* this.#parts.queues.deleteAll(vhost);
    yield* this.#parts.topology.deleteVhost(vhost);
    this.#leaving.delete(vhost);
    this.#forgetRulesOf(vhost);
    this.#outside.publishChanges();
    const text = `vhost '${vhost}' is deleted`;
    for (const connection of this.#parts.sessions.in(vhost)) this.#outside.notify({ kind: 'close', connection, text });
  }

  #forgetRulesOf(vhost: string): void {
    const kinds = ['policy', 'operator policy'] as const;
    for (const kind of kinds) {
      const policies = this.#policies.list(kind, vhost);
      for (const { name } of policies) tellOfClearedPolicy(this.#outside.announcements, kind, vhost, name);
      this.#outside.note(policies.map((policy) => policyRemoval(kind, policy)));
    }
    this.#policies.vhostDeleted(vhost);
    this.clearLimits('vhost', vhost);
  }

  /** What is under way for policies of before goes no further: this comes to all that it would have come to. */
  #applyPolicies(vhost: string): void {
    const own = {};
    this.#applying.set(vhost, own);
    this.#run(this.#policyApplication(vhost, own), () => this.#applying.get(vhost) !== own);
  }

  *#policyApplication(vhost: string, own: object): Generator<void, void> {
    yield* this.#parts.exchanges.applyPolicies(vhost);
    yield* this.#parts.queues.applyPolicies(vhost);
    if (this.#applying.get(vhost) === own) this.#applying.delete(vhost);
  }

  #run(steps: Steps, isVoid?: () => boolean): void {
    // Whoever waits for its end asks for `saved`.
    const next = this.#outside.announcements.bound(() => steps.next());
    this.#outside.portions.run({ next }, isVoid)?.catch(fatal);
    this.#outside.publishChanges();
  }
}
