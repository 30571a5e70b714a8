/**
 * Limits of what clients make, on a running broker of two workers: what those are told that meet one, in RabbitMQ's
 * words, and that limits can change while it runs.
 */
import { connect as connectSocket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { NODE_NAME } from '../../../src/broker/requests/names.js';
import { DEFAULT_LIMITS } from '../../../src/broker/requests/node-limits.js';
import type { Broker as Embedded } from '../../../src/index.js';
import { type Broker, isReferee } from '../../support/broker.js';
import { startEmbedded, troubles } from '../../support/embedded.js';
import { closing } from '../../support/methods.js';
import { RawClient } from '../../support/raw-client.js';
import { useRawConnections } from '../../support/raw-connections.js';
import { eventually } from '../../support/waiting.js';

let embedded: Embedded;
let broker: Broker;
const told: string[] = [];

beforeAll(async () => {
  ({ embedded, broker } = await startEmbedded(undefined, { log: troubles((line) => told.push(line)) }));
});
afterAll(() => embedded.stop());
afterEach(() => embedded.reconfigure({ limits: DEFAULT_LIMITS }));

const { connect } = useRawConnections(() => broker);
const limit = (limits: Partial<typeof DEFAULT_LIMITS>) => embedded.reconfigure({ limits });

/** Nobody is in. */
const empty = () =>
  eventually(
    'all connections to be gone',
    () => embedded.administration.connections(),
    (list) => list.length === 0,
  );

/** What the broker says when it does not let a client in. */
async function refusal(): Promise<unknown> {
  const client = await RawClient.dial(broker);
  client.tune({ ...(await client.startUp()), heartbeat: 0 });
  client.send('connection.open', { virtualHost: '/' });
  return client.failure();
}

/** Resolves when a socket that sends nothing is closed; with what came. */
function silence(): Promise<string> {
  return new Promise((resolve, reject) => {
    let came = '';
    const socket = connectSocket({ host: broker.host, port: broker.port });
    socket.on('data', (octets) => {
      came += String(octets);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(came));
    socket.resume();
  });
}

describe.skipIf(isReferee)('connections', () => {
  test('that are too many in all are told so, wherever they come in', async () => {
    await empty();
    await limit({ connectionMax: 3 });
    const clients = await Promise.all([connect(), connect(), connect()]);
    const text = 'connection refused: node connection limit (3) is reached';
    const refused = closing(530, text, 'connection.open');
    expect(await Promise.all([refusal(), refusal(), refusal()])).toEqual([refused, refused, refused]);
    clients[0]?.cut();
    await eventually(
      'one to be gone',
      () => embedded.administration.connections(),
      (list) => list.length === 2,
    );
    await connect();
  });

  test('that are too many from one address are closed without a word, and the operator is told', async () => {
    await empty();
    await limit({ connectionMaxPerAddress: 2 });
    await connect();
    const second = await connect();
    expect(await silence()).toBe('');
    const line = 'a connection was closed at once: there are 2 from 127.0.0.1 already (connection_max_per_address)';
    await eventually(
      'the operator to be told',
      async () => told,
      (lines) => lines.includes(line),
    );
    await second.close();
    await eventually(
      'room for another',
      () =>
        connect().then(
          () => true,
          () => false,
        ),
      (isIn) => isIn,
    );
  });

  test('that do not get through the handshake in time are closed', async () => {
    await limit({ handshakeTimeout: 500 });
    expect(await silence()).toBe('');
    const client = await RawClient.dial(broker);
    await client.startUp();
    await client.ended();
  });
});

describe.skipIf(isReferee)('channels', () => {
  test('that are too many on the node close their connection', async () => {
    await empty();
    await limit({ channelMaxPerNode: 2 });
    const [one, other] = [await connect(), await connect()];
    await one.openChannel();
    await other.openChannel();
    one.channel(2).send('channel.open');
    const text = `number of channels opened on node '${NODE_NAME}' has reached the maximum allowed limit of (2)`;
    expect(await one.failure()).toMatchObject({ replyCode: 530, replyText: `NOT_ALLOWED - ${text}` });
    await eventually(
      'its channel to be gone',
      () => embedded.administration.connections(),
      (list) => list.length === 1,
    );
    await other.openChannel();
  });

  test('of a connection are as many as it was offered', async () => {
    await limit({ channelMax: 2, frameMax: 8192 });
    const client = await RawClient.dial(broker);
    expect(await client.startUp()).toMatchObject({ channelMax: 2, frameMax: 8192 });
    client.tune({ channelMax: 3, frameMax: 8192, heartbeat: 0 });
    const text = 'negotiated channel_max = 3 is higher than the maximum allowed value (2)';
    expect(await client.failure()).toMatchObject({ replyCode: 530, replyText: `NOT_ALLOWED - ${text}` });
  });

  test('have so many consumers', async () => {
    const channel = await (await connect()).openChannel();
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    await limit({ consumerMaxPerChannel: 2 });
    for (const consumerTag of ['a', 'b']) await channel.consume(queue, { consumerTag });
    await channel.call('basic.cancel', { consumerTag: 'a' });
    await channel.consume(queue, { consumerTag: 'c' });
    channel.send('basic.consume', { queue, consumerTag: 'd' });
    const text = 'reached maximum (2) of consumers per channel';
    expect(await channel.client.failure()).toEqual(closing(530, text, 'basic.consume'));
  });
});

describe.skipIf(isReferee)('deliveries', () => {
  /** A channel and a queue with ten messages. */
  async function filled() {
    const channel = await (await connect()).openChannel();
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    for (let n = 1; n <= 10; n++) channel.publish('', queue, `${n}`);
    await channel.sync();
    return { channel, queue };
  }

  test('that are not acknowledged are so many of a channel, and its consumers wait meanwhile', async () => {
    await limit({ unackedMaxPerChannel: 4 });
    const { channel, queue } = await filled();
    await channel.consume(queue);
    const first = await channel.deliver(4);
    await channel.sync();
    expect(channel.deliveries.waiting).toEqual([]);
    expect((await channel.counts(queue)).ready).toBe(6);
    channel.send('basic.ack', { deliveryTag: first[0]?.deliveryTag ?? 0n });
    expect((await channel.deliver(1))[0]?.deliveryTag).toBe(5n);
    // One that is raised counts at once, on channels that are there too.
    await limit({ unackedMaxPerChannel: 6 });
    await channel.deliver(2);
    channel.send('basic.ack', { deliveryTag: 7n, multiple: true });
    await channel.deliver(3);
  });

  test('are not got one by one beyond that', async () => {
    await limit({ unackedMaxPerChannel: 2 });
    const { channel, queue } = await filled();
    for (let n = 0; n < 2; n++) await channel.get(queue);
    await channel.get(queue, true);
    channel.send('basic.get', { queue });
    const text = 'number of unacknowledged deliveries of the channel has reached the maximum allowed (2)';
    expect(await channel.failure()).toEqual(closing(406, text, 'basic.get'));
    const other = await channel.client.openChannel(2);
    expect((await other.counts(queue)).ready).toBe(9);
  });
});

describe.skipIf(isReferee)('messages', () => {
  test('that are too large close the channel, and nothing of them stays', async () => {
    const client = await connect();
    const channel = await client.openChannel(1);
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    await limit({ maxMessageSize: 1000 });
    await channel.call('confirm.select');
    channel.publish('', queue, Buffer.alloc(1000));
    await channel.confirms.next('a confirm');
    channel.publish('', queue, Buffer.alloc(1001));
    const text = 'message size 1001 is larger than configured max size 1000';
    expect(await channel.failure()).toEqual(closing(406, text, 'basic.publish'));
    const other = await client.openChannel(2);
    expect((await other.counts(queue)).ready).toBe(1);
    await limit({ maxMessageSize: 2000 });
    other.publish('', queue, Buffer.alloc(1001));
    await other.sync();
    expect((await other.counts(queue)).ready).toBe(2);
  });
});

describe.skipIf(isReferee)('queues, exchanges and bindings', () => {
  test('that are too many close the channel, and their names are free', async () => {
    const client = await connect();
    const { queue } = await (await client.openChannel()).call('queue.declare', { exclusive: true });
    await limit({ queueMaxPerVhost: 1, exchangeMaxPerVhost: 0, bindingMaxPerVhost: 0 });
    const refused = async (send: (channel: Awaited<ReturnType<typeof client.openChannel>>) => void) => {
      const channel = await client.openChannel();
      send(channel);
      return channel.failure();
    };
    expect(await refused((channel) => channel.send('queue.declare', { queue: 'q' }))).toEqual(
      closing(406, "cannot declare queue 'q': queue limit in vhost '/' (1) is reached", 'queue.declare'),
    );
    expect(await refused((channel) => channel.send('exchange.declare', { exchange: 'x', type: 'fanout' }))).toEqual(
      closing(406, "cannot declare exchange 'x': exchange limit in vhost '/' (0) is reached", 'exchange.declare'),
    );
    expect(await refused((channel) => channel.send('queue.bind', { queue, exchange: 'amq.fanout' }))).toEqual(
      closing(406, `cannot bind queue '${queue}': binding limit in vhost '/' (0) is reached`, 'queue.bind'),
    );
    await limit({ queueMaxPerVhost: 2, exchangeMaxPerVhost: 100, bindingMaxPerVhost: 1 });
    const channel = await client.openChannel();
    await channel.call('queue.declare', { queue: 'q', exclusive: true });
    await channel.call('exchange.declare', { exchange: 'x', type: 'fanout', autoDelete: true });
    await channel.call('queue.bind', { queue: 'q', exchange: 'x' });
  });
});
