/** Rights by routing key: which methods they are asked for, in which exchanges, and before and after what. */

import type { MethodName } from '../../../src/amqp/protocol.js';
import { table } from '../../../src/amqp/table.js';
import { Attempts } from '../attempts.js';
import { type Difference, type Scenario, scenario } from '../scenario.js';
import type { OwnUser, Stage } from '../stage.js';

export const needsUsers = true;

/** Somebody who may use keys with a w to publish, and those with an r to bind, in one exchange. */
async function keyholder(
  stage: Stage,
  exchange: string,
  rights: { readonly write?: string; readonly read?: string } = {},
): Promise<OwnUser> {
  const user = await stage.user('ann');
  await stage.administrator.setTopicPermissions({
    user: user.name,
    vhost: '/',
    exchange,
    write: 'w',
    read: 'r',
    ...rights,
  });
  return user;
}

const KEYS = ['', 'k', 'w', 'r', 'wr'] as const;

const binding: readonly Scenario[] = (['queue.bind', 'queue.unbind', 'exchange.bind', 'exchange.unbind'] as const).map(
  (method) =>
    scenario(method, async (stage) => {
      const source = stage.name('t');
      const { login } = await keyholder(stage, source);
      const attempts = await Attempts.by(stage, login);
      await attempts.guest.exchange(source, 'topic');
      const isQueue = method.startsWith('queue.');
      const there = isQueue ? await attempts.queue('q') : await attempts.exchange('x');
      const bind = (what: string, from: string, to: string, fields: object = {}) => {
        const ends = isQueue ? { queue: to, exchange: from } : { destination: to, source: from };
        return attempts.call(what, method as MethodName, { ...ends, ...fields });
      };
      for (const routingKey of KEYS) await bind(`key ${routingKey}`, source, there, { routingKey });
      await bind('to nothing', source, attempts.name('gone'), { routingKey: 'k' });
      await bind('to nothing by r', source, attempts.name('gone'), { routingKey: 'r' });
      await bind('from nothing', attempts.name('gone'), there, { routingKey: 'k' });
      await bind('from another', await attempts.exchange('other', 'topic'), there, { routingKey: 'k' });
      if (method !== 'queue.unbind') await bind('nowait', source, there, { routingKey: 'k', nowait: true });
      if (!isQueue) await bind('into it', await attempts.exchange('y', 'direct'), source, { routingKey: 'k' });
    }),
);

const SAFER: Difference = {
  why: 'the right to a key holds for carbon copies, too',
  transcript: (lines) =>
    lines.map((line) =>
      /^B?CC k: /.test(line)
        ? line.replace(
            /: .*/,
            ": channel.close 403 in basic.publish: ACCESS_REFUSED - access to topic 'k' in exchange 't' in vhost '/' refused for user 'ann'",
          )
        : line,
    ),
};

const publishing: Scenario = scenario(
  'basic.publish',
  async (stage) => {
    const exchange = stage.name('t');
    const attempts = await Attempts.by(stage, (await keyholder(stage, exchange)).login);
    await attempts.guest.exchange(exchange, 'topic');
    for (const key of KEYS) await attempts.publish(`key ${key}`, exchange, key);
    await attempts.publish('mandatory', exchange, 'k', { mandatory: true });
    await attempts.publish('of another user', exchange, 'k', { properties: { userId: 'another' } });
    await attempts.publish('expires when?', exchange, 'k', { properties: { expiration: 'never' } });
    for (const header of ['CC', 'BCC'])
      for (const key of ['ww', 'k'])
        await attempts.publish(`${header} ${key}`, exchange, 'w', {
          properties: { headers: table({ [header]: [key] }) },
        });
    await attempts.publish('a long key', exchange, 'k'.repeat(255));
    const channel = await attempts.channel('in a transaction');
    await channel.quietly('tx.select');
    channel.publish(exchange, 'k', 'm');
    await channel.answer();
  },
  SAFER,
);

