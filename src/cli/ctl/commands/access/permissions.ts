/** What users may do in vhosts: permissions and topic permissions. */
import { type Api, at, isMissing } from '../../api.js';
import { type CtlCommand, CtlError, DONE, EXIT, type Given, one, optional, type Row, rows } from '../../command.js';
import { existingVhost } from '../topology/vhosts.js';
import { noSuchUser } from './users.js';

const IN_VHOST = ['user', 'configure', 'write', 'read'] as const;
const OF_USER = ['vhost', 'configure', 'write', 'read'] as const;
const TOPICS_IN_VHOST = ['user', 'exchange', 'write', 'read'] as const;
const TOPICS_OF_USER = ['vhost', 'exchange', 'write', 'read'] as const;

export const PERMISSION_COMMANDS: readonly CtlCommand[] = [
  {
    name: 'set_permissions',
    subject: 'Access control',
    summary: 'says what a user may do in a vhost: three regular expressions for the names of queues and exchanges',
    arguments: [one('username'), one('conf'), one('write'), one('read')],
    isInVhost: true,
    banner: ({ vhost, argument }) => `Setting permissions for user "${argument('username')}" in vhost "${vhost}" ...`,
    run: async (given, api) => {
      await checkEnds(given, api);
      const { argument } = given;
      await api.put(at('permissions', given.vhost, argument('username')), {
        configure: argument('conf'),
        write: argument('write'),
        read: argument('read'),
      });
      return DONE;
    },
  },
  {
    name: 'clear_permissions',
    subject: 'Access control',
    summary: 'takes from a user what it may do in a vhost',
    arguments: [one('username')],
    isInVhost: true,
    banner: ({ vhost, argument }) => `Clearing permissions for user "${argument('username')}" in vhost "${vhost}" ...`,
    run: async (given, api) => {
      await checkEnds(given, api);
      await clear(api, at('permissions', given.vhost, given.argument('username')));
      return DONE;
    },
  },
  {
    name: 'list_permissions',
    subject: 'Access control',
    summary: 'lists what users may do in a vhost',
    arguments: [],
    isInVhost: true,
    banner: ({ vhost }) => `Listing permissions for vhost "${vhost}" ...`,
    run: async ({ vhost }, api) => {
      await existingVhost(api, vhost);
      return rows(IN_VHOST, await api.get<readonly Row[]>(at('vhosts', vhost, 'permissions')));
    },
  },
  {
    name: 'list_user_permissions',
    subject: 'Access control',
    summary: 'lists what a user may do, by vhost',
    arguments: [one('username')],
    banner: ({ argument }) => `Listing permissions for user "${argument('username')}" ...`,
    run: async (given, api) => rows(OF_USER, await ofUser(given, api, 'permissions')),
  },
  {
    name: 'set_topic_permissions',
    subject: 'Access control',
    summary: 'says which routing keys a user may publish to a topic exchange, and bind to it: regular expressions',
    arguments: [one('username'), one('exchange'), one('write'), one('read')],
    isInVhost: true,
    banner: ({ vhost, argument }) =>
      `Setting topic permissions on "${argument('exchange')}" for user "${argument('username')}" in vhost "${vhost}" ...`,
    run: async (given, api) => {
      await checkEnds(given, api);
      const { argument } = given;
      await api.put(at('topic-permissions', given.vhost, argument('username')), {
        exchange: argument('exchange'),
        write: argument('write'),
        read: argument('read'),
      });
      return DONE;
    },
  },
  {
    name: 'clear_topic_permissions',
    subject: 'Access control',
    summary: 'takes the topic permissions of a user in a vhost, all or those of one exchange',
    arguments: [one('username'), optional('exchange')],
    isInVhost: true,
    banner: ({ vhost, argument, optional: find }) => {
      const exchange = find('exchange');
      const on = exchange === undefined ? '' : ` on "${exchange}"`;
      return `Clearing topic permissions${on} for user "${argument('username')}" in vhost "${vhost}" ...`;
    },
    run: clearTopics,
  },
  {
    name: 'list_topic_permissions',
    subject: 'Access control',
    summary: 'lists the topic permissions in a vhost',
    arguments: [],
    isInVhost: true,
    banner: ({ vhost }) => `Listing topic permissions for vhost "${vhost}" ...`,
    run: async ({ vhost }, api) => {
      await existingVhost(api, vhost);
      return rows(TOPICS_IN_VHOST, await api.get<readonly Row[]>(at('vhosts', vhost, 'topic-permissions')));
    },
  },
  {
    name: 'list_user_topic_permissions',
    subject: 'Access control',
    summary: 'lists the topic permissions of a user, by vhost',
    arguments: [one('username')],
    banner: ({ argument }) => `Listing topic permissions for user "${argument('username')}" ...`,
    run: async (given, api) => {
      const all = await ofUser(given, api, 'topic-permissions');
      return { kind: 'rows', columns: TOPICS_OF_USER, rows: all, hasHeader: false };
    },
  },
];

async function ofUser({ argument }: Given, api: Api, what: string): Promise<readonly Row[]> {
  const name = argument('username');
  const all = await api.find<readonly Row[]>(at('users', name, what));
  if (all === null) throw noSuchUser(name);
  return all;
}

/** The API clears all of them at once: those of other exchanges are put back. */
async function clearTopics(given: Given, api: Api): Promise<typeof DONE> {
  await checkEnds(given, api);
  const path = at('topic-permissions', given.vhost, given.argument('username'));
  const exchange = given.optional('exchange');
  const others = exchange === undefined ? [] : ((await api.find<readonly Row[]>(path)) ?? []);
  await clear(api, path);
  const kept = others.filter(({ exchange: other }) => other !== exchange);
  for (const other of kept) await api.put(path, other);
  return DONE;
}

async function checkEnds({ vhost, argument }: Given, api: Api): Promise<void> {
  const name = argument('username');
  if ((await api.find(at('vhosts', vhost))) === null)
    throw new CtlError(EXIT.UNAVAILABLE, `Virtual host ${vhost} does not exist`);
  if ((await api.find(at('users', name))) === null) throw new CtlError(EXIT.NO_USER, `User ${name} does not exist`);
}

/** What is not there is cleared, as rabbitmqctl sees it. */
async function clear(api: Api, path: string): Promise<void> {
  try {
    await api.delete(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
