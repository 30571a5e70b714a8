/**
 * This folder is about users: who they are, and what they may do; all of the broker may import it, and what connections
 * do at login.
 *
 * Who there is, and what each may do: users with their passwords and tags, and what they may configure, write and read
 * in each vhost. A part of every participant's view, changed by the coordinator's changes alone. What must hold: nobody
 * has a right that no permission gives; with a user, or a vhost, its permissions go.
 */
import { NamePattern } from './name-pattern.js';
import { digestPassword, HASHINGS, isPassword, isSlow, type PasswordHash } from './passwords.js';
import { type TopicPermissions, type TopicRight, TopicRules } from './topic-permissions.js';

export interface User extends PasswordHash {
  readonly name: string;
  readonly tags: readonly string[];
}

export const RIGHTS = ['configure', 'write', 'read'] as const;
export type Right = (typeof RIGHTS)[number];

/** What a user may do in a vhost: for each right, an expression that the names of queues and exchanges match. */
export type Permissions = Readonly<Record<Right | 'user' | 'vhost', string>>;

export type AccountChange =
  /** A user is there from now on, or is as it says from now on. */
  | { kind: 'user.set'; user: User }
  | { kind: 'user.deleted'; user: string }
  | { kind: 'permissions.set'; permissions: Permissions }
  | { kind: 'permissions.cleared'; user: string; vhost: string }
  | { kind: 'topic-permissions.set'; permissions: TopicPermissions }
  | { kind: 'topic-permissions.cleared'; user: string; vhost: string; exchange: string };

/** May do what operators do. */
export const ADMINISTRATOR = 'administrator';

/** Who is there from the beginning, and comes from this machine only. */
export const GUEST = 'guest';
const BEGINNING: User = {
  name: GUEST,
  ...digestPassword(GUEST, HASHINGS.sha256, new Uint8Array(4)),
  tags: [ADMINISTRATOR],
};

/** May set a `user-id` that is not their own. */
export const IMPERSONATOR = 'impersonator';

/** What a password is compared with when there is no such user, so that it takes as long as for those there are. */
const NOBODY = digestPassword('');
/** The same where somebody's is slow to compare. */
const NOBODY_SLOW: PasswordHash = { passwordHash: 'A'.repeat(64), hashingAlgorithm: HASHINGS.scrypt };

interface Account {
  readonly user: User;
  /** By vhosts. */
  readonly permissions: Map<string, Entry>;
  readonly topics: TopicRules;
}

interface Entry {
  readonly permissions: Permissions;
  readonly patterns: Readonly<Record<Right, NamePattern>>;
}

export class Accounts {
  readonly #accounts = new Map<string, Account>();
  #nobody = NOBODY;

  /** There is a guest, with all rights in these vhosts. */
  constructor(vhosts: readonly string[]) {
    this.apply({ kind: 'user.set', user: BEGINNING });
    for (const vhost of vhosts) this.apply({ kind: 'permissions.set', permissions: allRights(GUEST, vhost) });
  }

  apply(change: AccountChange): void {
    switch (change.kind) {
      case 'user.set': {
        const { user } = change;
        if (isSlow(user)) this.#nobody = NOBODY_SLOW;
        const { permissions = new Map(), topics = new TopicRules() } = this.#accounts.get(user.name) ?? {};
        this.#accounts.set(user.name, { user, permissions, topics });
        return;
      }
      case 'user.deleted':
        this.#accounts.delete(change.user);
        return;
      case 'permissions.set': {
        const { permissions } = change;
        this.#accounts.get(permissions.user)?.permissions.set(permissions.vhost, entryOf(permissions));
        return;
      }
      case 'permissions.cleared':
        this.#accounts.get(change.user)?.permissions.delete(change.vhost);
        return;
      case 'topic-permissions.set':
        this.#accounts.get(change.permissions.user)?.topics.set(change.permissions);
        return;
      case 'topic-permissions.cleared':
        this.#accounts.get(change.user)?.topics.clear(change.vhost, change.exchange);
        return;
      default:
        change satisfies never;
    }
  }

  vhostDeleted(vhost: string): void {
    for (const { permissions, topics } of this.#accounts.values()) {
      permissions.delete(vhost);
      topics.vhostDeleted(vhost);
    }
  }

  user(name: string): User | undefined {
    return this.#accounts.get(name)?.user;
  }

  users(): User[] {
    return [...this.#accounts.values()].map(({ user }) => user);
  }

  permissions(user: string, vhost: string): Permissions | undefined {
    return this.#accounts.get(user)?.permissions.get(vhost)?.permissions;
  }

  permissionsOf(user: string): Permissions[] {
    return [...(this.#accounts.get(user)?.permissions.values() ?? [])].map(({ permissions }) => permissions);
  }

  permissionsIn(vhost: string): Permissions[] {
    return this.users().flatMap(({ name }) => this.permissions(name, vhost) ?? []);
  }

  topicPermissionsOf(user: string): TopicPermissions[] {
    return this.#accounts.get(user)?.topics.list() ?? [];
  }

  topicPermissionsIn(vhost: string): TopicPermissions[] {
    return this.users().flatMap(({ name }) => this.topicPermissionsOf(name).filter((one) => one.vhost === vhost));
  }

  /** Whether a user has this password; a promise where that takes long. */
  accepts(name: string, password: string): boolean | Promise<boolean> {
    const user = this.user(name);
    const isRight = isPassword(user ?? this.#nobody, password);
    if (typeof isRight === 'boolean') return user !== undefined && isRight;
    // Who was given another password meanwhile, or is gone, has to come again.
    return isRight.then((right) => right && user?.passwordHash === this.user(name)?.passwordHash && user !== undefined);
  }

  mayEnter(user: string, vhost: string): boolean {
    return this.permissions(user, vhost) !== undefined;
  }

  may(user: string, right: Right, vhost: string, name: string): boolean {
    return this.#accounts.get(user)?.permissions.get(vhost)?.patterns[right].matches(name) ?? false;
  }

  /** What the routing keys must match under which a user publishes to a topic exchange, or binds to it; null: any. */
  topicPattern(user: string, right: TopicRight, vhost: string, exchange: string): NamePattern | null {
    return this.#accounts.get(user)?.topics.pattern(right, vhost, exchange) ?? null;
  }
}

export function allRights(user: string, vhost: string): Permissions {
  return { user, vhost, configure: '.*', write: '.*', read: '.*' };
}

function entryOf(permissions: Permissions): Entry {
  const { configure, write, read } = permissions;
  const patterns = { configure: rightPattern(configure), write: rightPattern(write), read: rightPattern(read) };
  return { permissions, patterns };
}

/** Nothing written means nothing allowed: only a name without a letter matches. */
function rightPattern(pattern: string): NamePattern {
  return new NamePattern(pattern === '' ? '^$' : pattern);
}
