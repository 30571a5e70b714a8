/**
 * Channels: opening, closing, numbers, and what happens on a channel that is not open.
 */
import { expect, test } from 'vitest';
import { useBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import { useRawConnections } from '../../support/raw-connections.js';

const broker = useBroker();
const name = useNames(broker);
const { connect } = useRawConnections(broker);

test('a channel can be opened, closed and opened again under its number', async () => {
  const client = await connect();
  for (let round = 0; round < 3; round++) {
    const channel = await client.openChannel(7);
    await channel.close();
  }
});

test('channels of one connection do not disturb each other', async () => {
  const client = await connect();
  const failing = await client.openChannel(1);
  const healthy = await client.openChannel(2);
  failing.send('queue.declare', { queue: name('missing'), passive: true });
  await failing.failure();
  await healthy.sync();
});

test('a channel that was closed by an error can be opened again', async () => {
  const client = await connect();
  const channel = await client.openChannel(1);
  channel.send('exchange.declare', { exchange: name('missing'), passive: true });
  await channel.failure();
  const again = await client.openChannel(1);
  await again.sync();
});

test('opening an open channel is a connection error 504', async () => {
  const client = await connect();
  const channel = await client.openChannel(1);
  channel.send('channel.open');
  expect(await client.failure()).toEqual(closing(504, "second 'channel.open' seen", 'channel.open'));
});

test('a method on a channel that was never opened is a connection error 504', async () => {
  const client = await connect();
  client.channel(3).send('queue.declare', { queue: name() });
  expect(await client.failure()).toEqual(closing(504, "expected 'channel.open'", 'queue.declare'));
});

test('a publish on a channel that was never opened is a connection error 504', async () => {
  const client = await connect();
  client.channel(3).publish('', name(), 'lost');
  expect(await client.failure()).toMatchObject({
    replyCode: 504,
    replyText: "CHANNEL_ERROR - expected 'channel.open'",
  });
});

test('a method on a channel that the client has closed is a connection error 504', async () => {
  const client = await connect();
  const channel = await client.openChannel(1);
  await channel.close();
  channel.send('basic.qos', { prefetchCount: 1 });
  expect(await client.failure()).toEqual(closing(504, "expected 'channel.open'", 'basic.qos'));
});

test('channel.open on channel 0 is a connection error 504', async () => {
  const client = await connect();
  client.send('channel.open');
  expect(await client.failure()).toMatchObject({ replyCode: 504 });
});

test('one channel more than negotiated is a connection error 530', async () => {
  const client = await connect({ tune: { channelMax: 2 } });
  await client.openChannel(1);
  await client.openChannel(2);
  client.channel(3).send('channel.open');
  expect(await client.failure()).toMatchObject({
    replyCode: 530,
    replyText: 'NOT_ALLOWED - number of channels opened (2) has reached the negotiated channel_max (2)',
  });
});

test('a channel may have any number up to 65535, however few channels were negotiated', async () => {
  const client = await connect({ tune: { channelMax: 3 } });
  const queue = name();
  const numbers = [65_535, 2_048, 4_096];
  const channels = await Promise.all(numbers.map((number) => client.openChannel(number)));
  await channels[0]?.call('queue.declare', { queue });
  for (const channel of channels) {
    channel.publish('', queue, `over ${channel.number}`);
    await channel.sync();
  }
  for (const channel of channels) {
    const message = await channel.get(queue, true);
    expect(message?.body.toString()).toBe(`over ${channel.number}`);
  }
});

// Thousands of round trips, each through a bridge where the transport is WebSocket.
test('a client that never uses a number twice goes on for as long as it likes', async () => {
  const client = await connect({ tune: { channelMax: 2 } });
  let last = await client.openChannel(1);
  for (let number = 2; number <= 2_500; number++) {
    const next = await client.openChannel(number);
    await last.close();
    last = next;
  }
  await last.sync();
});

test('what counts are the channels that are open, not how many there have been', async () => {
  const client = await connect({ tune: { channelMax: 2 } });
  const first = await client.openChannel(30_000);
  await client.openChannel(40_000);
  await first.close();
  await client.openChannel(50_000);
  client.channel(5).send('channel.open');
  expect(await client.failure()).toMatchObject({
    replyCode: 530,
    replyText: 'NOT_ALLOWED - number of channels opened (2) has reached the negotiated channel_max (2)',
  });
});

test('between the close of a channel by the broker and close-ok, what the client sends there is dropped', async () => {
  const client = await connect();
  const channel = await client.openChannel(1);
  const queue = name();
  await channel.call('queue.declare', { queue });
  channel.send('queue.declare', { queue: name('missing'), passive: true });
  // All of this is under way when the broker closes the channel.
  channel.publish('', queue, 'dropped');
  channel.send('basic.ack', { deliveryTag: 99n });
  channel.send('queue.delete', { queue });
  await channel.failure();
  const other = await client.openChannel(2);
  expect(await other.counts(queue)).toEqual({ ready: 0, consumers: 0 });
});

test('flow is answered when it asks to go on, and refused with 540 when it asks to stop', async () => {
  const client = await connect();
  const channel = await client.openChannel(1);
  expect(await channel.call('channel.flow', { active: true })).toMatchObject({ active: true });
  channel.send('channel.flow', { active: false });
  expect(await client.failure()).toEqual(closing(540, 'active=false', 'channel.flow'));
});

test('access.request of the older protocol is granted', async () => {
  const channel = await (await connect()).openChannel();
  expect(await channel.call('access.request', { realm: '/data' })).toMatchObject({ ticket: 1 });
});

test('a hard error on one channel closes the connection with all its channels', async () => {
  const client = await connect();
  await client.openChannel(1);
  const channel = await client.openChannel(2);
  channel.send('basic.qos', { prefetchSize: 10 });
  expect(await client.failure()).toEqual(closing(540, 'prefetch_size!=0 (10)', 'basic.qos'));
});
