/**
 * Each method, with each set of the rights that it may need, and with what else is wrong: so that the order in which
 * things are looked at shows. The words on the left say what was tried: `q-cw` is a queue that the user may configure
 * and write to. See attempts.ts.
 */
import { type FieldTable, table } from '../../../src/amqp/table.js';
import { Attempts, SETS } from '../attempts.js';
import { type Difference, type Scenario, scenario } from '../scenario.js';

export const needsUsers = true;

const dead = (exchange: string, args: object = {}): FieldTable =>
  table({ 'x-dead-letter-exchange': exchange, ...args });
const alternate = (exchange: string): FieldTable => table({ 'alternate-exchange': exchange });

/** One line for each set of rights. */
function each(
  name: string,
  attempt: (attempts: Attempts, rights: string) => Promise<void>,
  differs?: Difference,
): Scenario {
  return scenario(
    name,
    async (stage) => {
      const attempts = await Attempts.by(stage);
      for (const rights of SETS) await attempt(attempts, rights);
    },
    differs,
  );
}

/** A passive declaration by somebody who has no right at all on the name, which is `there` or `gone`. */
function unseen(kind: 'queue' | 'exchange', there: string): Difference {
  return {
    why: 'what a user has no right on is not shown either, as in RabbitMQ 4.2.7',
    transcript: (lines) =>
      lines.map((line) => {
        const what = /^(\w+)-: /.exec(line)?.[1];
        if (what === undefined) return line;
        const name = `${kind} '${what === 'gone' ? 'gone-' : there}'`;
        const text = `ACCESS_REFUSED - access to ${name} in vhost '/' refused for user 'limited'`;
        return `${what}-: channel.close 403 in ${kind}.declare: ${text}`;
      }),
  };
}

const declaring: readonly Scenario[] = [
  each('queue.declare', async (attempts, rights) => {
    const there = await attempts.queue(`q-${rights}`);
    const declare = (what: string, queue: string, fields: object = {}) =>
      attempts.call(`${what}-${rights}`, 'queue.declare', { queue, ...fields });
    await declare('new', attempts.name(`new-${rights}`));
    await declare('nowait', attempts.name(`nowait-${rights}`), { nowait: true });
    await declare('exclusive', attempts.name(`excl-${rights}`), { exclusive: true });
    await declare('there', there);
    await declare('another', there, { autoDelete: true });
    await declare('bad argument', attempts.name(`bad-${rights}`), { arguments: table({ 'x-expires': -1 }) });
    await declare('quorum', attempts.name(`q-${rights}`), {
      arguments: table({ 'x-queue-type': 'quorum' }),
      exclusive: true,
    });
  }),
  each(
    'queue.declare, passive',
    async (attempts, rights) => {
      const there = await attempts.queue(`q-${rights}`);
      const look = (what: string, queue: string, fields: object = {}) =>
        attempts.call(`${what}-${rights}`, 'queue.declare', { queue, passive: true, ...fields });
      await look('q', there);
      await look('gone', attempts.name(`gone-${rights}`));
      await look('nowait', there, { nowait: true });
    },
    unseen('queue', 'q-'),
  ),
  each('queue.declare of another connection', async (attempts, rights) => {
    const queue = attempts.name(`q-${rights}`);
    await attempts.guest.queue(queue, undefined, { exclusive: true });
    await attempts.call(`q-${rights}`, 'queue.declare', { queue });
  }),
  ...SETS.map((rights) =>
    scenario(`queue.declare with dead letters, ${rights || 'nothing'}`, async (stage) => {
      const attempts = await Attempts.by(stage);
      const declare = (what: string, args: FieldTable, queue = attempts.name(`q-${rights}`)) =>
        attempts.call(`q-${rights} to ${what}`, 'queue.declare', { queue, arguments: args });
      for (const target of SETS) await declare(`x-${target}`, dead(attempts.name(`x-${target}`)));
      await declare('the default exchange', dead(''));
      await declare('a number', table({ 'x-dead-letter-exchange': 1 }));
      await declare('x with a wrong key', dead(attempts.name('x'), { 'x-dead-letter-routing-key': 1 }));
      await declare('nowhere with a key', table({ 'x-dead-letter-routing-key': 'k' }), attempts.name(`k-${rights}`));
      await declare('a wrong x', dead(attempts.name('x'), { 'x-expires': -1 }), attempts.name(`e-${rights}`));
      await declare('another', dead(attempts.name('x-w')), await attempts.queue(`there-${rights}`));
    }),
  ),
  each('exchange.declare', async (attempts, rights) => {
    const there = await attempts.exchange(`x-${rights}`);
    const declare = (what: string, exchange: string, fields: object = {}) =>
      attempts.call(`${what}-${rights}`, 'exchange.declare', { exchange, type: 'fanout', ...fields });
    await declare('new', attempts.name(`new-${rights}`));
    await declare('nowait', attempts.name(`nowait-${rights}`), { nowait: true });
    await declare('internal', attempts.name(`int-${rights}`), { internal: true });
    await declare('there', there);
    await declare('another', there, { type: 'direct' });
  }),
  each(
    'exchange.declare, passive',
    async (attempts, rights) => {
      const there = await attempts.exchange(`x-${rights}`);
      const look = (what: string, exchange: string, fields: object = {}) =>
        attempts.call(`${what}-${rights}`, 'exchange.declare', { exchange, passive: true, ...fields });
      await look('x', there);
      await look('gone', attempts.name(`gone-${rights}`));
      await look('nowait', there, { nowait: true });
    },
    unseen('exchange', 'x-'),
  ),
  ...SETS.map((rights) =>
    scenario(`exchange.declare with an alternate one, ${rights || 'nothing'}`, async (stage) => {
      const attempts = await Attempts.by(stage);
      const declare = (what: string, args: FieldTable, exchange = attempts.name(`x-${rights}`)) =>
        attempts.call(`x-${rights} to ${what}`, 'exchange.declare', { exchange, type: 'fanout', arguments: args });
      for (const target of SETS) await declare(`a-${target}`, alternate(attempts.name(`a-${target}`)));
      await declare('the default exchange', alternate(''));
      await declare('a number', table({ 'alternate-exchange': 1 }));
      await declare('another', alternate(attempts.name('a-w')), await attempts.exchange(`there-${rights}`));
    }),
  ),
];

