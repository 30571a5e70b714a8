/**
 * Taking messages one by one.
 */
import { expect, test } from 'vitest';
import { useBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import { useRawConnections } from '../../support/raw-connections.js';

const broker = useBroker();
const name = useNames(broker);
const { openChannel } = useRawConnections(broker);

test('an empty queue is answered with get-empty', async () => {
  const channel = await openChannel();
  const { queue } = await channel.call('queue.declare', { exclusive: true });
  expect(await channel.get(queue)).toBeNull();
});

test('the answer counts what remains, and the messages come in order', async () => {
  const channel = await openChannel();
  const { queue } = await channel.call('queue.declare', { exclusive: true });
  for (const body of ['a', 'b', 'c']) channel.publish('', queue, body);
  await channel.sync();
  for (const [body, messageCount] of [
    ['a', 2],
    ['b', 1],
    ['c', 0],
  ] as const) {
    const got = await channel.get(queue, true);
    expect([got?.body.toString(), got?.messageCount]).toEqual([body, messageCount]);
  }
});

test('many gets that are under way at once are answered in order', async () => {
  const channel = await openChannel();
  const { queue } = await channel.call('queue.declare', { exclusive: true });
  for (let i = 0; i < 50; i++) channel.publish('', queue, `${i}`);
  await channel.sync();
  for (let i = 0; i < 60; i++) channel.send('basic.get', { queue, noAck: true });
  const gets = await channel.gets.take(50, 'messages');
  expect(gets.map((got) => Number(got.body))).toEqual(Array.from({ length: 50 }, (_, i) => i));
  const replies = await channel.replies.take(60, 'answers');
  expect(replies.filter((reply) => reply.name === 'basic.get-empty')).toHaveLength(10);
});

test('prefetch does not hold back get', async () => {
  const channel = await openChannel();
  const { queue } = await channel.call('queue.declare', { exclusive: true });
  await channel.call('basic.qos', { prefetchCount: 1 });
  for (const body of ['a', 'b', 'c']) channel.publish('', queue, body);
  await channel.sync();
  for (let i = 0; i < 3; i++) expect(await channel.get(queue)).not.toBeNull();
});

test('a message that was got and not acknowledged goes back when the channel closes', async () => {
  const channel = await openChannel();
  const queue = name();
  await channel.call('queue.declare', { queue });
  channel.publish('', queue, 'x');
  await channel.sync();
  expect(await channel.get(queue)).toMatchObject({ redelivered: false });
  await channel.close();
  const again = await openChannel();
  expect(await again.get(queue)).toMatchObject({ redelivered: true });
});

test('a large message can be got', async () => {
  const channel = await openChannel();
  const { queue } = await channel.call('queue.declare', { exclusive: true });
  const body = Buffer.alloc(3_000_000, 'large');
  channel.publish('', queue, body);
  await channel.sync();
  const got = await channel.get(queue, true);
  expect(got?.body.equals(body)).toBe(true);
  expect(await channel.get(queue)).toBeNull();
});

test('a queue that does not exist is 404', async () => {
  const channel = await openChannel();
  const queue = name();
  channel.send('basic.get', { queue });
  expect(await channel.failure()).toEqual(closing(404, `no queue '${queue}' in vhost '/'`, 'basic.get'));
});
