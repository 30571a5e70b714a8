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
];
