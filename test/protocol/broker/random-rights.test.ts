/**
 * Random users with random rights do random things on both workers, while their rights change: each answer is what a
 * plain model of RabbitMQ's rules says, written from its documentation. Repeat a run with the seed that it prints.
 */
import { afterAll, expect, test } from 'vitest';
import type { MethodName } from '../../../src/amqp/protocol.js';
import { table } from '../../../src/amqp/table.js';
import { useEmbedded } from '../../support/embedded.js';
import { randomNumbers } from '../../support/fragments.js';
import { type Closing, closing, type Fields } from '../../support/methods.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { RawClient } from '../../support/raw-client.js';

const STEPS = 300;
const embedded = useEmbedded();
const administration = () => embedded().embedded.administration;

const USERS = ['ann', 'b.b', 'cid'] as const;
const QUEUES = ['qa', 'qb', 'qab'] as const;
const EXCHANGES = ['ta', 'tb', 'da', 'amq.topic'] as const;
const TOPICS: readonly string[] = ['ta', 'tb', 'amq.topic'];
const KEYS = ['', 'a', 'ab', 'ann.x', 'b.b.x', 'bxb.x', 'x.b'] as const;

type Name = string;
/** Expressions, and in plain words what they are for. */
const NAMES: Readonly<Record<string, (name: Name) => boolean>> = {
  '.*': () => true,
  '': () => false,
  '^q': (name) => name.startsWith('q'),
  a$: (name) => name.endsWith('a'),
  '^(qb|tb)$': (name) => name === 'qb' || name === 'tb',
  '^amq\\.': (name) => name.startsWith('amq.'),
  '[^a]b|default': (name) => /[^a]b|default/.test(name),
};
const TOPIC_KEYS: Readonly<Record<string, (key: string, user: string) => boolean>> = {
  '.*': () => true,
  '': (key) => key === '',
  '^a': (key) => key.startsWith('a'),
  '^{username}\\.': (key, user) => key.startsWith(`${user}.`),
  'b$|^$': (key) => key.endsWith('b') || key === '',
};

const PATTERNS = Object.keys(NAMES);
const KEY_PATTERNS = Object.keys(TOPIC_KEYS);

type Right = 'configure' | 'write' | 'read';
type Kind = 'queue' | 'exchange';

/** Who may do what, in the vhost '/'. */
class Model {
  readonly permissions = new Map<string, Readonly<Record<Right, string>>>();
  readonly topics = new Map<string, Readonly<Record<'write' | 'read', string>>>();

  may(user: string, right: Right, name: string): boolean {
    const pattern = this.permissions.get(user)?.[right];
    return pattern !== undefined && (NAMES[pattern]?.(name) ?? false);
  }

  /** The first of these rights that a user has not, in the words of the refusal; null: all are there. */
  lack(user: string, needs: readonly Need[]): string | null {
    for (const need of needs) {
      const at = `in vhost '/' refused for user '${user}'`;
      if ('key' in need) {
        const pattern = this.topics.get(`${user} ${need.exchange}`)?.[need.topic];
        const isFine =
          pattern === undefined || !TOPICS.includes(need.exchange) || TOPIC_KEYS[pattern]?.(need.key, user);
        if (!isFine) return `access to topic '${need.key}' in exchange '${need.exchange}' ${at}`;
      } else if (!need.rights.some((right) => this.may(user, right, need.name)))
        return `access to ${need.kind} '${need.name}' ${at}`;
    }
    return null;
  }
}

/** A right, of several any will do; or one by the key. */
type Need =
  | { readonly rights: readonly Right[]; readonly kind: Kind; readonly name: string }
  | { readonly topic: 'write' | 'read'; readonly exchange: string; readonly key: string };

const queue = (name: string, ...rights: Right[]): Need => ({ rights, kind: 'queue', name });
const exchange = (name: string, ...rights: Right[]): Need => ({ rights, kind: 'exchange', name });

interface Attempt {
  readonly method: MethodName;
  readonly needs: readonly Need[];
  readonly act: (channel: RawChannel) => void;
  /** Whether it has an answer. */
  readonly silent?: true;
}

