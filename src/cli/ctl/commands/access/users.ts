/** Users: which there are, made and deleted, their passwords and tags. */
import { createHash, randomBytes } from 'node:crypto';
import { type Api, at } from '../../api.js';
import {
  type CtlCommand,
  CtlError,
  DONE,
  EXIT,
  type Given,
  type Outcome,
  one,
  optional,
  type Row,
  rows,
  several,
} from '../../command.js';

interface User {
  readonly name: string;
  readonly tags: readonly string[];
  readonly password_hash: string;
  readonly hashing_algorithm: string;
}

const HASHED = {
  'pre-hashed-password': { value: null, help: 'the password is a hash, as list_users of the API has it' },
};

export const USER_COMMANDS: readonly CtlCommand[] = [
  {
    name: 'add_user',
    subject: 'Users',
    summary: 'makes a user, who has no permissions in any vhost; without a password it is read from standard input',
    arguments: [one('username'), optional('password')],
    options: HASHED,
    banner: (given) => `Adding user "${given.argument('username')}" ...`,
    run: addUser,
  },
  {
    name: 'delete_user',
    subject: 'Users',
    summary: 'deletes a user',
    arguments: [one('username')],
    banner: (given) => `Deleting user "${given.argument('username')}" ...`,
    run: async (given, api) => {
      const { name } = await existing(api, given.argument('username'));
      await api.delete(at('users', name));
      return DONE;
    },
  },
  {
    name: 'change_password',
    subject: 'Users',
    summary: "changes a user's password; without one it is read from standard input",
    arguments: [one('username'), optional('password')],
    options: HASHED,
    banner: (given) => `Changing password for user "${given.argument('username')}" ...`,
    run: async (given, api) => {
      const credential = await credentialOf(given);
      const { name, tags } = await existing(api, given.argument('username'));
      await api.put(at('users', name), { tags, ...credential });
      return DONE;
    },
  },
  {
    name: 'clear_password',
    subject: 'Users',
    summary: 'takes the password from a user, who can then not log in by one',
    arguments: [one('username')],
    banner: (given) => `Clearing password for user "${given.argument('username')}" ...`,
    run: async (given, api) => {
      const { name, tags } = await existing(api, given.argument('username'), noSuchUser);
      await api.put(at('users', name), { tags, password_hash: '' });
      return DONE;
    },
  },
  {
    name: 'authenticate_user',
    subject: 'Users',
    summary: 'tells whether a password is right; without one it is read from standard input',
    arguments: [one('username'), optional('password')],
    banner: (given) => `Authenticating user "${given.argument('username')}" ...`,
    run: authenticateUser,
  },
  {
    name: 'set_user_tags',
    subject: 'Users',
    summary: 'gives a user these tags, and no others',
    arguments: [one('username'), several('tag')],
    banner: (given) => `Setting tags for user "${given.argument('username')}" to [${given.several.join(', ')}] ...`,
    run: async (given, api) => {
      const user = await existing(api, given.argument('username'));
      const { password_hash, hashing_algorithm } = user;
      await api.put(at('users', user.name), { tags: given.several, password_hash, hashing_algorithm });
      return DONE;
    },
  },
  {
    name: 'list_users',
    subject: 'Users',
    summary: 'lists users and their tags',
    arguments: [],
    banner: () => 'Listing users ...',
    run: async (_given, api) => {
      const users = await api.get<readonly User[]>(at('users'));
      return rows(
        ['user', 'tags'],
        users.map(({ name, tags }) => ({ user: name, tags })),
      );
    },
  },
  {
    name: 'hash_password',
    subject: 'Users',
    summary: 'tells the hash of a password, for definitions; without one it is read from standard input',
    arguments: [optional('password')],
    banner: () => 'Will hash password',
    run: async (given) => ({ kind: 'text', text: hashOf(await passwordOf(given)) }),
  },
  {
    name: 'list_node_auth_attempt_stats',
    subject: 'Users',
    summary: 'tells how many logins there were, right and wrong, by protocol',
    arguments: [],
    options: {
      'by-source': { value: null, help: 'by address and user: logins are not kept so, and nothing is told' },
    },
    banner: () => 'Listing authentication attempts ...',
    run: listAttempts,
  },
];

async function addUser(given: Given, api: Api): Promise<Outcome> {
  const name = given.argument('username');
  const credential = await credentialOf(given);
  if ((await api.find(at('users', name))) !== null) throw new CtlError(EXIT.SOFTWARE, `User "${name}" already exists`);
  await api.put(at('users', name), { tags: '', ...credential });
  return {
    kind: 'text',
    isRemark: true,
    text:
      "Done. Don't forget to grant the user permissions to some virtual hosts! " +
      "See 'leveret ctl help set_permissions' to learn more.",
  };
}

/** A user who may log in by AMQP may have none of the tags that the API asks for. */
async function authenticateUser(given: Given, api: Api): Promise<Outcome> {
  const name = given.argument('username');
  const password = await passwordOf(given);
  const authorization = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  const { status, text } = await api.call('GET', at('whoami'), { headers: { authorization } });
  if (status === 200 || text.includes('Not management user')) return { kind: 'text', text: 'Success' };
  throw new CtlError(EXIT.DATA, `Error: failed to authenticate user "${name}"\nuser '${name}' - invalid credentials`);
}

/** The user, as the API tells it. */
async function existing(api: Api, name: string, missing = doesNotExist): Promise<User> {
  const user = await api.find<User>(at('users', name));
  if (user === null) throw missing(name);
  return user;
}

function doesNotExist(name: string): CtlError {
  return new CtlError(EXIT.NO_USER, `User "${name}" does not exist`);
}

/** What rabbitmqctl says of the same where the broker finds out. */
export function noSuchUser(name: string): CtlError {
  return new CtlError(EXIT.UNAVAILABLE, `{:no_such_user, "${name}"}`);
}

async function credentialOf(given: Given): Promise<{ readonly password: string } | { readonly password_hash: string }> {
  const password = await passwordOf(given);
  return given.has('pre-hashed-password') ? { password_hash: password } : { password };
}

async function passwordOf(given: Given): Promise<string> {
  const password = given.optional('password') ?? (await given.secret());
  if (password === '') throw new CtlError(EXIT.DATA, 'Password cannot be blank. Please consider using a longer one.');
  return password;
}

/** RabbitMQ's: four random octets, and SHA-256 of these and the password. */
function hashOf(password: string): string {
  const salt = randomBytes(4);
  const digest = createHash('sha256').update(salt).update(password).digest();
  return Buffer.concat([salt, digest]).toString('base64');
}

async function listAttempts({ has, isForPeople }: Given, api: Api): Promise<Outcome> {
  const { node } = await api.get<{ readonly node: string }>(at('overview'));
  const source = has('by-source') ? ['source'] : [];
  const attempts = await api.get<readonly Row[]>(at('auth', 'attempts', node, ...source));
  if (isForPeople && attempts.length === 0)
    return { kind: 'text', text: `Node ${node} reported no authentication attempt stats` };
  const counts = ['auth_attempts', 'auth_attempts_failed', 'auth_attempts_succeeded'];
  return isForPeople
    ? rows(['protocol', ...counts], attempts)
    : { kind: 'value', value: { attempts, node, result: 'ok' } };
}
