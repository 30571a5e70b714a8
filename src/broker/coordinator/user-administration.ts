/**
 * What administrators do to users: who there is, and what each may do in which vhost. Each call takes effect at once,
 * in all workers: whoever is logged in may do from now on what the rights say from now on. What must hold: a call that
 * is refused changes nothing; with a user go the permissions, the limits and the connections.
 */
import { type Permissions, RIGHTS, type User } from '../access/accounts.js';
import { patternError } from '../access/name-pattern.js';
import {
  HASHINGS,
  hashError,
  hashPassword,
  hashPasswordNow,
  isHashingAlgorithm,
  isSlow,
  NO_PASSWORD,
  type PasswordHash,
  type PasswordHashing,
} from '../access/passwords.js';
import { type TopicPermissions, topicPermissionsError } from '../access/topic-permissions.js';
import type { Sessions } from '../decisions/sessions.js';
import { fitsName } from '../requests/names.js';
import type { Change, Notice } from '../requests/requests.js';
import type { Topology } from '../topology/topology.js';

interface Outside {
  /** Posts what was changed. */
  publishChanges(): void;
  notify(notice: Notice): void;
  /** What others keep of a user is to go. */
  userDeleted(user: string): void;
  /** The same work, later, on behalf of whoever acts now. */
  onBehalf<A extends readonly unknown[], R>(work: (...args: A) => R): (...args: A) => R;
}

export class UserAdministration {
  readonly #topology: Topology;
  readonly #sessions: Pick<Sessions, 'of'>;
  readonly #outside: Outside;
  readonly #hashing: () => PasswordHashing;

  constructor(topology: Topology, sessions: Pick<Sessions, 'of'>, hashing: () => PasswordHashing, outside: Outside) {
    this.#topology = topology;
    this.#sessions = sessions;
    this.#hashing = hashing;
    this.#outside = outside;
  }

  /**
   * Adds a user, who may do nothing yet; returns why that cannot be, or null. A promise where hashing takes long: the
   * user is there when it resolves.
   */
  add(name: string, password: string, tags: readonly string[] = []): string | null | Promise<string | null> {
    const error = this.#nameError(name) ?? passwordError(password);
    if (error !== null) return error;
    // Another one may have the name by then.
    return this.#hashed(password, (hash) => this.#nameError(name) ?? this.#add({ name, ...hash, tags }));
  }

  /**
   * The same with a password that is hashed already, as definitions have it; `hashingAlgorithm` as they name it. An
   * empty hash is that of no password.
   */
  addHashed(name: string, passwordHash: string, hashingAlgorithm: string, tags: readonly string[] = []): string | null {
    const error = this.#nameError(name) ?? hashError(passwordHash, hashingAlgorithm);
    if (error !== null || !isHashingAlgorithm(hashingAlgorithm)) return error;
    return this.#add({ name, passwordHash, hashingAlgorithm, tags });
  }