const deleting: readonly Scenario[] = [
  each('queue.delete', async (attempts, rights) => {
    const used = await attempts.queue(`used-${rights}`);
    await attempts.guest.quietly('basic.consume', { queue: used, consumerTag: used });
    const full = await attempts.queue(`full-${rights}`);
    await attempts.guest.fill(full, ['m']);
    const own = attempts.name(`own-${rights}`);
    await attempts.guest.queue(own, undefined, { exclusive: true });
    const remove = (what: string, queue: string, fields: object = {}) =>
      attempts.call(`${what}-${rights}`, 'queue.delete', { queue, ...fields });
    await remove('used', used, { ifUnused: true });
    await remove('full', full, { ifEmpty: true });
    await remove("another's", own);
    await remove('gone', attempts.name(`gone-${rights}`));
    await remove('nowait', await attempts.queue(`silent-${rights}`), { nowait: true });
    await remove('q', await attempts.queue(`q-${rights}`));
  }),
  each('exchange.delete', async (attempts, rights) => {
    const used = await attempts.exchange(`used-${rights}`);
    await attempts.guest.bind(used, await attempts.queue(`q-${rights}`));
    const remove = (what: string, exchange: string, fields: object = {}) =>
      attempts.call(`${what}-${rights}`, 'exchange.delete', { exchange, ...fields });
    await remove('used', used, { ifUnused: true });
    await remove('gone', attempts.name(`gone-${rights}`));
    await remove('nowait', await attempts.exchange(`silent-${rights}`), { nowait: true });
    await remove('x', await attempts.exchange(`x-${rights}`));
  }),
  each('queue.purge', async (attempts, rights) => {
    const own = attempts.name(`own-${rights}`);
    await attempts.guest.queue(own, undefined, { exclusive: true });
    const purge = (what: string, queue: string, fields: object = {}) =>
      attempts.call(`${what}-${rights}`, 'queue.purge', { queue, ...fields });
    await purge("another's", own);
    await purge('gone', attempts.name(`gone-${rights}`));
    await purge('nowait', await attempts.queue(`silent-${rights}`), { nowait: true });
    await purge('q', await attempts.queue(`q-${rights}`));
  }),
];

const bindings: readonly Scenario[] = (['queue.bind', 'queue.unbind'] as const).flatMap((method) => [
  ...SETS.map((rights) =>
    scenario(`${method}, ${rights || 'nothing'} on the queue`, async (stage) => {
      const attempts = await Attempts.by(stage);
      const queue = await attempts.queue(`q-${rights}`);
      const own = attempts.name(`own-${rights}`);
      await attempts.guest.queue(own, undefined, { exclusive: true });
      const bind = (what: string, on: string, exchange: string, fields: object = {}) =>
        attempts.call(`${what} with q-${rights}`, method, { queue: on, exchange, ...fields });
      for (const source of SETS) await bind(`x-${source}`, queue, await attempts.exchange(`x-${source}`));
      const readable = await attempts.exchange('y-r');
      await bind('gone-r', queue, attempts.name('gone-r'));
      await bind('gone', queue, attempts.name('gone'));
      await bind('the default exchange', queue, '');
      await bind('y-r, gone', attempts.name(`gone-${rights}`), readable);
      await bind("y-r, another's", own, readable);
      if (method === 'queue.bind') await bind('y-r, nowait', queue, readable, { nowait: true });
    }),
  ),
]);

