/**
 * Methods with the nowait bit do what they always do, without an answer; their errors are told all the same.
 */
import { expect, test } from 'vitest';
import { useBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import { useRawConnections } from '../../support/raw-connections.js';

const broker = useBroker();
const name = useNames(broker);
const { openChannel } = useRawConnections(broker);

test('nothing is answered, and everything is done', async () => {
  const channel = await openChannel();
  const [queue, exchange, inner] = [name(), name(), name()];
  const nowait = true;
  channel.send('exchange.declare', { exchange, type: 'direct', nowait });
  channel.send('exchange.declare', { exchange: inner, type: 'fanout', nowait });
  channel.send('queue.declare', { queue, nowait });
  channel.send('exchange.bind', { source: exchange, destination: inner, routingKey: 'k', nowait });
  channel.send('queue.bind', { queue, exchange: inner, nowait });
  channel.send('confirm.select', { nowait });
  channel.publish(exchange, 'k', 'purged');
  await channel.confirms.next('the confirm');
  channel.send('queue.purge', { queue, nowait });
  channel.send('basic.consume', { queue, consumerTag: 'mine', noAck: true, nowait });
  channel.publish(exchange, 'k', 'delivered');
  expect((await channel.deliver(1))[0]).toMatchObject({ consumerTag: 'mine', routingKey: 'k' });
  channel.send('basic.cancel', { consumerTag: 'mine', nowait });
  channel.send('exchange.unbind', { source: exchange, destination: inner, routingKey: 'k', nowait });
  channel.publish(exchange, 'k', 'unroutable', { mandatory: true });
  expect((await channel.returns.next('the return')).body.toString()).toBe('unroutable');
  channel.send('queue.delete', { queue, nowait });
  channel.send('exchange.delete', { exchange, nowait });
  channel.send('exchange.delete', { exchange: inner, nowait });
  await channel.sync();
  expect(channel.log.filter((method) => method.endsWith('-ok'))).toEqual(['channel.open-ok', 'channel.flow-ok']);
});

test.each([
  ['queue.declare', { queue: 'amq.mine' }, 403],
  ['exchange.declare', { exchange: 'amq.mine', type: 'direct' }, 403],
  ['exchange.delete', { exchange: 'amq.direct' }, 403],
] as const)('an error of %s closes the channel', async (method, fields, code) => {
  const channel = await openChannel();
  channel.send(method, { ...fields, nowait: true });
  expect(await channel.failure()).toMatchObject({ replyCode: code });
});

test('an error of consume closes the channel', async () => {
  const channel = await openChannel();
  const queue = name();
  channel.send('basic.consume', { queue, nowait: true });
  expect(await channel.failure()).toEqual(closing(404, `no queue '${queue}' in vhost '/'`, 'basic.consume'));
});