  /** The hash of a new password, where hashing takes long: another thread works it out. Null: `put` does it at once. */
  slowHash(password: string): Promise<PasswordHash> | null {
    const algorithm = HASHINGS[this.#hashing()];
    if (!isSlow({ hashingAlgorithm: algorithm })) return null;
    return Promise.resolve(hashPassword(password, algorithm));
  }

  /** Sets a user as definitions have it, in place of what was before; permissions and connections stay. */
  put(name: string, password: string | PasswordHash, tags: readonly string[]): void {
    const hash = typeof password === 'string' ? hashPasswordNow(password, HASHINGS[this.#hashing()]) : password;
    this.#add({ name, ...hash, tags });
  }

  #nameError(name: string): string | null {
    if (name === '') return 'user name is empty';
    if (!fitsName(name)) return 'user name is longer than 255 octets';
    return this.#user(name) === undefined ? null : `user '${name}' already exists`;
  }

  #add(user: User): null {
    this.#change({ kind: 'user.set', user });
    return null;
  }

  /** Deletes a user, and closes the user's connections; false when there is none of that name. */
  delete(name: string): boolean {
    if (this.#user(name) === undefined) return false;
    this.#change({ kind: 'user.deleted', user: name });
    this.#outside.userDeleted(name);
    const text = `user '${name}' is deleted`;
    for (const connection of this.#sessions.of(name)) this.#outside.notify({ kind: 'close', connection, text });
    return true;
  }

  /**
   * What counts from the next login on; connections stay. Returns why that cannot be, or null; a promise where hashing
   * takes long.
   */
  changePassword(name: string, password: string): string | null | Promise<string | null> {
    const error = this.#user(name) === undefined ? noUser(name) : passwordError(password);
    return error ?? this.#hashed(password, (hash) => this.#set(name, hash));
  }

  /** From now on the user comes in with no password: only by a certificate, or not at all. */
  clearPassword(name: string): string | null {
    return this.#set(name, NO_PASSWORD);
  }

  /** Whether this is the user's password. */
  authenticate(name: string, password: string): boolean | Promise<boolean> {
    return this.#topology.view.accounts.accepts(name, password);
  }

  /** Sets the tags of a user in place of those before; returns why that cannot be, or null. */
  setTags(name: string, tags: readonly string[]): string | null {
    return this.#set(name, { tags });
  }

  list(): Pick<User, 'name' | 'tags'>[] {
    return this.#topology.view.accounts.users().map(({ name, tags }) => ({ name, tags }));
  }

  /** Sets what a user may do in a vhost, in place of what was before; returns why that cannot be, or null. */
  setPermissions(permissions: Permissions): string | null {
    const { user, vhost } = permissions;
    for (const right of RIGHTS) {
      const error = patternError(permissions[right]);
      if (error !== null) return `invalid regular expression '${permissions[right]}' for ${right}: ${error}`;
    }
    const error = this.#holderError(user, vhost);
    if (error !== null) return error;
    this.#change({ kind: 'permissions.set', permissions });
    return null;
  }

  #holderError(user: string, vhost: string): string | null {
    if (!this.#topology.view.hasVhost(vhost)) return `vhost ${vhost} not found`;
    return this.#user(user) === undefined ? noUser(user) : null;
  }

  /** Takes a user's rights in a vhost away, that to enter it among them; false when there were none. */
  clearPermissions(user: string, vhost: string): boolean {
    if (this.#topology.view.accounts.permissions(user, vhost) === undefined) return false;
    this.#change({ kind: 'permissions.cleared', user, vhost });
    return true;
  }

  permissionsOf(user: string): Permissions[] {
    return this.#topology.view.accounts.permissionsOf(user);
  }

  permissionsIn(vhost: string): Permissions[] {
    return this.#topology.view.accounts.permissionsIn(vhost);
  }

  /**
   * Sets under which routing keys a user may publish to a topic exchange (`write`) and bind to it (`read`), in place of
   * what was before; the exchange need not be there. Returns why that cannot be, or null.
   */
  setTopicPermissions(permissions: TopicPermissions): string | null {
    const { user, vhost, exchange } = permissions;
    const error =
      topicPermissionsError(permissions) ??
      (fitsName(exchange) ? null : 'exchange name is longer than 255 octets') ??
      this.#holderError(user, vhost);
    if (error !== null) return error;
    this.#change({ kind: 'topic-permissions.set', permissions });
    return null;
  }

  /** Lets a user use every key again, in one exchange or in all of a vhost; false when nothing was set. */
  clearTopicPermissions(user: string, vhost: string, exchange?: string): boolean {
    const set = this.topicPermissionsOf(user).filter((one) => one.vhost === vhost);
    const meant = exchange === undefined ? set : set.filter((one) => one.exchange === exchange);
    for (const one of meant) {
      this.#topology.change({ kind: 'topic-permissions.cleared', user, vhost, exchange: one.exchange });
    }
    this.#outside.publishChanges();
    return meant.length > 0;
  }

  topicPermissionsOf(user: string): TopicPermissions[] {
    return this.#topology.view.accounts.topicPermissionsOf(user);
  }

  topicPermissionsIn(vhost: string): TopicPermissions[] {
    return this.#topology.view.accounts.topicPermissionsIn(vhost);
  }

  #hashed(password: string, keep: (hash: PasswordHash) => string | null): string | null | Promise<string | null> {
    const hash = hashPassword(password, HASHINGS[this.#hashing()]);
    return hash instanceof Promise ? hash.then(this.#outside.onBehalf(keep)) : keep(hash);
  }

  #user(name: string): User | undefined {
    return this.#topology.view.accounts.user(name);
  }

  #set(name: string, fields: Partial<User>): string | null {
    const user = this.#user(name);
    if (user === undefined) return noUser(name);
    this.#change({ kind: 'user.set', user: { ...user, ...fields } });
    return null;
  }

  #change(change: Change): void {
    this.#topology.change(change);
    this.#outside.publishChanges();
  }
}

function passwordError(password: string): string | null {
  return password === '' ? 'password is empty' : null;
}

export function noUser(name: string): string {
  return `user '${name}' does not exist`;
}
