/** Where metrics are scraped, by whom, and in which form. */
import { spawnSync } from 'node:child_process';
import amqp from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Broker } from '../../../src/index.js';
import { startEmbedded } from '../../support/embedded.js';
import { eventually } from '../../support/waiting.js';
import { only, read, scrape, scraped } from './scrape.js';

const PATHS = ['/metrics', '/metrics/per-object', '/metrics/detailed?family=queue_coarse_metrics'];
const MANY = 3_000;
/** So that what is told of them has no room in the buffers of a socket that nobody reads: 4 MiB and more. */
const longName = (i: number): string => `many-${i}-${'x'.repeat(200)}`;

let broker: Broker;
let client: amqp.ChannelModel;
const own = (): number | undefined => broker.management?.metrics?.port;

beforeAll(async () => {
  const metrics = { host: '127.0.0.1', port: 0 };
  ({ embedded: broker } = await startEmbedded(undefined, { management: { host: '127.0.0.1', port: 0, metrics } }));
  for (const tag of ['none', 'management', 'policymaker', 'monitoring', 'administrator'])
    await broker.administration.users.add(tag, 'x', tag === 'none' ? [] : [tag]);
  await broker.administration.createVhost('other "vhost"\n\\');
  client = await amqp.connect(`amqp://guest:guest@127.0.0.1:${broker.port}`);
  const channel = await client.createChannel();
  await channel.assertQueue('jobs');
  await channel.assertQueue('quoted "name"\\');
  channel.sendToQueue('jobs', Buffer.from('12345'));
  await channel.consume('quoted "name"\\', () => {});
});

afterAll(async () => {
  await client?.close();
  await broker?.stop();
});

describe('who may scrape', () => {
  it.each(PATHS)('at the port of the HTTP API nobody without the tag monitoring: %s', async (path) => {
    const statusOf = async (user: string | null): Promise<number> =>
      (await scrape(broker.management?.port, path, user)).status;
    expect(await statusOf(null)).toBe(401);
    expect(await statusOf('monitoring:wrong')).toBe(401);
    for (const user of ['none', 'management', 'policymaker']) expect(await statusOf(`${user}:x`), user).toBe(401);
    for (const user of ['monitoring', 'administrator']) expect(await statusOf(`${user}:x`), user).toBe(200);
  });

  it.each(PATHS)('at the port of the metrics everybody: %s', async (path) => {
    const { status, type, text } = await scrape(own(), path);
    expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(read(text).has('rabbitmq_identity_info')).toBe(true);
  });

  it('finds nothing else at the port of the metrics', async () => {
    for (const path of ['/', '/api/overview', '/api/health/ready', '/metrics/other'])
      expect((await scrape(own(), path, 'guest:guest')).status, path).toBe(404);
    const answer = await fetch(`http://127.0.0.1:${own()}/metrics`, { method: 'POST' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'HEAD, GET, OPTIONS']);
  });

  it('finds no such port where none was asked for', async () => {
    const { embedded } = await startEmbedded(undefined, { management: { host: '127.0.0.1', port: 0 } });
    expect(embedded.management?.metrics).toBeNull();
    await embedded.stop();
  });
});

describe('what is told', () => {
  it('is one number a metric for the whole broker, and one for each queue where asked', async () => {
    expect(only(await scraped(broker, '/metrics'), 'rabbitmq_queue_messages_ready')).toBe(1);
    const { samples } = (await scraped(broker, '/metrics/per-object')).get('rabbitmq_queue_messages_ready') ?? {};
    expect(samples?.get('vhost="/",queue="jobs"')).toBe(1);
  });

  it('names queues of any name', async () => {
    const path = '/metrics/detailed?family=queue_consumer_count';
    const { samples } = (await scraped(broker, path)).get('rabbitmq_detailed_queue_consumers') ?? {};
    expect(samples?.get('vhost="/",queue="quoted \\"name\\"\\\\"')).toBe(1);
    expect(samples?.get('vhost="/",queue="jobs"')).toBe(0);
  });

  it('is of the families and vhosts that are asked for alone', async () => {
    const names = async (query: string): Promise<readonly string[]> =>
      [...(await scraped(broker, `/metrics/detailed${query}`)).keys()].filter((name) => !name.endsWith('_info'));
    expect(await names('')).toEqual([]);
    expect(await names('?family=nothing')).toEqual([]);
    expect(await names('?family=queue_consumer_count&family=vhost_status')).toEqual([
      'rabbitmq_detailed_queue_consumers',
      'rabbitmq_cluster_vhost_status',
    ]);
    const path = `/metrics/detailed?family=queue_coarse_metrics&vhost=${encodeURIComponent('other "vhost"\n\\')}`;
    expect((await scraped(broker, path)).get('rabbitmq_detailed_queue_messages')?.samples.size).toBe(0);
  });

  it.each(['/metrics', '/metrics/per-object'])('passes promtool: %s', async (path) => {
    const { text } = await scrape(own(), path);
    const { error, status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text });
    expect(error, 'promtool is needed (Debian: prometheus)').toBeUndefined();
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  });
});

it(`sends ${MANY} queues while it goes through them, and answers others meanwhile`, async () => {
  const channel = await client.createChannel();
  for (let i = 0; i < MANY; i++) await channel.assertQueue(longName(i), { durable: false });
  const answer = await fetch(`http://127.0.0.1:${own()}/metrics/per-object`);
  const parts: Uint8Array[] = [];
  const reader = answer.body?.getReader();
  for (;;) {
    const { value } = (await reader?.read()) ?? {};
    if (value === undefined) break;
    if (parts.length === 0) expect((await scrape(own(), '/metrics/detailed')).status).toBe(200);
    parts.push(value);
  }
  const { samples } = read(Buffer.concat(parts).toString()).get('rabbitmq_queue_messages') ?? {};
  expect(samples?.size).toBe(MANY + 2);
  expect(parts.length).toBeGreaterThan(10);
});

it('makes so many scrapes at once, and no more until one of them is over', async () => {
  const channel = await client.createChannel();
  for (let i = 0; i < MANY; i++) await channel.assertQueue(longName(i), { durable: false });
  const url = `http://127.0.0.1:${own()}/metrics/per-object`;
  const open = await Promise.all(Array.from({ length: 8 }, () => fetch(url)));
  expect(open.map(({ status }) => status)).toEqual(Array(8).fill(200));
  const refused = await fetch(url);
  expect(refused.status).toBe(503);
  expect(await refused.json()).toEqual({ error: 'busy', reason: '8 scrapes are going on' });
  const [first, ...others] = open;
  await first?.body?.cancel();
  await eventually(
    'a scrape in its place',
    () => scrape(own(), '/metrics'),
    ({ status }) => status === 200,
  );
  for (const { body } of others) await body?.cancel();
});
