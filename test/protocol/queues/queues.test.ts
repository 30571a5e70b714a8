/**
 * Queues: declaring, checking, purging, deleting, and every refusal with RabbitMQ's code and text.
 */
import { describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { useBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';

const broker = useBroker();
const name = useNames(broker);
const { openChannel } = useRawConnections(broker);

async function publishAll(channel: RawChannel, queue: string, messages: readonly string[]): Promise<void> {
  for (const message of messages) channel.publish('', queue, message);
  await channel.sync();
}

describe('declare', () => {
  test('answers with the name and with how many messages and consumers there are', async () => {
    const channel = await openChannel();
    const queue = name();
    const fresh = await channel.call('queue.declare', { queue });
    expect(fresh).toMatchObject({ queue, messageCount: 0, consumerCount: 0 });
    await publishAll(channel, queue, ['a', 'b']);
    expect(await channel.call('queue.declare', { queue })).toMatchObject({ messageCount: 2, consumerCount: 0 });
    await channel.consume(queue);
    await channel.deliver(2);
    expect(await channel.call('queue.declare', { queue })).toMatchObject({ messageCount: 0, consumerCount: 1 });
  });

  test('an empty name asks for one from the broker, and is remembered on the channel', async () => {
    const channel = await openChannel();
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    expect(queue).toMatch(/^amq\.gen-[\w-]{22}$/);
    const { queue: another } = await channel.call('queue.declare', { exclusive: true });
    expect(another).not.toBe(queue);
    await channel.call('queue.bind', { exchange: 'amq.direct', queue: '', routingKey: '' });
    // Both the queue and the key were left out, so the key is the queue's name too.
    channel.publish('amq.direct', another, 'to the last one');
    expect((await channel.get('', true))?.body.toString()).toBe('to the last one');
    expect(await channel.call('queue.purge', { queue: '' })).toMatchObject({ messageCount: 0 });
    expect(await channel.consume('')).toMatch(/^amq\.ctag-[\w-]{22}$/);
    await channel.call('queue.delete', { queue: '' });
    await channel.counts(queue);
  });

  test('without a queue declared before, an empty name is 404', async () => {
    const channel = await openChannel();
    channel.send('queue.purge', { queue: '' });
    expect(await channel.failure()).toEqual(closing(404, 'no previously declared queue', 'queue.purge'));
  });

  test('a new queue may not take a reserved name', async () => {
    const channel = await openChannel();
    channel.send('queue.declare', { queue: 'amq.mine' });
    expect(await channel.failure()).toEqual(
      closing(403, "queue name 'amq.mine' contains reserved prefix 'amq.*'", 'queue.declare'),
    );
  });

  test('checking a queue that does not exist is 404', async () => {
    const channel = await openChannel();
    const queue = name();
    channel.send('queue.declare', { queue, passive: true });
    expect(await channel.failure()).toEqual(closing(404, `no queue '${queue}' in vhost '/'`, 'queue.declare'));
  });

  test('checking a queue does not look at the other fields', async () => {
    const channel = await openChannel();
    const queue = name();
    await channel.call('queue.declare', { queue });
    await channel.call('queue.declare', { queue, passive: true, durable: true, autoDelete: true });
  });

  test.each([
    ['durable', { durable: true }],
    ['auto_delete', { autoDelete: true }],
  ])('declaring with another %s is 406', async (argument, change) => {
    const channel = await openChannel();
    const queue = name();
    await channel.call('queue.declare', { queue });
    channel.send('queue.declare', { queue, ...change });
    const text = `inequivalent arg '${argument}' for queue '${queue}' in vhost '/': received 'true' but current is 'false'`;
    expect(await channel.failure()).toEqual(closing(406, text, 'queue.declare'));
  });

  test('declaring a shared queue as exclusive is 405', async () => {
    const channel = await openChannel();
    const queue = name();
    await channel.call('queue.declare', { queue });
    channel.send('queue.declare', { queue, exclusive: true });
    expect(await channel.failure()).toMatchObject({ replyCode: 405, replyText: locked(queue) });
  });

  test('arguments that the broker knows are compared, others are not', async () => {
    const channel = await openChannel();
    const queue = name();
    await channel.call('queue.declare', { queue, arguments: table({ 'x-message-ttl': 60_000, 'x-anything': 1 }) });
    await channel.call('queue.declare', { queue, arguments: table({ 'x-message-ttl': 60_000n, 'x-anything': 2 }) });
    channel.send('queue.declare', { queue, arguments: table({ 'x-message-ttl': 1_000 }) });
    const text = `inequivalent arg 'x-message-ttl' for queue '${queue}' in vhost '/': received '1000' but current is '60000'`;
    expect(await channel.failure()).toEqual(closing(406, text, 'queue.declare'));
  });

  test('an argument that the other declaration had not is 406', async () => {
    const channel = await openChannel();
    const queue = name();
    await channel.call('queue.declare', { queue });
    channel.send('queue.declare', { queue, arguments: table({ 'x-max-length': 5n }) });
    const { replyText } = await channel.failure();
    expect(replyText).toBe(
      `PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue '${queue}' in vhost '/': ` +
        "received the value '5' of type 'long' but current is none",
    );
  });

  test.each([
    ['x-message-ttl', 'soon'],
    ['x-message-ttl', -1],
    ['x-max-length', 'many'],
    ['x-dead-letter-exchange', 5],
  ])('%s = %o is an argument that no queue can have', async (argument, value) => {
    const channel = await openChannel();
    const queue = name();
    channel.send('queue.declare', { queue, arguments: table({ [argument]: value }) });
    const { replyCode, replyText } = await channel.failure();
    expect(replyCode).toBe(406);
    expect(replyText).toContain(`arg '${argument}'`);
    expect(replyText).toContain(`queue '${queue}' in vhost '/'`);
  });

  test('a transient queue that many may use is accepted', async () => {
    const channel = await openChannel();
    const queue = name();
    await channel.call('queue.declare', { queue, durable: false, exclusive: false });
    const other = await openChannel();
    await other.call('queue.declare', { queue, durable: false, exclusive: false });
  });
});

describe('purge', () => {
  test('drops what is ready, counts it, and leaves what is delivered', async () => {
    const channel = await openChannel();
    const queue = name();
    await channel.call('queue.declare', { queue });
    await publishAll(channel, queue, ['a', 'b', 'c']);
    const held = await channel.get(queue);
    expect(await channel.call('queue.purge', { queue })).toMatchObject({ messageCount: 2 });
    expect(await channel.get(queue)).toBeNull();
    channel.send('basic.nack', { deliveryTag: held?.deliveryTag ?? 0n, requeue: true });
    expect((await channel.get(queue))?.body.toString()).toBe('a');
  });

  test('a queue that does not exist is 404', async () => {
    const channel = await openChannel();
    const queue = name();
    channel.send('queue.purge', { queue });
    expect(await channel.failure()).toEqual(closing(404, `no queue '${queue}' in vhost '/'`, 'queue.purge'));
  });
});

describe('delete', () => {
  test('says how many messages were dropped, and does no harm a second time', async () => {
    const channel = await openChannel();
    const queue = name();
    await channel.call('queue.declare', { queue });
    await publishAll(channel, queue, ['a', 'b']);
    expect(await channel.call('queue.delete', { queue })).toMatchObject({ messageCount: 2 });
    expect(await channel.call('queue.delete', { queue })).toMatchObject({ messageCount: 0 });
  });

  test('a queue that is declared again under the same name is empty', async () => {
    const channel = await openChannel();
    const queue = name();
    for (let round = 0; round < 3; round++) {
      await channel.call('queue.declare', { queue });
      expect(await channel.get(queue)).toBeNull();
      await publishAll(channel, queue, ['old']);
      expect(await channel.counts(queue)).toMatchObject({ ready: 1 });
      await channel.call('queue.delete', { queue });
    }
  });

  test('what a deleted queue had delivered may still be acknowledged', async () => {
    const channel = await openChannel();
    const queue = name();
    await channel.call('queue.declare', { queue });
    await publishAll(channel, queue, ['a', 'b']);
    const a = await channel.get(queue);
    const b = await channel.get(queue);
    await channel.call('queue.delete', { queue });
    channel.send('basic.ack', { deliveryTag: a?.deliveryTag ?? 0n });
    channel.send('basic.nack', { deliveryTag: b?.deliveryTag ?? 0n, requeue: true });
    await channel.sync();
  });

  test('if-unused keeps a queue that has consumers', async () => {
    const channel = await openChannel();
    const queue = name();
    await channel.call('queue.declare', { queue });
    const consumer = await openChannel();
    const consumerTag = await consumer.consume(queue);
    channel.send('queue.delete', { queue, ifUnused: true });
    expect(await channel.failure()).toEqual(closing(406, `queue '${queue}' in vhost '/' in use`, 'queue.delete'));
    await consumer.call('basic.cancel', { consumerTag });
    await consumer.call('queue.delete', { queue, ifUnused: true });
  });

  test('if-empty keeps a queue that has messages', async () => {
    const channel = await openChannel();
    const queue = name();
    await channel.call('queue.declare', { queue });
    await publishAll(channel, queue, ['a']);
    channel.send('queue.delete', { queue, ifEmpty: true });
    expect(await channel.failure()).toEqual(closing(406, `queue '${queue}' in vhost '/' not empty`, 'queue.delete'));
    const again = await openChannel();
    await again.call('queue.purge', { queue });
    await again.call('queue.delete', { queue, ifEmpty: true });
  });
});

describe('exclusive queues', () => {
  test.each([
    ['queue.declare', (queue: string) => ({ queue, passive: true })],
    ['queue.declare', (queue: string) => ({ queue, exclusive: true })],
    ['queue.bind', (queue: string) => ({ queue, exchange: 'amq.fanout' })],
    ['queue.purge', (queue: string) => ({ queue })],
    ['queue.delete', (queue: string) => ({ queue })],
    ['basic.consume', (queue: string) => ({ queue })],
    ['basic.get', (queue: string) => ({ queue })],
  ] as const)('%s from another connection is 405', async (method, fields) => {
    const owner = await openChannel();
    const queue = name();
    await owner.call('queue.declare', { queue, exclusive: true });
    const intruder = await openChannel();
    intruder.send(method, fields(queue));
    expect(await intruder.failure()).toMatchObject({ replyCode: 405, replyText: locked(queue) });
    await owner.counts(queue);
  });

  test('anybody may publish to an exclusive queue', async () => {
    const owner = await openChannel();
    const queue = name();
    await owner.call('queue.declare', { queue, exclusive: true });
    await owner.consume(queue, { noAck: true });
    (await openChannel()).publish('', queue, 'hello');
    expect((await owner.deliver(1))[0]?.body.toString()).toBe('hello');
  });

  test('another channel of the owner may use the queue', async () => {
    const owner = await openChannel();
    const queue = name();
    await owner.call('queue.declare', { queue, exclusive: true });
    const second = await owner.client.openChannel();
    await second.counts(queue);
    await second.consume(queue);
  });
});

/** RabbitMQ cuts the text where a short string ends. */
function locked(queue: string): string {
  const whole =
    `RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '${queue}' in vhost '/'. It could be originally ` +
    'declared on another connection or the exclusive property value does not match that of the original declaration.';
  return whole.length <= 255 ? whole : `${whole.slice(0, 252)}...`;
}

test('queues of all kinds that applications ask for are accepted', async () => {
  const channel = await openChannel();
  for (const args of [{ 'x-queue-type': 'classic' }, { 'x-queue-mode': 'lazy' }, { 'x-queue-version': 1 }]) {
    await channel.call('queue.declare', { queue: name(), durable: true, arguments: table(args) });
  }
});
