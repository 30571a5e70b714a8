/**
 * Who peeks sees what a real client then consumes, in its order, and leaves no trace: nothing is taken out, marked or
 * moved, by pages, by search, in all priorities, in memory and on disk.
 */
import { type Channel, type ConfirmChannel, connect, type GetMessage } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { startEmbedded } from '../../support/embedded.js';
import { HttpApi, useHttpApi } from '../support/http-client.js';

const api = useHttpApi();

interface Peeked {
  readonly position: string;
  readonly state: string;
  readonly redelivered: boolean;
  readonly routing_key: string;
  readonly exchange: string;
  readonly payload: string;
  readonly payload_encoding: string;
  readonly payload_bytes: number;
  readonly truncated: boolean;
  readonly arrived_at: number;
  readonly expires_at: number | null;
  readonly properties: { readonly headers?: Record<string, unknown>; readonly message_id?: string };
}
interface Page {
  readonly messages: readonly Peeked[];
  readonly next: string;
  readonly at_end: boolean;
  readonly looked_at: number;
}

async function client(from: HttpApi = api()): Promise<ConfirmChannel> {
  const port = from.broker.port;
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${port}`);
  onTestFinished(() => connection.close());
  return connection.createConfirmChannel();
}

async function peek(queue: string, query = '', from: HttpApi = api()): Promise<Page> {
  const answer = await from.get(`/queues/%2F/${queue}/messages${query}`);
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
  return answer.json as Page;
}

/** A page may be short, or empty, where the time for one is over: the next goes on. */
async function allPages(queue: string, query: string, from: HttpApi = api()): Promise<Page> {
  const messages: Peeked[] = [];
  let looked = 0;
  for (let page = await peek(queue, query, from); ; page = await peek(queue, `${query}&from=${page.next}`, from)) {
    messages.push(...page.messages);
    looked += page.looked_at;
    if (page.at_end) return { ...page, messages, looked_at: looked };
  }
}

async function drained(channel: Channel, queue: string): Promise<GetMessage[]> {
  const got: GetMessage[] = [];
  for (let one = await channel.get(queue, { noAck: true }); one; one = await channel.get(queue, { noAck: true }))
    got.push(one);
  return got;
}

const payloads = (messages: readonly Peeked[]): string[] => messages.map(({ payload }) => payload);

test('a client gets exactly what was shown, in its order, and nothing is marked as redelivered', async () => {
  const channel = await client();
  await channel.assertQueue('shown');
  for (let i = 0; i < 1_200; i++) channel.sendToQueue('shown', Buffer.from(`message ${i}`), { messageId: `${i}` });
  await channel.waitForConfirms();
  for (const count of [7, 100, 5_000]) {
    const { messages: shown } = await allPages('shown', `?count=${count}`);
    expect(payloads(shown)).toEqual(Array.from({ length: 1_200 }, (_, i) => `message ${i}`));
    expect(shown.every(({ redelivered, state }) => !redelivered && state === 'ready')).toBe(true);
  }
  const got = await drained(channel, 'shown');
  expect(got.map(({ content }) => content.toString())).toEqual(Array.from({ length: 1_200 }, (_, i) => `message ${i}`));
  expect(got.some(({ fields }) => fields.redelivered)).toBe(false);
  expect(await peek('shown')).toMatchObject({ messages: [], at_end: true });
});

test('a message is shown with all that it says, and its payload as it is asked for', async () => {
  const channel = await client();
  await channel.assertQueue('said', { messageTtl: 500_000 });
  const before = Date.now();
  channel.publish('amq.direct', 'nowhere', Buffer.from('no'));
  await channel.bindQueue('said', 'amq.direct', 'a key');
  channel.publish('amq.direct', 'a key', Buffer.from([0xff, 0, 1]), { expiration: 400_000, headers: { x: { y: 1 } } });
  channel.publish('amq.direct', 'a key', Buffer.from('text '.repeat(1_000)), { messageId: 'm', priority: 3 });
  await channel.waitForConfirms();
  const { messages } = await peek('said', '?truncate=9');
  expect(messages).toMatchObject([
    {
      exchange: 'amq.direct',
      routing_key: 'a key',
      payload: '/wAB',
      payload_encoding: 'base64',
      payload_bytes: 3,
      truncated: false,
      properties: { headers: { x: { y: 1 } }, expiration: '400000' },
    },
    { payload: 'text text', payload_encoding: 'string', payload_bytes: 5_000, truncated: true },
  ]);
  for (const [i, life] of [400_000, 500_000].entries()) {
    const { arrived_at, expires_at } = messages[i] as Peeked;
    expect(arrived_at).toBeGreaterThanOrEqual(before);
    expect((expires_at ?? 0) - arrived_at).toBe(life);
  }
  expect((await peek('said', '?encoding=base64')).messages[1]?.payload).toBe(
    Buffer.from('text '.repeat(1_000)).toString('base64'),
  );
});

test('what is looked for is found by key, exchange, header, property, body or any of them, as text or expression', async () => {
  const channel = await client();
  await channel.assertQueue('sought');
  const publish = (body: string, options: object): boolean => channel.sendToQueue('sought', Buffer.from(body), options);
  publish('first order', { headers: { customer: 'Ann', count: 12 }, correlationId: 'c-1' });
  publish('second ORDER', { headers: { customer: 'Bob' }, correlationId: 'c-2' });
  publish('third', { headers: { customer: 'Ann Order', 'x-order': true } });
  await channel.waitForConfirms();
  const found = async (query: string): Promise<string[]> => payloads((await allPages('sought', query)).messages);
  expect(await found('?body=order')).toEqual(['first order']);
  expect(await found('?body=(%3Fi)order&use_regex=true')).toEqual(['first order', 'second ORDER']);
  expect(await found('?header.customer=Ann')).toEqual(['first order', 'third']);
  expect(await found('?header.customer=^Ann$&use_regex=true')).toEqual(['first order']);
  expect(await found('?header.count=12')).toEqual(['first order']);
  expect(await found('?property.correlation_id=c-')).toEqual(['first order', 'second ORDER']);
  expect(await found('?match=order')).toEqual(['first order', 'third']);
  expect(await found('?key=sought&header.customer=Bob')).toEqual(['second ORDER']);
  expect(await found('?exchange=x')).toEqual([]);
  expect((await api().get('/queues/%2F/sought/messages?body=(&use_regex=true')).status).toBe(400);
  expect((await api().get('/queues/%2F/sought/messages?from=nowhere')).status).toBe(400);
  expect((await drained(channel, 'sought')).length).toBe(3);
});

test('pages go on where they were although the queue moves on: nothing comes twice, nothing that stayed is missed', async () => {
  const channel = await client();
  await channel.assertQueue('moving on');
  for (let i = 0; i < 3_000; i++) channel.sendToQueue('moving on', Buffer.from(`${i}`));
  await channel.waitForConfirms();
  const seen: number[] = [];
  let gone = 0;
  for (let page = await peek('moving%20on', '?count=50'); ; ) {
    seen.push(...payloads(page.messages).map(Number));
    if (page.at_end) break;
    for (let i = 0; i < 20; i++, gone++) await channel.get('moving on', { noAck: true });
    page = await peek('moving%20on', `?count=50&from=${page.next}`);
  }
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toEqual(seen.toSorted((one, other) => one - other));
  const shown = new Set(seen);
  for (let i = gone; i < 3_000; i++) expect(shown.has(i)).toBe(true);
});

test('what was requeued is marked where it stands, and higher priorities come first', async () => {
  const channel = await client();
  await channel.assertQueue('ranked', { maxPriority: 4 });
  for (const priority of [0, 2, 4, 2]) channel.sendToQueue('ranked', Buffer.from(`${priority}`), { priority });
  await channel.waitForConfirms();
  const first = await channel.get('ranked');
  if (first) channel.nack(first);
  await channel.checkQueue('ranked');
  const { messages: shown } = await allPages('ranked', '?count=1');
  expect(shown.map(({ payload, redelivered }) => [payload, redelivered])).toEqual([
    ['4', true],
    ['2', false],
    ['2', false],
    ['0', false],
  ]);
});

test('messages that had no room in memory are shown from disk, and stay there', async () => {
  const { embedded } = await startEmbedded(undefined, { memory: 64 << 20, management: { host: '127.0.0.1', port: 0 } });
  onTestFinished(() => embedded.stop());
  const own = new HttpApi(embedded);
  const channel = await client(own);
  await channel.assertQueue('long');
  const count = 9_000;
  for (let i = 0; i < count; i++) {
    channel.sendToQueue('long', Buffer.alloc(10_000, `${i} `));
    if (i % 500 === 499) await channel.waitForConfirms();
  }
  await channel.waitForConfirms();
  const used = async (): Promise<number> =>
    ((await own.get('/nodes')).json as { mem_used: number }[])[0]?.mem_used ?? 0;
  const before = await used();
  const { messages } = await allPages('long', '?count=2000&truncate=8', own);
  const shown = payloads(messages).map((payload) => payload.split(' ')[0] ?? '');
  expect(shown).toEqual(Array.from({ length: count }, (_, i) => `${i}`));
  expect(before).toBeGreaterThan(0);
  const found = await allPages('long', `?body=${count - 5}%20&truncate=4`, own);
  expect(payloads(found.messages)).toEqual([`${count - 5}`]);
  expect(found.looked_at).toBe(count);
});

test('who may not read the queue does not see what lies in it', async () => {
  await api().put('/users/onlooker', { password: 'p', tags: 'management' });
  await api().put('/permissions/%2F/onlooker', { configure: '.*', write: '.*', read: '^mine' });
  const channel = await client();
  await channel.assertQueue('mine');
  await channel.assertQueue('theirs');
  const onlooker = api().as({ user: 'onlooker', password: 'p' });
  expect((await onlooker.get('/queues/%2F/mine/messages')).status).toBe(200);
  expect((await onlooker.get('/queues/%2F/theirs/messages')).status).toBe(401);
  expect((await onlooker.get('/queues/%2F/mine%20that%20is%20not%20there/messages')).status).toBe(404);
});
