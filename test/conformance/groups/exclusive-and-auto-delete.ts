/** What goes along with something else: auto-delete queues and exchanges, exclusive queues, expiry of queues. */
import { table } from '../../../src/amqp/table.js';
import type { RecordedChannel } from '../recorded-channel.js';
import { scenario } from '../scenario.js';

/** Long enough for a few methods on a busy machine. */
const EXPIRES_MS = 800;

async function isThere(channel: RecordedChannel, kind: 'queue' | 'exchange', name: string): Promise<void> {
  const probe = await channel.raw.client.openChannel(1_900);
  if (kind === 'queue') probe.send('queue.declare', { queue: name, passive: true });
  else probe.send('exchange.declare', { exchange: name, type: 'direct', passive: true });
  const there = await probe.replies.next('whether it is there').then(
    () => true,
    () => false,
  );
  if (there) await probe.close();
  channel.note(`${kind} is ${there ? 'there' : 'gone'}`);
}

const AUTO_DELETE = { autoDelete: true } as const;

export const scenarios = [
  scenario('auto-delete queue: with the last of two consumers, on two connections', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channel({ label: 'two' });
    const queue = await one.queue(stage.name(), table({}), AUTO_DELETE);
    for (const channel of [one, two]) await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await two.raw.client.close();
    await isThere(one, 'queue', queue);
    await one.quietly('basic.cancel', { consumerTag: 't' });
    await isThere(one, 'queue', queue);
  }),

  scenario('auto-delete queue: a get is no consumer', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({}), AUTO_DELETE);
    await channel.fill(queue, ['a']);
    await channel.call('basic.get', { queue, noAck: true });
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('auto-delete queue: gone when its consumer is cancelled without an answer', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({}), AUTO_DELETE);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    channel.send('basic.cancel', { consumerTag: 't', nowait: true });
    await channel.untilGone(queue);
  }),

  scenario('auto-delete queue: consumed with auto-ack', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({}), AUTO_DELETE);
    await channel.quietly('basic.consume', { queue, consumerTag: 't', noAck: true });
    channel.publish('', queue, 'a');
    await channel.deliveries(1);
    await channel.quietly('basic.cancel', { consumerTag: 't' });
    await isThere(channel, 'queue', queue);
  }),

  scenario('auto-delete queue: a consumer that was refused does not count', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channelOn(one.raw.client, 'two');
    const queue = await one.queue(stage.name(), table({}), AUTO_DELETE);
    await two.call('basic.consume', { queue, consumerTag: 't', arguments: table({ 'x-priority': 'high' }) });
    await one.call('queue.declare', { queue, autoDelete: true });
  }),

  scenario('auto-delete queue: no dead letters when it goes', async (stage) => {
    const channel = await stage.channel();
    const dead = await channel.queue(stage.name('dead'));
    const args = table({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead });
    const queue = await channel.queue(stage.name(), args, AUTO_DELETE);
    await channel.fill(queue, ['a', 'b']);
    await channel.quietly('basic.qos', { prefetchCount: 1 });
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.skipDeliveries(1);
    await channel.quietly('basic.cancel', { consumerTag: 't' });
    channel.send('basic.reject', { deliveryTag: 1n });
    await channel.sync();
    await channel.call('queue.declare', { queue: dead, passive: true });
  }),

  scenario('auto-delete queue, bound to an auto-delete exchange: one takes the other along', async (stage) => {
    const channel = await stage.channel();
    const exchange = stage.name('x');
    await channel.quietly('exchange.declare', { exchange, type: 'direct', autoDelete: true });
    const queue = await channel.queue(stage.name(), table({}), AUTO_DELETE);
    await channel.bind(exchange, queue, 'k');
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.quietly('basic.cancel', { consumerTag: 't' });
    await isThere(channel, 'queue', queue);
    await isThere(channel, 'exchange', exchange);
  }),

  scenario('auto-delete exchange: gone when its last destination exchange is deleted', async (stage) => {
    const channel = await stage.channel();
    const source = stage.name('source');
    await channel.quietly('exchange.declare', { exchange: source, type: 'direct', autoDelete: true });
    const destinations = [
      await channel.exchange(stage.name('a'), 'fanout'),
      await channel.exchange(stage.name('b'), 'fanout'),
    ];
    for (const destination of destinations) await channel.quietly('exchange.bind', { source, destination });
    for (const exchange of destinations) {
      await channel.call('exchange.delete', { exchange });
      await isThere(channel, 'exchange', source);
    }
  }),

  scenario('auto-delete exchange: gone when it is unbound from its last destination exchange', async (stage) => {
    const channel = await stage.channel();
    const source = stage.name('source');
    await channel.quietly('exchange.declare', { exchange: source, type: 'direct', autoDelete: true });
    const destination = await channel.exchange(stage.name('a'), 'fanout');
    for (const routingKey of ['k', 'l']) await channel.quietly('exchange.bind', { source, destination, routingKey });
    await channel.call('exchange.unbind', { source, destination, routingKey: 'k' });
    await isThere(channel, 'exchange', source);
    await channel.call('exchange.unbind', { source, destination, routingKey: 'l' });
    await isThere(channel, 'exchange', source);
    await isThere(channel, 'exchange', destination);
  }),

  scenario('auto-delete exchange: bound to a queue and an exchange, gone with the later', async (stage) => {
    const channel = await stage.channel();
    const source = stage.name('source');
    await channel.quietly('exchange.declare', { exchange: source, type: 'direct', autoDelete: true });
    const queue = await channel.queue(stage.name());
    const destination = await channel.exchange(stage.name('a'), 'fanout');
    await channel.bind(source, queue, 'k');
    await channel.quietly('exchange.bind', { source, destination });
    await channel.call('queue.delete', { queue });
    await isThere(channel, 'exchange', source);
    await channel.call('exchange.delete', { exchange: destination });
    await isThere(channel, 'exchange', source);
  }),

  scenario('auto-delete exchange: a binding to itself', async (stage) => {
    const channel = await stage.channel();
    const exchange = stage.name('x');
    await channel.quietly('exchange.declare', { exchange, type: 'direct', autoDelete: true });
    await channel.quietly('exchange.bind', { source: exchange, destination: exchange });
    await channel.call('exchange.unbind', { source: exchange, destination: exchange });
    await isThere(channel, 'exchange', exchange);
  }),

  scenario('auto-delete exchange: unbinding what was never bound', async (stage) => {
    const channel = await stage.channel();
    const exchange = stage.name('x');
    await channel.quietly('exchange.declare', { exchange, type: 'direct', autoDelete: true });
    const queue = await channel.queue(stage.name());
    await channel.call('queue.unbind', { exchange, queue, routingKey: 'k' });
    await isThere(channel, 'exchange', exchange);
    await channel.bind(exchange, queue, 'k');
    await channel.call('queue.unbind', { exchange, queue, routingKey: 'other' });
    await isThere(channel, 'exchange', exchange);
  }),

  scenario('auto-delete exchange: gone with the exclusive queue of a connection that ends', async (stage) => {
    const watcher = await stage.channel({ label: 'watcher' });
    const owner = await stage.channel({ label: 'owner' });
    const exchange = stage.name('x');
    await watcher.quietly('exchange.declare', { exchange, type: 'direct', autoDelete: true });
    const queue = await owner.queue(stage.name(), table({}), { exclusive: true });
    await owner.bind(exchange, queue, 'k');
    await owner.raw.client.close();
    await isThere(watcher, 'exchange', exchange);
  }),

  scenario('a deleted alternate exchange: messages are returned again', async (stage) => {
    const channel = await stage.channel();
    const alternate = await channel.exchange(stage.name('alternate'), 'fanout');
    const exchange = await channel.exchange(stage.name('x'), 'direct', table({ 'alternate-exchange': alternate }));
    await channel.bind(alternate, await channel.queue(stage.name()));
    await channel.quietly('confirm.select');
    channel.publish(exchange, 'k', 'taken', { mandatory: true });
    await channel.outcomes(1);
    await channel.quietly('exchange.delete', { exchange: alternate });
    channel.publish(exchange, 'k', 'returned', { mandatory: true });
    await channel.outcomes(2);
  }),

  scenario('a deleted exchange: publishers are told', async (stage) => {
    const channel = await stage.channel();
    const other = await stage.channelOn(channel.raw.client, 'other');
    const exchange = await channel.exchange(stage.name('x'), 'fanout');
    await channel.bind(exchange, await channel.queue(stage.name()));
    channel.publish(exchange, 'k', 'taken');
    await channel.sync();
    await other.call('exchange.delete', { exchange });
    channel.publish(exchange, 'k', 'too late');
    await channel.failure();
  }),

  scenario('exclusive queue: another connection may have the name when the first has gone', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channel({ label: 'two' });
    const queue = stage.name();
    await one.call('queue.declare', { queue, exclusive: true });
    await one.fill(queue, ['of the first']);
    await one.raw.client.close();
    await two.call('queue.declare', { queue, exclusive: true });
  }),

  scenario('exclusive queue: durable and auto-delete are what they were declared', async (stage) => {
    const channel = await stage.channel();
    const queue = stage.name();
    await channel.call('queue.declare', { queue, exclusive: true, durable: true, autoDelete: true });
    await channel.call('queue.declare', { queue, exclusive: true, durable: true, autoDelete: true });
    await channel.call('queue.declare', { queue, exclusive: true, autoDelete: true });
  }),

  scenario('exclusive queue: consumers of its connection only', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const other = await stage.channelOn(one.raw.client, 'other');
    const two = await stage.channel({ label: 'two' });
    const queue = await one.queue(stage.name(), table({}), { exclusive: true });
    await other.call('basic.consume', { queue, consumerTag: 't' });
    two.publish('', queue, 'a');
    await other.deliveries(1);
    await two.call('basic.consume', { queue, consumerTag: 't' });
  }),

  scenario('x-expires: the queue goes though messages are out', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-expires': EXPIRES_MS }));
    await channel.fill(queue, ['a', 'b']);
    await channel.call('basic.get', { queue });
    await channel.untilExpired(queue);
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.syncOrFailure();
  }),

  scenario('x-expires: the time begins anew when the last consumer has gone', async (stage) => {
    const channel = await stage.channel();
    const clock = await channel.queue(stage.name('clock'), table({ 'x-message-ttl': 2 * EXPIRES_MS }));
    const queue = await channel.queue(stage.name(), table({ 'x-expires': EXPIRES_MS }));
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.fill(clock, ['later']);
    await channel.until(clock, 0);
    await channel.quietly('basic.cancel', { consumerTag: 't' });
    await isThere(channel, 'queue', queue);
    await channel.untilExpired(queue);
  }),

  scenario('x-expires: a queue that goes takes an auto-delete exchange along', async (stage) => {
    const channel = await stage.channel();
    const exchange = stage.name('x');
    await channel.quietly('exchange.declare', { exchange, type: 'direct', autoDelete: true });
    const queue = await channel.queue(stage.name(), table({ 'x-expires': EXPIRES_MS }));
    await channel.bind(exchange, queue, 'k');
    await channel.untilExpired(queue);
    await isThere(channel, 'exchange', exchange);
  }),
];
