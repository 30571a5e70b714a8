/**
 * Policies, limits and vhosts of a running broker, as its clients come to feel them. The broker runs in this process,
 * because nothing but a program that embeds it can change them.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Broker as Embedded } from '../../../src/index.js';
import { type Broker, isReferee } from '../../support/broker.js';
import { startEmbedded } from '../../support/embedded.js';
import { closing } from '../../support/methods.js';
import { bodies } from '../../support/raw-channel.js';
import { RawClient } from '../../support/raw-client.js';
import { useRawConnections } from '../../support/raw-connections.js';
import { eventually } from '../../support/waiting.js';

let embedded: Embedded;
let broker: Broker;

beforeAll(async () => {
  ({ embedded, broker } = await startEmbedded());
});
afterAll(() => embedded.stop());

const { connect, openChannel } = useRawConnections(() => broker);

/** Creates a vhost that the guest may use. */
async function openVhost(vhost: string): Promise<void> {
  await embedded.administration.createVhost(vhost);
  await embedded.administration.users.setPermissions({
    user: 'guest',
    vhost,
    configure: '.*',
    write: '.*',
    read: '.*',
  });
}

/** What the broker says when it does not let a client in. */
async function refusal(virtualHost = '/'): Promise<unknown> {
  const client = await RawClient.dial(broker);
  client.tune({ ...(await client.startUp()), heartbeat: 0 });
  client.send('connection.open', { virtualHost });
  return client.failure();
}

describe.skipIf(isReferee)('a policy', () => {
  const set = (definition: Record<string, unknown>) =>
    embedded.administration.setPolicy('policy', { vhost: '/', name: 'p', pattern: '^policed', definition });

  beforeEach(async () => {
    await embedded.administration.clearPolicy('policy', '/', 'p');
  });

  test('limits a queue that is there, and lets go of it again', async () => {
    const channel = await openChannel();
    const { queue } = await channel.call('queue.declare', { queue: 'policed.length', exclusive: true });
    await channel.call('confirm.select');
    const publish = async (count: number) => {
      for (let n = 0; n < count; n++) channel.publish('', queue, `${n}`);
      let done = 0;
      while (done < count) done = Number((await channel.confirms.next('a confirm')).deliveryTag) - published;
      published += count;
    };
    let published = 0;
    await publish(5);
    expect(await set({ 'max-length': 2 })).toBeNull();
    const ready = async () => (await channel.counts(queue)).ready;
    await eventually('the queue to be shortened', ready, (count) => count === 2);
    await publish(5);
    expect(await ready()).toBe(2);
    await embedded.administration.clearPolicy('policy', '/', 'p');
    await publish(5);
    expect((await channel.counts(queue)).ready).toBe(7);
  });

  test('refuses publishers, and sends dead letters on', async () => {
    const channel = await openChannel();
    const dead = (await channel.call('queue.declare', { exclusive: true })).queue;
    const { queue } = await channel.call('queue.declare', { queue: 'policed.dlx', exclusive: true });
    await channel.call('confirm.select');
    await set({
      'max-length': 1,
      overflow: 'reject-publish-dlx',
      'dead-letter-exchange': '',
      'dead-letter-routing-key': dead,
    });
    for (const body of ['1', '2']) channel.publish('', queue, body);
    expect((await channel.confirms.next('the first confirm')).name).toBe('basic.ack');
    expect((await channel.confirms.next('the second confirm')).name).toBe('basic.nack');
    await channel.consume(dead, { noAck: true });
    expect(bodies(await channel.deliver(1))).toEqual(['2']);
  });

  test('gives an exchange an alternate one', async () => {
    const channel = await openChannel();
    await channel.call('exchange.declare', { exchange: 'policed.exchange', type: 'direct', autoDelete: true });
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    await channel.call('queue.bind', { queue, exchange: 'amq.fanout' });
    channel.publish('policed.exchange', 'k', 'lost', { mandatory: true });
    expect(bodies(await channel.returns.take(1, 'the return'))).toEqual(['lost']);
    await set({ 'alternate-exchange': 'amq.fanout' });
    await channel.consume(queue, { noAck: true });
    channel.publish('policed.exchange', 'k', 'found', { mandatory: true });
    expect(bodies(await channel.deliver(1))).toEqual(['found']);
    await channel.call('exchange.delete', { exchange: 'policed.exchange' });
  });
});