const exchangeBindings: readonly Scenario[] = (['exchange.bind', 'exchange.unbind'] as const).flatMap((method) =>
  SETS.map((rights) =>
    scenario(`${method}, ${rights || 'nothing'} on the destination`, async (stage) => {
      const attempts = await Attempts.by(stage);
      const to = await attempts.exchange(`to-${rights}`);
      const bind = (what: string, destination: string, source: string, fields: object = {}) =>
        attempts.call(`${what} with to-${rights}`, method, { destination, source, ...fields });
      for (const source of SETS) await bind(`x-${source}`, to, await attempts.exchange(`x-${source}`));
      const readable = await attempts.exchange('y-r');
      await bind('gone-r', to, attempts.name('gone-r'));
      await bind('the default exchange', to, '');
      await bind('to the default exchange, x-r', '', readable);
      await bind('y-r, gone', attempts.name(`gone-${rights}`), readable);
      await bind('y-r, nowait', to, readable, { nowait: true });
    }),
  ),
);

const publishing: readonly Scenario[] = [
  each('basic.publish', async (attempts, rights) => {
    const x = await attempts.exchange(`x-${rights}`);
    const internal = attempts.name(`int-${rights}`);
    await attempts.guest.quietly('exchange.declare', { exchange: internal, type: 'topic', internal: true });
    const publish = (what: string, exchange: string, options: object = {}) =>
      attempts.publish(`${what}-${rights}`, exchange, 'k', options);
    await publish('x', x);
    await publish('gone', attempts.name(`gone-${rights}`));
    await publish('internal', internal);
    await publish('of another user', x, { properties: { userId: 'another' } });
    await publish('of another user, gone', attempts.name(`gone-${rights}`), { properties: { userId: 'another' } });
    await publish('expires when?', x, { properties: { expiration: 'never' } });
    await publish('replies to nobody', x, { properties: { replyTo: 'amq.rabbitmq.reply-to' } });
    await publish('copies to a number', x, { properties: { headers: table({ CC: 1 }) } });
  }),
  each('basic.publish in a transaction', async (attempts, rights) => {
    const channel = await attempts.channel(`x-${rights}`);
    await channel.quietly('tx.select');
    channel.publish(await attempts.exchange(`x-${rights}`), 'k', 'm');
    await channel.call('tx.commit');
    await channel.closeIfOpen();
  }),
  each('basic.publish, mandatory', async (attempts, rights) => {
    const channel = await attempts.channel(`x-${rights}`);
    channel.publish(await attempts.exchange(`x-${rights}`), 'k', 'm', { mandatory: true });
    await channel.outcomeOrFailure();
    await channel.closeIfOpen();
  }),
  ...['amq\\.default', '^$', 'default$', 'q'].map((write) =>
    scenario(`basic.publish to the default exchange with ${write}`, async (stage) => {
      const attempts = await Attempts.by(stage, (await stage.user('ann', { write })).login);
      await attempts.publish('to a queue', '', await attempts.queue('q'));
      await attempts.publish('to no queue', '', attempts.name('gone'));
    }),
  ),
];

const taking: readonly Scenario[] = [
  each('basic.get', async (attempts, rights) => {
    const own = attempts.name(`own-${rights}`);
    await attempts.guest.queue(own, undefined, { exclusive: true });
    const get = (what: string, queue: string, fields: object = {}) =>
      attempts.call(`${what}-${rights}`, 'basic.get', { queue, ...fields });
    const full = await attempts.queue(`full-${rights}`);
    await attempts.guest.fill(full, ['m']);
    await get("another's", own);
    await get('gone', attempts.name(`gone-${rights}`));
    await get('empty', await attempts.queue(`q-${rights}`));
    await get('full', full, { noAck: true });
  }),
  each('basic.consume', async (attempts, rights) => {
    const own = attempts.name(`own-${rights}`);
    await attempts.guest.queue(own, undefined, { exclusive: true });
    const used = await attempts.queue(`used-${rights}`);
    await attempts.guest.quietly('basic.consume', { queue: used, consumerTag: used, exclusive: true });
    const consume = (what: string, queue: string, fields: object = {}) =>
      attempts.call(`${what}-${rights}`, 'basic.consume', { queue, consumerTag: 't', ...fields });
    await consume("another's", own);
    await consume("another's alone", used);
    await consume('gone', attempts.name(`gone-${rights}`));
    await consume('q', await attempts.queue(`q-${rights}`));
    await consume('nowait', await attempts.queue(`silent-${rights}`), { nowait: true });
    await consume('bad argument', await attempts.queue(`bad-${rights}`), {
      arguments: table({ 'x-priority': 'high' }),
    });
  }),
];

