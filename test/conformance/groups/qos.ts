/** Prefetch limits, of consumers and of channels. */
import { scenario } from '../scenario.js';

export const scenarios = [
  scenario('qos is answered', async (stage) => {
    const channel = await stage.channel();
    await channel.call('basic.qos', { prefetchCount: 10 });
    await channel.call('basic.qos', { prefetchCount: 0 });
    await channel.call('basic.qos', { prefetchCount: 65535, global: true });
    await channel.call('basic.qos', { prefetchCount: 0, global: true });
  }),

  scenario('a size', async (stage) => {
    const channel = await stage.channel();
    await channel.call('basic.qos', { prefetchSize: 1000 });
  }),

  scenario('a size, global', async (stage) => {
    const channel = await stage.channel();
    await channel.call('basic.qos', { prefetchSize: 1000, prefetchCount: 1, global: true });
  }),

  scenario('each consumer has its own', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c']);
    await channel.call('basic.qos', { prefetchCount: 1 });
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.deliveries(1);
    await channel.quietly('basic.consume', { queue, consumerTag: 'two' });
    await channel.deliveries(1);
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('a change is for new consumers only', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c', 'd']);
    await channel.call('basic.qos', { prefetchCount: 1 });
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.deliveries(1);
    await channel.call('basic.qos', { prefetchCount: 2 });
    await channel.call('queue.declare', { queue, passive: true });
    await channel.quietly('basic.consume', { queue, consumerTag: 'two' });
    await channel.deliveries(2);
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('global: shared by the consumers of the channel', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c', 'd']);
    await channel.call('basic.qos', { prefetchCount: 3, global: true });
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.deliveries(3);
    await channel.quietly('basic.consume', { queue, consumerTag: 'two' });
    await channel.call('queue.declare', { queue, passive: true });
    channel.send('basic.ack', { deliveryTag: 3n, multiple: true });
    await channel.skipDeliveries(1);
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('global: raised while consumers wait', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c', 'd']);
    await channel.call('basic.qos', { prefetchCount: 1, global: true });
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.deliveries(1);
    await channel.call('basic.qos', { prefetchCount: 3, global: true });
    await channel.deliveries(2);
    await channel.call('queue.declare', { queue, passive: true });
    await channel.call('basic.qos', { prefetchCount: 0, global: true });
    await channel.deliveries(1);
  }),

  scenario('both limits: the lower one counts', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c', 'd', 'e']);
    await channel.call('basic.qos', { prefetchCount: 2 });
    await channel.call('basic.qos', { prefetchCount: 3, global: true });
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.deliveries(2);
    await channel.quietly('basic.consume', { queue, consumerTag: 'two' });
    await channel.deliveries(1);
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('auto-ack is not limited', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c']);
    await channel.call('basic.qos', { prefetchCount: 1 });
    await channel.quietly('basic.consume', { queue, consumerTag: 'one', noAck: true });
    await channel.deliveries(3);
  }),

  scenario('an acknowledgement makes room', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c', 'd', 'e']);
    await channel.call('basic.qos', { prefetchCount: 2 });
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.deliveries(2);
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.deliveries(1);
    channel.send('basic.ack', { deliveryTag: 3n, multiple: true });
    await channel.deliveries(2);
  }),

  scenario('what was got does not count', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c']);
    await channel.call('basic.qos', { prefetchCount: 1 });
    await channel.call('basic.get', { queue });
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.deliveries(1);
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('cancelled: its messages count no more for others', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b']);
    await channel.call('basic.qos', { prefetchCount: 1 });
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.deliveries(1);
    await channel.quietly('basic.cancel', { consumerTag: 'one' });
    await channel.quietly('basic.consume', { queue, consumerTag: 'two' });
    await channel.deliveries(1);
  }),

  scenario('each channel has its own', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channelOn(one.raw.client, 'two');
    const queue = await one.queue(stage.name());
    await one.fill(queue, ['a', 'b', 'c']);
    await one.call('basic.qos', { prefetchCount: 1, global: true });
    await one.quietly('basic.consume', { queue, consumerTag: 't' });
    await one.deliveries(1);
    await two.quietly('basic.consume', { queue, consumerTag: 't' });
    await two.deliveries(2);
  }),

  scenario('global: lowered while more are out', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c', 'd']);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.skipDeliveries(4);
    await channel.call('basic.qos', { prefetchCount: 2, global: true });
    await channel.fill(queue, ['e', 'f']);
    channel.send('basic.ack', { deliveryTag: 2n, multiple: true });
    await channel.until(queue, 2);
    channel.send('basic.ack', { deliveryTag: 3n });
    await channel.deliveries(1);
    await channel.until(queue, 1);
  }),

  scenario('global: shared by consumers of two queues', async (stage) => {
    const channel = await stage.channel();
    const [one, two] = [await channel.queue(stage.name('one')), await channel.queue(stage.name('two'))];
    await channel.fill(one, ['a', 'b']);
    await channel.fill(two, ['c', 'd']);
    await channel.call('basic.qos', { prefetchCount: 3, global: true });
    await channel.quietly('basic.consume', { queue: one, consumerTag: 'one' });
    await channel.deliveries(2);
    await channel.quietly('basic.consume', { queue: two, consumerTag: 'two' });
    await channel.deliveries(1);
    await channel.until(two, 1);
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.deliveries(1);
  }),

  scenario('global: set after the consumer has begun', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.call('basic.qos', { prefetchCount: 1, global: true });
    await channel.fill(queue, ['a', 'b']);
    await channel.deliveries(1);
    await channel.until(queue, 1);
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.deliveries(1);
  }),

  scenario(
    'global: what was got before counts or does not',
    async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name());
      await channel.fill(queue, ['a', 'b', 'c', 'd']);
      await channel.quietly('basic.get', { queue });
      await channel.call('basic.qos', { prefetchCount: 2, global: true });
      await channel.quietly('basic.get', { queue });
      await channel.quietly('basic.consume', { queue, consumerTag: 't' });
      await channel.deliveries(1);
      await channel.call('queue.declare', { queue, passive: true });
    },
    {
      why: 'what was got counts for no prefetch',
      transcript: ([ok = '', first = '']) => [
        ok,
        first,
        "queue.declare-ok queue='q' messageCount=0 consumerCount=1",
        `and also: ${first.replace('deliveryTag=3', 'deliveryTag=4').replace('<c>', '<d>')}`,
      ],
    },
  ),

  scenario('global: requeueing makes room', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b']);
    await channel.call('basic.qos', { prefetchCount: 1, global: true });
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(1);
    channel.send('basic.reject', { deliveryTag: 1n, requeue: true });
    await channel.deliveries(1);
    channel.send('basic.reject', { deliveryTag: 2n });
    await channel.deliveries(1);
  }),

  scenario('global: a cancelled consumer still holds its share', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b']);
    await channel.call('basic.qos', { prefetchCount: 1, global: true });
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.deliveries(1);
    await channel.quietly('basic.cancel', { consumerTag: 'one' });
    await channel.quietly('basic.consume', { queue, consumerTag: 'two' });
    await channel.until(queue, 1);
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.deliveries(1);
  }),

  scenario('no limit after a limit: the next consumer gets all', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c', 'd']);
    await channel.call('basic.qos', { prefetchCount: 1 });
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.deliveries(1);
    await channel.call('basic.qos', { prefetchCount: 0 });
    await channel.quietly('basic.consume', { queue, consumerTag: 'two' });
    await channel.deliveries(3);
  }),

  scenario('consumers of one channel with limits of their own, all acknowledged at once', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c', 'd', 'e', 'f']);
    for (const [consumerTag, prefetchCount] of [
      ['one', 1],
      ['two', 2],
    ] as const) {
      await channel.quietly('basic.qos', { prefetchCount });
      await channel.quietly('basic.consume', { queue, consumerTag });
      await channel.deliveries(prefetchCount);
    }
    channel.send('basic.ack', { deliveryTag: 0n, multiple: true });
    await channel.skipDeliveries(3);
    await channel.until(queue, 0);
  }),

  scenario('both limits: the channel has room, the consumer has none', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c']);
    await channel.call('basic.qos', { prefetchCount: 1 });
    await channel.call('basic.qos', { prefetchCount: 5, global: true });
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(1);
    await channel.until(queue, 2);
    await channel.call('basic.qos', { prefetchCount: 0, global: true });
    await channel.until(queue, 2);
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.deliveries(1);
    await channel.until(queue, 1);
  }),
];