describe.skipIf(isReferee)('limits', () => {
  test('of a vhost keep further connections out until one is gone', async () => {
    await openVhost('small');
    await embedded.administration.setLimits('vhost', 'small', { 'max-connections': 1, 'max-queues': 0 });
    const client = await connect({ virtualHost: 'small' });
    const text = "access to vhost 'small' refused for user 'guest': connection limit (1) is reached";
    expect(await refusal('small')).toEqual(closing(530, text, 'connection.open'));
    const channel = await client.openChannel();
    channel.send('queue.declare', { queue: 'q' });
    const queueText = "cannot declare queue 'q': queue limit in vhost 'small' (0) is reached";
    expect(await channel.failure()).toEqual(closing(406, queueText, 'queue.declare'));
    await client.close();
    await (await connect({ virtualHost: 'small' })).close();
    await embedded.administration.deleteVhost('small');
  });

  test('of a user end a connection that opens too many channels', async () => {
    await embedded.administration.setLimits('user', 'guest', { 'max-channels': 2 });
    const client = await connect();
    for (let round = 0; round < 5; round++) await (await client.openChannel(1)).close();
    for (const number of [1, 2]) await client.openChannel(number);
    client.channel(3).send('channel.open');
    const text = "number of channels opened for user 'guest' has reached the maximum allowed user limit of (2)";
    expect(await client.failure()).toMatchObject({ replyCode: 530, replyText: `NOT_ALLOWED - ${text}` });
    await embedded.administration.clearLimits('user', 'guest');
  });

  test('of a user that are set later count the channels that are open by then', async () => {
    const client = await connect();
    for (const number of [1, 2]) await client.openChannel(number);
    await embedded.administration.setLimits('user', 'guest', { 'max-channels': 2 });
    client.channel(3).send('channel.open');
    expect(await client.failure()).toMatchObject({ replyCode: 530 });
    await embedded.administration.clearLimits('user', 'guest');
    const free = await connect();
    for (const number of [1, 2, 3]) await free.openChannel(number);
    await free.close();
  });
});

describe.skipIf(isReferee)('a vhost', () => {
  test('has names of its own, and takes its connections along when it is deleted', async () => {
    expect(await refusal('new')).toEqual(closing(530, 'vhost new not found', 'connection.open'));
    await openVhost('new');
    const inside = await connect({ virtualHost: 'new' });
    const channel = await inside.openChannel();
    await channel.call('queue.declare', { queue: 'twin' });
    const outside = await openChannel();
    await outside.call('queue.declare', { queue: 'twin', exclusive: true });
    channel.publish('', 'twin', 'inside');
    expect((await channel.get('twin'))?.body.toString()).toBe('inside');
    expect(await outside.get('twin')).toBeNull();

    await embedded.administration.deleteVhost('new');
    expect(await inside.failure()).toEqual(closing(320, "vhost 'new' is deleted"));
    expect(await refusal('new')).toEqual(closing(530, 'vhost new not found', 'connection.open'));
    expect(await outside.counts('twin')).toEqual({ ready: 0, consumers: 0 });
  });

  test('is deleted with long queues whose messages are held, and the broker goes on', async () => {
    await openVhost('held');
    const holder = await (await connect({ virtualHost: 'held' })).openChannel();
    for (const queue of ['first', 'second']) {
      await holder.call('queue.declare', { queue });
      for (let i = 0; i < 600; i++) holder.publish('', queue, `${i}`);
      expect((await holder.get(queue))?.body.toString()).toBe('0');
    }
    await embedded.administration.deleteVhost('held');
    await holder.client.failure();
    const outside = await openChannel();
    for (let i = 0; i < 100; i++) {
      const { queue } = await outside.call('queue.declare', { exclusive: true });
      outside.publish('', queue, 'x');
    }
    await holder.client.ended();
    await outside.sync();
    for (let i = 0; i < 4; i++) await (await openChannel()).sync();
  });
});

describe.skipIf(isReferee)('connections', () => {
  test('are listed under the names that their clients gave them, until they are closed', async () => {
    await openVhost('named');
    const listed = async () => (await embedded.administration.connections()).filter(({ vhost }) => vhost === 'named');
    const orders = await connect({ virtualHost: 'named', name: 'orders' });
    const nameless = await connect({ virtualHost: 'named' });
    for (const number of [1, 2]) await orders.openChannel(number);
    expect(await listed()).toMatchObject([
      { user: 'guest', name: 'orders', channels: 2 },
      { user: 'guest', name: null, channels: 0 },
    ]);
    await orders.close();
    expect(await listed()).toMatchObject([{ name: null }]);
    nameless.cut();
    await eventually('the connection to be gone', listed, ({ length }) => length === 0);
    await embedded.administration.deleteVhost('named');
  });
});