/** What needs no right, by somebody who has none. */
const free: Scenario = scenario('methods that need no right', async (stage) => {
  const attempts = await Attempts.by(stage, stage.login('powerless'));
  await attempts.call('qos', 'basic.qos', { prefetchCount: 1 });
  await attempts.call('recover', 'basic.recover', { requeue: true });
  await attempts.call('cancel', 'basic.cancel', { consumerTag: 'nobody' });
  await attempts.call('confirms', 'confirm.select');
  await attempts.call('transactions', 'tx.select');
  await attempts.call('access', 'access.request', { realm: '/data' });
  await attempts.call('flow', 'channel.flow', { active: true });
  await attempts.call('replies', 'basic.consume', { queue: 'amq.rabbitmq.reply-to', consumerTag: 't', noAck: true });
  await attempts.call('a reply queue', 'queue.declare', { queue: 'amq.rabbitmq.reply-to', passive: true });
  for (const [method, fields] of [
    ['basic.ack', { deliveryTag: 1n }],
    ['basic.nack', { deliveryTag: 1n }],
    ['basic.reject', { deliveryTag: 1n }],
    ['tx.commit', {}],
    ['tx.rollback', {}],
  ] as const)
    await attempts.call(method, method, fields);
});

const reserved: Scenario = scenario('names that the broker keeps for itself', async (stage) => {
  for (const [label, login] of [
    ['nothing', stage.login('powerless')],
    ['all', (await stage.user('ann')).login],
  ] as const) {
    const attempts = await Attempts.by(stage, login);
    await attempts.call(`${label}: server-named`, 'queue.declare', { queue: '', exclusive: true });
    await attempts.call(`${label}: amq. queue`, 'queue.declare', { queue: 'amq.mine' });
    await attempts.call(`${label}: amq. exchange`, 'exchange.declare', { exchange: 'amq.mine', type: 'fanout' });
    await attempts.call(`${label}: predeclared`, 'exchange.declare', {
      exchange: 'amq.topic',
      type: 'topic',
      durable: true,
    });
    await attempts.call(`${label}: default`, 'exchange.declare', { exchange: '', type: 'direct' });
    await attempts.call(`${label}: delete queue`, 'queue.delete', { queue: 'amq.mine' });
    await attempts.call(`${label}: delete exchange`, 'exchange.delete', { exchange: 'amq.topic' });
    await attempts.call(`${label}: delete default`, 'exchange.delete', { exchange: '' });
    await attempts.call(`${label}: no queue before`, 'basic.get', { queue: '' });
    await attempts.publish(`${label}: default`, '', 'nowhere');
  }
});

const generated: Scenario = scenario('a queue that the server names', async (stage) => {
  for (const [user, configure] of [
    ['ann', '^amq\\.gen-'],
    ['bob', '^$'],
    ['cid', '^q'],
  ] as const) {
    const attempts = await Attempts.by(stage, (await stage.user(user, { configure })).login);
    await attempts.call(configure, 'queue.declare', { queue: '', exclusive: true });
  }
});

/** What a policy says is the administrator's doing. */
const policies: Scenario = scenario('where a policy sends what a queue or an exchange cannot keep', async (stage) => {
  const attempts = await Attempts.by(stage);
  const queue = attempts.name('p-cr');
  const exchange = attempts.name('q-cr');
  const policy = { vhost: '/', priority: 0 };
  const definition = { 'dead-letter-exchange': attempts.name('x') };
  await stage.administrator.setPolicy({
    ...policy,
    name: queue,
    pattern: `^${queue}$`,
    definition,
    applyTo: 'queues',
  });
  await stage.administrator.setPolicy({
    ...policy,
    name: exchange,
    pattern: `^${exchange}$`,
    definition: { 'alternate-exchange': attempts.name('x') },
    applyTo: 'exchanges',
  });
  await attempts.call('queue', 'queue.declare', { queue });
  await attempts.call('exchange', 'exchange.declare', { exchange, type: 'fanout' });
  for (const name of [queue, exchange]) await stage.administrator.clearPolicy('/', name);
});

export const scenarios: readonly Scenario[] = [
  ...declaring,
  ...deleting,
  ...bindings,
  ...exchangeBindings,
  ...publishing,
  ...taking,
  free,
  reserved,
  generated,
  policies,
];
