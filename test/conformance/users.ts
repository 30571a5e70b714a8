/**
 * The users that scenarios about rights share, in the vhost '/'. Each has its name for a password. A right of the
 * limited user is for names whose last word contains a letter: c to configure, w to write, r to read. What a scenario
 * changes must be a user of its own (`Stage.user`).
 */
import { randomBytes } from 'node:crypto';
import type { Administrator } from './administrator.js';

/** Begins the names of users, which are nobody else's. */
export const USER_PREFIX = `conf-${randomBytes(5).toString('hex')}-`;

export interface Rights {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

export const ALL: Rights = { configure: '.*', write: '.*', read: '.*' };

/** Null: no permissions at all. */
const SHARED: Readonly<Record<string, Rights | null>> = {
  limited: { configure: '-[a-z]*c[a-z]*$', write: '-[a-z]*w[a-z]*$', read: '-[a-z]*r[a-z]*$' },
  powerless: { configure: '', write: '', read: '' },
  poser: ALL,
  outsider: null,
};
const TAGS: Readonly<Record<string, readonly string[]>> = { poser: ['impersonator'] };

export async function createSharedUsers(administrator: Administrator): Promise<void> {
  for (const [user, rights] of Object.entries(SHARED)) {
    const name = USER_PREFIX + user;
    await administrator.addUser(name, name, TAGS[user] ?? []);
    if (rights !== null) await administrator.setPermissions({ user: name, vhost: '/', ...rights });
  }
}

export async function deleteSharedUsers(administrator: Administrator): Promise<void> {
  for (const user of Object.keys(SHARED)) await administrator.deleteUser(USER_PREFIX + user);
}
