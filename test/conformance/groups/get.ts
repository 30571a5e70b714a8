/** basic.get: counts, tags, refusals. */
import { scenario } from '../scenario.js';

export const scenarios = [
  scenario('an empty queue', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('basic.get', { queue });
    await channel.call('basic.get', { queue, noAck: true });
  }),

  scenario('counts go down', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c']);
    for (let n = 0; n < 4; n++) await channel.call('basic.get', { queue });
  }),

  scenario('no-ack: gone at once', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a']);
    await channel.call('basic.get', { queue, noAck: true });
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.failure();
  }),

  scenario('no such queue', async (stage) => {
    const channel = await stage.channel();
    await channel.call('basic.get', { queue: stage.name('missing') });
  }),

  scenario('a prefetch does not hold it back', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b']);
    await channel.call('basic.qos', { prefetchCount: 1, global: true });
    await channel.call('basic.get', { queue });
    await channel.call('basic.get', { queue });
  }),

  scenario('beside a consumer that is full', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c']);
    await channel.call('basic.qos', { prefetchCount: 1 });
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(1);
    await channel.call('basic.get', { queue });
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.deliveries(1);
  }),

  scenario('a requeued message is redelivered', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a']);
    await channel.call('basic.get', { queue });
    channel.send('basic.reject', { deliveryTag: 1n, requeue: true });
    await channel.until(queue, 1);
    await channel.call('basic.get', { queue });
  }),
];
