/**
 * The first messages of a queue are dropped, so many and no more, by the HTTP API: each is dropped once, or is there
 * still, wherever it was, and what was dropped stays so after a restart.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Channel, type ConfirmChannel, connect, type Options } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { startEmbedded } from '../../support/embedded.js';
import { deferred, eventually, PATIENCE_MS, within } from '../../support/waiting.js';
import { HttpApi, useHttpApi } from '../support/http-client.js';

const api = useHttpApi();

async function client(from: HttpApi = api()): Promise<ConfirmChannel> {
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${from.broker.port}`);
  onTestFinished(() => connection.close().catch(() => {}));
  return connection.createConfirmChannel();
}

async function fill(channel: ConfirmChannel, queue: string, bodies: readonly string[], options: Options.Publish = {}) {
  for (const [i, body] of bodies.entries()) {
    channel.sendToQueue(queue, Buffer.from(body), options);
    if (i % 200 === 199) await channel.waitForConfirms();
  }
  await channel.waitForConfirms();
}

const numbers = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => `${from + i}`);

async function purge(queue: string, count: number | string, from: HttpApi = api()): Promise<void> {
  const answer = await from.delete(`/queues/%2F/${queue}/contents?count=${count}`);
  expect(answer, answer.text).toMatchObject({ status: 204 });
}

/** Takes all that is ready, by its numbers. */
async function drained(channel: Channel, queue: string): Promise<string[]> {
  const { messageCount } = await channel.checkQueue(queue);
  const got: string[] = [];
  if (messageCount === 0) return got;
  const all = deferred<void>();
  const { consumerTag } = await channel.consume(
    queue,
    (message) => {
      got.push(message?.content.toString().trimEnd() ?? 'cancelled');
      if (got.length === messageCount) all.resolve();
    },
    { noAck: true },
  );
  await within(PATIENCE_MS, `${messageCount} messages of ${queue}`, all.promise, () => `${got.length} came`);
  await channel.cancel(consumerTag);
  expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 0 });
  return got;
}

test('so many as are asked for go, the first; the others keep their order, and none is marked', async () => {
  const channel = await client();
  await channel.assertQueue('some');
  await fill(channel, 'some', numbers(2_000));
  await purge('some', 1);
  await purge('some', 1_299);
  expect(await channel.checkQueue('some')).toMatchObject({ messageCount: 700 });
  const first = await channel.get('some', { noAck: true });
  expect(first && [first.content.toString(), first.fields.redelivered]).toEqual(['1300', false]);
  expect(await drained(channel, 'some')).toEqual(numbers(699, 1_301));
});

test('more than there are is all that is ready, and what is with a consumer is not', async () => {
  const channel = await client();
  await channel.assertQueue('few');
  await fill(channel, 'few', numbers(5));
  const held = await channel.get('few');
  await purge('few', 1_000_000);
  expect(await channel.checkQueue('few')).toMatchObject({ messageCount: 0 });
  if (held !== false) channel.nack(held);
  await channel.recover();
  expect(await drained(channel, 'few')).toEqual(['0']);
  // Without a number, and with an empty one: all.
  await fill(channel, 'few', numbers(3));
  await purge('few', '');
  expect(await channel.checkQueue('few')).toMatchObject({ messageCount: 0 });
});

test('of several priorities the highest goes first, and what was given back is among the first', async () => {
  const channel = await client();
  await channel.assertQueue('ranked', { maxPriority: 2 });
  await fill(channel, 'ranked', ['low', 'lower'], { priority: 0 });
  await fill(channel, 'ranked', ['high', 'higher'], { priority: 2 });
  const held = await channel.get('ranked');
  if (held !== false) channel.nack(held);
  await channel.recover();
  await purge('ranked', 1);
  expect(await drained(channel, 'ranked')).toEqual(['higher', 'low', 'lower']);
});

