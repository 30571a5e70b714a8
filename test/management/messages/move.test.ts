/**
 * Messages are moved by the broker itself: all, some, or those that match, each once; what leads nowhere stays where it
 * was, and whoever consumes meanwhile gets what is left.
 */
import { type Channel, type ConfirmChannel, connect, type Message } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { startEmbedded } from '../../support/embedded.js';
import { deferred, eventually, PATIENCE_MS, within } from '../../support/waiting.js';
import { HttpApi, useHttpApi } from '../support/http-client.js';

const api = useHttpApi();

interface Move {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly moved: number;
  readonly passed: number;
  readonly unroutable: number;
}

async function client(from: HttpApi = api()): Promise<ConfirmChannel> {
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${from.broker.port}`);
  onTestFinished(() => connection.close());
  return connection.createConfirmChannel();
}

async function move(queue: string, body: object, from: HttpApi = api()): Promise<Move> {
  const answer = await from.post(`/queues/%2F/${queue}/move`, body);
  if (answer.status !== 202) throw new Error(`${answer.status} ${answer.text}`);
  const { id } = answer.json as Move;
  return eventually(
    'the end of the move',
    async () => (await from.get(`/leveret/moves/${id}`)).json as Move,
    ({ state }) => state !== 'running' && state !== 'waiting',
  );
}

/** All that a queue has, in its order. */
async function drained(channel: Channel, queue: string): Promise<Message[]> {
  const { messageCount } = await channel.checkQueue(queue);
  const got: Message[] = [];
  if (messageCount > 0) {
    const all = deferred<void>();
    const take = (message: Message | null): void => {
      if (message !== null) got.push(message);
      if (got.length === messageCount) all.resolve();
    };
    const { consumerTag } = await channel.consume(queue, take, { noAck: true });
    await within(PATIENCE_MS, `${messageCount} messages of ${queue}`, all.promise, () => `${got.length} came`);
    await channel.cancel(consumerTag);
  }
  expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 0 });
  expect(got.length).toBe(messageCount);
  return got;
}

const bodies = (got: readonly Message[]): string[] => got.map(({ content }) => content.toString());
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

async function filled(channel: ConfirmChannel, queue: string, count: number, persistent = false): Promise<void> {
  await channel.assertQueue(queue);
  for (const body of numbers(count))
    channel.sendToQueue(queue, Buffer.from(body), { persistent, headers: { odd: Number(body) % 2 } });
  await channel.waitForConfirms();
}

test('all messages of a queue go to another one, in their order, with all that they say', async () => {
  const channel = await client();
  await filled(channel, 'from', 3_000, true);
  await channel.assertQueue('to');
  expect(await move('from', { to: { queue: 'to' } })).toMatchObject({ state: 'done', moved: 3_000, unroutable: 0 });
  const got = await drained(channel, 'to');
  expect(bodies(got)).toEqual(numbers(3_000));
  expect(got.every(({ fields }) => !fields.redelivered)).toBe(true);
  expect(got[3]?.properties).toMatchObject({ deliveryMode: 2, headers: { odd: 1 } });
  expect(await channel.checkQueue('from')).toMatchObject({ messageCount: 0 });
});

test('so many as are asked for are moved, the first of those that match; the others keep their places and are not marked', async () => {
  const channel = await client();
  await filled(channel, 'some', 40);
  await channel.assertQueue('chosen');
  const outcome = await move('some', { to: { queue: 'chosen' }, count: 5, filter: { headers: { odd: '1' } } });
  expect(outcome).toMatchObject({ state: 'done', moved: 5 });
  expect(bodies(await drained(channel, 'chosen'))).toEqual(['1', '3', '5', '7', '9']);
  const rest = await drained(channel, 'some');
  expect(bodies(rest)).toEqual(numbers(40).filter((body) => Number(body) % 2 === 0 || Number(body) > 9));
  expect(rest.some(({ fields }) => fields.redelivered)).toBe(false);
});

test('what leads nowhere, or is refused, stays', async () => {
  const channel = await client();
  await filled(channel, 'staying', 10);
  expect(await move('staying', { to: { exchange: 'amq.direct', routing_key: 'nobody' } })).toMatchObject({
    state: 'done',
    moved: 0,
    unroutable: 10,
  });
  await channel.assertQueue('narrow', { maxLength: 3, arguments: { 'x-overflow': 'reject-publish' } });
  expect(await move('staying', { to: { queue: 'narrow' } })).toMatchObject({ moved: 3, unroutable: 7 });
  expect(bodies(await drained(channel, 'narrow'))).toEqual(numbers(3));
  expect(bodies(await drained(channel, 'staying'))).toEqual(numbers(10).slice(3));
});

test('a queue that is moved to itself ends with what it had', async () => {
  const channel = await client();
  await filled(channel, 'round', 1_000);
  expect(await move('round', { to: { queue: 'round' } })).toMatchObject({ state: 'done', moved: 1_000 });
  expect(bodies(await drained(channel, 'round'))).toEqual(numbers(1_000));
});

test('dead letters go back to where they were published to, with the record of their deaths or without', async () => {
  const channel = await client();
  await channel.assertQueue('dead');
  await channel.assertExchange('orders', 'topic');
  await channel.assertQueue('work', { deadLetterExchange: '', deadLetterRoutingKey: 'dead' });
  await channel.bindQueue('work', 'orders', 'order.#');
  for (const key of ['order.a', 'order.b.c']) channel.publish('orders', key, Buffer.from(key));
  await channel.waitForConfirms();
  const reject = async (): Promise<void> => {
    for (let one = await channel.get('work'); one; one = await channel.get('work')) channel.nack(one, false, false);
    await eventually(
      'the dead letters',
      () => channel.checkQueue('dead'),
      ({ messageCount }) => messageCount === 2,
    );
  };
  await reject();
  expect(await move('dead', { to: 'origin' })).toMatchObject({ state: 'done', moved: 2 });
  await reject();
  expect(await move('dead', { to: 'origin', deaths: 'remove' })).toMatchObject({ state: 'done', moved: 2 });
  const got = await drained(channel, 'work');
  expect(got.map(({ fields }) => [fields.exchange, fields.routingKey])).toEqual([
    ['orders', 'order.a'],
    ['orders', 'order.b.c'],
  ]);
  expect(got.map(({ properties }) => properties.headers)).toEqual([{}, {}]);
  await filled(channel, 'no dead letters', 2);
  expect(await move('no%20dead%20letters', { to: 'origin' })).toMatchObject({ moved: 0, unroutable: 2 });
});

test('who consumes meanwhile gets what was not moved: each message goes one way, once', async () => {
  const channel = await client();
  await filled(channel, 'shared', 8_000);
  await channel.assertQueue('other way');
  const consumed: string[] = [];
  await channel.prefetch(50);
  const { consumerTag } = await channel.consume('shared', (message) => {
    if (message === null) return;
    consumed.push(message.content.toString());
    channel.ack(message);
  });
  const outcome = await move('shared', { to: { queue: 'other way' } });
  expect(outcome.state).toBe('done');
  await channel.cancel(consumerTag);
  const moved = bodies(await drained(channel, 'other way'));
  const left = bodies(await drained(channel, 'shared'));
  expect(moved.length).toBe(outcome.moved);
  const all = [...consumed, ...moved, ...left].map(Number).toSorted((one, other) => one - other);
  expect(all).toEqual(numbers(8_000).map(Number));
});

test('messages that had no room in memory are moved, too, the highest priority first', async () => {
  const { embedded } = await startEmbedded(undefined, { memory: 64 << 20, management: { host: '127.0.0.1', port: 0 } });
  onTestFinished(() => embedded.stop());
  const own = new HttpApi(embedded);
  const channel = await client(own);
  await channel.assertQueue('long', { maxPriority: 1 });
  await channel.assertQueue('longer');
  for (let i = 0; i < 3_000; i++) {
    channel.sendToQueue('long', Buffer.alloc(25_000, `${i} `), { priority: i % 2 });
    if (i % 200 === 199) await channel.waitForConfirms();
  }
  await channel.waitForConfirms();
  expect(await move('long', { to: { queue: 'longer' } }, own)).toMatchObject({ state: 'done', moved: 3_000 });
  const got = bodies(await drained(channel, 'longer')).map((body) => Number(body.split(' ')[0]));
  const all = numbers(3_000).map(Number);
  expect(got).toEqual([...all.filter((i) => i % 2 === 1), ...all.filter((i) => i % 2 === 0)]);
});

test('what is asked for in words that nobody knows moves nothing, where less was meant than all', async () => {
  const channel = await client();
  await filled(channel, 'stays', 3);
  const to = { queue: 'stays' };
  for (const [body, reason] of [
    [{ to, counts: 1 }, 'the body has no field counts, but to, count, filter, deaths'],
    [{ to: { ...to, key: 'k' } }, 'to must be origin, or name one exchange or queue'],
    [{ to, count: 'some' }, "count must be a whole number, not 'some'"],
    [
      { to, filter: { bdy: 'x' } },
      'filter has no field bdy, but match, key, exchange, body, headers, properties, use_regex',
    ],
  ] as const)
    expect
      .soft(await api().post('/queues/%2F/stays/move', body), JSON.stringify(body))
      .toMatchObject({ status: 400, json: { error: 'bad_request', reason } });
  expect(await drained(channel, 'stays')).toHaveLength(3);
});

test('who may not write to the target begins nothing, and a move is ended by who began it or an administrator', async () => {
  const channel = await client();
  await filled(channel, 'owned', 2);
  await api().put('/users/mover', { password: 'p', tags: 'management' });
  await api().put('/users/stranger', { password: 'p', tags: 'management' });
  await api().put('/permissions/%2F/mover', { configure: '', write: '^amq.direct$', read: '.*' });
  await api().put('/permissions/%2F/stranger', { configure: '', write: '', read: '.*' });
  const mover = api().as({ user: 'mover', password: 'p' });
  const stranger = api().as({ user: 'stranger', password: 'p' });
  expect((await mover.post('/queues/%2F/owned/move', { to: { queue: 'owned' } })).status).toBe(401);
  expect((await mover.post('/queues/%2F/owned/move', { to: { exchange: 'nowhere' } })).status).toBe(401);
  const { id } = await move('owned', { to: { exchange: 'amq.direct' } }, mover);
  expect((await stranger.get(`/leveret/moves/${id}`)).status).toBe(404);
  expect((await stranger.delete(`/leveret/moves/${id}`)).status).toBe(404);
  expect((await api().delete(`/leveret/moves/${id}`)).status).toBe(204);
  expect((await mover.get('/leveret/moves')).json).toMatchObject([{ id, user: 'mover' }]);
  for (const body of [{}, { to: 'nowhere' }, { to: { queue: 'a', exchange: 'b' } }, { to: 'origin', count: 0 }])
    expect((await api().post('/queues/%2F/owned/move', body)).status).toBe(400);
});
