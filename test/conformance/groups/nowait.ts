/** Methods that ask for no answer: none comes, but what is refused is refused all the same. */
import type { FieldTable } from '../../../src/amqp/table.js';
import { table } from '../../../src/amqp/table.js';
import type { RecordedChannel } from '../recorded-channel.js';
import { type Difference, type Scenario, scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

/** Something that is asked for without an answer, and what the channel has to say afterwards. */
function silent(
  name: string,
  ask: (channel: RecordedChannel, stage: Stage) => Promise<void>,
  differs: Difference | null = null,
): Scenario {
  return scenario(
    name,
    async (stage) => {
      const channel = await stage.channel();
      await ask(channel, stage);
      await channel.syncOrFailure();
    },
    differs,
  );
}

const BAD: Readonly<Record<string, FieldTable>> = {
  'x-expires of 0': table({ 'x-expires': 0 }),
  'x-max-length of -1': table({ 'x-max-length': -1 }),
};

export const scenarios = [
  silent('queue.declare: a reserved name', async (channel) => {
    channel.send('queue.declare', { queue: 'amq.conf', nowait: true });
  }),

  ...Object.entries(BAD).map(([label, args]) =>
    silent(`queue.declare: ${label}`, async (channel, stage) => {
      channel.send('queue.declare', { queue: stage.name(), arguments: args, nowait: true });
    }),
  ),

  silent('queue.declare: the exclusive queue of another connection', async (channel, stage) => {
    const owner = await stage.channel({ label: 'owner' });
    const queue = await owner.queue(stage.name(), table({}), { exclusive: true });
    channel.send('queue.declare', { queue, exclusive: true, nowait: true });
  }),

  silent('queue.declare: what was declared stands for an empty name', async (channel, stage) => {
    channel.send('queue.declare', { queue: stage.name(), nowait: true });
    await channel.call('queue.purge');
  }),

  silent('queue.unbind: has an answer always', async (channel, stage) => {
    const queue = await channel.queue(stage.name());
    await channel.call('queue.unbind', { queue, exchange: 'amq.direct', routingKey: 'k' });
  }),

  silent('queue.purge: no such queue', async (channel, stage) => {
    channel.send('queue.purge', { queue: stage.name('missing'), nowait: true });
  }),

  silent('queue.purge: the exclusive queue of another connection', async (channel, stage) => {
    const owner = await stage.channel({ label: 'owner' });
    const queue = await owner.queue(stage.name(), table({}), { exclusive: true });
    channel.send('queue.purge', { queue, nowait: true });
  }),

  silent('queue.delete: no such queue', async (channel, stage) => {
    channel.send('queue.delete', { queue: stage.name('missing'), nowait: true });
  }),

  silent('queue.delete: in use', async (channel, stage) => {
    const queue = await channel.queue(stage.name());
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    channel.send('queue.delete', { queue, ifUnused: true, nowait: true });
  }),

  silent('exchange.declare: a reserved name', async (channel) => {
    channel.send('exchange.declare', { exchange: 'amq.conf', type: 'fanout', nowait: true });
  }),

  silent(
    'exchange.declare: an unknown type',
    async (channel, stage) => {
      channel.send('exchange.declare', { exchange: stage.name('x'), type: 'nonsense', nowait: true });
    },
    {
      why: 'RabbitMQ 3.10 closes the connection, 4.x only the channel',
      transcript: ["channel.close 406 in exchange.declare: PRECONDITION_FAILED - unknown exchange type 'nonsense'"],
    },
  ),

  silent('exchange.delete: in use', async (channel, stage) => {
    const exchange = await channel.exchange(stage.name('x'), 'fanout');
    await channel.bind(exchange, await channel.queue(stage.name()));
    channel.send('exchange.delete', { exchange, ifUnused: true, nowait: true });
  }),

  silent('exchange.delete: a predeclared one', async (channel) => {
    channel.send('exchange.delete', { exchange: 'amq.topic', nowait: true });
  }),

  silent('exchange.delete: no such exchange', async (channel, stage) => {
    channel.send('exchange.delete', { exchange: stage.name('missing'), nowait: true });
  }),

  silent('exchange.bind: no such source', async (channel, stage) => {
    channel.send('exchange.bind', { source: stage.name('missing'), destination: 'amq.fanout', nowait: true });
  }),

  silent('exchange.unbind: no such destination', async (channel, stage) => {
    channel.send('exchange.unbind', { source: 'amq.fanout', destination: stage.name('missing'), nowait: true });
  }),

  silent('exchange.bind: a wrong x-match', async (channel, stage) => {
    const source = await channel.exchange(stage.name('x'), 'headers');
    const args = table({ 'x-match': 'some' });
    channel.send('exchange.bind', { source, destination: 'amq.fanout', arguments: args, nowait: true });
  }),

  silent('basic.consume: a tag that is in use', async (channel, stage) => {
    const queue = await channel.queue(stage.name());
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    channel.send('basic.consume', { queue, consumerTag: 't', nowait: true });
  }),

  silent('basic.consume: in exclusive use', async (channel, stage) => {
    const queue = await channel.queue(stage.name());
    await channel.quietly('basic.consume', { queue, consumerTag: 't', exclusive: true });
    channel.send('basic.consume', { queue, consumerTag: 'u', nowait: true });
  }),

  silent('basic.consume: a bad x-priority', async (channel, stage) => {
    const queue = await channel.queue(stage.name());
    const args = table({ 'x-priority': 'high' });
    channel.send('basic.consume', { queue, consumerTag: 't', arguments: args, nowait: true });
  }),

  silent('basic.consume: of the reply queue, with acknowledgements', async (channel) => {
    channel.send('basic.consume', { queue: 'amq.rabbitmq.reply-to', consumerTag: 't', nowait: true });
  }),

  silent('basic.consume: of the reply queue', async (channel) => {
    channel.send('basic.consume', { queue: 'amq.rabbitmq.reply-to', consumerTag: 't', noAck: true, nowait: true });
    channel.publish('', 'nowhere', 'question', { properties: { replyTo: 'amq.rabbitmq.reply-to' } });
  }),

  silent('basic.consume: a generated tag, which deliveries tell', async (channel, stage) => {
    const queue = await channel.queue(stage.name());
    channel.send('basic.consume', { queue, nowait: true });
    channel.publish('', queue, 'a');
    await channel.deliveries(1);
  }),

  silent('basic.cancel: an unknown tag', async (channel) => {
    channel.send('basic.cancel', { consumerTag: 'nobody', nowait: true });
  }),

  silent('confirm.select: on a transactional channel', async (channel) => {
    await channel.quietly('tx.select');
    channel.send('confirm.select', { nowait: true });
  }),
];
