/** Publisher confirms: their order, with returns, with queues that refuse, across channels. */
import { table } from '../../../src/amqp/table.js';
import { scenario } from '../scenario.js';

export const scenarios = [
  scenario('confirm.select, twice', async (stage) => {
    const channel = await stage.channel();
    await channel.call('confirm.select');
    await channel.call('confirm.select');
  }),

  scenario('confirm.select: nowait', async (stage) => {
    const channel = await stage.channel();
    channel.send('confirm.select', { nowait: true });
    channel.publish('', stage.name('nowhere'), 'message');
    await channel.settled(1);
  }),

  scenario('numbers begin with 1 when confirms are asked for', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    channel.publish('', queue, 'before');
    await channel.call('confirm.select');
    channel.publish('', queue, 'first');
    channel.publish('', queue, 'second');
    await channel.settled(2);
  }),

  scenario('asking again does not begin anew', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('confirm.select');
    channel.publish('', queue, 'first');
    await channel.settled(1);
    await channel.call('confirm.select');
    channel.publish('', queue, 'second');
    await channel.outcomes(1);
  }),

  scenario('each channel counts for itself', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channelOn(one.raw.client, 'two');
    const queue = await one.queue(stage.name());
    await one.call('confirm.select');
    await two.call('confirm.select');
    one.publish('', queue, 'a');
    await one.outcomes(1);
    two.publish('', queue, 'b');
    await two.outcomes(1);
  }),

  scenario('a hundred in a row', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('confirm.select');
    for (let n = 1; n <= 100; n++) channel.publish('', queue, String(n));
    await channel.settled(100);
    await channel.call('queue.purge', { queue });
  }),

  scenario('routed and not routed, mixed', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('confirm.select');
    for (let n = 1; n <= 6; n++) channel.publish('', n % 2 === 0 ? queue : 'nowhere', String(n), { mandatory: true });
    await channel.settled(6);
    await channel.bodies(queue);
  }),

  scenario('to several queues', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'fanout');
    for (const what of ['a', 'b', 'c']) await channel.bind(exchange, await channel.queue(stage.name(what)));
    await channel.call('confirm.select');
    channel.publish(exchange, '', 'message');
    await channel.outcomes(1);
  }),

  scenario('persistent, to a durable queue', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), undefined, { durable: true });
    await channel.call('confirm.select');
    channel.publish('', queue, 'message', { properties: { deliveryMode: 2 } });
    await channel.outcomes(1);
  }),

  scenario('a queue that is deleted meanwhile', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('confirm.select');
    channel.publish('', queue, 'message');
    await channel.call('queue.delete', { queue });
    await channel.settled(1);
  }),

  scenario('acknowledging does not count', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a']);
    await channel.call('confirm.select');
    await channel.call('basic.get', { queue });
    channel.send('basic.ack', { deliveryTag: 1n });
    channel.publish('', queue, 'b');
    await channel.outcomes(1);
  }),

  scenario('a fault: what was routed before is confirmed', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('confirm.select');
    channel.publish('', queue, 'a');
    await channel.settled(1);
    channel.publish(stage.name('missing'), 'k', 'b');
    channel.publish('', queue, 'c');
    await channel.failure();
  }),

  scenario('to a full queue and to one that has room: refused, though one keeps it', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'fanout');
    const limit = table({ 'x-max-length': 0, 'x-overflow': 'reject-publish' });
    const [full, roomy] = [await channel.queue(stage.name('full'), limit), await channel.queue(stage.name('roomy'))];
    for (const queue of [full, roomy]) await channel.bind(exchange, queue);
    await channel.call('confirm.select');
    channel.publish(exchange, '', 'a', { mandatory: true });
    await channel.outcomes(1);
    await channel.bodies(roomy);
  }),

  scenario('consumed and acknowledged before the confirm is read', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({}), { durable: true });
    await channel.call('confirm.select');
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    for (let n = 1n; n <= 3n; n++) {
      channel.publish('', queue, `${n}`, { properties: { deliveryMode: 2 } });
      await channel.deliveries(1);
      channel.send('basic.ack', { deliveryTag: n });
    }
    await channel.settled(3);
  }),

  scenario('expired at once, confirmed all the same', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({}), { durable: true });
    await channel.call('confirm.select');
    channel.publish('', queue, 'a', { properties: { deliveryMode: 2, expiration: '0' } });
    await channel.outcomes(1);
    await channel.until(queue, 0);
  }),

  scenario('through an alternate exchange and by exchanges bound to exchanges', async (stage) => {
    const channel = await stage.channel();
    const alternate = await channel.exchange(stage.name('alternate'), 'fanout');
    const exchange = await channel.exchange(stage.name('x'), 'direct', table({ 'alternate-exchange': alternate }));
    const source = await channel.exchange(stage.name('source'), 'topic');
    await channel.quietly('exchange.bind', { source, destination: exchange, routingKey: 'a.#' });
    const queue = await channel.queue(stage.name());
    await channel.bind(alternate, queue);
    await channel.call('confirm.select');
    for (const key of ['a.b', 'b.a']) channel.publish(source, key, key, { mandatory: true });
    await channel.settled(2);
    await channel.bodies(queue);
  }),

  scenario('a large message and small ones around it', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('confirm.select');
    for (const body of ['a', 'x'.repeat(500_000), 'b']) channel.publish('', queue, body);
    await channel.settled(3);
    for (let n = 0; n < 3; n++) await channel.call('basic.get', { queue, noAck: true });
  }),

  scenario('a hundred with a returned one in the middle', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('confirm.select');
    for (let n = 1; n <= 100; n++)
      channel.publish('', n === 50 ? stage.name('nowhere') : queue, String(n), { mandatory: true });
    await channel.settled(100);
    await channel.call('queue.purge', { queue });
  }),
];