test('of messages that had no room in memory so many go as were asked for, and no more', async () => {
  const { embedded } = await startEmbedded(undefined, { memory: 64 << 20, management: { host: '127.0.0.1', port: 0 } });
  onTestFinished(() => embedded.stop());
  const from = new HttpApi(embedded);
  const channel = await client(from);
  const [messages, octets] = [1_200, 100_000];
  await channel.assertQueue('long');
  await fill(
    channel,
    'long',
    numbers(messages).map((text) => text.padEnd(octets)),
  );
  // Into what is in memory, into what is not, and to what stands behind it.
  let left = messages;
  for (const count of [3, 500, 1, 400]) {
    await purge('long', count, from);
    left -= count;
    expect(await channel.checkQueue('long')).toMatchObject({ messageCount: left });
  }
  expect(await drained(channel, 'long')).toEqual(numbers(left, messages - left));
});

test('what was dropped is gone after a restart, and nothing else', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'leveret-purge-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const management = { host: '127.0.0.1', port: 0 };
  const first = await startEmbedded(directory, { management });
  const channel = await client(new HttpApi(first.embedded));
  await channel.assertQueue('kept');
  await fill(channel, 'kept', numbers(1_000), { persistent: true });
  await purge('kept', 640, new HttpApi(first.embedded));
  await first.embedded.stop();
  const second = await startEmbedded(directory, { management });
  onTestFinished(() => second.embedded.stop());
  const again = await client(new HttpApi(second.embedded));
  expect(await drained(again, 'kept')).toEqual(numbers(360, 640));
});

test('several purges, a consumer and a publisher at once: each message is dropped or consumed, once', async () => {
  const channel = await client();
  await channel.assertQueue('busy');
  const messages = 6_000;
  await fill(channel, 'busy', numbers(messages));
  const got: string[] = [];
  const taking = await client();
  await taking.prefetch(50);
  await taking.consume('busy', (message) => {
    if (message === null) return;
    got.push(message.content.toString());
    taking.ack(message);
  });
  await Promise.all([purge('busy', 700), purge('busy', 1_100), fill(channel, 'busy', numbers(1_000, messages))]);
  await eventually(
    'the end of the queue',
    async () => (await channel.checkQueue('busy')).messageCount,
    (count) => count === 0,
  );
  await purge('busy', 1);
  await eventually(
    'what is unacknowledged',
    async () => (await api().get('/queues/%2F/busy')).json as { readonly messages: number },
    (queue) => queue.messages === 0,
  );
  expect(new Set(got).size).toBe(got.length);
  // The consumer may have been faster than the purges.
  expect(got.length).toBeGreaterThanOrEqual(messages + 1_000 - 1_800);
});

test('it is for those who may read the queue, of a queue that is nobody else’s, and by a whole number', async () => {
  const channel = await client();
  await channel.assertQueue('guarded');
  await fill(channel, 'guarded', numbers(2));
  const { users } = api().broker.administration;
  await users.add('blind', 'secret', ['management']);
  await users.setPermissions({ user: 'blind', vhost: '/', configure: '.*', write: '.*', read: '' });
  const blind = api().as({ user: 'blind', password: 'secret' });
  const all = await blind.delete('/queues/%2F/guarded/contents');
  expect(await blind.delete('/queues/%2F/guarded/contents?count=1')).toMatchObject({
    status: all.status,
    json: all.json,
  });
  for (const count of ['0', '-1', '1.5', 'many', '1e3', '9999999999'])
    expect(await api().delete(`/queues/%2F/guarded/contents?count=${count}`), count).toMatchObject({
      status: 400,
      json: { error: 'bad_request', reason: 'count must be a whole number from 1 to 999999999' },
    });
  expect(await channel.checkQueue('guarded')).toMatchObject({ messageCount: 2 });
  const { queue } = await channel.assertQueue('', { exclusive: true });
  const locked = await api().delete(`/queues/%2F/${queue}/contents`);
  expect(await api().delete(`/queues/%2F/${queue}/contents?count=1`)).toMatchObject({
    status: locked.status,
    json: locked.json,
  });
  expect(await api().delete('/queues/%2F/nowhere/contents?count=1')).toMatchObject({ status: 404 });
});
