/**
 * Acknowledging, rejecting, requeueing and recovering: which messages are settled, where requeued ones go, and what is
 * said about tags that mean nothing.
 */
import { describe, expect, test } from 'vitest';
import { useBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import { bodies, type Carried, type RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';
import { eventually } from '../../support/waiting.js';

const broker = useBroker();
const name = useNames(broker);
const { openChannel } = useRawConnections(broker);

interface Scenario {
  readonly channel: RawChannel;
  readonly queue: string;
  readonly tag: string;
  readonly deliveries: Carried<'basic.deliver'>[];
}

/** Messages delivered to one consumer and not acknowledged yet; their bodies are a, b, c … */
async function delivered(count: number): Promise<Scenario> {
  const channel = await openChannel();
  const { queue } = await channel.call('queue.declare', { queue: name('queue') });
  for (let i = 0; i < count; i++) channel.publish('', queue, String.fromCharCode(97 + i));
  const tag = await channel.consume(queue);
  return { channel, queue, tag, deliveries: await channel.deliver(count) };
}

/** What is left in the queue when nobody holds anything any more. */
async function remaining({ channel, queue }: Scenario): Promise<string[]> {
  const reader = await openChannel();
  await channel.client.close();
  const texts: string[] = [];
  for (let got = await reader.get(queue, true); got !== null; got = await reader.get(queue, true))
    texts.push(...bodies([got]));
  return texts;
}

describe('settling', () => {
  test('one ack settles one message', async () => {
    const scenario = await delivered(3);
    scenario.channel.send('basic.ack', { deliveryTag: 2n });
    expect(await remaining(scenario)).toEqual(['a', 'c']);
  });

  test('a multiple ack settles everything up to it', async () => {
    const scenario = await delivered(5);
    scenario.channel.send('basic.ack', { deliveryTag: 2n });
    scenario.channel.send('basic.ack', { deliveryTag: 4n, multiple: true });
    expect(await remaining(scenario)).toEqual(['e']);
  });

  test('tag 0 with multiple means everything', async () => {
    const scenario = await delivered(3);
    scenario.channel.send('basic.ack', { deliveryTag: 0n, multiple: true });
    expect(await remaining(scenario)).toEqual([]);
  });

  test('tag 0 with multiple is fine when nothing is outstanding', async () => {
    const channel = await openChannel();
    channel.send('basic.ack', { deliveryTag: 0n, multiple: true });
    await channel.sync();
  });

  test('acks cover deliveries and gets of all queues of the channel', async () => {
    const scenario = await delivered(2);
    const { channel } = scenario;
    const { queue: other } = await channel.call('queue.declare', { queue: name() });
    channel.publish('', other, 'x');
    await channel.sync();
    const got = await channel.get(other);
    channel.send('basic.ack', { deliveryTag: got?.deliveryTag ?? 0n, multiple: true });
    expect(await remaining(scenario)).toEqual([]);
    expect(await remaining({ ...scenario, queue: other })).toEqual([]);
  });

  test('reject without requeue drops one message', async () => {
    const scenario = await delivered(2);
    scenario.channel.send('basic.reject', { deliveryTag: 1n, requeue: false });
    expect(await remaining(scenario)).toEqual(['b']);
  });

  test('nack without requeue drops as many as it says', async () => {
    const scenario = await delivered(3);
    scenario.channel.send('basic.nack', { deliveryTag: 2n, multiple: true, requeue: false });
    expect(await remaining(scenario)).toEqual(['c']);
  });
});

describe('requeueing', () => {
  test('a requeued message goes back to its place, before those published later', async () => {
    const { channel, queue, tag } = await delivered(3);
    await channel.call('basic.cancel', { consumerTag: tag });
    channel.publish('', queue, 'later');
    for (const deliveryTag of [3n, 1n, 2n]) channel.send('basic.reject', { deliveryTag, requeue: true });
    await channel.sync();
    const order: string[] = [];
    for (let i = 0; i < 4; i++) {
      const got = await channel.get(queue, true);
      order.push(`${got?.body} ${got?.redelivered}`);
    }
    expect(order).toEqual(['a true', 'b true', 'c true', 'later false']);
  });

  test('a requeued message is delivered again at once, with a new tag and marked', async () => {
    const { channel } = await delivered(1);
    channel.send('basic.nack', { deliveryTag: 1n, requeue: true });
    const [again] = await channel.deliver(1);
    expect(again).toMatchObject({ deliveryTag: 2n, redelivered: true });
  });

  test('a requeued message goes to another consumer when the first is full', async () => {
    const first = await openChannel();
    const { queue } = await first.call('queue.declare', { queue: name() });
    for (const body of ['a', 'b']) first.publish('', queue, body);
    await first.call('basic.qos', { prefetchCount: 2 });
    const tag = await first.consume(queue);
    await first.deliver(2);
    const second = await openChannel();
    await second.consume(queue);
    await first.call('basic.cancel', { consumerTag: tag });
    first.send('basic.reject', { deliveryTag: 1n, requeue: true });
    const [rescued] = await second.deliver(1);
    expect([rescued?.body.toString(), rescued?.redelivered]).toEqual(['a', true]);
  });

  test('many messages requeued at once keep their order', async () => {
    const channel = await openChannel();
    const { queue } = await channel.call('queue.declare', { queue: name() });
    for (let i = 0; i < 2_000; i++) channel.publish('', queue, `${i}`);
    const tag = await channel.consume(queue);
    await channel.deliver(2_000);
    await channel.call('basic.cancel', { consumerTag: tag });
    channel.send('basic.nack', { deliveryTag: 0n, multiple: true, requeue: true });
    await channel.consume(queue, { noAck: true });
    const again = await channel.deliver(2_000);
    expect(again.map((delivery) => Number(delivery.body))).toEqual(Array.from({ length: 2_000 }, (_, i) => i));
    expect(again.every((delivery) => delivery.redelivered)).toBe(true);
  });

  test('recover requeues what the channel holds', async () => {
    const { channel } = await delivered(3);
    channel.send('basic.ack', { deliveryTag: 2n });
    await channel.call('basic.recover', { requeue: true });
    const again = await channel.deliver(2);
    expect(again.map((delivery) => `${delivery.body} ${delivery.redelivered}`)).toEqual(['a true', 'c true']);
  });

  test('recover without requeue is not implemented', async () => {
    const { channel } = await delivered(1);
    channel.send('basic.recover', { requeue: false });
    expect(await channel.client.failure()).toEqual(closing(540, 'requeue=false', 'basic.recover'));
  });

  test('closing a channel requeues what it holds, and only that', async () => {
    const { channel, queue } = await delivered(2);
    const other = await channel.client.openChannel();
    other.publish('', queue, 'c');
    await channel.deliver(1);
    await channel.close();
    const order: string[] = [];
    for (let i = 0; i < 3; i++) order.push(`${(await other.get(queue))?.body}`);
    expect(order).toEqual(['a', 'b', 'c']);
  });

  test('an error on a channel requeues what it holds', async () => {
    const { channel, queue } = await delivered(1);
    channel.send('queue.declare', { queue: name('missing'), passive: true });
    await channel.failure();
    const other = await channel.client.openChannel();
    expect(await other.get(queue)).toMatchObject({ redelivered: true });
  });

  test('a connection that is cut requeues what it holds', async () => {
    const { channel, queue } = await delivered(3);
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.sync();
    const other = await openChannel();
    channel.client.cut();
    await eventually(
      'the messages to come back',
      () => other.counts(queue),
      ({ ready, consumers }) => ready === 2 && consumers === 0,
    );
    expect((await other.get(queue))?.body.toString()).toBe('b');
  });
});

describe('tags that mean nothing', () => {
  const unknown = (tag: number, method: 'basic.ack' | 'basic.nack' | 'basic.reject') =>
    closing(406, `unknown delivery tag ${tag}`, method);

  test.each(['basic.ack', 'basic.nack', 'basic.reject'] as const)('%s of a tag never given is 406', async (method) => {
    const channel = await openChannel();
    channel.send(method, { deliveryTag: 7n });
    expect(await channel.failure()).toEqual(unknown(7, method));
  });

  test('acknowledging twice is 406', async () => {
    const { channel } = await delivered(1);
    channel.send('basic.ack', { deliveryTag: 1n });
    channel.send('basic.ack', { deliveryTag: 1n });
    expect(await channel.failure()).toEqual(unknown(1, 'basic.ack'));
  });

  test('acknowledging what needs none is 406', async () => {
    const channel = await openChannel();
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    await channel.consume(queue, { noAck: true });
    channel.publish('', queue, 'x');
    const [delivery] = await channel.deliver(1);
    channel.send('basic.ack', { deliveryTag: delivery?.deliveryTag ?? 0n });
    expect(await channel.failure()).toEqual(unknown(1, 'basic.ack'));
  });

  test('tag 0 for a single message is 406', async () => {
    const { channel } = await delivered(1);
    channel.send('basic.ack', { deliveryTag: 0n });
    expect(await channel.failure()).toEqual(unknown(0, 'basic.ack'));
  });

  test('multiple up to a tag not given yet is 406, and settles nothing', async () => {
    const { channel, queue } = await delivered(2);
    channel.send('basic.ack', { deliveryTag: 3n, multiple: true });
    expect(await channel.failure()).toEqual(unknown(3, 'basic.ack'));
    expect(await (await channel.client.openChannel()).counts(queue)).toMatchObject({ ready: 2 });
  });

  test('a tag of another channel is 406', async () => {
    const { channel } = await delivered(1);
    const other = await channel.client.openChannel();
    other.send('basic.ack', { deliveryTag: 1n });
    expect(await other.failure()).toEqual(unknown(1, 'basic.ack'));
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.sync();
  });

  test('a tag from before the channel was closed means nothing on the new one', async () => {
    const { channel } = await delivered(1);
    await channel.close();
    const again = await channel.client.openChannel(channel.number);
    again.send('basic.ack', { deliveryTag: 1n });
    expect(await again.failure()).toEqual(unknown(1, 'basic.ack'));
  });
});
