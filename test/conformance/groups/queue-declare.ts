/** Declaring queues: new ones, again, passively, with every flag. */
import { scenario } from '../scenario.js';

const FLAGS = {
  none: {},
  durable: { durable: true },
  'auto-delete': { autoDelete: true },
  exclusive: { exclusive: true },
  'durable auto-delete': { durable: true, autoDelete: true },
  'durable exclusive': { durable: true, exclusive: true },
  'exclusive auto-delete': { exclusive: true, autoDelete: true },
  all: { durable: true, exclusive: true, autoDelete: true },
} as const;

/** Each pair of flags: declared with the first, again with the second. */
const pairs = Object.entries(FLAGS).flatMap(([first, before]) =>
  Object.entries(FLAGS).map(([second, after]) =>
    scenario(`flags: ${first}, then ${second}`, async (stage) => {
      const channel = await stage.channel();
      const queue = stage.name();
      await channel.call('queue.declare', { queue, ...before });
      await channel.call('queue.declare', { queue, ...after });
    }),
  ),
);

export const scenarios = [
  ...pairs,

  scenario('counts tell of ready messages and consumers', async (stage) => {
    const channel = await stage.channel();
    const queue = stage.name();
    await channel.call('queue.declare', { queue });
    await channel.fill(queue, ['a', 'b']);
    await channel.call('queue.declare', { queue });
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(2);
    await channel.call('queue.declare', { queue });
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('an empty name asks for a generated one', async (stage) => {
    const channel = await stage.channel();
    await channel.call('queue.declare', { exclusive: true });
    await channel.call('queue.declare', { exclusive: true });
  }),

  scenario('a passive declare of an empty name, with a queue declared before', async (stage) => {
    const channel = await stage.channel();
    await channel.call('queue.declare', { exclusive: true });
    await channel.call('queue.declare', { passive: true });
  }),

  scenario('a passive declare of an empty name, with none before', async (stage) => {
    const channel = await stage.channel();
    await channel.call('queue.declare', { passive: true });
  }),

  scenario('a reserved name', async (stage) => {
    const channel = await stage.channel();
    await channel.call('queue.declare', { queue: 'amq.conf' });
  }),

  scenario('a reserved name, passively', async (stage) => {
    const channel = await stage.channel();
    await channel.call('queue.declare', { queue: 'amq.conf', passive: true });
  }),

  scenario('a generated name declared again by its owner', async (stage) => {
    const channel = await stage.channel();
    const answer = await channel.call('queue.declare', { exclusive: true });
    const queue = answer.name === 'queue.declare-ok' ? answer.queue : '';
    await channel.call('queue.declare', { queue, exclusive: true });
  }),

  scenario('a name with line breaks loses them', async (stage) => {
    const channel = await stage.channel();
    const queue = stage.name('with');
    await channel.call('queue.declare', { queue: `${queue}\r\nbreaks\n` });
    await channel.call('queue.delete', { queue: `${queue}breaks` });
  }),

  scenario('a name of 255 octets', async (stage) => {
    const channel = await stage.channel();
    const queue = stage.name('x').padEnd(255, 'x');
    await channel.call('queue.declare', { queue });
    await channel.call('queue.delete', { queue });
  }),

  scenario('a name that is not ASCII', async (stage) => {
    const channel = await stage.channel();
    const queue = stage.name('häschen-兔-🐇');
    await channel.call('queue.declare', { queue });
    await channel.call('queue.declare', { queue, durable: true });
  }),

  scenario('a name with quotes and slashes', async (stage) => {
    const channel = await stage.channel();
    const queue = stage.name(`it's "q"/~p`);
    await channel.call('queue.declare', { queue });
    await channel.call('queue.declare', { queue, durable: true });
  }),

  scenario('passive: missing', async (stage) => {
    const channel = await stage.channel();
    await channel.call('queue.declare', { queue: stage.name(), passive: true });
  }),

  scenario('passive: the flags do not matter', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('queue.declare', { queue, passive: true, durable: true, autoDelete: true, exclusive: true });
  }),

  scenario('passive: by another connection, of an exclusive queue', async (stage) => {
    const owner = await stage.channel({ label: 'owner' });
    const other = await stage.channel({ label: 'other' });
    const queue = await owner.queue(stage.name(), undefined, { exclusive: true });
    await other.call('queue.declare', { queue, passive: true });
    await owner.call('queue.declare', { queue, passive: true });
  }),

  scenario('passive and nowait: missing', async (stage) => {
    const channel = await stage.channel();
    channel.send('queue.declare', { queue: stage.name(), passive: true, nowait: true });
    await channel.failure();
  }),

  scenario('passive and nowait: there', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    channel.send('queue.declare', { queue, passive: true, nowait: true });
    await channel.sync();
  }),

  scenario('nowait has no answer', async (stage) => {
    const channel = await stage.channel();
    const queue = stage.name();
    channel.send('queue.declare', { queue, nowait: true });
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('nowait: an inequivalent flag closes the channel all the same', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    channel.send('queue.declare', { queue, durable: true, nowait: true });
    await channel.failure();
  }),

  scenario('nowait and an empty name', async (stage) => {
    const channel = await stage.channel();
    channel.send('queue.declare', { exclusive: true, nowait: true });
    await channel.call('queue.purge', { queue: '' });
    await channel.call('basic.get', { queue: '' });
  }),

  scenario('exclusive: declared again by another connection', async (stage) => {
    const owner = await stage.channel({ label: 'owner' });
    const other = await stage.channel({ label: 'other' });
    const queue = await owner.queue(stage.name(), undefined, { exclusive: true });
    await other.call('queue.declare', { queue, exclusive: true });
    const another = await stage.channelOn(other.raw.client, 'another');
    await another.call('queue.declare', { queue });
  }),

  scenario('exclusive: used by another channel of its connection', async (stage) => {
    const owner = await stage.channel({ label: 'owner' });
    const same = await stage.channelOn(owner.raw.client, 'same');
    const queue = await owner.queue(stage.name(), undefined, { exclusive: true });
    await same.call('queue.declare', { queue, exclusive: true });
    await same.call('queue.purge', { queue });
    await same.call('basic.consume', { queue, consumerTag: 't' });
  }),

  ...(['queue.bind', 'queue.unbind', 'queue.purge', 'queue.delete', 'basic.consume', 'basic.get'] as const).map(
    (method) =>
      scenario(`exclusive: ${method} by another connection`, async (stage) => {
        const owner = await stage.channel({ label: 'owner' });
        const other = await stage.channel({ label: 'other' });
        const queue = await owner.queue(stage.name(), undefined, { exclusive: true });
        const binding =
          method === 'queue.bind' || method === 'queue.unbind' ? { exchange: 'amq.direct', routingKey: queue } : {};
        await other.call(method, { queue, ...binding });
      }),
  ),

  scenario('exclusive: anyone may publish to it', async (stage) => {
    const owner = await stage.channel({ label: 'owner' });
    const other = await stage.channel({ label: 'other' });
    const queue = await owner.queue(stage.name(), undefined, { exclusive: true });
    await other.fill(queue, ['hello']);
    await owner.bodies(queue);
  }),

  scenario('exclusive: gone when its connection has been closed', async (stage) => {
    const owner = await stage.channel({ label: 'owner' });
    const other = await stage.channel({ label: 'other' });
    const queue = await owner.queue(stage.name(), undefined, { exclusive: true });
    await owner.close();
    await owner.raw.client.close();
    await other.call('queue.declare', { queue, passive: true });
  }),

  scenario('exclusive: gone when its connection was cut', async (stage) => {
    const owner = await stage.channel({ label: 'owner' });
    const other = await stage.channel({ label: 'other' });
    const queue = await owner.queue(stage.name(), undefined, { exclusive: true });
    owner.raw.client.cut();
    await other.untilGone(queue);
  }),

  scenario('exclusive: stays when its channel is closed', async (stage) => {
    const owner = await stage.channel({ label: 'owner' });
    const queue = await owner.queue(stage.name(), undefined, { exclusive: true });
    const same = await stage.channelOn(owner.raw.client, 'same');
    await owner.close();
    await same.call('queue.declare', { queue, passive: true });
  }),

  scenario('auto-delete: stays while it never had a consumer', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), undefined, { autoDelete: true });
    await channel.fill(queue, ['a']);
    await channel.bodies(queue);
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('auto-delete: gone with its last consumer', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), undefined, { autoDelete: true });
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.quietly('basic.consume', { queue, consumerTag: 'two' });
    await channel.call('basic.cancel', { consumerTag: 'one' });
    await channel.call('queue.declare', { queue, passive: true });
    await channel.call('basic.cancel', { consumerTag: 'two' });
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('auto-delete: gone when the channel of its consumer is closed', async (stage) => {
    const channel = await stage.channel();
    const other = await stage.channelOn(channel.raw.client, 'other');
    const queue = await channel.queue(stage.name(), undefined, { autoDelete: true });
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.close();
    await other.untilGone(queue);
  }),

  scenario('auto-delete: its unacknowledged messages go with it', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), undefined, { autoDelete: true });
    await channel.fill(queue, ['a', 'b']);
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.deliveries(2);
    await channel.call('basic.cancel', { consumerTag: 'one' });
    await channel.untilGone(queue);
    channel.send('basic.ack', { deliveryTag: 2n, multiple: true });
    await channel.sync();
    await channel.call('queue.declare', { queue });
  }),

  scenario('the queue declared last stands for an empty name', async (stage) => {
    const channel = await stage.channel();
    const first = await channel.queue(stage.name('first'));
    const second = await channel.queue(stage.name('second'));
    await channel.fill(first, ['to the first']);
    await channel.fill(second, ['to the second']);
    await channel.call('basic.get', { queue: '' });
    await channel.quietly('queue.declare', { queue: first, passive: true });
    await channel.call('basic.get', { queue: '' });
    await channel.call('queue.bind', { queue: '', exchange: 'amq.direct', routingKey: '' });
    channel.publish('amq.direct', first, 'by its name');
    channel.publish('amq.direct', '', 'by no name');
    await channel.sync();
    await channel.call('queue.purge', { queue: '' });
    await channel.call('queue.unbind', { queue: '', exchange: 'amq.direct', routingKey: '' });
    await channel.call('basic.consume', { queue: '', consumerTag: 't' });
    await channel.call('queue.delete', { queue: '' });
  }),

  scenario('the queue declared last: each channel has its own', async (stage) => {
    const channel = await stage.channel();
    const other = await stage.channelOn(channel.raw.client, 'other');
    await channel.queue(stage.name());
    await other.call('queue.purge', { queue: '' });
  }),

  scenario('the queue declared last: deleted meanwhile', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.quietly('queue.delete', { queue });
    await channel.call('queue.purge', { queue: '' });
  }),

  ...(['queue.purge', 'queue.delete', 'basic.get', 'basic.consume'] as const).map((method) =>
    scenario(`no queue declared before: ${method}`, async (stage) => {
      const channel = await stage.channel();
      await channel.call(method, { queue: '' });
    }),
  ),

  ...(['queue.bind', 'queue.unbind'] as const).map((method) =>
    scenario(`no queue declared before: ${method}`, async (stage) => {
      const channel = await stage.channel();
      await channel.call(method, { queue: '', exchange: 'amq.direct', routingKey: 'k' });
    }),
  ),

  scenario('the last queue name: after a refused declare', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('queue.declare', { queue, durable: true });
    const next = await stage.channelOn(channel.raw.client, 'next');
    await next.call('queue.purge', { queue: '' });
  }),
];
