/**
 * Who of several consumers gets the messages: the one that is active, or those of the highest priority.
 */
import { describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { useBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import { bodies, type RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';
import { eventually } from '../../support/waiting.js';

const broker = useBroker();
const name = useNames(broker);
const { openChannel } = useRawConnections(broker);

async function empty(channel: RawChannel, queue: string): Promise<void> {
  await eventually(
    'the queue to be empty',
    async () => (await channel.counts(queue)).ready,
    (ready) => ready === 0,
  );
}

describe('a queue with a single active consumer', () => {
  /** The queue, and consumers of it on connections of their own, in the order of their coming. */
  async function scenario(count: number): Promise<{ queue: string; consumers: RawChannel[] }> {
    const queue = name();
    const consumers: RawChannel[] = [];
    while (consumers.length < count) {
      const channel = await openChannel();
      const args = table({ 'x-single-active-consumer': true });
      await channel.call('queue.declare', { queue, arguments: args });
      await channel.consume(queue, { consumerTag: `consumer-${consumers.length}` });
      consumers.push(channel);
    }
    return { queue, consumers };
  }

  test('delivers to the first one alone', async () => {
    const { queue, consumers } = await scenario(3);
    const [first, second, third] = consumers as [RawChannel, RawChannel, RawChannel];
    for (let i = 0; i < 20; i++) second.publish('', queue, `${i}`);
    expect(bodies(await first.deliver(20))).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
    for (const other of [second, third]) {
      await other.sync();
      expect(other.deliveries.waiting).toEqual([]);
    }
    expect(await third.counts(queue)).toMatchObject({ consumers: 3 });
  });

  test('goes on with the next one when the active one leaves, whichever way', async () => {
    const { queue, consumers } = await scenario(4);
    const [first, second, third, fourth] = consumers as [RawChannel, RawChannel, RawChannel, RawChannel];
    fourth.publish('', queue, 'a');
    expect(bodies(await first.deliver(1))).toEqual(['a']);
    first.send('basic.ack', { deliveryTag: 1n });
    await first.call('basic.cancel', { consumerTag: 'consumer-0' });
    fourth.publish('', queue, 'b');
    expect(bodies(await second.deliver(1))).toEqual(['b']);
    await second.close();
    expect(await third.deliver(1)).toMatchObject([{ redelivered: true, body: Buffer.from('b') }]);
    third.client.cut();
    expect(await fourth.deliver(1)).toMatchObject([{ redelivered: true, body: Buffer.from('b') }]);
  });

  test('is not passed on when one that stands by leaves', async () => {
    const { queue, consumers } = await scenario(3);
    const [first, second, third] = consumers as [RawChannel, RawChannel, RawChannel];
    await second.call('basic.cancel', { consumerTag: 'consumer-1' });
    third.publish('', queue, 'a');
    expect(bodies(await first.deliver(1))).toEqual(['a']);
    await first.close();
    expect(bodies(await third.deliver(1))).toEqual(['a']);
  });

  test('bears no exclusive consumer', async () => {
    const { queue } = await scenario(0);
    const channel = await openChannel();
    await channel.call('queue.declare', { queue, arguments: table({ 'x-single-active-consumer': true }) });
    channel.send('basic.consume', { queue, exclusive: true });
    expect(await channel.failure()).toEqual(
      closing(403, `queue '${queue}' in vhost '/' in exclusive use`, 'basic.consume'),
    );
  });
});

describe('consumers of different priority', () => {
  test('the highest one gets everything as long as it has credit', async () => {
    const queue = name();
    const low = await openChannel();
    const high = await openChannel();
    await low.call('queue.declare', { queue });
    await low.consume(queue);
    await high.call('basic.qos', { prefetchCount: 5 });
    await high.consume(queue, { arguments: table({ 'x-priority': 10 }) });
    const publisher = await openChannel();
    await publisher.call('confirm.select');
    for (let i = 0; i < 5; i++) {
      publisher.publish('', queue, `${i}`);
      await publisher.confirms.next('the confirm');
    }
    expect(bodies(await high.deliver(5))).toEqual(['0', '1', '2', '3', '4']);
    publisher.publish('', queue, '5');
    expect(bodies(await low.deliver(1))).toEqual(['5']);
    high.send('basic.ack', { deliveryTag: 5n, multiple: true });
    await high.sync();
    publisher.publish('', queue, '6');
    expect(bodies(await high.deliver(1))).toEqual(['6']);
    await empty(publisher, queue);
    expect(low.deliveries.waiting).toEqual([]);
  });

  test('a negative priority stands behind those without one', async () => {
    const queue = name();
    const last = await openChannel();
    const usual = await openChannel();
    await last.call('queue.declare', { queue });
    await last.consume(queue, { noAck: true, arguments: table({ 'x-priority': -1 }) });
    await usual.consume(queue, { noAck: true });
    for (let i = 0; i < 10; i++) usual.publish('', queue, `${i}`);
    expect(await usual.deliver(10)).toHaveLength(10);
    await usual.close();
    const publisher = await openChannel();
    publisher.publish('', queue, 'left');
    expect(bodies(await last.deliver(1))).toEqual(['left']);
  });
});
