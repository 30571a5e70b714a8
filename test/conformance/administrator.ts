/**
 * What scenarios about rights do to a broker besides being its clients: users, vhosts and what they may, in the same
 * words on any broker. RabbitMQ is asked through the HTTP API of its management plugin (`RABBITMQ_MANAGEMENT`).
 */
import type { Administration, Permissions, PolicyProposal, TopicPermissions } from '../../src/index.js';

export interface Administrator {
  addUser(name: string, password: string, tags: readonly string[]): Promise<void>;
  deleteUser(name: string): Promise<void>;
  changePassword(name: string, password: string): Promise<void>;
  setTags(name: string, tags: readonly string[], password: string): Promise<void>;
  setPermissions(permissions: Permissions): Promise<void>;
  clearPermissions(user: string, vhost: string): Promise<void>;
  setTopicPermissions(permissions: TopicPermissions): Promise<void>;
  clearTopicPermissions(user: string, vhost: string): Promise<void>;
  createVhost(name: string): Promise<void>;
  deleteVhost(name: string): Promise<void>;
  setPolicy(policy: PolicyProposal): Promise<void>;
  clearPolicy(vhost: string, name: string): Promise<void>;
  /** Sets one limit of a vhost or a user that has no other. */
  setLimit(scope: 'vhost' | 'user', name: string, limit: string, value: number): Promise<void>;
}

export function administratorOfLeveret(administration: () => Administration): Administrator {
  const users = () => administration().users;
  return {
    addUser: async (name, password, tags) => granted(await users().add(name, password, tags)),
    deleteUser: async (name) => void (await users().delete(name)),
    changePassword: async (name, password) => granted(await users().changePassword(name, password)),
    setTags: async (name, tags) => granted(await users().setTags(name, tags)),
    setPermissions: async (permissions) => granted(await users().setPermissions(permissions)),
    clearPermissions: async (user, vhost) => void (await users().clearPermissions(user, vhost)),
    setTopicPermissions: async (permissions) => granted(await users().setTopicPermissions(permissions)),
    clearTopicPermissions: async (user, vhost) => void (await users().clearTopicPermissions(user, vhost)),
    createVhost: async (name) => void (await administration().createVhost(name)),
    deleteVhost: async (name) => void (await administration().deleteVhost(name)),
    setPolicy: async (policy) => granted(await administration().setPolicy('policy', policy)),
    clearPolicy: async (vhost, name) => void (await administration().clearPolicy('policy', vhost, name)),
    setLimit: async (scope, name, limit, value) =>
      granted(await administration().setLimits(scope, name, { [limit]: value })),
  };
}

function granted(refusal: string | null): void {
  if (refusal !== null) throw new Error(refusal);
}

export function administratorOfRabbit(
  url = process.env.RABBITMQ_MANAGEMENT ?? 'http://guest:guest@127.0.0.1:15672',
): Administrator {
  const { origin, username, password: secret } = new URL(url);
  const authorization = `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`;
  const request = async (method: 'PUT' | 'DELETE', path: readonly string[], body?: object): Promise<void> => {
    const answer = await fetch(`${origin}/api/${path.map(encodeURIComponent).join('/')}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const isGone = method === 'DELETE' && answer.status === 404;
    if (!answer.ok && !isGone) throw new Error(`${method} ${path.join('/')}: ${answer.status} ${await answer.text()}`);
  };
  const putUser = (name: string, password: string, tags: readonly string[]): Promise<void> =>
    request('PUT', ['users', name], { password, tags: tags.join(',') });
  return {
    addUser: putUser,
    deleteUser: (name) => request('DELETE', ['users', name]),
    changePassword: (name, password) => putUser(name, password, []),
    setTags: (name, tags, password) => putUser(name, password, tags),
    setPermissions: ({ user, vhost, ...rights }) => request('PUT', ['permissions', vhost, user], rights),
    clearPermissions: (user, vhost) => request('DELETE', ['permissions', vhost, user]),
    setTopicPermissions: ({ user, vhost, ...rights }) => request('PUT', ['topic-permissions', vhost, user], rights),
    clearTopicPermissions: (user, vhost) => request('DELETE', ['topic-permissions', vhost, user]),
    createVhost: (name) => request('PUT', ['vhosts', name], {}),
    deleteVhost: (name) => request('DELETE', ['vhosts', name]),
    setPolicy: ({ vhost, name, applyTo, ...rest }) =>
      request('PUT', ['policies', vhost, name], { ...rest, 'apply-to': applyTo }),
    clearPolicy: (vhost, name) => request('DELETE', ['policies', vhost, name]),
    setLimit: (scope, name, limit, value) => request('PUT', [`${scope}-limits`, name, limit], { value }),
  };
}
