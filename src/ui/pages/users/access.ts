/** Users and their rights, as the API has them. */
import { type ApiError, call, get, pathOf } from '../../api/client.js';

export interface User {
  readonly name: string;
  /** Empty: nobody comes in with a password. */
  readonly password_hash: string;
  readonly hashing_algorithm: string;
  readonly tags: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

export const RIGHTS = ['configure', 'write', 'read'] as const;
export type Right = (typeof RIGHTS)[number];
export type Rights = Readonly<Record<Right, string>>;

/** Whatever there is. */
export const ALL_NAMES: Rights = { configure: '.*', write: '.*', read: '.*' };

/** What an empty right says. */
export const NO_NAME = '^$';

export interface Permission extends Rights {
  readonly user: string;
  readonly vhost: string;
}

export interface TopicPermission {
  readonly user: string;
  readonly vhost: string;
  readonly exchange: string;
  readonly write: string;
  readonly read: string;
}

export const USERS = '/api/users';

/** Makes a user; rejects where there is one of that name: it would be changed. */
export async function addUser(name: string, password: string | null, tags: readonly string[]): Promise<void> {
  const there = await get<User>(pathOf(USERS, name)).catch((error: ApiError) => {
    if (error.status === 404) return null;
    throw error;
  });
  if (there !== null) throw new Error(`There is a user ${name} already: change it on its own page.`);
  await putUser(name, tags, password === null ? { password_hash: '' } : { password });
}

/** The password stays. */
export function setTags({ name, password_hash, hashing_algorithm }: User, tags: readonly string[]): Promise<void> {
  return putUser(name, tags, { password_hash, hashing_algorithm });
}

/** Null: nobody comes in with a password from now on. */
export function setPassword({ name, tags }: User, password: string | null): Promise<void> {
  return putUser(name, tags, password === null ? { password_hash: '' } : { password });
}

function putUser(name: string, tags: readonly string[], how: object): Promise<void> {
  return call('PUT', pathOf(USERS, name), { ...how, tags: tags.join(',') });
}

export function deleteUser(name: string): Promise<void> {
  return call('DELETE', pathOf(USERS, name));
}

export function setPermission({ user, vhost, ...rights }: Permission): Promise<void> {
  return call('PUT', pathOf('/api/permissions', vhost, user), rights);
}

export function clearPermission({ user, vhost }: Permission): Promise<void> {
  return call('DELETE', pathOf('/api/permissions', vhost, user));
}

export function setTopicPermission({ user, vhost, ...rights }: TopicPermission): Promise<void> {
  return call('PUT', pathOf('/api/topic-permissions', vhost, user), rights);
}

export function clearTopicPermission({ user, vhost, exchange }: TopicPermission): Promise<void> {
  return call('DELETE', pathOf('/api/topic-permissions', vhost, user, exchange));
}
