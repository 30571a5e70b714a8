/**
 * Listings of very many queues over a socket, while queues come and go: each answer is whole, has what was there all
 * the time, once, and nothing that is half there; whoever goes away in the middle leaves nothing behind.
 */
import { get, type IncomingMessage } from 'node:http';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { randomNumbers } from '../support/fragments.js';
import { useHttpApi } from './support/http-client.js';

const STEADY = 2_000;
const COMING_MAX = 200;
const LOOKS = 20;
const TOGETHER = 200;

const api = useHttpApi();

let client: ChannelModel | undefined;
let channel: Channel;

beforeAll(async () => {
  client = await connect(`amqp://guest:guest@127.0.0.1:${api().broker.port}`);
  channel = await client.createChannel();
  const names = Array.from({ length: STEADY }, (_, index) => `steady-${index}`);
  for (let from = 0; from < STEADY; from += TOGETHER)
    await Promise.all(names.slice(from, from + TOGETHER).map((name) => channel.assertQueue(name, { durable: false })));
});

afterAll(() => client?.close());

const PATHS = [
  '/queues?disable_stats=true&enable_queue_totals=true',
  '/queues?sort=messages&sort_reverse=true',
  '/queues/%2F?columns=name,vhost,messages,state',
  '/bindings?sort=destination',
  '/bindings/%2F',
];

it('a long listing is whole while queues come and go', async () => {
  const seed = Number(process.env.LEVERET_TEST_SEED ?? Date.now() % 2 ** 31);
  console.info(`seed ${seed}`);
  const next = randomNumbers(seed);
  let isDone = false;
  const churn = async (): Promise<void> => {
    const there: string[] = [];
    for (let last = 0; !isDone; last++) {
      if (there.length < COMING_MAX && next() < 0.55) {
        const name = `coming-${last % 50}-${last}`;
        await channel.assertQueue(name, { durable: false });
        channel.sendToQueue(name, Buffer.from('x'));
        there.push(name);
      } else {
        const [name] = there.splice(Math.floor(next() * there.length), 1);
        if (name !== undefined) await channel.deleteQueue(name);
      }
    }
  };
  const churning = churn();
  for (let look = 0; look < LOOKS; look++) {
    const path = PATHS[look % PATHS.length] ?? '';
    const { status, json } = await api().get(path);
    expect(status).toBe(200);
    const rows = json as readonly Readonly<Record<string, unknown>>[];
    const names = rows.map((row) => String(row.name ?? row.destination));
    const steady = names.filter((name) => name.startsWith('steady-'));
    expect(steady).toHaveLength(STEADY);
    expect(new Set(names).size).toBe(names.length);
    expect(rows.every((row) => row.vhost === '/')).toBe(true);
    if (path.includes('disable_stats')) expect(rows.every((row) => Number(row.messages) <= 1)).toBe(true);
  }
  isDone = true;
  await churning;
});

it('whoever goes away in the middle of a listing, or reads nothing of it, keeps nobody from his', async () => {
  const opened = await Promise.all(Array.from({ length: 20 }, () => begun('/queues')));
  for (const answer of opened.slice(0, 10)) answer.destroy();
  const { json } = await api().get('/queues?columns=name');
  expect((json as readonly unknown[]).length).toBeGreaterThanOrEqual(STEADY);
  for (const answer of opened.slice(10)) answer.destroy();
  expect((await api().get('/overview')).status).toBe(200);
});

it('the head of a long listing is told without a body, as one of JSON', async () => {
  const answer = await fetch(`http://127.0.0.1:${api().broker.management?.port}/api/queues`, {
    method: 'HEAD',
    headers: { authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}` },
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(await answer.text()).toBe('');
});

/** An answer of which nothing is read. */
function begun(path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const port = api().broker.management?.port;
    get({ host: '127.0.0.1', port, path: `/api${path}`, auth: 'guest:guest', agent: false }, (answer) => {
      answer.on('error', () => {});
      resolve(answer);
    }).on('error', reject);
  });
}
