/** Queues that an operator pauses and lets go on: what their clients see of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChannelModel, type ConfirmChannel, connect, type Options } from 'amqplib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Broker } from '../../src/index.js';
import { startEmbedded } from '../support/embedded.js';
import { PATIENCE } from '../support/waiting.js';
import { HttpApi, useHttpApi } from './support/http-client.js';

const api = useHttpApi();
const open: ChannelModel[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close().catch(() => {})));
});

async function channel(broker: Broker = api().broker): Promise<ConfirmChannel> {
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${broker.port}/`);
  connection.on('error', () => {});
  open.push(connection);
  return connection.createConfirmChannel();
}

async function pause(queue: string, how: 'pause' | 'resume' = 'pause'): Promise<void> {
  expect((await api().put(`/queues/%2F/${queue}/${how}`, {})).status).toBe(204);
}

async function publish(client: ConfirmChannel, queue: string, ...bodies: readonly string[]): Promise<void> {
  for (const body of bodies) client.sendToQueue(queue, Buffer.from(body));
  await client.waitForConfirms();
}

/** The bodies that a consumer has got, as they come. */
async function consume(client: ConfirmChannel, queue: string, options: Options.Consume = {}): Promise<string[]> {
  const bodies: string[] = [];
  await client.consume(queue, (message) => bodies.push(message?.content.toString() ?? 'cancelled'), options);
  return bodies;
}

/** What was said before is done, and what could be delivered by then is. */
async function settled(...clients: readonly ConfirmChannel[]): Promise<void> {
  for (const client of clients) await client.assertQueue('', { exclusive: true });
}

