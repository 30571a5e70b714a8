/** Limits of vhosts and of users. */
import { type Api, at, isMissing } from '../../api.js';
import { type Cell, type CtlCommand, DONE, type Given, type Outcome, one } from '../../command.js';
import { noSuchUser } from '../access/users.js';
import { existingVhost } from '../topology/vhosts.js';
import { objectOf } from './json.js';

type Limits = Readonly<Record<string, Cell>>;

interface Listed {
  readonly vhost?: string;
  readonly user?: string;
  readonly value: Limits;
}

const GLOBAL = { value: null, help: 'of all that have any' };

export const LIMIT_COMMANDS: readonly CtlCommand[] = [
  {
    name: 'set_vhost_limits',
    subject: 'Virtual hosts',
    summary: 'bounds what there may be in a vhost: {"max-connections": 100, "max-queues": 50}, -1 for no bound',
    arguments: [one('definition')],
    isInVhost: true,
    banner: ({ vhost, argument }) => `Setting vhost limits to "${argument('definition')}" for vhost "${vhost}" ...`,
    run: async ({ vhost, argument }, api) => {
      const limits = objectOf(argument('definition'));
      await existingVhost(api, vhost);
      await clearAll(api, 'vhost-limits', vhost, Object.keys(limits));
      await setAll(api, 'vhost-limits', vhost, limits);
      return DONE;
    },
  },
  {
    name: 'clear_vhost_limits',
    subject: 'Virtual hosts',
    summary: 'takes the limits from a vhost',
    arguments: [],
    isInVhost: true,
    banner: ({ vhost }) => `Clearing vhost "${vhost}" limits ...`,
    run: async ({ vhost }, api) => {
      await existingVhost(api, vhost);
      await clearAll(api, 'vhost-limits', vhost);
      return DONE;
    },
  },
  {
    name: 'list_vhost_limits',
    subject: 'Virtual hosts',
    summary: 'tells the limits of a vhost',
    arguments: [],
    options: { global: GLOBAL },
    isInVhost: true,
    banner: ({ vhost, has }) => `Listing limits for ${has('global') ? 'all vhosts' : `vhost "${vhost}"`} ...`,
    run: async (given, api) => {
      if (given.has('global')) return all(api, 'vhost');
      await existingVhost(api, given.vhost);
      const limits = await limitsOf(api, 'vhost-limits', given.vhost);
      return { kind: 'text', text: Object.keys(limits).length === 0 ? '' : JSON.stringify(limits) };
    },
  },
  {
    name: 'set_user_limits',
    subject: 'Users',
    summary: 'bounds what a user may have: {"max-connections": 10, "max-channels": 100}, -1 for no bound',
    arguments: [one('username'), one('definition')],
    banner: ({ argument }) =>
      `Setting user limits to "${argument('definition')}" for user "${argument('username')}" ...`,
    run: async ({ argument }, api) => {
      const limits = objectOf(argument('definition'));
      await existingUser(api, argument('username'));
      await setAll(api, 'user-limits', argument('username'), limits);
      return DONE;
    },
  },
  {
    name: 'clear_user_limits',
    subject: 'Users',
    summary: "takes a limit from a user, or 'all' of them",
    arguments: [one('username'), one('limit')],
    banner: ({ argument }) => {
      const limit = argument('limit');
      const what = limit === 'all' ? 'all limits' : `"${limit}" limit`;
      return `Clearing ${what} for user "${argument('username')}" ...`;
    },
    run: async ({ argument }, api) => {
      const [user, limit] = [argument('username'), argument('limit')];
      await existingUser(api, user);
      if (limit === 'all') await clearAll(api, 'user-limits', user);
      else await clearOne(api, 'user-limits', user, limit);
      return DONE;
    },
  },
  {
    name: 'list_user_limits',
    subject: 'Users',
    summary: 'tells the limits of a user',
    arguments: [],
    options: { user: { value: 'USER', help: 'the user, guest by default' }, global: GLOBAL },
    banner: (given) => `Listing limits for ${given.has('global') ? 'all users' : `user "${userOf(given)}"`} ...`,
    run: async (given, api) => {
      if (given.has('global')) return all(api, 'user');
      await existingUser(api, userOf(given));
      return { kind: 'text', text: JSON.stringify(await limitsOf(api, 'user-limits', userOf(given))) };
    },
  },
];

function userOf({ option }: Given): string {
  return option('user') ?? 'guest';
}

async function all(api: Api, scope: 'vhost' | 'user'): Promise<Outcome> {
  const listed = await api.get<readonly Listed[]>(at(`${scope}-limits`));
  const rows = listed.map((one) => ({ [scope]: one[scope] ?? '', limits: JSON.stringify(one.value) }));
  return { kind: 'rows', columns: [scope, 'limits'], rows, emptyLine: true };
}

async function limitsOf(api: Api, path: string, owner: string): Promise<Limits> {
  const [first] = await api.get<readonly Listed[]>(at(path, owner));
  return first?.value ?? {};
}

async function setAll(api: Api, path: string, owner: string, limits: Limits): Promise<void> {
  for (const [name, value] of Object.entries(limits)) await api.put(at(path, owner, name), { value });
}

/** `kept`: those that get another value. */
async function clearAll(api: Api, path: string, owner: string, kept: readonly string[] = []): Promise<void> {
  const names = Object.keys(await limitsOf(api, path, owner)).filter((name) => !kept.includes(name));
  for (const name of names) await clearOne(api, path, owner, name);
}

async function clearOne(api: Api, path: string, owner: string, name: string): Promise<void> {
  try {
    await api.delete(at(path, owner, name));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

async function existingUser(api: Api, name: string): Promise<void> {
  if ((await api.find(at('users', name))) === null) throw noSuchUser(name);
}
