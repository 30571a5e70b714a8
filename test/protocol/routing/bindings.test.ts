/**
 * Bindings of queues and of exchanges: made, unmade and refused.
 */
import { expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { useBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import { bodies, type RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';

const broker = useBroker();
const name = useNames(broker);
const { openChannel } = useRawConnections(broker);

async function declare(channel: RawChannel, type: string): Promise<string> {
  const exchange = name(type);
  await channel.call('exchange.declare', { exchange, type });
  return exchange;
}

async function declareQueue(channel: RawChannel): Promise<string> {
  const { queue } = await channel.call('queue.declare', { queue: name('queue') });
  return queue;
}

/** Everything that waits in a queue. */
async function drain(channel: RawChannel, queue: string): Promise<string[]> {
  await channel.sync();
  const texts: string[] = [];
  for (let got = await channel.get(queue, true); got !== null; got = await channel.get(queue, true)) {
    texts.push(...bodies([got]));
  }
  return texts;
}

test('a message reaches a queue once, however many bindings match', async () => {
  const channel = await openChannel();
  const exchange = await declare(channel, 'topic');
  const queue = await declareQueue(channel);
  for (const routingKey of ['#', 'a.*', '*.b', 'a.b'])
    await channel.call('queue.bind', { queue, exchange, routingKey });
  channel.publish(exchange, 'a.b', 'once');
  expect(await drain(channel, queue)).toEqual(['once']);
});

test('binding twice is one binding, and unbinding once ends it', async () => {
  const channel = await openChannel();
  const exchange = await declare(channel, 'direct');
  const queue = await declareQueue(channel);
  await channel.call('queue.bind', { queue, exchange, routingKey: 'k' });
  await channel.call('queue.bind', { queue, exchange, routingKey: 'k' });
  await channel.call('queue.unbind', { queue, exchange, routingKey: 'k' });
  channel.publish(exchange, 'k', 'lost');
  expect(await drain(channel, queue)).toEqual([]);
});

test('bindings that differ in their arguments are two', async () => {
  const channel = await openChannel();
  const exchange = await declare(channel, 'direct');
  const queue = await declareQueue(channel);
  await channel.call('queue.bind', { queue, exchange, routingKey: 'k', arguments: table({ n: 1 }) });
  await channel.call('queue.bind', { queue, exchange, routingKey: 'k', arguments: table({ n: 2 }) });
  await channel.call('queue.unbind', { queue, exchange, routingKey: 'k', arguments: table({ n: 1 }) });
  channel.publish(exchange, 'k', 'still bound');
  expect(await drain(channel, queue)).toEqual(['still bound']);
});

test('unbinding what is not bound does no harm', async () => {
  const channel = await openChannel();
  const exchange = await declare(channel, 'direct');
  const queue = await declareQueue(channel);
  await channel.call('queue.unbind', { queue, exchange, routingKey: 'never' });
});

test('a queue can be bound to a predeclared exchange', async () => {
  const channel = await openChannel();
  const queue = await declareQueue(channel);
  await channel.call('queue.bind', { queue, exchange: 'amq.direct', routingKey: queue });
  channel.publish('amq.direct', queue, 'through amq.direct');
  expect(await drain(channel, queue)).toEqual(['through amq.direct']);
});

test('bindings go with their queue', async () => {
  const channel = await openChannel();
  const exchange = await declare(channel, 'fanout');
  const queue = await declareQueue(channel);
  await channel.call('queue.bind', { queue, exchange });
  await channel.call('queue.delete', { queue });
  await channel.call('queue.declare', { queue });
  channel.publish(exchange, '', 'lost');
  expect(await drain(channel, queue)).toEqual([]);
});

test('every queue is bound to the default exchange by its name', async () => {
  const channel = await openChannel();
  const queue = await declareQueue(channel);
  channel.publish('', queue, 'direct');
  expect(await drain(channel, queue)).toEqual(['direct']);
});

test('nobody can bind to the default exchange', async () => {
  const channel = await openChannel();
  const queue = await declareQueue(channel);
  channel.send('queue.bind', { queue, exchange: '', routingKey: 'k' });
  expect(await channel.failure()).toEqual(
    closing(403, 'operation not permitted on the default exchange', 'queue.bind'),
  );
});

test('both ends of a binding must be there', async () => {
  const first = await openChannel();
  const [exchange, queue] = [await declare(first, 'direct'), await declareQueue(first)];
  const missing = name('missing');
  first.send('queue.bind', { queue, exchange: missing });
  expect(await first.failure()).toEqual(closing(404, `no exchange '${missing}' in vhost '/'`, 'queue.bind'));
  const second = await openChannel();
  second.send('queue.bind', { queue: missing, exchange });
  expect(await second.failure()).toEqual(closing(404, `no queue '${missing}' in vhost '/'`, 'queue.bind'));
  const third = await openChannel();
  third.send('exchange.bind', { source: missing, destination: exchange });
  expect(await third.failure()).toEqual(closing(404, `no exchange '${missing}' in vhost '/'`, 'exchange.bind'));
  const fourth = await openChannel();
  fourth.send('exchange.bind', { source: exchange, destination: missing });
  expect(await fourth.failure()).toEqual(closing(404, `no exchange '${missing}' in vhost '/'`, 'exchange.bind'));
});

test('an exchange passes on to the exchanges that are bound to it', async () => {
  const channel = await openChannel();
  const [source, middle, last] = [
    await declare(channel, 'topic'),
    await declare(channel, 'direct'),
    await declare(channel, 'fanout'),
  ];
  const queue = await declareQueue(channel);
  await channel.call('exchange.bind', { source, destination: middle, routingKey: 'a.#' });
  await channel.call('exchange.bind', { source: middle, destination: last, routingKey: 'a.b' });
  await channel.call('queue.bind', { queue, exchange: last });
  channel.publish(source, 'a.b', 'through all three');
  channel.publish(source, 'a.c', 'stopped in the middle');
  channel.publish(source, 'b', 'stopped at once');
  expect(await drain(channel, queue)).toEqual(['through all three']);
  await channel.call('exchange.unbind', { source, destination: middle, routingKey: 'a.#' });
  channel.publish(source, 'a.b', 'no longer');
  expect(await drain(channel, queue)).toEqual([]);
});

test('exchanges bound in a ring deliver once', async () => {
  const channel = await openChannel();
  const [one, two] = [await declare(channel, 'fanout'), await declare(channel, 'fanout')];
  const queue = await declareQueue(channel);
  await channel.call('exchange.bind', { source: one, destination: two });
  await channel.call('exchange.bind', { source: two, destination: one });
  await channel.call('queue.bind', { queue, exchange: one });
  await channel.call('queue.bind', { queue, exchange: two });
  channel.publish(one, '', 'round');
  expect(await drain(channel, queue)).toEqual(['round']);
});

test('a message keeps the exchange that it was published to', async () => {
  const channel = await openChannel();
  const [source, destination] = [await declare(channel, 'fanout'), await declare(channel, 'fanout')];
  const queue = await declareQueue(channel);
  await channel.call('exchange.bind', { source, destination });
  await channel.call('queue.bind', { queue, exchange: destination });
  channel.publish(source, 'key', 'x');
  await channel.sync();
  expect(await channel.get(queue, true)).toMatchObject({ exchange: source, routingKey: 'key' });
});

test('bindings go with their exchange', async () => {
  const channel = await openChannel();
  const [source, destination] = [await declare(channel, 'fanout'), await declare(channel, 'fanout')];
  const queue = await declareQueue(channel);
  await channel.call('exchange.bind', { source, destination });
  await channel.call('queue.bind', { queue, exchange: destination });
  await channel.call('exchange.delete', { exchange: destination });
  channel.publish(source, '', 'nowhere', { mandatory: true });
  expect((await channel.returns.next('the return')).replyCode).toBe(312);
});
