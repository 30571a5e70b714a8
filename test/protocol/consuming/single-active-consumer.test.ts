/**
 * x-single-active-consumer as its consumers see it: one of them gets the messages, the next takes over.
 */
import { expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { useBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import { bodies } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';

const broker = useBroker();
const name = useNames(broker);
const { openChannel } = useRawConnections(broker);

async function scenario() {
  const channel = await openChannel();
  const queue = name('single');
  await channel.call('queue.declare', { queue, arguments: table({ 'x-single-active-consumer': true }) });
  const first = await openChannel();
  const second = await openChannel();
  const tag = await first.consume(queue);
  await second.consume(queue);
  return { channel, queue, first, second, tag };
}

test('the first consumer gets everything; when it is cancelled, the second goes on', async () => {
  const { channel, queue, first, second, tag } = await scenario();
  expect(await channel.counts(queue)).toEqual({ ready: 0, consumers: 2 });
  for (const body of ['1', '2', '3']) channel.publish('', queue, body);
  const got = await first.deliver(3);
  expect(bodies(got)).toEqual(['1', '2', '3']);
  expect(second.deliveries.waiting).toEqual([]);

  await first.call('basic.cancel', { consumerTag: tag });
  channel.publish('', queue, '4');
  expect(bodies(await second.deliver(1))).toEqual(['4']);
  expect(first.deliveries.waiting).toEqual([]);
});

test('when its connection is cut, the second gets what it had not acknowledged', async () => {
  const { channel, queue, first, second } = await scenario();
  channel.publish('', queue, '1');
  await first.deliver(1);
  first.client.cut();
  const [again] = await second.deliver(1);
  expect(again).toMatchObject({ redelivered: true });
  expect(again?.body.toString()).toBe('1');
});

test('those that stand by are told when the queue is deleted', async () => {
  const { channel, queue, first, second } = await scenario();
  await channel.call('queue.delete', { queue });
  await first.cancels.next('the cancellation of the active one');
  await second.cancels.next('the cancellation of the one that stands by');
});

test('nobody can have it for himself', async () => {
  const { queue, second } = await scenario();
  second.send('basic.consume', { queue, exclusive: true, consumerTag: 'mine' });
  const refusal = `queue '${queue}' in vhost '/' in exclusive use`;
  expect(await second.failure()).toEqual(closing(403, refusal, 'basic.consume'));
});

test('a quorum queue gives single messages to nobody then', async () => {
  const channel = await openChannel();
  const queue = name('single');
  const args = table({ 'x-queue-type': 'quorum', 'x-single-active-consumer': true });
  await channel.call('queue.declare', { queue, durable: true, arguments: args });
  channel.send('basic.get', { queue });
  const refusal =
    `cannot obtain access to locked queue '${queue}' in vhost '/'. ` +
    'basic.get operations are not supported by quorum queues with single active consumer';
  expect(await channel.failure()).toEqual(closing(405, refusal, 'basic.get'));
});

test('when one after the other dies while a publisher is busy, the next goes on, in order, and nothing is lost', async () => {
  const channel = await openChannel();
  const queue = name('single');
  await channel.call('queue.declare', { queue, arguments: table({ 'x-single-active-consumer': true }) });
  const standBy = async () => {
    const one = await openChannel();
    await one.call('basic.qos', { prefetchCount: 20 });
    await one.consume(queue);
    return { one, last: -1 };
  };
  const seen = new Set<number>();
  const takeNext = async (active: Awaited<ReturnType<typeof standBy>>) => {
    const [message] = await active.one.deliver(1);
    const number = Number(message?.body);
    expect(number).toBeGreaterThan(active.last);
    active.last = number;
    seen.add(number);
    active.one.send('basic.ack', { deliveryTag: message?.deliveryTag ?? 0n });
  };
  let [active, next] = [await standBy(), await standBy()];
  const rounds = 5;
  const sent = 200 * rounds;
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < 200; i++) channel.publish('', queue, `${200 * round + i}`);
    for (let i = 0; i < 60; i++) await takeNext(active);
    expect(next.one.deliveries.waiting).toEqual([]);
    active.one.client.cut();
    [active, next] = [next, await standBy()];
  }
  while (seen.size < sent) await takeNext(active);
  expect(next.one.deliveries.waiting).toEqual([]);
});