const types: readonly Scenario[] = ['direct', 'fanout', 'headers', 'topic'].map((type) =>
  scenario(`an exchange of type ${type}`, async (stage) => {
    const exchange = stage.name('t');
    const attempts = await Attempts.by(stage, (await keyholder(stage, exchange)).login);
    await attempts.guest.exchange(exchange, type);
    await attempts.publish('publish', exchange, 'k');
    await attempts.call('bind', 'queue.bind', { queue: await attempts.queue('q'), exchange, routingKey: 'k' });
  }),
);

/** What leads to the exchange by itself is not the client's publish. */
const behind: Scenario = scenario('a topic exchange behind others', async (stage) => {
  const exchange = stage.name('t');
  const attempts = await Attempts.by(stage, (await keyholder(stage, exchange)).login);
  const { guest } = attempts;
  await guest.exchange(exchange, 'topic');
  await guest.bind(exchange, await attempts.queue('q'), '#');
  const first = await guest.exchange(attempts.name('first'), 'fanout');
  await guest.quietly('exchange.bind', { destination: exchange, source: first });
  const other = await guest.exchange(attempts.name('other'), 'direct', table({ 'alternate-exchange': exchange }));
  await attempts.publish('along a binding', first, 'k');
  await attempts.publish('as alternate exchange', other, 'k');
  const dead = await guest.queue(
    attempts.name('dead'),
    table({ 'x-dead-letter-exchange': exchange, 'x-message-ttl': 0 }),
  );
  await attempts.publish('as dead letter exchange', '', dead);
  await guest.until(attempts.name('q'), 3);
});

const order: Scenario = scenario('other rights come before', async (stage) => {
  const exchange = stage.name('t');
  const { name, login } = await keyholder(stage, exchange);
  const attempts = await Attempts.by(stage, login);
  await stage.administrator.setPermissions({ user: name, vhost: '/', configure: '', write: '-q$', read: '' });
  await attempts.guest.exchange(exchange, 'topic');
  await attempts.publish('publish', exchange, 'k');
  await attempts.call('bind', 'queue.bind', { queue: await attempts.queue('q'), exchange, routingKey: 'k' });
  const internal = attempts.name('internal');
  await attempts.guest.quietly('exchange.declare', { exchange: internal, type: 'topic', internal: true });
  await stage.administrator.setPermissions({ user: name, vhost: '/', configure: '', write: '.*', read: '' });
  await stage.administrator.setTopicPermissions({ user: name, vhost: '/', exchange: internal, write: '', read: '' });
  await attempts.publish('publish to an internal one', internal, 'k');
});

const patterns: readonly Scenario[] = [
  ['nothing', '', ['', 'k']],
  ['the name of the user', '^{username}\\.', ['ann.x', 'bob.x', '{username}.x']],
  ['the vhost', '^{vhost}$', ['/', '{vhost}']],
  ['a client id, which there is none of', '^{client_id}$', ['{client_id}', '', 'k']],
  ['twice the vhost', '{vhost}.{vhost}', ['/x/', '/', 'xxx']],
  ['an octet', '^.$', ['k', 'é']],
].map(([what, write, keys]) =>
  scenario(`a pattern with ${what}`, async (stage) => {
    const exchange = stage.name('t');
    const user = await keyholder(stage, exchange, { write: String(write), read: '' });
    const attempts = await Attempts.by(stage, user.login);
    await attempts.guest.exchange(exchange, 'topic');
    for (const key of keys ?? []) {
      const own = key.startsWith('ann') ? key.replace('ann', user.name) : key;
      await attempts.publish(`key ${key}`, exchange, own);
    }
  }),
);

const cleared: Scenario = scenario('topic permissions are cleared', async (stage) => {
  const exchange = stage.name('t');
  const { name, login } = await keyholder(stage, exchange);
  const attempts = await Attempts.by(stage, login);
  await attempts.guest.exchange(exchange, 'topic');
  await attempts.publish('before', exchange, 'k');
  await stage.administrator.clearTopicPermissions(name, '/');
  await attempts.publish('after', exchange, 'k');
});

export const scenarios: readonly Scenario[] = [...binding, publishing, ...types, behind, order, ...patterns, cleared];