function calling<N extends MethodName>(method: N, fields: Fields<N>, ...needs: Need[]): Attempt {
  return { method, needs, act: (channel) => channel.send(method, fields) };
}

class Chance {
  readonly next: () => number;
  #dead = 0;

  constructor(seed: number) {
    this.next = randomNumbers(seed);
  }

  of<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.next() * choices.length)] as T;
  }

  attempt(): Attempt {
    const [q, x, key, other] = [this.of(QUEUES), this.of(EXCHANGES), this.of(KEYS), this.of(EXCHANGES)];
    const ends = [queue(q, 'write'), exchange(x, 'read'), { topic: 'read', exchange: x, key }] as const;
    const exchangeEnds = [exchange(other, 'write'), ...ends.slice(1)];
    const binding = { queue: q, exchange: x, routingKey: key };
    const exchangeBinding = { destination: other, source: x, routingKey: key };
    const keys = [key, this.of(KEYS)];
    const topic = (one: string): Need => ({ topic: 'write', exchange: x, key: one });
    const publish = (name: string, properties: object): Attempt['act'] => {
      return (channel) => channel.publish(name, key, 'm', { properties });
    };
    return this.of<() => Attempt>([
      () => calling('queue.declare', { queue: q }, queue(q, 'configure')),
      () => calling('queue.declare', { queue: q, passive: true }, queue(q, 'configure', 'write', 'read')),
      () => calling('queue.delete', { queue: `${q}a` }, queue(`${q}a`, 'configure')),
      () => calling('queue.purge', { queue: q }, queue(q, 'read')),
      () => calling('basic.get', { queue: q, noAck: true }, queue(q, 'read')),
      () => calling('basic.consume', { queue: q, consumerTag: 't' }, queue(q, 'read')),
      () => calling('exchange.declare', { exchange: x, passive: true }, exchange(x, 'configure', 'write', 'read')),
      () => calling('exchange.declare', { exchange: 'da', type: 'direct' }, exchange('da', 'configure')),
      () => calling('exchange.delete', { exchange: 'none' }, exchange('none', 'configure')),
      () => calling('queue.bind', binding, ...ends),
      () => calling('queue.unbind', binding, ...ends),
      () => calling('exchange.bind', exchangeBinding, ...exchangeEnds),
      () => calling('exchange.unbind', exchangeBinding, ...exchangeEnds),
      () => {
        const args = table({ 'x-dead-letter-exchange': x });
        this.#dead += 1;
        const name = `qd${this.#dead}`;
        const needs = [queue(name, 'configure'), queue(name, 'read'), exchange(x, 'write')];
        return calling('queue.declare', { queue: name, exclusive: true, arguments: args }, ...needs);
      },
      () => ({ method: 'basic.publish', needs: [exchange(x, 'write'), topic(key)], act: publish(x, {}), silent: true }),
      () => ({
        method: 'basic.publish',
        needs: [exchange(x, 'write'), ...keys.map(topic)],
        act: publish(x, { headers: table({ CC: [keys[1] ?? ''] }) }),
        silent: true,
      }),
      () => ({
        method: 'basic.publish',
        needs: [exchange('amq.default', 'write')],
        act: publish('', {}),
        silent: true,
      }),
    ])();
  }
}

const login = (user: string, password = 'secret') => ({ response: Buffer.from(`\0${user}\0${password}`) });
const clients: RawClient[] = [];
afterAll(async () => {
  for (const client of clients) client.socket.destroy();
  await Promise.all(clients.map((client) => client.ended()));
});

async function connect(user: string, password?: string): Promise<RawClient> {
  const client = await RawClient.open(embedded().broker, login(user, password));
  clients.push(client);
  return client;
}

/** What becomes of an attempt on a channel of its own. */
async function outcome(client: RawClient, { act, silent }: Attempt): Promise<Closing | null> {
  const channel = await client.openChannel();
  act(channel);
  try {
    if (silent) await channel.sync();
    else await channel.replies.next('the answer');
  } catch {
    return channel.failure();
  }
  await channel.close();
  return null;
}

