/** Quorum queues, as far as one node shows them: delivery counts and limits, redelivery, what they do not do. */
import { type PlainObject, table } from '../../../src/amqp/table.js';
import { LAST_DEATH } from '../last-death.js';
import { rewording, scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

async function quorum(stage: Stage, args: PlainObject = {}) {
  const channel = await stage.channel();
  const all = table({ 'x-queue-type': 'quorum', ...args });
  const queue = await channel.queue(stage.name(), all, { durable: true });
  return { channel, queue };
}

export const scenarios = [
  scenario(
    'publish, get, acknowledge',
    async (stage) => {
      const { channel, queue } = await quorum(stage);
      await channel.fill(queue, ['a', 'b']);
      await channel.until(queue, 2);
      await channel.call('basic.get', { queue });
      channel.send('basic.ack', { deliveryTag: 1n });
      await channel.call('basic.get', { queue, noAck: true });
      await channel.call('basic.get', { queue });
    },
    rewording('a count of 0 is not told, as with basic.deliver', / headers=\{x-delivery-count: l0\}/, ''),
  ),

  scenario('deliveries are counted', async (stage) => {
    const { channel, queue } = await quorum(stage);
    await channel.fill(queue, ['a']);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    for (let n = 1n; n <= 3n; n++) {
      await channel.deliveries(1);
      channel.send('basic.nack', { deliveryTag: n, requeue: true });
    }
    await channel.deliveries(1);
  }),

  scenario('deliveries are counted beside the headers of the message', async (stage) => {
    const { channel, queue } = await quorum(stage);
    await channel.fill(queue, [['a', { headers: table({ mine: 1 }), messageId: 'm' }]]);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(1);
    channel.send('basic.reject', { deliveryTag: 1n, requeue: true });
    await channel.deliveries(1);
  }),

  scenario('a limit of 2: dropped after the third delivery', async (stage) => {
    const { channel, queue } = await quorum(stage, { 'x-delivery-limit': 2 });
    await channel.fill(queue, ['a']);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    for (let n = 1n; n <= 3n; n++) {
      await channel.deliveries(1);
      channel.send('basic.nack', { deliveryTag: n, requeue: true });
    }
    await channel.until(queue, 0);
  }),

  scenario('a limit of 0: dropped when it comes back', async (stage) => {
    const { channel, queue } = await quorum(stage, { 'x-delivery-limit': 0 });
    await channel.fill(queue, ['a']);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(1);
    channel.send('basic.nack', { deliveryTag: 1n, requeue: true });
    await channel.until(queue, 0);
  }),

  scenario(
    'over the limit: a dead letter',
    async (stage) => {
      const channel = await stage.channel();
      const dead = await channel.queue(stage.name('dead'));
      const args = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead, 'x-delivery-limit': 1 };
      const all = table({ 'x-queue-type': 'quorum', ...args });
      const queue = await channel.queue(stage.name(), all, { durable: true });
      await channel.fill(queue, ['a']);
      await channel.quietly('basic.consume', { queue, consumerTag: 't' });
      for (let n = 1n; n <= 2n; n++) {
        await channel.deliveries(1);
        channel.send('basic.nack', { deliveryTag: n, requeue: true });
      }
      await channel.until(dead, 1);
      await channel.call('basic.get', { queue: dead, noAck: true });
    },
    LAST_DEATH,
  ),

  scenario(
    'rejected: a dead letter',
    async (stage) => {
      const channel = await stage.channel();
      const dead = await channel.queue(stage.name('dead'));
      const args = { 'x-queue-type': 'quorum', 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead };
      const queue = await channel.queue(stage.name(), table(args), { durable: true });
      await channel.fill(queue, ['a']);
      await channel.quietly('basic.consume', { queue, consumerTag: 't' });
      await channel.deliveries(1);
      channel.send('basic.reject', { deliveryTag: 1n });
      await channel.until(dead, 1);
      await channel.call('basic.get', { queue: dead, noAck: true });
    },
    LAST_DEATH,
  ),

  scenario('a channel that is closed counts as a delivery', async (stage) => {
    const { channel, queue } = await quorum(stage);
    const other = await stage.channelOn(channel.raw.client, 'other');
    await channel.fill(queue, ['a']);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(1);
    await channel.close();
    await other.quietly('basic.consume', { queue, consumerTag: 't' });
    await other.deliveries(1);
  }),

  scenario('a full queue drops its head', async (stage) => {
    const { channel, queue } = await quorum(stage, { 'x-max-length': 2 });
    await channel.fill(queue, ['a', 'b', 'c']);
    await channel.until(queue, 2);
    await channel.bodies(queue);
  }),

  scenario(
    'exclusive consumers are refused others',
    async (stage) => {
      const { channel, queue } = await quorum(stage);
      const other = await stage.channelOn(channel.raw.client, 'other');
      await channel.call('basic.consume', { queue, consumerTag: 't', exclusive: true });
      await other.call('basic.consume', { queue, consumerTag: 'u' });
    },
    {
      why: 'exclusive means exclusive, in RabbitMQ from 4.x on',
      transcript: [
        "basic.consume-ok consumerTag='t'",
        "other: channel.close 403 in basic.consume: ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use",
      ],
    },
  ),

  scenario('single active: the next when the first has gone', async (stage) => {
    const { channel, queue } = await quorum(stage, { 'x-single-active-consumer': true });
    const other = await stage.channelOn(channel.raw.client, 'other');
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await other.quietly('basic.consume', { queue, consumerTag: 'two' });
    await channel.fill(queue, ['a']);
    await channel.deliveries(1);
    await channel.quietly('basic.cancel', { consumerTag: 'one' });
    await channel.fill(queue, ['b']);
    await other.deliveries(1);
  }),

  ...([{ ifUnused: true }, { ifEmpty: true }] as const).map((flags) =>
    scenario(
      `delete: ${Object.keys(flags)}`,
      async (stage) => {
        const { channel, queue } = await quorum(stage);
        await channel.call('queue.delete', { queue, ...flags });
      },
      { why: 'quorum queues can be deleted so too', transcript: ['queue.delete-ok messageCount=0'] },
    ),
  ),

  scenario('single active: nobody may get', async (stage) => {
    const { channel, queue } = await quorum(stage, { 'x-single-active-consumer': true });
    await channel.fill(queue, ['a']);
    await channel.call('basic.get', { queue });
  }),

  scenario('purge', async (stage) => {
    const { channel, queue } = await quorum(stage);
    await channel.fill(queue, ['a', 'b']);
    await channel.until(queue, 2);
    await channel.call('queue.purge', { queue });
  }),

  scenario(
    'global prefetch',
    async (stage) => {
      const { channel, queue } = await quorum(stage);
      await channel.call('basic.qos', { prefetchCount: 1, global: true });
      await channel.call('basic.consume', { queue, consumerTag: 't' });
    },
    {
      why: 'a limit of the channel holds for every queue',
      transcript: ['basic.qos-ok', "basic.consume-ok consumerTag='t'"],
    },
  ),

  scenario('a deleted queue cancels its consumers', async (stage) => {
    const { channel, queue } = await quorum(stage);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.call('queue.delete', { queue });
    await channel.cancelled();
  }),

  scenario('requeued by a nack of several: in their order, counted', async (stage) => {
    const { channel, queue } = await quorum(stage);
    await channel.fill(queue, ['a', 'b', 'c']);
    await channel.quietly('basic.qos', { prefetchCount: 3 });
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(3);
    channel.send('basic.ack', { deliveryTag: 3n });
    channel.send('basic.nack', { deliveryTag: 2n, multiple: true, requeue: true });
    await channel.deliveries(2);
  }),

  scenario('recovered: counted', async (stage) => {
    const { channel, queue } = await quorum(stage);
    await channel.fill(queue, ['a']);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(1);
    await channel.call('basic.recover', { requeue: true });
    await channel.deliveries(1);
  }),

  scenario(
    'a full queue that refuses',
    async (stage) => {
      const { channel, queue } = await quorum(stage, { 'x-max-length': 1, 'x-overflow': 'reject-publish' });
      await channel.quietly('confirm.select');
      channel.publish('', queue, 'a');
      await channel.settled(1);
      await channel.until(queue, 1);
      await channel.call('basic.get', { queue, noAck: true });
      channel.publish('', queue, 'b');
      await channel.outcomes(1);
    },
    rewording('a count of 0 is not told, as with basic.deliver', / headers=\{x-delivery-count: l0\}/, ''),
  ),

  scenario('consumed with auto-ack', async (stage) => {
    const { channel, queue } = await quorum(stage);
    await channel.fill(queue, ['a', 'b']);
    await channel.quietly('basic.consume', { queue, consumerTag: 't', noAck: true });
    await channel.deliveries(2);
    await channel.until(queue, 0);
  }),

  scenario('a transient message is delivered as it was published', async (stage) => {
    const { channel, queue } = await quorum(stage);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    channel.publish('', queue, 'transient', { properties: { deliveryMode: 1, priority: 3, type: 't' } });
    await channel.deliveries(1);
  }),

  scenario('priorities of consumers', async (stage) => {
    const { channel, queue } = await quorum(stage);
    await channel.quietly('basic.qos', { prefetchCount: 1 });
    await channel.quietly('basic.consume', { queue, consumerTag: 'low' });
    await channel.quietly('basic.consume', { queue, consumerTag: 'high', arguments: table({ 'x-priority': 5 }) });
    for (const body of ['a', 'b']) {
      channel.publish('', queue, body);
      await channel.deliveries(1);
    }
  }),

  scenario('in a transaction', async (stage) => {
    const { channel, queue } = await quorum(stage);
    await channel.quietly('tx.select');
    channel.publish('', queue, 'a');
    await channel.call('tx.commit');
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(1);
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.call('tx.commit');
    await channel.until(queue, 0);
  }),

  scenario(
    'too old: a dead letter',
    async (stage) => {
      const channel = await stage.channel();
      const dead = await channel.queue(stage.name('dead'));
      const to = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead };
      const args = table({ 'x-queue-type': 'quorum', 'x-message-ttl': 50, ...to });
      const queue = await channel.queue(stage.name(), args, { durable: true });
      await channel.fill(queue, [['a', { expiration: '60000' }]]);
      await channel.until(dead, 1);
      await channel.call('basic.get', { queue: dead, noAck: true });
    },
    LAST_DEATH,
  ),

  scenario(
    'over the limit by channels that are closed: a dead letter',
    async (stage) => {
      const channel = await stage.channel();
      const dead = await channel.queue(stage.name('dead'));
      const to = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead };
      const args = table({ 'x-queue-type': 'quorum', 'x-delivery-limit': 1, ...to });
      const queue = await channel.queue(stage.name(), args, { durable: true });
      await channel.fill(queue, ['poison']);
      for (const label of ['one', 'two']) {
        const crashing = await stage.channel({ label });
        await crashing.quietly('basic.consume', { queue, consumerTag: 't' });
        await crashing.deliveries(1);
        crashing.raw.client.cut();
      }
      await channel.until(dead, 1);
      await channel.call('basic.get', { queue: dead, noAck: true });
    },
    LAST_DEATH,
  ),
];
