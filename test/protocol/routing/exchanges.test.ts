/**
 * Exchanges: declaring, checking, deleting, and every refusal with RabbitMQ's code and text.
 */
import { expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { isReferee, useBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import { useRawConnections } from '../../support/raw-connections.js';

const broker = useBroker();
const name = useNames(broker);
const { openChannel } = useRawConnections(broker);

test.each([
  'direct',
  'fanout',
  'topic',
  'headers',
])('an exchange of type %s can be declared, again too', async (type) => {
  const channel = await openChannel();
  const exchange = name();
  await channel.call('exchange.declare', { exchange, type });
  await channel.call('exchange.declare', { exchange, type });
  await channel.call('exchange.declare', { exchange, passive: true });
});

test.each([
  'amq.direct',
  'amq.fanout',
  'amq.topic',
  'amq.headers',
  'amq.match',
  'amq.rabbitmq.trace',
])('%s is there from the start', async (exchange) => {
  const channel = await openChannel();
  await channel.call('exchange.declare', { exchange, passive: true });
});

test('a predeclared exchange may be declared as it is', async () => {
  const channel = await openChannel();
  await channel.call('exchange.declare', { exchange: 'amq.topic', type: 'topic', durable: true });
});

test('checking an exchange that does not exist is 404', async () => {
  const channel = await openChannel();
  const exchange = name();
  channel.send('exchange.declare', { exchange, passive: true });
  expect(await channel.failure()).toEqual(closing(404, `no exchange '${exchange}' in vhost '/'`, 'exchange.declare'));
});

test('a new exchange may not take a reserved name', async () => {
  const channel = await openChannel();
  channel.send('exchange.declare', { exchange: 'amq.mine', type: 'direct' });
  expect(await channel.failure()).toEqual(
    closing(403, "exchange name 'amq.mine' contains reserved prefix 'amq.*'", 'exchange.declare'),
  );
});

test('the default exchange can be neither declared, deleted nor bound', async () => {
  const channel = await openChannel();
  channel.send('exchange.declare', { exchange: '', type: 'direct', durable: true });
  const refusal = 'operation not permitted on the default exchange';
  expect(await channel.failure()).toEqual(closing(403, refusal, 'exchange.declare'));
  const second = await openChannel();
  second.send('exchange.delete', { exchange: '' });
  expect(await second.failure()).toEqual(closing(403, refusal, 'exchange.delete'));
  const third = await openChannel();
  third.send('exchange.bind', { source: '', destination: 'amq.direct' });
  expect(await third.failure()).toEqual(closing(403, refusal, 'exchange.bind'));
});

test.each([
  ['type', { type: 'fanout' }, "received 'fanout' but current is 'direct'"],
  ['durable', { durable: true }, "received 'true' but current is 'false'"],
  ['auto_delete', { autoDelete: true }, "received 'true' but current is 'false'"],
  ['internal', { internal: true }, "received 'true' but current is 'false'"],
])('declaring with another %s is 406', async (argument, change, text) => {
  const channel = await openChannel();
  const exchange = name();
  await channel.call('exchange.declare', { exchange, type: 'direct' });
  channel.send('exchange.declare', { exchange, type: 'direct', ...change });
  expect(await channel.failure()).toEqual(
    closing(406, `inequivalent arg '${argument}' for exchange '${exchange}' in vhost '/': ${text}`, 'exchange.declare'),
  );
});

test('declaring with another alternate exchange is 406', async () => {
  const channel = await openChannel();
  const exchange = name();
  const declaration = { exchange, type: 'direct', arguments: table({ 'alternate-exchange': 'one' }) };
  await channel.call('exchange.declare', declaration);
  await channel.call('exchange.declare', declaration);
  channel.send('exchange.declare', { ...declaration, arguments: table({ 'alternate-exchange': 'two' }) });
  expect(await channel.failure()).toEqual(
    closing(
      406,
      `inequivalent arg 'alternate-exchange' for exchange '${exchange}' in vhost '/': ` +
        "received 'two' but current is 'one'",
      'exchange.declare',
    ),
  );
});

test('a type that does not exist is refused', async () => {
  const channel = await openChannel();
  channel.send('exchange.declare', { exchange: name(), type: 'x-nothing' });
  // RabbitMQ closed the whole connection for this before 4.0.
  const refused = isReferee ? channel.client.failure() : channel.failure();
  expect(await refused).toEqual(
    closing(isReferee ? 503 : 406, "unknown exchange type 'x-nothing'", 'exchange.declare'),
  );
});

test('an exchange can be deleted, and deleting it again does no harm', async () => {
  const channel = await openChannel();
  const exchange = name();
  await channel.call('exchange.declare', { exchange, type: 'fanout' });
  await channel.call('exchange.delete', { exchange });
  await channel.call('exchange.delete', { exchange });
  channel.send('exchange.declare', { exchange, passive: true });
  expect(await channel.failure()).toMatchObject({ replyCode: 404 });
});

test('a predeclared exchange cannot be deleted', async () => {
  const channel = await openChannel();
  channel.send('exchange.delete', { exchange: 'amq.direct' });
  expect(await channel.failure()).toEqual(
    closing(403, "deletion of system exchange 'amq.direct' in vhost '/' not allowed", 'exchange.delete'),
  );
});

test('if-unused keeps an exchange that has bindings', async () => {
  const channel = await openChannel();
  const exchange = name();
  const queue = name();
  await channel.call('exchange.declare', { exchange, type: 'fanout' });
  await channel.call('queue.declare', { queue });
  await channel.call('queue.bind', { queue, exchange });
  channel.send('exchange.delete', { exchange, ifUnused: true });
  expect(await channel.failure()).toEqual(
    closing(406, `exchange '${exchange}' in vhost '/' in use`, 'exchange.delete'),
  );
  const again = await openChannel();
  await again.call('queue.unbind', { queue, exchange });
  await again.call('exchange.delete', { exchange, ifUnused: true });
});

test('an auto-delete exchange goes with its last binding, and not before it had one', async () => {
  const channel = await openChannel();
  const exchange = name();
  const queue = name();
  await channel.call('exchange.declare', { exchange, type: 'direct', autoDelete: true });
  await channel.call('queue.declare', { queue });
  await channel.call('queue.bind', { queue, exchange, routingKey: 'a' });
  await channel.call('queue.bind', { queue, exchange, routingKey: 'b' });
  await channel.call('queue.unbind', { queue, exchange, routingKey: 'a' });
  await channel.call('exchange.declare', { exchange, passive: true });
  await channel.call('queue.unbind', { queue, exchange, routingKey: 'b' });
  channel.send('exchange.declare', { exchange, passive: true });
  expect(await channel.failure()).toMatchObject({ replyCode: 404 });
});

test('an auto-delete exchange goes when the queue bound to it is deleted', async () => {
  const channel = await openChannel();
  const exchange = name();
  const queue = name();
  await channel.call('exchange.declare', { exchange, type: 'fanout', autoDelete: true });
  await channel.call('queue.declare', { queue });
  await channel.call('queue.bind', { queue, exchange });
  await channel.call('queue.delete', { queue });
  channel.send('exchange.declare', { exchange, passive: true });
  expect(await channel.failure()).toMatchObject({ replyCode: 404 });
});

test('publishing to an exchange that does not exist closes the channel with 404', async () => {
  const channel = await openChannel();
  const exchange = name();
  channel.publish(exchange, 'key', 'lost');
  expect(await channel.failure()).toEqual(closing(404, `no exchange '${exchange}' in vhost '/'`, 'basic.publish'));
});

test('publishing to an internal exchange is 403', async () => {
  const channel = await openChannel();
  const exchange = name();
  await channel.call('exchange.declare', { exchange, type: 'fanout', internal: true });
  channel.publish(exchange, 'key', 'lost');
  expect(await channel.failure()).toEqual(
    closing(403, `cannot publish to internal exchange '${exchange}' in vhost '/'`, 'basic.publish'),
  );
});

test('publishing goes to the exchange as it is now, not as it was when first published to', async () => {
  const channel = await openChannel();
  const exchange = name();
  const queue = name();
  await channel.call('queue.declare', { queue });
  await channel.call('exchange.declare', { exchange, type: 'direct' });
  channel.publish(exchange, 'key', 'before the binding');
  await channel.call('queue.bind', { queue, exchange, routingKey: 'key' });
  channel.publish(exchange, 'key', 'bound');
  await channel.call('queue.unbind', { queue, exchange, routingKey: 'key' });
  channel.publish(exchange, 'key', 'after the binding');
  await channel.call('exchange.delete', { exchange });
  await channel.call('exchange.declare', { exchange, type: 'fanout' });
  await channel.call('queue.bind', { queue, exchange });
  channel.publish(exchange, 'key', 'fanned out');
  await channel.sync();
  expect((await channel.get(queue, true))?.body.toString()).toBe('bound');
  expect((await channel.get(queue, true))?.body.toString()).toBe('fanned out');
  expect(await channel.get(queue, true)).toBeNull();
});
