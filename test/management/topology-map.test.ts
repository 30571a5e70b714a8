/** The map of a vhost, with the traffic of a client that nobody here wrote. */
import { type ChannelModel, connect } from 'amqplib';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { useHttpApi } from './support/http-client.js';

interface MapNode {
  readonly kind: string;
  readonly name: string;
  readonly rate_in: number;
}

interface MapEdge {
  readonly kind: string;
  readonly source: string;
  readonly destination: string;
  readonly bindings: number;
  readonly routing_keys: readonly string[];
  readonly rate: number | null;
}

interface TopologyMap {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  readonly found: number;
}

const api = useHttpApi();
let client: ChannelModel;
/** Samples of rates are taken by the second, on a machine that does much else. */
const PATIENCE = { timeout: 30_000, interval: 200 };

async function map(query = ''): Promise<TopologyMap> {
  const { status, json } = await api().get(`/leveret/topology/%2F${query}`);
  expect(status).toBe(200);
  return json as TopologyMap;
}

function names({ nodes }: TopologyMap): string[] {
  return nodes.map(({ kind, name }) => `${kind} ${name}`).toSorted();
}

function edge({ edges }: TopologyMap, source: string, destination: string): MapEdge | undefined {
  return edges.find((one) => one.source === source && one.destination === destination);
}

beforeAll(async () => {
  client = await connect(`amqp://127.0.0.1:${api().broker.port}`);
  const channel = await client.createChannel();
  await channel.assertExchange('news', 'fanout');
  await channel.assertExchange('orders', 'topic', { alternateExchange: 'news' });
  await channel.assertExchange('all orders', 'fanout');
  for (const name of ['paper', 'radio', 'paid', 'late']) await channel.assertQueue(name);
  await channel.assertQueue('direct', { deadLetterExchange: 'news' });
  for (const name of ['paper', 'radio']) await channel.bindQueue(name, 'news', '');
  for (const key of ['*.paid', '*.settled']) await channel.bindQueue('paid', 'orders', key);
  await channel.bindQueue('late', 'all orders', '');
  await channel.bindExchange('all orders', 'orders', '#');
});
afterAll(() => client.close());

it('has exchanges and queues with the ways between them, and no exchange that nobody uses', async () => {
  const whole = await map();
  expect(names(whole)).toEqual(
    [
      'exchange all orders',
      'exchange news',
      'exchange orders',
      ...['direct', 'late', 'paid', 'paper', 'radio'].map((name) => `queue ${name}`),
    ].toSorted(),
  );
  expect(whole.found).toBe(8);
  expect(edge(whole, 'orders', 'paid')).toMatchObject({
    kind: 'binding',
    bindings: 2,
    routing_keys: ['*.paid', '*.settled'],
    rate: 0,
  });
  expect(edge(whole, 'orders', 'all orders')).toMatchObject({ kind: 'binding', routing_keys: ['#'] });
  expect(edge(whole, 'orders', 'news')).toMatchObject({ kind: 'alternate', rate: null });
  expect(edge(whole, 'direct', 'news')).toMatchObject({ kind: 'dead letters', rate: null });
});

it('has those that are looked for, with their neighbours', async () => {
  expect(names(await map('?name=PAPER'))).toEqual(['exchange news', 'queue paper']);
  expect(names(await map('?name=nobody'))).toEqual([]);
});

it('says how fast messages go along each way, as far as that follows from what is counted', async () => {
  const channel = await client.createChannel();
  const timer = setInterval(() => {
    for (let at = 0; at < 5; at++) channel.publish('orders', 'book.paid', Buffer.from('1'));
    channel.sendToQueue('direct', Buffer.from('2'));
  }, 20);
  try {
    await vi.waitFor(async () => {
      const whole = await map();
      const paid = edge(whole, 'orders', 'paid')?.rate ?? 0;
      expect(paid).toBeGreaterThan(1);
      expect(edge(whole, 'all orders', 'late')?.rate).toBeGreaterThan(1);
      expect(edge(whole, '', 'direct')?.rate).toBeGreaterThan(1);
      expect(edge(whole, '', 'direct')?.rate).toBe(whole.nodes.find(({ name }) => name === 'direct')?.rate_in);
      expect(edge(whole, 'news', 'paper')?.rate).toBe(0);
    }, PATIENCE);
    // Of many, those that are used most.
    const few = await map('?limit=2');
    expect(few.nodes).toHaveLength(2);
    expect(few.nodes.every(({ rate_in: rate }) => rate > 0)).toBe(true);
    expect(few.found).toBe(9);
  } finally {
    clearInterval(timer);
    await channel.close();
  }
});

it('refuses what is no limit, and a vhost that is not there', async () => {
  for (const limit of ['0', '501', 'many'])
    expect(await api().get(`/leveret/topology/%2F?limit=${limit}`)).toMatchObject({
      status: 400,
      json: { reason: 'limit must be from 1 to 500' },
    });
  expect(await api().get('/leveret/topology/nowhere')).toMatchObject({ status: 404 });
});
