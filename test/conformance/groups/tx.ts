/** Transactions. */
import { table } from '../../../src/amqp/table.js';
import type { RecordedChannel } from '../recorded-channel.js';
import { scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

/** Long enough for a few methods on a busy machine. */
const LIFE_MS = 700;

async function transactional(stage: Stage): Promise<RecordedChannel> {
  const channel = await stage.channel();
  await channel.call('tx.select');
  return channel;
}

/** A queue that holds these messages, and a transactional channel. */
async function transaction(stage: Stage, messages: readonly string[] = []) {
  const channel = await stage.channel();
  const queue = await channel.queue(stage.name());
  if (messages.length > 0) await channel.fill(queue, messages);
  await channel.call('tx.select');
  return { channel, queue };
}

export const scenarios = [
  scenario('select, twice', async (stage) => {
    const channel = await transactional(stage);
    await channel.call('tx.select');
  }),

  ...(['tx.commit', 'tx.rollback'] as const).map((method) =>
    scenario(`${method} without select`, async (stage) => {
      const channel = await stage.channel();
      await channel.call(method);
    }),
  ),

  scenario('select on a confirming channel', async (stage) => {
    const channel = await stage.channel();
    await channel.call('confirm.select');
    await channel.call('tx.select');
  }),

  scenario('confirm.select on a transactional channel', async (stage) => {
    const channel = await transactional(stage);
    await channel.call('confirm.select');
  }),

  ...(['tx.commit', 'tx.rollback'] as const).map((method) =>
    scenario(`${method} of nothing`, async (stage) => {
      const channel = await transactional(stage);
      await channel.call(method);
      await channel.call(method);
    }),
  ),

  scenario('the time to live begins with the commit', async (stage) => {
    const { channel, queue } = await transaction(stage);
    const clock = await channel.queue(stage.name('clock'), table({ 'x-message-ttl': LIFE_MS + 100 }));
    channel.publish('', queue, 'first', { properties: { expiration: String(LIFE_MS) } });
    await (await stage.channel()).fill(clock, ['later']);
    await channel.until(clock, 0);
    channel.publish('', queue, 'second');
    await channel.call('tx.commit');
    await channel.call('basic.get', { queue, noAck: true });
  }),

  scenario('publishes arrive with the commit', async (stage) => {
    const { channel, queue } = await transaction(stage);
    channel.publish('', queue, 'a');
    channel.publish('', queue, 'b');
    await channel.call('queue.declare', { queue, passive: true });
    await channel.call('tx.commit');
    await channel.call('queue.declare', { queue, passive: true });
    await channel.bodies(queue);
  }),

  scenario('publishes are gone with the rollback', async (stage) => {
    const { channel, queue } = await transaction(stage);
    channel.publish('', queue, 'a');
    await channel.call('tx.rollback');
    channel.publish('', queue, 'b');
    await channel.call('tx.commit');
    await channel.bodies(queue);
  }),

  scenario('publishes are gone when the channel is closed', async (stage) => {
    const channel = await stage.channel();
    const other = await stage.channelOn(channel.raw.client, 'other');
    const queue = await channel.queue(stage.name());
    await channel.call('tx.select');
    channel.publish('', queue, 'a');
    await channel.close();
    await other.call('queue.declare', { queue, passive: true });
  }),

  scenario('a returned message comes with the commit, before its answer', async (stage) => {
    const channel = await transactional(stage);
    channel.publish('', stage.name('nowhere'), 'a', { mandatory: true });
    await channel.sync();
    channel.note('nothing yet');
    await channel.call('tx.commit');
    await channel.outcomes(1);
  }),

  scenario('a mandatory message rolled back is not returned', async (stage) => {
    const channel = await transactional(stage);
    channel.publish('', stage.name('nowhere'), 'a', { mandatory: true });
    await channel.call('tx.rollback');
  }),

  scenario('publishing to a missing exchange fails at once', async (stage) => {
    const channel = await transactional(stage);
    channel.publish(stage.name('missing'), 'k', 'a');
    await channel.failure();
  }),

  scenario('acknowledgements count with the commit', async (stage) => {
    const channel = await stage.channel();
    const other = await stage.channelOn(channel.raw.client, 'other');
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b']);
    await channel.call('tx.select');
    await channel.call('basic.get', { queue });
    await channel.call('basic.get', { queue });
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.call('tx.commit');
    channel.send('basic.ack', { deliveryTag: 2n });
    await channel.sync();
    await channel.close();
    await other.until(queue, 1);
    await other.bodies(queue);
  }),

  scenario('acknowledgements are taken back with the rollback', async (stage) => {
    const { channel, queue } = await transaction(stage, ['a']);
    await channel.call('basic.get', { queue });
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.call('tx.rollback');
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.call('tx.commit');
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('rollback does not deliver again', async (stage) => {
    const { channel, queue } = await transaction(stage, ['a']);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(1);
    await channel.call('tx.rollback');
    await channel.call('queue.declare', { queue, passive: true });
    await channel.call('basic.recover', { requeue: true });
    await channel.deliveries(1);
  }),

  scenario('reject with requeue counts with the commit', async (stage) => {
    const { channel, queue } = await transaction(stage, ['a']);
    await channel.call('basic.get', { queue });
    channel.send('basic.reject', { deliveryTag: 1n, requeue: true });
    await channel.call('basic.get', { queue });
    await channel.call('tx.commit');
    await channel.call('basic.get', { queue });
  }),

  scenario('nack of several counts with the commit', async (stage) => {
    const { channel, queue } = await transaction(stage, ['a', 'b', 'c']);
    for (let n = 0; n < 3; n++) await channel.call('basic.get', { queue });
    channel.send('basic.nack', { deliveryTag: 2n, multiple: true, requeue: true });
    await channel.call('basic.get', { queue });
    await channel.call('tx.commit');
    await channel.bodies(queue);
  }),

  scenario('acknowledging an unknown tag fails at once', async (stage) => {
    const channel = await transactional(stage);
    channel.send('basic.ack', { deliveryTag: 5n });
    await channel.failure();
  }),

  scenario('acknowledging a tag twice in one transaction', async (stage) => {
    const { channel, queue } = await transaction(stage, ['a']);
    await channel.call('basic.get', { queue });
    channel.send('basic.ack', { deliveryTag: 1n });
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.failure();
  }),

  scenario('acknowledgements pending do not make room for a prefetch of 1', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b']);
    await channel.call('basic.qos', { prefetchCount: 1 });
    await channel.call('tx.select');
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(1);
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.call('queue.declare', { queue, passive: true });
    await channel.call('tx.commit');
    await channel.deliveries(1);
  }),

  scenario('consumed with auto-ack: nothing to commit', async (stage) => {
    const { channel, queue } = await transaction(stage, ['a']);
    await channel.call('basic.get', { queue, noAck: true });
    await channel.call('tx.rollback');
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('topology changes are not transactional', async (stage) => {
    const channel = await transactional(stage);
    const queue = await channel.queue(stage.name());
    await channel.call('tx.rollback');
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('commit of publishes to a queue that refuses them', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-max-length': 1, 'x-overflow': 'reject-publish' }));
    await channel.call('tx.select');
    for (const body of ['a', 'b', 'c']) channel.publish('', queue, body);
    await channel.call('tx.commit');
  }),

  scenario('publishes and acknowledgements in one commit', async (stage) => {
    const channel = await stage.channel();
    const [from, to] = [await channel.queue(stage.name('from')), await channel.queue(stage.name('to'))];
    await channel.fill(from, ['a', 'b']);
    await channel.call('tx.select');
    await channel.call('basic.get', { queue: from });
    channel.publish('', to, 'moved');
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.call('tx.commit');
    await channel.bodies(to);
    await channel.bodies(from);
  }),

  scenario('tx.select does not count what was published before', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    channel.publish('', queue, 'before');
    await channel.call('tx.select');
    await channel.call('tx.rollback');
    await channel.until(queue, 1);
    await channel.bodies(queue);
  }),

  scenario('mandatory: routed and returned ones, in their order', async (stage) => {
    const { channel, queue } = await transaction(stage);
    channel.publish('', stage.name('nowhere'), 'a', { mandatory: true });
    channel.publish('', queue, 'b', { mandatory: true });
    channel.publish('amq.direct', stage.name('no-key'), 'c', { mandatory: true });
    await channel.call('tx.commit');
    await channel.outcomes(2);
    await channel.bodies(queue);
  }),

  scenario('a fault after good publishes: nothing arrives', async (stage) => {
    const channel = await stage.channel();
    const other = await stage.channelOn(channel.raw.client, 'other');
    const queue = await channel.queue(stage.name());
    await channel.call('tx.select');
    channel.publish('', queue, 'good');
    channel.publish(stage.name('missing'), 'k', 'bad');
    await channel.failure();
    await other.call('queue.declare', { queue, passive: true });
  }),

  scenario('a fault requeues what was acknowledged and not committed', async (stage) => {
    const { channel, queue } = await transaction(stage, ['a', 'b']);
    const other = await stage.channelOn(channel.raw.client, 'other');
    await channel.quietly('basic.get', { queue });
    channel.send('basic.ack', { deliveryTag: 1n });
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.failure();
    await other.until(queue, 2);
    await other.bodies(queue);
  }),

  scenario('a channel that is closed requeues what was acknowledged and not committed', async (stage) => {
    const { channel, queue } = await transaction(stage, ['a', 'b']);
    const other = await stage.channelOn(channel.raw.client, 'other');
    for (let n = 0; n < 2; n++) await channel.quietly('basic.get', { queue });
    channel.send('basic.ack', { deliveryTag: 2n, multiple: true });
    await channel.close();
    await other.bodiesWhenSettled(queue);
  }),

  scenario('a queue that is bound between publish and commit', async (stage) => {
    const { channel, queue } = await transaction(stage);
    const exchange = await channel.exchange(stage.name('x'), 'fanout');
    channel.publish(exchange, '', 'a', { mandatory: true });
    await channel.bind(exchange, queue);
    await channel.call('tx.commit');
    channel.publish(exchange, '', 'b', { mandatory: true });
    await channel.call('tx.commit');
    await channel.bodies(queue);
  }),

  scenario('a queue that is deleted between publish and commit', async (stage) => {
    const { channel, queue } = await transaction(stage);
    channel.publish('', queue, 'a', { mandatory: true });
    await channel.call('queue.delete', { queue });
    await channel.call('tx.commit');
  }),

  scenario('an exchange that is deleted between publish and commit', async (stage) => {
    const { channel, queue } = await transaction(stage);
    const exchange = await channel.exchange(stage.name('x'), 'fanout');
    await channel.bind(exchange, queue);
    channel.publish(exchange, '', 'a');
    await channel.call('exchange.delete', { exchange });
    await channel.call('tx.commit');
    await channel.bodies(queue);
  }),

  scenario('several acknowledged at once, then one more, then rolled back', async (stage) => {
    const { channel, queue } = await transaction(stage, ['a', 'b', 'c', 'd']);
    for (let n = 0; n < 4; n++) await channel.quietly('basic.get', { queue });
    channel.send('basic.ack', { deliveryTag: 2n, multiple: true });
    channel.send('basic.nack', { deliveryTag: 3n, requeue: false });
    await channel.call('tx.rollback');
    channel.send('basic.nack', { deliveryTag: 0n, multiple: true, requeue: true });
    await channel.call('tx.commit');
    await channel.until(queue, 4);
    await channel.bodies(queue);
  }),

  scenario('CC and BCC count with the commit', async (stage) => {
    const { channel, queue } = await transaction(stage);
    const [cc, bcc] = [await channel.queue(stage.name('cc')), await channel.queue(stage.name('bcc'))];
    const headers = table({ CC: [cc], BCC: [bcc] });
    channel.publish('', queue, 'a', { properties: { headers } });
    await channel.call('queue.declare', { queue: bcc, passive: true });
    await channel.call('tx.commit');
    for (const copy of [queue, cc, bcc]) await channel.call('basic.get', { queue: copy, noAck: true });
  }),

  scenario('messages of a committed transaction reach a consumer of the same channel', async (stage) => {
    const { channel, queue } = await transaction(stage);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    channel.publish('', queue, 'a');
    await channel.sync();
    await channel.call('tx.commit');
    await channel.deliveries(1);
    channel.send('basic.ack', { deliveryTag: 1n });
    channel.publish('', queue, 'b');
    await channel.call('tx.commit');
    await channel.deliveries(1);
  }),

  scenario('a wrong expiration is refused at once', async (stage) => {
    const { channel, queue } = await transaction(stage);
    channel.publish('', queue, 'a', { properties: { expiration: 'soon' } });
    await channel.failure();
  }),

  scenario('a request for a direct reply without a consumer is refused at once', async (stage) => {
    const { channel, queue } = await transaction(stage);
    channel.publish('', queue, 'a', { properties: { replyTo: 'amq.rabbitmq.reply-to' } });
    await channel.failure();
  }),

  scenario('commit to a full queue that drops its head', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-max-length': 2 }));
    await channel.call('tx.select');
    for (const body of ['a', 'b', 'c', 'd']) channel.publish('', queue, body);
    await channel.call('tx.commit');
    await channel.bodies(queue);
  }),
];
