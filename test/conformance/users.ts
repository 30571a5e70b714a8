/**
 * The users of scenarios about rights: the same ones on any broker, made in its own way before the scenarios and
 * deleted after them. Each has its name for a password, and rights in the vhost '/'. A right is for names whose last
 * word contains a letter: c to configure, w to write, r to read.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { UserAdministration } from '../../src/index.js';

/** Begins the names of users, which are nobody else's. */
export const USER_PREFIX = `conf-${randomBytes(5).toString('hex')}-`;

interface Rights {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

/** Null: no permissions at all. */
const RIGHTS: Readonly<Record<string, Rights | null>> = {
  limited: { configure: '-[a-z]*c[a-z]*$', write: '-[a-z]*w[a-z]*$', read: '-[a-z]*r[a-z]*$' },
  powerless: { configure: '', write: '', read: '' },
  poser: { configure: '.*', write: '.*', read: '.*' },
  doomed: { configure: '.*', write: '.*', read: '.*' },
  excluded: { configure: '.*', write: '.*', read: '.*' },
  outsider: null,
};
const TAGS: Readonly<Record<string, string>> = { poser: 'impersonator' };

/** What scenarios do to users. */
export interface Users {
  create(): Promise<void>;
  delete(user: string): Promise<void>;
  exclude(user: string): Promise<void>;
  deleteAll(): Promise<void>;
}

const names = Object.keys(RIGHTS);

export function usersOfLeveret(administration: () => UserAdministration): Users {
  return {
    create: async () => {
      for (const [user, rights] of Object.entries(RIGHTS)) {
        const name = USER_PREFIX + user;
        await administration().add(name, name, [TAGS[user] ?? []].flat());
        if (rights !== null) await administration().setPermissions({ user: name, vhost: '/', ...rights });
      }
    },
    delete: async (user) => void (await administration().delete(USER_PREFIX + user)),
    exclude: async (user) => void (await administration().clearPermissions(USER_PREFIX + user, '/')),
    // They go with their broker.
    deleteAll: async () => {},
  };
}

/** Through `rabbitmqctl`, all at once where that can be: it takes seconds to start. */
export function usersOfRabbit(): Users {
  return {
    create: () =>
      evaluate(
        Object.entries(RIGHTS).flatMap(([user, rights]) => [
          call('add_user', binary(user), binary(user), BY, `[${TAGS[user] ?? ''}]`),
          ...(rights === null
            ? []
            : [call('set_permissions', binary(user), ROOT, ...Object.values(rights).map(quoted), BY)]),
        ]),
      ),
    delete: (user) => evaluate([call('delete_user', binary(user), BY)]),
    exclude: (user) => evaluate([call('clear_permissions', binary(user), ROOT, BY)]),
    deleteAll: () => evaluate(names.map((user) => `catch ${call('delete_user', binary(user), BY)}`)),
  };
}

const BY = quoted('conformance');
const ROOT = quoted('/');

function call(name: string, ...args: readonly string[]): string {
  return `rabbit_auth_backend_internal:${name}(${args.join(', ')})`;
}

function binary(user: string): string {
  return quoted(USER_PREFIX + user);
}

function quoted(text: string): string {
  return `<<"${text}">>`;
}

async function evaluate(calls: readonly string[]): Promise<void> {
  await promisify(execFile)('rabbitmqctl', ['eval', `${calls.join(', ')}.`]);
}