test('each answer to whoever tries something is what a plain model of the rights says', async () => {
  const seed = Number(process.env.LEVERET_SEED ?? 1 + Math.floor(Math.random() * 2 ** 31));
  console.info(`random rights: repeat with LEVERET_SEED=${seed}`);
  const chance = new Chance(seed);
  const model = new Model();
  const { users } = administration();
  const guest = await (await connect('guest', 'guest')).openChannel();
  for (const name of QUEUES) await guest.call('queue.declare', { queue: name });
  for (const name of ['ta', 'tb']) await guest.call('exchange.declare', { exchange: name, type: 'topic' });
  await guest.call('exchange.declare', { exchange: 'da', type: 'direct' });

  const permit = async (user: string): Promise<void> => {
    const rights = { configure: chance.of(PATTERNS), write: chance.of(PATTERNS), read: chance.of(PATTERNS) };
    expect(await users.setPermissions({ user, vhost: '/', ...rights })).toBeNull();
    model.permissions.set(user, rights);
  };
  const connections = new Map<string, RawClient[]>();
  for (const user of USERS) {
    await users.add(user, 'secret');
    await permit(user);
    // They go to one worker after the other.
    connections.set(user, [await connect(user), await connect(user)]);
  }
  /** Consumers that are left alone until the right to read ends. */
  let watching: { readonly user: string; readonly queue: string; readonly channel: RawChannel }[] = [];

  const change = async (user: string): Promise<void> => {
    const topic = chance.of(EXCHANGES);
    switch (chance.of(['permit', 'permit', 'clear', 'topic', 'topic', 'topic', 'clear topics'])) {
      case 'permit':
        await permit(user);
        break;
      case 'clear':
        await users.clearPermissions(user, '/');
        model.permissions.delete(user);
        break;
      case 'topic': {
        const rights = { write: chance.of(KEY_PATTERNS), read: chance.of(KEY_PATTERNS) };
        expect(await users.setTopicPermissions({ user, vhost: '/', exchange: topic, ...rights })).toBeNull();
        model.topics.set(`${user} ${topic}`, rights);
        break;
      }
      default:
        await users.clearTopicPermissions(user, '/');
        for (const name of EXCHANGES) model.topics.delete(`${user} ${name}`);
    }
    for (const one of watching.filter((each) => !model.may(each.user, 'read', each.queue))) {
      expect(await one.channel.cancels.next(`${one.user}'s cancel of ${one.queue}`)).toBe('w');
      await one.channel.close();
    }
    watching = watching.filter((each) => model.may(each.user, 'read', each.queue));
  };

  const enter = async (user: string): Promise<void> => {
    const client = await RawClient.dial(embedded().broker);
    clients.push(client);
    client.tune({ ...(await client.startUp(login(user))), heartbeat: 0 });
    client.send('connection.open', { virtualHost: '/' });
    const mayEnter = model.permissions.has(user);
    if (mayEnter) await client.expect('connection.open-ok').then(() => client.close());
    else
      expect(await client.failure()).toEqual(
        closing(530, `access to vhost '/' refused for user '${user}'`, 'connection.open'),
      );
  };

  for (let step = 0; step < STEPS; step++) {
    const user = chance.of(USERS);
    const dice = chance.next();
    const client = chance.of(connections.get(user) ?? []);
    if (dice < 0.15) await change(user);
    else if (dice < 0.18) await enter(user);
    else if (dice < 0.22 && watching.length < 10) {
      const name = chance.of(QUEUES);
      if (!model.may(user, 'read', name)) continue;
      const channel = await client.openChannel();
      await channel.consume(name, { consumerTag: 'w', noAck: true });
      watching.push({ user, queue: name, channel });
    } else {
      const attempt = chance.attempt();
      const lack = model.lack(user, attempt.needs);
      const expected = lack === null ? null : closing(403, lack, attempt.method);
      expect([step, user, attempt.method, await outcome(client, attempt)]).toEqual([
        step,
        user,
        attempt.method,
        expected,
      ]);
    }
  }
  for (const { channel } of watching) {
    await channel.sync();
    expect(channel.cancels.waiting).toEqual([]);
  }
});
