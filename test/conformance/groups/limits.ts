/** Limits of a vhost and of a user, as administrators set them: what a client is told that meets one. */
import { table } from '../../../src/amqp/table.js';
import type { OpenOptions } from '../../support/raw-client.js';
import { scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

export const needsUsers = true;

/** Writes down whether a client comes in, or what it is told. */
async function enter(stage: Stage, options: OpenOptions & { readonly virtualHost: string }): Promise<void> {
  const socket = await stage.socket();
  socket.client.tune({ ...(await socket.client.startUp(options)), heartbeat: 0 });
  socket.client.send('connection.open', { virtualHost: options.virtualHost });
  const opened = await socket.client.methods.next('connection.open-ok').catch(() => null);
  if (opened === null) await socket.failure();
  else stage.note(opened.name);
}

export const scenarios = [
  scenario('no connection to a vhost, of a user who may enter it, and of one who may not', async (stage) => {
    const vhost = await stage.vhost();
    const { login } = await stage.user('stranger');
    await stage.administrator.setLimit('vhost', vhost, 'max-connections', 0);
    await enter(stage, { virtualHost: vhost });
    await enter(stage, { ...login, virtualHost: vhost });
  }),
  scenario('no connection of a user, to a vhost that is there, and to one that is not', async (stage) => {
    const { name, login } = await stage.user('shut');
    await stage.administrator.setLimit('user', name, 'max-connections', 0);
    await enter(stage, { ...login, virtualHost: '/' });
    await enter(stage, { ...login, virtualHost: 'nowhere' });
  }),
  scenario('no connection of a user to a vhost that has none either', async (stage) => {
    const vhost = await stage.vhost();
    const { name, login } = await stage.user('shut');
    await stage.administrator.setLimit('vhost', vhost, 'max-connections', 0);
    await stage.administrator.setLimit('user', name, 'max-connections', 0);
    await enter(stage, { ...login, virtualHost: vhost });
  }),
  scenario('a negative limit is none', async (stage) => {
    const vhost = await stage.vhost();
    await stage.administrator.setLimit('vhost', vhost, 'max-connections', -1);
    await enter(stage, { virtualHost: vhost });
  }),
  scenario('no channel of a user', async (stage) => {
    const { name, login } = await stage.user('narrow');
    const socket = await stage.connection(login);
    await stage.administrator.setLimit('user', name, 'max-channels', 0);
    socket.client.channel(1).send('channel.open');
    await socket.failure();
  }),
  ...['a queue with a name', 'a queue without one', 'a queue with wrong arguments', 'one that is there'].map((what) =>
    scenario(`a vhost that is full of queues: ${what}`, async (stage) => {
      const vhost = await stage.vhost();
      const channel = await stage.channel({ virtualHost: vhost });
      await channel.quietly('queue.declare', { queue: 'there' });
      await stage.administrator.setLimit('vhost', vhost, 'max-queues', 1);
      const args = what.includes('wrong') ? table({ 'x-message-ttl': -1 }) : table({});
      const queue = what.includes('without') ? '' : what.includes('there') ? 'there' : 'more';
      await channel.call('queue.declare', { queue, arguments: args });
    }),
  ),
  scenario(
    'a vhost that is full of queues: an exclusive one, a passive declaration, and one for replies',
    async (stage) => {
      const vhost = await stage.vhost();
      const { client } = (await stage.channel({ virtualHost: vhost })).raw;
      await stage.administrator.setLimit('vhost', vhost, 'max-queues', 0);
      await (await stage.channelOn(client)).call('queue.declare', { queue: 'own', exclusive: true });
      await (await stage.channelOn(client)).call('queue.declare', { queue: 'own', passive: true });
      const replies = { queue: 'amq.rabbitmq.reply-to', consumerTag: 't', noAck: true };
      await (await stage.channelOn(client)).call('basic.consume', replies);
    },
  ),
];
