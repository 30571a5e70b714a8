/** Priorities of messages and of consumers, and single active consumers. */
import type { Properties } from '../../../src/amqp/properties.js';
import { table } from '../../../src/amqp/table.js';
import { scenario } from '../scenario.js';

const ACTIVE = table({ 'x-single-active-consumer': true });

function consumerPriorities(...priorities: readonly (number | null)[]): [string, Properties][] {
  return priorities.map((priority, at) => [`${at}:${priority ?? 'none'}`, priority === null ? {} : { priority }]);
}

export const scenarios = [
  scenario('messages: the highest first, each priority in order', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-max-priority': 10 }));
    await channel.fill(queue, consumerPriorities(1, 5, null, 10, 5, 0, 1));
    await channel.bodies(queue);
  }),

  scenario('messages: above the highest is the highest', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-max-priority': 3 }));
    await channel.fill(queue, consumerPriorities(2, 3, 200, 4, 3));
    await channel.bodies(queue);
  }),

  scenario('messages: without x-max-priority they stay in order', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, consumerPriorities(1, 5, 3));
    await channel.bodies(queue);
  }),

  scenario('messages: x-max-priority of 0', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-max-priority': 0 }));
    await channel.fill(queue, consumerPriorities(1, 5, 3));
    await channel.bodies(queue);
  }),

  scenario('messages: requeued to their place', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-max-priority': 5 }));
    await channel.fill(queue, consumerPriorities(1, 5, 3, 5));
    await channel.call('basic.get', { queue });
    await channel.call('basic.get', { queue });
    channel.send('basic.nack', { deliveryTag: 0n, multiple: true, requeue: true });
    await channel.until(queue, 4);
    await channel.bodies(queue);
  }),

  scenario('messages: a consumer gets the highest that is ready', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-max-priority': 5 }));
    await channel.fill(queue, consumerPriorities(1, 3));
    await channel.quietly('basic.qos', { prefetchCount: 1 });
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(1);
    await channel.fill(queue, consumerPriorities(2, 5));
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.deliveries(1);
    channel.send('basic.ack', { deliveryTag: 2n });
    await channel.deliveries(1);
  }),

  scenario('messages: counts and purge are over all priorities', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-max-priority': 5 }));
    await channel.fill(queue, consumerPriorities(1, 3, 5));
    await channel.call('queue.declare', { queue, passive: true });
    await channel.call('basic.get', { queue });
    await channel.call('queue.purge', { queue });
  }),

  scenario(
    'messages: a short life behind a higher priority',
    async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name(), table({ 'x-max-priority': 5 }));
      const clock = await channel.queue(stage.name('clock'));
      await channel.fill(queue, [
        ['stays', { priority: 5 }],
        ['goes', { priority: 1, expiration: '40' }],
      ]);
      await channel.fill(clock, [['later', { expiration: '1000' }]]);
      await channel.until(clock, 0);
      await channel.call('queue.declare', { queue, passive: true });
    },
    {
      why: 'the messages of each priority expire for themselves',
      transcript: ["queue.declare-ok queue='q' messageCount=1 consumerCount=0"],
    },
  ),

  scenario('consumers: the highest gets all while it can', async (stage) => {
    const low = await stage.channel({ label: 'low' });
    const high = await stage.channelOn(low.raw.client, 'high');
    const queue = await low.queue(stage.name());
    await low.quietly('basic.consume', { queue, consumerTag: 'low' });
    await high.quietly('basic.consume', { queue, consumerTag: 'high', arguments: table({ 'x-priority': 5 }) });
    for (const body of ['a', 'b', 'c']) low.publish('', queue, body);
    await high.deliveries(3);
  }),

  scenario('consumers: the lower one gets what the higher one cannot take', async (stage) => {
    const low = await stage.channel({ label: 'low' });
    const high = await stage.channelOn(low.raw.client, 'high');
    const queue = await low.queue(stage.name());
    await high.quietly('basic.qos', { prefetchCount: 1 });
    await low.quietly('basic.consume', { queue, consumerTag: 'low', arguments: table({ 'x-priority': -1 }) });
    await high.quietly('basic.consume', { queue, consumerTag: 'high' });
    for (const body of ['a', 'b', 'c']) low.publish('', queue, body);
    await high.deliveries(1);
    await low.deliveries(2);
    high.send('basic.ack', { deliveryTag: 1n });
    await high.sync();
    await low.call('queue.declare', { queue, passive: true });
    low.publish('', queue, 'd');
    await high.deliveries(1);
  }),

  scenario('consumers: the lower one gets all when the higher one has gone', async (stage) => {
    const low = await stage.channel({ label: 'low' });
    const high = await stage.channelOn(low.raw.client, 'high');
    const queue = await low.queue(stage.name());
    await low.quietly('basic.consume', { queue, consumerTag: 'low' });
    await high.quietly('basic.consume', { queue, consumerTag: 'high', arguments: table({ 'x-priority': 5 }) });
    low.publish('', queue, 'a');
    await high.deliveries(1);
    await high.quietly('basic.cancel', { consumerTag: 'high' });
    low.publish('', queue, 'b');
    await low.deliveries(1);
  }),

  scenario('single active: the first gets all, the next when it has gone', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channelOn(one.raw.client, 'two');
    const queue = await one.queue(stage.name(), ACTIVE);
    await one.call('basic.consume', { queue, consumerTag: 'one' });
    await two.call('basic.consume', { queue, consumerTag: 'two' });
    for (const body of ['a', 'b']) one.publish('', queue, body);
    await one.deliveries(2);
    await one.call('queue.declare', { queue, passive: true });
    await one.call('basic.cancel', { consumerTag: 'one' });
    one.publish('', queue, 'c');
    await two.deliveries(1);
  }),

  scenario('single active: others wait though it is full', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channelOn(one.raw.client, 'two');
    const queue = await one.queue(stage.name(), ACTIVE);
    await one.fill(queue, ['a', 'b']);
    await one.quietly('basic.qos', { prefetchCount: 1 });
    await one.quietly('basic.consume', { queue, consumerTag: 'one' });
    await two.quietly('basic.consume', { queue, consumerTag: 'two' });
    await one.deliveries(1);
    await one.call('queue.declare', { queue, passive: true });
  }),

  scenario('single active: its messages go on to the next when its channel is closed', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channelOn(one.raw.client, 'two');
    const queue = await one.queue(stage.name(), ACTIVE);
    await one.fill(queue, ['a', 'b']);
    await one.quietly('basic.consume', { queue, consumerTag: 'one' });
    await two.quietly('basic.consume', { queue, consumerTag: 'two' });
    await one.deliveries(2);
    await one.close();
    await two.deliveries(2);
  }),

  scenario('single active: the next is the one that came first', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const queue = await one.queue(stage.name(), ACTIVE);
    for (const consumerTag of ['a', 'b', 'c']) await one.quietly('basic.consume', { queue, consumerTag });
    await one.quietly('basic.cancel', { consumerTag: 'b' });
    await one.quietly('basic.cancel', { consumerTag: 'a' });
    one.publish('', queue, 'for c');
    await one.deliveries(1);
  }),

  scenario('single active: an exclusive consumer is refused', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), ACTIVE);
    await channel.call('basic.consume', { queue, consumerTag: 'one', exclusive: true });
  }),

  scenario('single active: anyone may get', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), ACTIVE);
    await channel.quietly('basic.qos', { prefetchCount: 1 });
    await channel.fill(queue, ['a', 'b']);
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.deliveries(1);
    await channel.call('basic.get', { queue });
  }),

  scenario('single active: cancelled while it stands by', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), ACTIVE);
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.quietly('basic.consume', { queue, consumerTag: 'two' });
    await channel.call('basic.cancel', { consumerTag: 'two' });
    await channel.call('queue.declare', { queue, passive: true });
    await channel.quietly('basic.consume', { queue, consumerTag: 'two' });
    await channel.call('queue.delete', { queue });
    await channel.cancelled();
    await channel.cancelled();
  }),

  scenario('messages: requeued out of order, each goes to its place in its priority', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-max-priority': 5 }));
    await channel.fill(queue, consumerPriorities(1, 5, 1, 5, 3));
    for (let n = 0; n < 5; n++) await channel.quietly('basic.get', { queue });
    for (const deliveryTag of [4n, 2n, 5n, 1n, 3n]) channel.send('basic.reject', { deliveryTag, requeue: true });
    await channel.until(queue, 5);
    await channel.bodies(queue);
  }),

  scenario(
    'messages: a consumer with a prefetch, higher ones that come later overtake what is not out',
    async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name(), table({ 'x-max-priority': 5 }));
      await channel.fill(queue, consumerPriorities(1, 1, 1));
      await channel.quietly('basic.qos', { prefetchCount: 2 });
      await channel.quietly('basic.consume', { queue, consumerTag: 't' });
      await channel.deliveries(2);
      await channel.fill(queue, [['later', { priority: 4 }]]);
      channel.send('basic.nack', { deliveryTag: 1n, requeue: true });
      await channel.deliveries(1);
      channel.send('basic.ack', { deliveryTag: 3n });
      await channel.deliveries(1);
    },
  ),

  scenario('messages: a full queue that refuses does not look at priorities', async (stage) => {
    const channel = await stage.channel();
    const args = { 'x-max-length': 2, 'x-max-priority': 5, 'x-overflow': 'reject-publish' };
    const queue = await channel.queue(stage.name(), table(args));
    await channel.quietly('confirm.select');
    for (const priority of [1, 2, 5]) channel.publish('', queue, String(priority), { properties: { priority } });
    await channel.settled(3);
    await channel.bodies(queue);
  }),

  scenario('messages: octets are limited over all priorities', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-max-length-bytes': 6, 'x-max-priority': 5 }));
    await channel.fill(queue, [
      ['aaa', { priority: 1 }],
      ['bbb', { priority: 1 }],
      ['ccc', { priority: 5 }],
    ]);
    await channel.until(queue, 2);
    await channel.bodies(queue);
  }),

  scenario('messages: each priority expires by the message', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-max-priority': 5 }));
    await channel.fill(queue, [
      ['short', { priority: 5, expiration: '40' }],
      ['long', { priority: 5, expiration: '600000' }],
      ['low', { priority: 1 }],
    ]);
    await channel.until(queue, 2);
    await channel.bodies(queue);
  }),

  scenario('messages: delivered ones keep the priority that they were published with', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-max-priority': 3 }));
    await channel.fill(queue, [['above', { priority: 200 }]]);
    await channel.call('basic.get', { queue, noAck: true });
  }),

  scenario('consumers: of equal priority are served round-robin, below a higher one that is full', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.quietly('basic.qos', { prefetchCount: 1 });
    await channel.quietly('basic.consume', { queue, consumerTag: 'high', arguments: table({ 'x-priority': 1 }) });
    await channel.quietly('basic.qos', { prefetchCount: 10 });
    for (const consumerTag of ['one', 'two']) await channel.quietly('basic.consume', { queue, consumerTag });
    for (const body of ['a', 'b', 'c', 'd', 'e']) {
      channel.publish('', queue, body);
      await channel.deliveries(1);
    }
  }),

  scenario('consumers: what the highest requeues goes to it again', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.quietly('basic.consume', { queue, consumerTag: 'low' });
    await channel.quietly('basic.consume', { queue, consumerTag: 'high', arguments: table({ 'x-priority': 9 }) });
    channel.publish('', queue, 'a');
    await channel.deliveries(1);
    channel.send('basic.nack', { deliveryTag: 1n, requeue: true });
    await channel.deliveries(1);
  }),

  scenario('consumers: one of a higher priority that comes later gets what comes then', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.quietly('basic.consume', { queue, consumerTag: 'first' });
    channel.publish('', queue, 'a');
    await channel.deliveries(1);
    await channel.quietly('basic.consume', { queue, consumerTag: 'second', arguments: table({ 'x-priority': 2 }) });
    for (const body of ['b', 'c']) channel.publish('', queue, body);
    await channel.deliveries(2);
  }),

  scenario('single active: a higher priority that comes later waits, and is next', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), ACTIVE);
    await channel.quietly('basic.consume', { queue, consumerTag: 'first' });
    await channel.quietly('basic.consume', { queue, consumerTag: 'second' });
    await channel.quietly('basic.consume', { queue, consumerTag: 'high', arguments: table({ 'x-priority': 5 }) });
    channel.publish('', queue, 'a');
    await channel.deliveries(1);
    await channel.quietly('basic.cancel', { consumerTag: 'first' });
    channel.publish('', queue, 'b');
    await channel.deliveries(1);
  }),

  scenario('single active: what the one that was cancelled holds stays with it', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), ACTIVE);
    await channel.fill(queue, ['a']);
    await channel.quietly('basic.qos', { prefetchCount: 1 });
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.quietly('basic.consume', { queue, consumerTag: 'two' });
    await channel.deliveries(1);
    await channel.quietly('basic.cancel', { consumerTag: 'one' });
    channel.publish('', queue, 'b');
    await channel.deliveries(1);
    channel.send('basic.nack', { deliveryTag: 1n, requeue: true });
    channel.send('basic.ack', { deliveryTag: 2n });
    await channel.deliveries(1);
  }),

  scenario('single active: of two connections, the first is cut', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channel({ label: 'two' });
    const queue = await two.queue(stage.name(), ACTIVE);
    await one.quietly('basic.consume', { queue, consumerTag: 'one' });
    await two.quietly('basic.consume', { queue, consumerTag: 'two' });
    two.publish('', queue, 'a');
    await one.deliveries(1);
    one.raw.client.cut();
    await two.deliveries(1);
  }),
];
