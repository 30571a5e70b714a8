/**
 * What becomes of connections that are open while administrators change who there is and what is there. Where RabbitMQ
 * goes by what a channel has seen for a while, a channel is asked for something that it has not asked for before.
 */
import { type Scenario, scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

export const needsUsers = true;

/** Somebody tries to come in: a line for how that ends. */
async function enters(stage: Stage, login: object, virtualHost = '/'): Promise<void> {
  const socket = await stage.socket();
  const tune = await socket.client.startUp(login).catch(() => null);
  if (tune === null) return socket.failure();
  socket.client.tune({ ...tune, heartbeat: 0 });
  socket.client.send('connection.open', { virtualHost });
  const answer = await socket.client.methods.next('connection.open-ok').catch(() => null);
  if (answer === null) return socket.failure();
  stage.note(answer.name);
}

const plain = (name: string, password: string) => ({ response: Buffer.from(`\0${name}\0${password}`) });

export const scenarios: readonly Scenario[] = [
  scenario('a user with two connections is deleted', async (stage) => {
    const { name, login } = await stage.user('ann');
    const sockets = [await stage.connection(login), await stage.connection(login)];
    await stage.administrator.deleteUser(name);
    for (const socket of sockets) await socket.failure();
    await enters(stage, login);
  }),
  scenario('a password is changed', async (stage) => {
    const { name, login } = await stage.user('ann');
    const channel = await stage.channel(login);
    await stage.administrator.changePassword(name, 'new');
    await channel.call('queue.declare', { queue: stage.name('q') });
    await enters(stage, login);
    await enters(stage, plain(name, 'new'));
  }),
  scenario(
    'permissions are cleared while somebody consumes',
    async (stage) => {
      const { name, login } = await stage.user('ann');
      const guest = await stage.channel({ label: 'guest' });
      const queue = await guest.queue(stage.name('q'));
      const consumer = await stage.channel({ ...login, label: 'consumer' });
      await consumer.call('basic.consume', { queue, consumerTag: 't' });
      await stage.administrator.clearPermissions(name, '/');
      await guest.fill(queue, ['m']);
      await consumer.nextUnasked();
      await consumer.syncOrFailure();
      await consumer.call('basic.get', { queue: stage.name('other') });
    },
    {
      why: 'who may not read a queue any more gets nothing more from it',
      transcript: (lines) =>
        lines.map((line) => (line.includes('basic.deliver') ? "consumer: basic.cancel consumerTag='t' nowait" : line)),
    },
  ),
  scenario('permissions are cleared while somebody holds a message', async (stage) => {
    const { name, login } = await stage.user('ann');
    const guest = await stage.channel({ label: 'guest' });
    const queue = await guest.queue(stage.name('q'));
    await guest.fill(queue, ['1', '2']);
    const holder = await stage.channel({ ...login, label: 'holder' });
    await holder.call('basic.get', { queue });
    await holder.call('basic.get', { queue });
    await stage.administrator.clearPermissions(name, '/');
    holder.send('basic.ack', { deliveryTag: 1n });
    holder.send('basic.reject', { deliveryTag: 2n, requeue: true });
    await holder.syncOrFailure();
    await holder.call('basic.cancel', { consumerTag: 'nobody' });
    await guest.until(queue, 1);
    await enters(stage, login);
  }),
  scenario('permissions are given: they count on connections that are open', async (stage) => {
    const { name, login } = await stage.user('ann', { configure: '' });
    const { client } = await stage.connection(login);
    await (await stage.channelOn(client, 'before')).call('queue.declare', { queue: stage.name('q') });
    await stage.administrator.setPermissions({ user: name, vhost: '/', configure: '.*', write: '', read: '' });
    await (await stage.channelOn(client, 'after')).call('queue.declare', { queue: stage.name('q') });
  }),
  scenario('a vhost is deleted', async (stage) => {
    const virtualHost = await stage.vhost();
    const socket = await stage.connection({ virtualHost });
    const other = await stage.channel({ label: 'another vhost' });
    await stage.administrator.deleteVhost(virtualHost);
    await socket.failure();
    await other.syncOrFailure();
    await enters(stage, {}, virtualHost);
  }),
  scenario('a vhost is there before its permissions', async (stage) => {
    const virtualHost = await stage.vhost();
    const { name, login } = await stage.user('ann', null);
    await enters(stage, login, virtualHost);
    await stage.administrator.setPermissions({ user: name, vhost: virtualHost, configure: '', write: '', read: '' });
    await enters(stage, login, virtualHost);
    await enters(stage, login);
  }),
  scenario('a user whose name another one had', async (stage) => {
    const { name, login } = await stage.user('ann');
    await stage.administrator.deleteUser(name);
    await stage.administrator.addUser(name, name, []);
    await enters(stage, login);
  }),
  scenario('a password that is wrong, and one that is empty', async (stage) => {
    const { name } = await stage.user('ann');
    await enters(stage, plain(name, 'wrong'));
    await enters(stage, plain(name, ''));
    await enters(stage, plain(stage.own('nobody'), 'secret'));
    const old = { capabilities: { authentication_failure_close: false } };
    await enters(stage, { ...plain(name, 'wrong'), ...old });
  }),
  ...['administrator', 'monitoring', 'impersonator'].map((tag) =>
    scenario(`a user-id of another, and the tag ${tag}`, async (stage) => {
      const { login } = await stage.user('ann', {}, [tag]);
      const channel = await stage.channel(login);
      await channel.quietly('confirm.select');
      channel.publish('amq.fanout', '', 'm', { properties: { userId: 'another' } });
      await channel.outcomeOrFailure();
    }),
  ),
  scenario('a new secret for a connection', async (stage) => {
    const { name, login } = await stage.user('ann');
    const socket = await stage.connection(login);
    await socket.call('connection.update-secret', { newSecret: Buffer.from(name), reason: 'renewed' });
    await socket.client.ping();
  }),
];
