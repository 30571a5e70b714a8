/**
 * What goes back when channels and connections end or recover: in which order, to whom, and what begins anew
 * afterwards.
 */
import { table } from '../../../src/amqp/table.js';
import type { RecordedChannel } from '../recorded-channel.js';
import { scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

/**
 * Two consumers on channels of one connection, with these prefetch counts, and a queue with as many messages as
 * octets of `bodies`.
 */
async function shared(stage: Stage, bodies: string, counts: readonly [number, number]) {
  const one = await stage.channel({ label: 'one' });
  const two = await stage.channelOn(one.raw.client, 'two');
  const queue = await one.queue(stage.name());
  await one.fill(queue, [...bodies]);
  for (const [at, channel] of [one, two].entries()) {
    await channel.quietly('basic.qos', { prefetchCount: counts[at] ?? 0 });
    await channel.quietly('basic.consume', { queue, consumerTag: `t${at + 1}` });
    await channel.deliveries(counts[at] ?? 0);
  }
  return { one, two, queue };
}

async function counts(channel: RecordedChannel, queue: string): Promise<void> {
  await channel.call('queue.declare', { queue, passive: true });
}

export const scenarios = [
  scenario(
    'a channel is closed: the other consumer gets its messages before those that never were out',
    async (stage) => {
      const { one, two } = await shared(stage, 'abcdef', [2, 2]);
      await one.close();
      two.send('basic.ack', { deliveryTag: 2n, multiple: true });
      await two.deliveries(2);
      two.send('basic.ack', { deliveryTag: 4n, multiple: true });
      await two.deliveries(2);
    },
  ),

  scenario('two channels requeue alternately: all stand in their first order', async (stage) => {
    const { one, two, queue } = await shared(stage, 'abcdef', [2, 2]);
    for (const [channel, consumerTag] of [
      [one, 't1'],
      [two, 't2'],
    ] as const) {
      await channel.quietly('basic.cancel', { consumerTag });
    }
    two.send('basic.reject', { deliveryTag: 2n, requeue: true });
    await two.sync();
    one.send('basic.reject', { deliveryTag: 1n, requeue: true });
    await one.sync();
    two.send('basic.reject', { deliveryTag: 1n, requeue: true });
    await two.sync();
    one.send('basic.reject', { deliveryTag: 2n, requeue: true });
    await one.until(queue, 6);
    await one.bodies(queue);
  }),

  scenario('what a full consumer requeues comes to it again', async (stage) => {
    const { one, two } = await shared(stage, 'abc', [1, 1]);
    one.send('basic.nack', { deliveryTag: 1n, requeue: true });
    await one.deliveries(1);
    two.send('basic.ack', { deliveryTag: 1n });
    await two.deliveries(1);
  }),

  scenario('channel.close-ok says that all is back', async (stage) => {
    const { one, two, queue } = await shared(stage, 'abcd', [3, 1]);
    await one.close();
    await counts(two, queue);
  }),

  scenario('connection.close-ok says that all is back', async (stage) => {
    const watcher = await stage.channel({ label: 'watcher' });
    const channel = await stage.channel();
    const queue = await watcher.queue(stage.name());
    await watcher.fill(queue, ['a', 'b', 'c']);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.skipDeliveries(3);
    channel.send('basic.ack', { deliveryTag: 2n });
    await channel.sync();
    await channel.raw.client.close();
    await counts(watcher, queue);
    await watcher.bodies(queue);
  }),

  scenario('a connection that is closed for a fault requeues what all its channels hold', async (stage) => {
    const watcher = await stage.channel({ label: 'watcher' });
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channelOn(one.raw.client, 'two');
    const queue = await watcher.queue(stage.name());
    await watcher.fill(queue, ['a', 'b', 'c', 'd']);
    for (const channel of [one, two, one, two]) await channel.quietly('basic.get', { queue });
    one.send('basic.qos', { prefetchSize: 1 });
    await one.failure();
    await watcher.until(queue, 4);
    await watcher.bodies(queue);
  }),

  scenario('a deleted queue: what is out can be requeued, and is gone', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channelOn(one.raw.client, 'two');
    const queue = await one.queue(stage.name());
    await one.fill(queue, ['a', 'b']);
    for (let n = 0; n < 2; n++) await one.quietly('basic.get', { queue });
    await two.call('queue.delete', { queue });
    await two.queue(queue);
    one.send('basic.nack', { deliveryTag: 2n, multiple: true, requeue: true });
    await one.sync();
    await counts(two, queue);
  }),

  scenario('one nack requeues to two queues', async (stage) => {
    const channel = await stage.channel();
    const queues = [await channel.queue(stage.name('one')), await channel.queue(stage.name('two'))];
    for (const queue of queues) await channel.fill(queue, ['a', 'b']);
    for (const queue of [...queues, ...queues]) await channel.quietly('basic.get', { queue });
    channel.send('basic.nack', { deliveryTag: 3n, multiple: true, requeue: true });
    for (const queue of queues) await channel.bodies(queue);
  }),

  scenario('an ack of several settles those of two consumers', async (stage) => {
    const channel = await stage.channel();
    const queues = [await channel.queue(stage.name('one')), await channel.queue(stage.name('two'))];
    for (const [at, queue] of queues.entries()) {
      await channel.fill(queue, ['a', 'b']);
      await channel.quietly('basic.consume', { queue, consumerTag: `t${at}` });
      await channel.skipDeliveries(2);
    }
    channel.send('basic.ack', { deliveryTag: 3n, multiple: true });
    await channel.call('basic.recover', { requeue: true });
    await channel.deliveries(1);
  }),

  scenario('recover: a prefetch of 1 gets the same message', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b']);
    await channel.quietly('basic.qos', { prefetchCount: 1 });
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(1);
    await channel.call('basic.recover', { requeue: true });
    await channel.deliveries(1);
    await channel.call('basic.recover', { requeue: true });
    await channel.deliveries(1);
  }),

  scenario('recover: what another channel holds stays there', async (stage) => {
    const { one, two, queue } = await shared(stage, 'abc', [1, 1]);
    await one.quietly('basic.cancel', { consumerTag: 't1' });
    await one.call('basic.recover', { requeue: true });
    await two.until(queue, 2);
    await one.bodies(queue);
  }),

  scenario('recover: what was got goes to a consumer of another channel', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channelOn(one.raw.client, 'two');
    const queue = await one.queue(stage.name());
    await one.fill(queue, ['a', 'b']);
    for (let n = 0; n < 2; n++) await one.call('basic.get', { queue });
    await two.quietly('basic.consume', { queue, consumerTag: 't' });
    await one.call('basic.recover', { requeue: true });
    await two.deliveries(2);
  }),

  scenario('recover: after a cancel the messages are ready', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b']);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(2);
    await channel.quietly('basic.cancel', { consumerTag: 't' });
    await channel.call('basic.recover', { requeue: true });
    await channel.until(queue, 2);
    await channel.bodies(queue);
  }),

  scenario('recover: of several queues', async (stage) => {
    const channel = await stage.channel();
    const queues = [await channel.queue(stage.name('one')), await channel.queue(stage.name('two'))];
    for (const queue of queues) await channel.fill(queue, ['a', 'b', 'c']);
    for (const queue of [...queues, ...queues]) await channel.quietly('basic.get', { queue });
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.call('basic.recover', { requeue: true });
    for (const queue of queues) await channel.bodies(queue);
  }),

  scenario('recover-async: a consumer gets all again', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b']);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(2);
    channel.send('basic.recover-async', { requeue: true });
    await channel.deliveries(2);
    channel.send('basic.ack', { deliveryTag: 4n, multiple: true });
    await counts(channel, queue);
  }),

  scenario('recover: the delivery tags of before can no more be settled together', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b']);
    for (let n = 0; n < 2; n++) await channel.quietly('basic.get', { queue });
    await channel.call('basic.recover', { requeue: true });
    channel.send('basic.ack', { deliveryTag: 2n, multiple: true });
    await channel.failure();
  }),

  scenario('a channel number used again begins anew: tags, mode, prefetch, last queue', async (stage) => {
    const first = await stage.channel({ label: 'first' });
    const { client, number } = first.raw;
    const queue = await first.queue(stage.name());
    await first.fill(queue, ['a', 'b', 'c']);
    await first.quietly('basic.qos', { prefetchCount: 1 });
    await first.quietly('confirm.select');
    await first.quietly('basic.consume', { queue, consumerTag: 't' });
    await first.deliveries(1);
    await first.close();
    const second = stage.adopt(client, number, 'second');
    await second.call('channel.open');
    await second.call('tx.select');
    await second.call('basic.consume', { queue, consumerTag: 't' });
    await second.deliveries(3);
    await second.call('basic.get');
  }),

  scenario('a channel number used again after a fault', async (stage) => {
    const first = await stage.channel({ label: 'first' });
    const { client, number } = first.raw;
    const queue = await first.queue(stage.name());
    await first.fill(queue, ['a']);
    await first.quietly('basic.consume', { queue, consumerTag: 't' });
    await first.deliveries(1);
    await first.call('queue.declare', { queue: stage.name('missing'), passive: true });
    const second = stage.adopt(client, number, 'second');
    await second.call('channel.open');
    await second.call('basic.consume', { queue, consumerTag: 't' });
    await second.deliveries(1);
    second.send('basic.ack', { deliveryTag: 1n });
    await counts(second, queue);
  }),

  scenario('exclusive consumer: its place is free when its channel is closed', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channel({ label: 'two' });
    const queue = await one.queue(stage.name());
    await one.quietly('basic.consume', { queue, consumerTag: 't', exclusive: true });
    await one.close();
    await two.call('basic.consume', { queue, consumerTag: 't', exclusive: true });
  }),

  scenario(
    'exclusive queue with a dead letter exchange: nothing is sent on when its connection ends',
    async (stage) => {
      const watcher = await stage.channel({ label: 'watcher' });
      const owner = await stage.channel({ label: 'owner' });
      const dead = await watcher.queue(stage.name('dead'));
      const args = table({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead });
      const queue = await owner.queue(stage.name(), args, { exclusive: true });
      await owner.fill(queue, ['a', 'b']);
      await owner.quietly('basic.get', { queue });
      await owner.raw.client.close();
      await counts(watcher, dead);
      await counts(watcher, queue);
    },
  ),
];