describe('a paused queue', () => {
  it('takes messages and delivers none, to consumers of any worker, until it goes on', async () => {
    const clients = await Promise.all([channel(), channel(), channel()]);
    const [publisher] = clients;
    await publisher.assertQueue('halted');
    const seen = await Promise.all(clients.map((client) => consume(client, 'halted', { noAck: true })));
    await pause('halted');
    await publish(publisher, 'halted', 'a', 'b', 'c');
    await settled(...clients);
    expect(seen).toEqual([[], [], []]);
    expect((await publisher.checkQueue('halted')).messageCount).toBe(3);
    await pause('halted', 'resume');
    await vi.waitFor(() => expect(seen.flat().sort()).toEqual(['a', 'b', 'c']), PATIENCE);
  });

  it('is listed as such', async () => {
    const client = await channel();
    await client.assertQueue('listed');
    const state = async (): Promise<unknown[]> => {
      const one = (await api().get('/queues/%2F/listed')).json as { readonly state: unknown };
      const all = (await api().get('/queues/%2F')).json as readonly { name: string; state: unknown }[];
      return [one.state, all.find(({ name }) => name === 'listed')?.state];
    };
    await pause('listed');
    await vi.waitFor(async () => expect(await state()).toEqual(['paused', 'paused']), PATIENCE);
    await pause('listed');
    await pause('listed', 'resume');
    await vi.waitFor(async () => expect(await state()).toEqual(['running', 'running']), PATIENCE);
  });

  it('answers basic.get as an empty one does', async () => {
    const client = await channel();
    await client.assertQueue('got');
    await publish(client, 'got', 'a');
    await pause('got');
    expect(await client.get('got', { noAck: true })).toBe(false);
    await pause('got', 'resume');
    expect(await client.get('got', { noAck: true })).toMatchObject({ content: Buffer.from('a') });
  });

  it('lets messages expire and go to its dead letter exchange', async () => {
    const client = await channel();
    await client.assertQueue('grave');
    await client.assertQueue('mortal', { messageTtl: 20, deadLetterExchange: '', deadLetterRoutingKey: 'grave' });
    const seen = await consume(client, 'mortal');
    const dead = await consume(client, 'grave', { noAck: true });
    await pause('mortal');
    await publish(client, 'mortal', 'a');
    await vi.waitFor(() => expect(dead).toEqual(['a']), PATIENCE);
    expect(seen).toEqual([]);
  });

  it('takes acknowledgements, and what is given back waits in its place', async () => {
    const client = await channel();
    await client.assertQueue('settling');
    await publish(client, 'settling', 'a', 'b', 'c');
    await client.prefetch(2);
    const bodies: string[] = [];
    await client.consume('settling', (message) => {
      if (message === null) return;
      bodies.push(message.content.toString());
      if (bodies.length > 2) client.ack(message);
    });
    await vi.waitFor(() => expect(bodies).toEqual(['a', 'b']), PATIENCE);
    await pause('settling');
    client.nackAll(true);
    await settled(client);
    expect((await client.checkQueue('settling')).messageCount).toBe(3);
    await pause('settling', 'resume');
    await vi.waitFor(() => expect(bodies).toEqual(['a', 'b', 'a', 'b', 'c']), PATIENCE);
  });

  it('has its single active consumer, which gets what has come when it goes on, though another has left', async () => {
    const [first, second] = [await channel(), await channel()];
    await first.assertQueue('single', { arguments: { 'x-single-active-consumer': true } });
    const { consumerTag } = await first.consume('single', () => expect.unreachable('it was cancelled'));
    const seen = await consume(second, 'single', { noAck: true });
    await pause('single');
    await publish(second, 'single', 'a');
    await first.cancel(consumerTag);
    await settled(first, second);
    expect(seen).toEqual([]);
    await pause('single', 'resume');
    await vi.waitFor(() => expect(seen).toEqual(['a']), PATIENCE);
  });

  it('can be emptied, and deleted', async () => {
    const client = await channel();
    await client.assertQueue('emptied');
    await pause('emptied');
    await publish(client, 'emptied', 'a');
    expect((await client.purgeQueue('emptied')).messageCount).toBe(1);
    await publish(client, 'emptied', 'b');
    expect((await client.deleteQueue('emptied')).messageCount).toBe(1);
    await client.assertQueue('emptied');
    await vi.waitFor(
      async () => expect((await api().get('/queues/%2F/emptied')).json).toMatchObject({ state: 'running' }),
      PATIENCE,
    );
  });

  it('must be there, and be the caller’s to configure', async () => {
    expect((await api().put('/queues/%2F/nowhere/pause', {})).status).toBe(404);
    await (await channel()).assertQueue('guarded');
    const { users } = api().broker.administration;
    await users.add('reader', 'secret', ['management']);
    await users.setPermissions({ user: 'reader', vhost: '/', configure: '', write: '', read: '.*' });
    const reader = api().as({ user: 'reader', password: 'secret' });
    expect(await reader.put('/queues/%2F/guarded/pause', {})).toMatchObject({
      status: 401,
      json: { error: 'not_authorised', reason: "access to queue 'guarded' in vhost '/' refused for user 'reader'" },
    });
  });

  it('stays so over a restart, if it is durable', async () => {
    const data = await mkdtemp(join(tmpdir(), 'leveret-paused-'));
    const options = { management: { host: '127.0.0.1', port: 0 } };
    try {
      const before = await startEmbedded(data, options);
      const client = await channel(before.embedded);
      await client.assertQueue('lasting', { durable: true });
      await client.assertQueue('other', { durable: true });
      client.sendToQueue('lasting', Buffer.from('a'), { persistent: true });
      await client.waitForConfirms();
      const { administration } = before.embedded;
      expect(await administration.pauseQueue('/', 'lasting', true)).toBe(true);
      expect(await administration.pauseQueue('/', 'other', true)).toBe(true);
      expect(await administration.pauseQueue('/', 'other', false)).toBe(true);
      expect(await administration.pauseQueue('/', 'nowhere', true)).toBe(false);
      await administration.saved();
      await before.embedded.stop();

      const after = await startEmbedded(data, options);
      const states = (await new HttpApi(after.embedded).get('/queues?columns=name,state&sort=name')).json;
      expect(states).toEqual([
        { name: 'lasting', state: 'paused' },
        { name: 'other', state: 'running' },
      ]);
      const again = await channel(after.embedded);
      const seen = await consume(again, 'lasting', { noAck: true });
      await settled(again);
      expect(seen).toEqual([]);
      await after.embedded.administration.pauseQueue('/', 'lasting', false);
      await vi.waitFor(() => expect(seen).toEqual(['a']), PATIENCE);
      await after.embedded.stop();
    } finally {
      await rm(data, { recursive: true, force: true });
    }
  });
});
