/**
 * Consuming: tags, cancelling, exclusiveness, and how messages are shared out.
 */
import { describe, expect, test } from 'vitest';
import { useBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import { bodies, type RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';
import { eventually } from '../../support/waiting.js';

const broker = useBroker();
const name = useNames(broker);
const { openChannel } = useRawConnections(broker);

async function scenario(): Promise<{ channel: RawChannel; queue: string }> {
  const channel = await openChannel();
  const { queue } = await channel.call('queue.declare', { queue: name('queue') });
  return { channel, queue };
}

test('a delivery says where the message came from and who gets it', async () => {
  const { channel, queue } = await scenario();
  await channel.consume(queue, { consumerTag: 'mine' });
  channel.publish('', queue, 'x');
  channel.publish('amq.direct', 'nobody', 'x');
  const [delivery] = await channel.deliver(1);
  expect(delivery).toMatchObject({
    ...{ consumerTag: 'mine', deliveryTag: 1n, redelivered: false },
    ...{ exchange: '', routingKey: queue },
  });
});

test('delivery tags count up from 1 on each channel, through all its consumers and gets', async () => {
  const { channel, queue } = await scenario();
  const other = await channel.call('queue.declare', { exclusive: true });
  for (const target of [queue, queue, other.queue, other.queue]) channel.publish('', target, 'x');
  await channel.sync();
  const got = await channel.get(queue);
  await channel.consume(queue);
  await channel.deliver(1);
  await channel.consume(other.queue, { noAck: true });
  const [third, fourth] = await channel.deliver(2);
  expect([got?.deliveryTag, third?.deliveryTag, fourth?.deliveryTag]).toEqual([1n, 3n, 4n]);
});

test('a consumer without a tag is given one', async () => {
  const { channel, queue } = await scenario();
  const tags = [await channel.consume(queue), await channel.consume(queue)];
  for (const tag of tags) expect(tag).toMatch(/^amq\.ctag-[\w-]{22}$/);
  expect(new Set(tags).size).toBe(2);
});

test('a tag that is in use on the channel is a connection error 530', async () => {
  const { channel, queue } = await scenario();
  await channel.consume(queue, { consumerTag: 'twice' });
  channel.send('basic.consume', { queue, consumerTag: 'twice' });
  expect(await channel.client.failure()).toEqual(
    closing(530, "attempt to reuse consumer tag 'twice'", 'basic.consume'),
  );
});

test('the same tag may be used on another channel, and again after cancel', async () => {
  const { channel, queue } = await scenario();
  const second = await channel.client.openChannel();
  await channel.consume(queue, { consumerTag: 'tag' });
  await second.consume(queue, { consumerTag: 'tag' });
  await channel.call('basic.cancel', { consumerTag: 'tag' });
  await channel.consume(queue, { consumerTag: 'tag' });
});

test('consuming from a queue that does not exist is 404', async () => {
  const channel = await openChannel();
  const queue = name('missing');
  channel.send('basic.consume', { queue });
  expect(await channel.failure()).toEqual(closing(404, `no queue '${queue}' in vhost '/'`, 'basic.consume'));
});

test('no-local is ignored: a connection may consume what it publishes', async () => {
  const { channel, queue } = await scenario();
  await channel.consume(queue, { noLocal: true, noAck: true });
  channel.publish('', queue, 'mine');
  expect(bodies(await channel.deliver(1))).toEqual(['mine']);
});

test('without acknowledgements a message is gone once delivered', async () => {
  const { channel, queue } = await scenario();
  await channel.consume(queue, { noAck: true });
  channel.publish('', queue, 'x');
  await channel.deliver(1);
  await channel.client.close();
  expect(await (await openChannel()).counts(queue)).toEqual({ ready: 0, consumers: 0 });
});

describe('cancel', () => {
  test('answers with the tag and ends the deliveries', async () => {
    const { channel, queue } = await scenario();
    const consumerTag = await channel.consume(queue);
    expect(await channel.call('basic.cancel', { consumerTag })).toMatchObject({ consumerTag });
    channel.publish('', queue, 'x');
    await eventually(
      'the message to wait',
      () => channel.counts(queue),
      ({ ready, consumers }) => ready === 1 && consumers === 0,
    );
    expect(channel.deliveries.waiting).toEqual([]);
  });

  test('an unknown tag is answered like any other', async () => {
    const channel = await openChannel();
    expect(await channel.call('basic.cancel', { consumerTag: 'nobody' })).toMatchObject({ consumerTag: 'nobody' });
  });

  test('what the consumer holds stays unacknowledged, and can be acknowledged', async () => {
    const { channel, queue } = await scenario();
    channel.publish('', queue, 'held');
    const consumerTag = await channel.consume(queue);
    const [held] = await channel.deliver(1);
    await channel.call('basic.cancel', { consumerTag });
    expect(await channel.counts(queue)).toEqual({ ready: 0, consumers: 0 });
    channel.send('basic.ack', { deliveryTag: held?.deliveryTag ?? 0n });
    await channel.close();
    expect(await (await openChannel()).counts(queue)).toEqual({ ready: 0, consumers: 0 });
  });

  test('the broker cancels the consumers of a queue that is deleted', async () => {
    const { channel, queue } = await scenario();
    const tag = await channel.consume(queue);
    await (await openChannel()).call('queue.delete', { queue });
    expect(await channel.cancels.next('the cancel')).toBe(tag);
    await channel.sync();
  });

  test('a client that does not know the notification is not sent it', async () => {
    const channel = await openChannel({ capabilities: { consumer_cancel_notify: false } });
    const { queue } = await channel.call('queue.declare', { queue: name() });
    await channel.consume(queue);
    await (await openChannel()).call('queue.delete', { queue });
    await channel.sync();
    await channel.sync();
    expect(channel.cancels.waiting).toEqual([]);
  });
});

describe('exclusive consumers', () => {
  const inUse = (queue: string) => closing(403, `queue '${queue}' in vhost '/' in exclusive use`, 'basic.consume');

  test('nobody else may consume beside one', async () => {
    const { channel, queue } = await scenario();
    const consumerTag = await channel.consume(queue, { exclusive: true });
    const other = await openChannel();
    other.send('basic.consume', { queue });
    expect(await other.failure()).toEqual(inUse(queue));
    await channel.call('basic.cancel', { consumerTag });
    await (await openChannel()).consume(queue);
  });

  test('nobody may be exclusive beside others', async () => {
    const { channel, queue } = await scenario();
    await channel.consume(queue);
    const other = await openChannel();
    other.send('basic.consume', { queue, exclusive: true });
    expect(await other.failure()).toEqual(inUse(queue));
  });

  test('the place is free when its connection is cut', async () => {
    const { channel, queue } = await scenario();
    await channel.consume(queue, { exclusive: true });
    const watcher = await openChannel();
    channel.client.cut();
    await eventually(
      'the consumer to leave',
      () => watcher.counts(queue),
      ({ consumers }) => consumers === 0,
    );
    await watcher.consume(queue, { exclusive: true });
  });
});

describe('sharing', () => {
  test('with idle consumers messages go round in the order in which they came', async () => {
    const { channel, queue } = await scenario();
    const consumers = [await openChannel(), await openChannel(), await openChannel()];
    for (const consumer of consumers) {
      await consumer.consume(queue, { noAck: true });
      // After a round trip it is known to be idle, so before the next one.
      await consumer.sync();
    }
    const served: number[] = [];
    for (let i = 0; i < 9; i++) {
      channel.publish('', queue, `${i}`);
      await eventually(
        'a delivery',
        async () => consumers.findIndex((consumer) => consumer.deliveries.waiting.length > 0),
        (index) => {
          if (index >= 0) served.push(index);
          return index >= 0;
        },
      );
      await consumers[served.at(-1) ?? 0]?.deliver(1);
    }
    expect(served).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
  });

  test('under load every consumer gets its share in order, and everything comes once', async () => {
    const { channel, queue } = await scenario();
    const consumers = [await openChannel(), await openChannel(), await openChannel(), await openChannel()];
    const total = 10_000;
    const received: number[][] = consumers.map(() => []);
    let missing = total;
    const consumeShare = async (consumer: RawChannel, share: number[]): Promise<void> => {
      await consumer.call('basic.qos', { prefetchCount: 20 });
      await consumer.consume(queue);
      while (missing > 0) {
        const delivery = await consumer.deliveries.next('a share of the load');
        share.push(Number(delivery.body));
        consumer.send('basic.ack', { deliveryTag: delivery.deliveryTag });
        missing--;
      }
      // Whoever takes the last message tells those who wait for one.
      for (const other of consumers) other.deliveries.end(new Error('no more messages'));
    };
    const consuming = consumers.map((consumer, index) => consumeShare(consumer, received[index] ?? []));
    for (let i = 0; i < total; i++) channel.publish('', queue, `${i}`);
    await Promise.allSettled(consuming);
    expect(received.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, i) => i));
    for (const share of received) {
      expect(share).toEqual([...share].sort((a, b) => a - b));
      // How equal the shares are depends on the CPU time that each worker gets; test/engine/amqp/messages.test.ts gives
      // them equal shares.
      expect(share.length).toBeGreaterThan(0);
    }
  });

  test('a consumer that is slow does not hold back another queue of its connection', async () => {
    const { channel, queue } = await scenario();
    const second = await channel.client.openChannel();
    const { queue: quick } = await second.call('queue.declare', { exclusive: true });
    await channel.call('basic.qos', { prefetchCount: 1 });
    await channel.consume(queue);
    await second.consume(quick, { noAck: true });
    for (let i = 0; i < 10; i++) channel.publish('', queue, 'slow');
    for (let i = 0; i < 10; i++) channel.publish('', quick, 'quick');
    await second.deliver(10);
    await channel.deliver(1);
    expect(channel.deliveries.waiting).toEqual([]);
  });
});
