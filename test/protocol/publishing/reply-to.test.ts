/**
 * Direct reply-to: a requester gets its replies without a queue of its own.
 */
import { describe, expect, test } from 'vitest';
import { useBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';
import { eventually } from '../../support/waiting.js';

const broker = useBroker();
const { openChannel } = useRawConnections(broker);

const REPLY_TO = 'amq.rabbitmq.reply-to';

/** The reply address that a responder sees of a request. */
async function addressOf(requester: RawChannel): Promise<string> {
  const { queue } = await requester.call('queue.declare', { exclusive: true });
  requester.publish('', queue, 'request', { properties: { replyTo: REPLY_TO, correlationId: '7' } });
  const request = await eventually(
    'the request',
    () => requester.get(queue, true),
    (got) => got !== null,
  );
  expect(request?.properties.correlationId).toBe('7');
  return request?.properties.replyTo ?? '';
}

test('replies come to the channel that asked, whoever sends them', async () => {
  const requester = await openChannel();
  const tag = await requester.consume(REPLY_TO, { noAck: true });
  const address = await addressOf(requester);
  expect(address).toMatch(/^amq\.rabbitmq\.reply-to\../);
  const responder = await openChannel();
  responder.publish('', address, 'one', { properties: { correlationId: '7' } });
  responder.publish('', address, 'two');
  const [one, two] = await requester.deliver(2);
  expect(one).toMatchObject({ consumerTag: tag, exchange: '', routingKey: address, redelivered: false });
  expect([one?.body.toString(), two?.body.toString()]).toEqual(['one', 'two']);
  expect(one?.properties.correlationId).toBe('7');
});

test('each channel has replies of its own', async () => {
  const one = await openChannel();
  const other = await one.client.openChannel();
  await one.consume(REPLY_TO, { noAck: true });
  await other.consume(REPLY_TO, { noAck: true });
  const addresses = [await addressOf(one), await addressOf(other)];
  const responder = await openChannel();
  for (const address of addresses) responder.publish('', address, address);
  expect((await one.deliver(1))[0]?.body.toString()).toBe(addresses[0]);
  expect((await other.deliver(1))[0]?.body.toString()).toBe(addresses[1]);
});

test('a request in a transaction bears the address too', async () => {
  const requester = await openChannel();
  await requester.consume(REPLY_TO, { noAck: true });
  const { queue } = await requester.call('queue.declare', { exclusive: true });
  await requester.call('tx.select');
  requester.publish('', queue, 'request', { properties: { replyTo: REPLY_TO } });
  await requester.call('tx.commit');
  expect((await requester.get(queue, true))?.properties.replyTo).toMatch(/^amq\.rabbitmq\.reply-to\../);
});

test('an address is of no use once its channel is closed', async () => {
  const requester = await openChannel();
  await requester.consume(REPLY_TO, { noAck: true });
  const address = await addressOf(requester);
  await requester.close();
  const responder = await openChannel();
  responder.publish('', address, 'late', { mandatory: true });
  expect(await responder.returns.next('the return')).toMatchObject({ replyText: 'NO_ROUTE' });
});

test('after a cancel a channel can ask for replies anew', async () => {
  const requester = await openChannel();
  const tag = await requester.consume(REPLY_TO, { noAck: true });
  const address = await addressOf(requester);
  await requester.call('basic.cancel', { consumerTag: tag });
  await requester.consume(REPLY_TO, { noAck: true, consumerTag: 'again' });
  const fresh = await addressOf(requester);
  const responder = await openChannel();
  responder.publish('', address, 'late');
  responder.publish('', fresh, 'in time');
  expect(await requester.deliver(1)).toMatchObject([{ consumerTag: 'again', body: Buffer.from('in time') }]);
});

test('an answer that asks for replies itself is routed to its own asker', async () => {
  const one = await openChannel();
  const other = await openChannel();
  await one.consume(REPLY_TO, { noAck: true });
  await other.consume(REPLY_TO, { noAck: true });
  other.publish('', await addressOf(one), 'ping', { properties: { replyTo: REPLY_TO } });
  const [ping] = await one.deliver(1);
  one.publish('', ping?.properties.replyTo ?? '', 'pong');
  expect((await other.deliver(1))[0]?.body.toString()).toBe('pong');
});

describe('is refused', () => {
  test('a consumer that would acknowledge', async () => {
    const channel = await openChannel();
    channel.send('basic.consume', { queue: REPLY_TO });
    expect(await channel.failure()).toEqual(closing(406, 'reply consumer cannot acknowledge', 'basic.consume'));
  });

  test('a second consumer', async () => {
    const channel = await openChannel();
    await channel.consume(REPLY_TO, { noAck: true });
    channel.send('basic.consume', { queue: REPLY_TO, noAck: true });
    expect(await channel.failure()).toEqual(closing(406, 'reply consumer already set', 'basic.consume'));
  });

  test('a consumer tag that is in use', async () => {
    const channel = await openChannel();
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    await channel.consume(queue, { consumerTag: 'mine' });
    channel.send('basic.consume', { queue: REPLY_TO, noAck: true, consumerTag: 'mine' });
    const error = closing(530, "attempt to reuse consumer tag 'mine'", 'basic.consume');
    expect(await channel.client.failure()).toEqual(error);
  });

  test('a request without a consumer for its replies', async () => {
    const channel = await openChannel();
    channel.publish('amq.fanout', '', 'x', { properties: { replyTo: REPLY_TO } });
    expect(await channel.failure()).toEqual(closing(406, 'fast reply consumer does not exist', 'basic.publish'));
  });

  test('a request after the consumer is cancelled', async () => {
    const channel = await openChannel();
    const consumerTag = await channel.consume(REPLY_TO, { noAck: true });
    await channel.call('basic.cancel', { consumerTag });
    channel.publish('amq.fanout', '', 'x', { properties: { replyTo: REPLY_TO } });
    expect(await channel.failure()).toEqual(closing(406, 'fast reply consumer does not exist', 'basic.publish'));
  });
});
