/**
 * Transactions: nothing that a channel publishes or acknowledges counts until it commits.
 */
import { describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { useBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import { bodies, type RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';

const broker = useBroker();
const name = useNames(broker);
const { openChannel } = useRawConnections(broker);

interface Scenario {
  readonly channel: RawChannel;
  readonly queue: string;
}

/** A transactional channel and a queue of its connection. */
async function scenario(args: Parameters<typeof table>[0] = {}): Promise<Scenario> {
  const channel = await openChannel();
  const { queue } = await channel.call('queue.declare', { exclusive: true, arguments: table(args) });
  await channel.call('tx.select');
  return { channel, queue };
}

/** A transactional channel that has got as many messages, with tags from 1. */
async function holding(count: number): Promise<Scenario> {
  const { channel, queue } = await scenario();
  for (let i = 0; i < count; i++) channel.publish('', queue, String.fromCharCode(97 + i));
  await channel.call('tx.commit');
  for (let i = 0; i < count; i++) expect(await channel.get(queue)).not.toBeNull();
  return { channel, queue };
}

/** What is in the queue once the channel is closed, and whether it was delivered before. */
async function left({ channel, queue }: Scenario): Promise<string[]> {
  const other = await channel.client.openChannel();
  await channel.close();
  const texts: string[] = [];
  for (let got = await other.get(queue, true); got !== null; got = await other.get(queue, true)) {
    texts.push(`${got.body}${got.redelivered ? ' again' : ''}`);
  }
  return texts;
}

describe('publishing', () => {
  test('messages are in their queues after the commit, and not before', async () => {
    const { channel, queue } = await scenario();
    for (const body of ['a', 'b', 'c']) channel.publish('', queue, body);
    expect(await channel.counts(queue)).toMatchObject({ ready: 0 });
    await channel.call('tx.commit');
    await channel.consume(queue, { noAck: true });
    expect(bodies(await channel.deliver(3))).toEqual(['a', 'b', 'c']);
  });

  test('a rollback drops what was published since the last commit', async () => {
    const { channel, queue } = await scenario();
    channel.publish('', queue, 'kept');
    await channel.call('tx.commit');
    channel.publish('', queue, 'dropped');
    await channel.call('tx.rollback');
    channel.publish('', queue, 'kept too');
    await channel.call('tx.commit');
    expect(await left({ channel, queue })).toEqual(['kept', 'kept too']);
  });

  test('a channel that closes without a commit has published nothing', async () => {
    const { channel, queue } = await scenario();
    channel.publish('', queue, 'x');
    expect(await left({ channel, queue })).toEqual([]);
  });

  test('what cannot be routed comes back at the commit, before its answer', async () => {
    const { channel, queue } = await scenario();
    channel.publish('', `${queue}-none`, 'x', { mandatory: true });
    await channel.sync();
    expect(channel.log).not.toContain('basic.return');
    await channel.call('tx.commit');
    expect(channel.log.slice(-2)).toEqual(['basic.return', 'tx.commit-ok']);
    expect(await channel.returns.next('the return')).toMatchObject({ replyText: 'NO_ROUTE' });
  });

  test('a message goes to the queue that has the name at the commit', async () => {
    const { channel } = await scenario();
    const queue = name();
    await channel.call('queue.declare', { queue, exclusive: true });
    channel.publish('', queue, 'x');
    await channel.call('queue.delete', { queue });
    await channel.call('queue.declare', { queue, exclusive: true });
    await channel.call('tx.commit');
    expect(await channel.counts(queue)).toMatchObject({ ready: 1 });
  });

  test('a message for a queue that is deleted before the commit is dropped', async () => {
    const { channel, queue } = await scenario();
    channel.publish('', queue, 'x');
    await channel.call('queue.delete', { queue });
    await channel.call('tx.commit');
    await channel.sync();
  });

  test('an error closes the channel at the publish', async () => {
    const { channel, queue } = await scenario();
    channel.publish('', queue, 'x', { properties: { expiration: 'soon' } });
    expect(await channel.failure()).toEqual(closing(406, "invalid expiration 'soon': no_integer", 'basic.publish'));
  });

  test('a commit of which a full queue refuses a part says so, and the rest is done', async () => {
    const { channel, queue } = await scenario({ 'x-max-length': 1, 'x-overflow': 'reject-publish' });
    channel.publish('', queue, 'a');
    channel.publish('', queue, 'b');
    channel.send('tx.commit');
    expect(await channel.failure()).toEqual(closing(406, 'partial tx completion', 'tx.commit'));
    const other = await channel.client.openChannel();
    expect(await other.get(queue, true)).toMatchObject({ body: Buffer.from('a') });
    expect(await other.get(queue, true)).toBeNull();
  });

  test('thousands of messages and large ones are committed in order', async () => {
    const { channel, queue } = await scenario();
    const large = Buffer.alloc(300_000, 'large');
    for (let i = 0; i < 3_000; i++) channel.publish('', queue, `${i}`);
    channel.publish('', queue, large);
    await channel.call('tx.commit');
    await channel.consume(queue, { noAck: true });
    const numbers = bodies(await channel.deliver(3_000));
    expect(numbers).toEqual(Array.from({ length: 3_000 }, (_, i) => `${i}`));
    expect((await channel.deliver(1))[0]?.body.equals(large)).toBe(true);
  });
});

describe('acknowledging', () => {
  test('an ack counts from the commit on', async () => {
    const held = await holding(2);
    held.channel.send('basic.ack', { deliveryTag: 1n });
    await held.channel.call('tx.commit');
    expect(await left(held)).toEqual(['b again']);
  });

  test('an ack that was not committed did not happen', async () => {
    const held = await holding(2);
    held.channel.send('basic.ack', { deliveryTag: 2n, multiple: true });
    expect(await left(held)).toEqual(['a again', 'b again']);
  });

  test('after a rollback the messages are still held, not delivered again, and can be acknowledged', async () => {
    const held = await holding(3);
    const { channel, queue } = held;
    channel.send('basic.ack', { deliveryTag: 1n });
    channel.send('basic.nack', { deliveryTag: 2n, requeue: true });
    await channel.call('tx.rollback');
    expect(await channel.counts(queue)).toMatchObject({ ready: 0 });
    channel.send('basic.ack', { deliveryTag: 2n, multiple: true });
    await channel.call('tx.commit');
    expect(await left(held)).toEqual(['c again']);
  });

  test('nack and reject put back, or drop, at the commit', async () => {
    const held = await holding(3);
    const { channel, queue } = held;
    channel.send('basic.nack', { deliveryTag: 1n, requeue: true });
    channel.send('basic.reject', { deliveryTag: 2n, requeue: false });
    expect(await channel.counts(queue)).toMatchObject({ ready: 0 });
    await channel.call('tx.commit');
    expect(await channel.counts(queue)).toMatchObject({ ready: 1 });
    expect(await left(held)).toEqual(['a again', 'c again']);
  });

  test('tag 0 with multiple means what is held when it comes, not what is delivered later', async () => {
    const held = await holding(2);
    const { channel, queue } = held;
    channel.send('basic.ack', { deliveryTag: 0n, multiple: true });
    channel.publish('', queue, 'c');
    await channel.call('tx.commit');
    channel.send('basic.ack', { deliveryTag: 0n, multiple: true });
    expect(await channel.get(queue)).toMatchObject({ redelivered: false });
    await channel.call('tx.commit');
    expect(await left(held)).toEqual(['c again']);
  });

  test('single acks before a multiple one keep their meaning', async () => {
    const held = await holding(4);
    const { channel } = held;
    channel.send('basic.nack', { deliveryTag: 2n, requeue: true });
    channel.send('basic.ack', { deliveryTag: 3n, multiple: true });
    await channel.call('tx.commit');
    expect(await left(held)).toEqual(['b again', 'd again']);
  });

  test.each([
    ['a tag that was never given out', 9n, []],
    ['a tag that is acknowledged in this transaction', 1n, [{ deliveryTag: 1n }]],
    ['a tag that lies under a multiple ack of this transaction', 1n, [{ deliveryTag: 2n, multiple: true }]],
    ['tag 0 without multiple', 0n, []],
  ])('%s is unknown', async (_, deliveryTag, before) => {
    const { channel } = await holding(2);
    for (const ack of before) channel.send('basic.ack', ack);
    channel.send('basic.ack', { deliveryTag });
    expect(await channel.failure()).toEqual(closing(406, `unknown delivery tag ${deliveryTag}`, 'basic.ack'));
  });

  test('credit comes back with the commit', async () => {
    const { channel, queue } = await scenario();
    for (const body of ['a', 'b']) channel.publish('', queue, body);
    await channel.call('tx.commit');
    await channel.call('basic.qos', { prefetchCount: 1 });
    await channel.consume(queue);
    const [first] = await channel.deliver(1);
    channel.send('basic.ack', { deliveryTag: first?.deliveryTag ?? 0n });
    await channel.sync();
    expect(channel.deliveries.waiting).toEqual([]);
    await channel.call('tx.commit');
    expect(bodies(await channel.deliver(1))).toEqual(['b']);
  });
});

describe('modes', () => {
  test('selecting twice is fine', async () => {
    const { channel } = await scenario();
    await channel.call('tx.select');
    await channel.call('tx.commit');
    await channel.call('tx.rollback');
  });

  test.each(['tx.commit', 'tx.rollback'] as const)('%s needs a transactional channel', async (method) => {
    const channel = await openChannel();
    channel.send(method);
    expect(await channel.failure()).toEqual(closing(406, 'channel is not transactional', method));
  });

  test('a channel with confirms cannot become transactional', async () => {
    const channel = await openChannel();
    await channel.call('confirm.select');
    channel.send('tx.select');
    expect(await channel.failure()).toEqual(closing(406, 'cannot switch from confirm to tx mode', 'tx.select'));
  });

  test('a transactional channel cannot have confirms', async () => {
    const { channel } = await scenario();
    channel.send('confirm.select');
    expect(await channel.failure()).toEqual(closing(406, 'cannot switch from tx to confirm mode', 'confirm.select'));
  });
});
