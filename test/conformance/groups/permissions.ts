/**
 * What users may do: each method with and without the right it needs, and what is looked at before. See users.ts for
 * who may do what.
 */
import { table } from '../../../src/amqp/table.js';
import type { Fields } from '../../support/methods.js';
import { type Difference, scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

export const needsUsers = true;

/** Calls of the limited user, each on a channel of its own: a refusal ends that channel. */
async function asLimited(stage: Stage, calls: readonly Call[]): Promise<void> {
  const client = (await stage.connection(stage.login('limited'))).client;
  for (const [name, fields] of calls) await (await stage.channelOn(client)).call(name, fields);
}

type Call =
  | readonly ['queue.declare', Fields<'queue.declare'>]
  | readonly ['queue.delete', Fields<'queue.delete'>]
  | readonly ['queue.purge', Fields<'queue.purge'>]
  | readonly ['queue.bind', Fields<'queue.bind'>]
  | readonly ['queue.unbind', Fields<'queue.unbind'>]
  | readonly ['exchange.declare', Fields<'exchange.declare'>]
  | readonly ['exchange.delete', Fields<'exchange.delete'>]
  | readonly ['exchange.bind', Fields<'exchange.bind'>]
  | readonly ['exchange.unbind', Fields<'exchange.unbind'>]
  | readonly ['basic.consume', Fields<'basic.consume'>]
  | readonly ['basic.get', Fields<'basic.get'>];

/** A queue, as the guest declares it. */
async function queues(stage: Stage, ...names: string[]): Promise<string[]> {
  const channel = await stage.channel({ label: 'guest' });
  return Promise.all(names.map((what) => channel.queue(stage.name(what))));
}

async function exchanges(stage: Stage, ...names: string[]): Promise<string[]> {
  const channel = await stage.channel({ label: 'guest' });
  return Promise.all(names.map((what) => channel.exchange(stage.name(what), 'fanout')));
}

const dead = (exchange: string) => table({ 'x-dead-letter-exchange': exchange });
const alternate = (exchange: string) => table({ 'alternate-exchange': exchange });

/** RabbitMQ answers a passive declaration of anything until 4.2.7; the lines in which it did. */
function unseen(
  ...answered: readonly (readonly [line: number, kind: string, name: string, user: string])[]
): Difference {
  return {
    why: 'what a user has no right on is not shown either, as in RabbitMQ 4.2.7',
    transcript: (rabbit) =>
      answered.reduce(
        (lines, [at, kind, name, user]) =>
          lines.with(
            at,
            `channel.close 403 in ${kind}.declare: ACCESS_REFUSED - access to ${kind} '${name}' in vhost '/' refused for user '${user}'`,
          ),
        [...rabbit],
      ),
  };
}

export const scenarios = [
  scenario(
    'declaring and deleting queues',
    async (stage) => {
      const [there = ''] = await queues(stage, 'q');
      await asLimited(stage, [
        ['queue.declare', { queue: there }],
        ['queue.declare', { queue: there, passive: true }],
        ['queue.declare', { queue: stage.name('missing'), passive: true }],
        ['queue.declare', { queue: '' }],
        ['queue.declare', { queue: 'amq.mine' }],
        ['queue.declare', { queue: stage.name('new') }],
        ['queue.declare', { queue: stage.name('c') }],
        ['queue.declare', { queue: stage.name('c\n') }],
        ['queue.delete', { queue: there }],
        ['queue.delete', { queue: stage.name('gone') }],
        ['queue.delete', { queue: stage.name('c') }],
      ]);
    },
    unseen([1, 'queue', 'q', 'limited'], [2, 'queue', 'missing', 'limited']),
  ),
  scenario(
    'declaring and deleting exchanges',
    async (stage) => {
      const [there = ''] = await exchanges(stage, 'x');
      await asLimited(stage, [
        ['exchange.declare', { exchange: there, type: 'fanout' }],
        ['exchange.declare', { exchange: there, type: 'fanout', passive: true }],
        ['exchange.declare', { exchange: '', type: 'direct' }],
        ['exchange.declare', { exchange: 'amq.direct', type: 'direct' }],
        ['exchange.declare', { exchange: 'amq.mine', type: 'direct' }],
        ['exchange.declare', { exchange: stage.name('c'), type: 'direct' }],
        ['exchange.delete', { exchange: '' }],
        ['exchange.delete', { exchange: 'amq.direct' }],
        ['exchange.delete', { exchange: there }],
        ['exchange.delete', { exchange: stage.name('gone') }],
        ['exchange.delete', { exchange: stage.name('c') }],
      ]);
    },
    unseen([1, 'exchange', 'x', 'limited']),
  ),
  scenario('a queue with a dead letter exchange', async (stage) => {
    const [w = '', x = ''] = [stage.name('w'), stage.name('x')];
    await asLimited(stage, [
      ['queue.declare', { queue: stage.name('c'), arguments: dead(w) }],
      ['queue.declare', { queue: stage.name('cr'), arguments: dead(x) }],
      ['queue.declare', { queue: stage.name('cr'), arguments: dead('') }],
      ['queue.declare', { queue: stage.name('cr'), arguments: table({ 'x-dead-letter-exchange': 1 }) }],
      ['queue.declare', { queue: stage.name('c'), arguments: table({ 'x-dead-letter-exchange': w, 'x-expires': -1 }) }],
      ['queue.declare', { queue: stage.name('cr'), arguments: dead(w) }],
      ['queue.declare', { queue: stage.name('cr'), arguments: dead(x) }],
    ]);
  }),
  scenario('an exchange with an alternate one', async (stage) => {
    const [w = '', x = ''] = [stage.name('w'), stage.name('x')];
    const declare = (exchange: string, args = table({})): Call => [
      'exchange.declare',
      { exchange, type: 'fanout', arguments: args },
    ];
    await asLimited(stage, [
      declare(stage.name('c'), alternate(w)),
      declare(stage.name('cr'), alternate(x)),
      declare(stage.name('cr'), alternate('')),
      declare(stage.name('cr'), table({ 'alternate-exchange': 1 })),
      declare(stage.name('cr'), alternate(w)),
      declare(stage.name('cr'), alternate(x)),
    ]);
  }),
  scenario('binding queues', async (stage) => {
    const [q = '', w = ''] = await queues(stage, 'q', 'w');
    const [x = '', r = ''] = await exchanges(stage, 'x', 'r');
    for (const method of ['queue.bind', 'queue.unbind'] as const) {
      await asLimited(stage, [
        [method, { queue: q, exchange: r }],
        [method, { queue: w, exchange: x }],
        [method, { queue: w, exchange: r }],
        [method, { queue: q, exchange: '' }],
        [method, { queue: w, exchange: '' }],
        [method, { queue: stage.name('gone'), exchange: r }],
        [method, { queue: w, exchange: stage.name('gone') }],
        [method, { queue: stage.name('gonew'), exchange: r }],
      ]);
    }
  }),
  scenario('binding exchanges', async (stage) => {
    const [x = '', w = '', r = ''] = await exchanges(stage, 'x', 'w', 'r');
    for (const method of ['exchange.bind', 'exchange.unbind'] as const) {
      await asLimited(stage, [
        [method, { destination: x, source: r }],
        [method, { destination: w, source: x }],
        [method, { destination: w, source: r }],
        [method, { destination: '', source: r }],
        [method, { destination: w, source: '' }],
        [method, { destination: stage.name('gonew'), source: stage.name('goner') }],
      ]);
    }
  }),
  scenario('consuming, getting and purging', async (stage) => {
    const [q = '', r = ''] = await queues(stage, 'q', 'r');
    await asLimited(stage, [
      ['basic.consume', { queue: q, consumerTag: 't' }],
      ['basic.consume', { queue: stage.name('gone'), consumerTag: 't' }],
      ['basic.consume', { queue: r, consumerTag: 't' }],
      ['basic.consume', { queue: 'amq.rabbitmq.reply-to', consumerTag: 't', noAck: true }],
      ['basic.get', { queue: q }],
      ['basic.get', { queue: stage.name('gone') }],
      ['basic.get', { queue: r }],
      ['queue.purge', { queue: q }],
      ['queue.purge', { queue: stage.name('gone') }],
      ['queue.purge', { queue: r }],
    ]);
  }),
  ...['x', 'w', 'gone', 'gonew', 'internalw', 'internal'].map((what) =>
    scenario(`publishing to ${what}`, async (stage) => {
      const guest = await stage.channel({ label: 'guest' });
      const exchange = stage.name(what);
      const internal = what.startsWith('internal');
      if (!what.startsWith('gone')) await guest.quietly('exchange.declare', { exchange, type: 'fanout', internal });
      const channel = await stage.channel(stage.login('limited'));
      await channel.quietly('confirm.select');
      channel.publish(exchange, 'k', 'm');
      await channel.outcomeOrFailure();
    }),
  ),
  scenario('publishing to the default exchange', async (stage) => {
    const channel = await stage.channel(stage.login('limited'));
    channel.publish('', 'k', 'm');
    await channel.answer();
  }),
  scenario('publishing in a transaction', async (stage) => {
    const channel = await stage.channel(stage.login('limited'));
    await channel.call('tx.select');
    channel.publish('amq.direct', 'k', 'm');
    await channel.answer();
  }),
  scenario(
    'a user without any right',
    async (stage) => {
      const { client } = await stage.connection(stage.login('powerless'));
      const [q = ''] = await queues(stage, 'cwr');
      await (await stage.channelOn(client)).call('queue.declare', { queue: q });
      await (await stage.channelOn(client)).call('queue.declare', { queue: q, passive: true });
      await (await stage.channelOn(client)).call('basic.get', { queue: q });
    },
    unseen([1, 'queue', 'cwr', 'powerless']),
  ),
  ...[
    ['poser', 'another'],
    ['limited', 'another'],
  ].map(([user = '', claimed = '']) =>
    scenario(`a user-id that is not the own, of the ${user} user`, async (stage) => {
      const exchange = stage.name('w');
      await (await stage.channel()).exchange(exchange, 'fanout');
      const channel = await stage.channel(stage.login(user));
      await channel.quietly('confirm.select');
      channel.publish(exchange, 'k', 'm', { properties: { userId: claimed } });
      await channel.outcomeOrFailure();
    }),
  ),
  ...['/', 'nowhere'].map((virtualHost) =>
    scenario(`a user without permissions opens '${virtualHost}'`, async (stage) => {
      const socket = await stage.socket();
      socket.client.tune({ ...(await socket.client.startUp(stage.login('outsider'))), heartbeat: 0 });
      socket.client.send('connection.open', { virtualHost });
      await socket.failure();
    }),
  ),
  scenario('a user is deleted', async (stage) => {
    const { name, login } = await stage.user('doomed');
    const socket = await stage.connection(login);
    await stage.administrator.deleteUser(name);
    await socket.failure();
  }),
  scenario('permissions are cleared', async (stage) => {
    const { name, login } = await stage.user('excluded');
    const channel = await stage.channel(login);
    await stage.administrator.clearPermissions(name, '/');
    await channel.call('queue.declare', { queue: stage.name('q') });
    const socket = await stage.socket();
    socket.client.tune({ ...(await socket.client.startUp(login)), heartbeat: 0 });
    socket.client.send('connection.open', { virtualHost: '/' });
    await socket.failure();
  }),
];
