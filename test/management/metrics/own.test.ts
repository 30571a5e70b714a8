/** What is ours: counters that are what clients saw, latency, threads, and the dashboard that shows them. */
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import amqp from 'amqplib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Broker } from '../../../src/index.js';
import { startEmbedded } from '../../support/embedded.js';
import { eventually } from '../../support/waiting.js';
import { type Metrics, only, scrape, scraped } from './scrape.js';

const EXAMPLES = new URL('../../../examples/', import.meta.url);

let broker: Broker;
const clients: amqp.ChannelModel[] = [];

beforeAll(async () => {
  ({ embedded: broker } = await startEmbedded(undefined, { management: { host: '127.0.0.1', port: 0 } }));
  await broker.administration.users.add('watcher', 'x', ['management']);
  for (let i = 0; i < 4; i++) clients.push(await amqp.connect(`amqp://guest:guest@127.0.0.1:${broker.port}`));
});

afterAll(async () => {
  for (const client of clients) await client.close();
  await broker?.stop();
});

function sum(metrics: Metrics, name: string): number {
  return [...(metrics.get(name)?.samples.values() ?? [])].reduce((all, value) => all + value, 0);
}

it('after random traffic counters are what clients sent and got, and each delivery has its latency', async () => {
  const seed = Number(process.env.LEVERET_SEED ?? Math.floor(Math.random() * 2 ** 30));
  console.info(`seed ${seed}`);
  let state = seed;
  const below = (limit: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * limit);
  };
  const queues = ['a', 'b', 'c'];
  const ledger = { sent: 0, confirming: 0, got: 0, acknowledged: 0, taken: 0, rejected: 0 };
  const [first] = clients;
  const setUp = await first?.createChannel();
  for (const queue of queues) await setUp?.assertQueue(queue, { durable: false });
  await Promise.all(
    clients.map(async (client, index) => {
      const channel = index % 2 === 0 ? await client.createConfirmChannel() : await client.createChannel();
      for (let step = 0; step < 150; step++) {
        const queue = queues[below(queues.length)] ?? '';
        if (below(2) === 0) {
          channel.sendToQueue(queue, Buffer.alloc(below(2000)));
          ledger.sent += 1;
          if (index % 2 === 0) ledger.confirming += 1;
          continue;
        }
        const noAck = below(2) === 0;
        const message = await channel.get(queue, { noAck });
        if (message === false) continue;
        ledger.got += 1;
        if (noAck) ledger.taken += 1;
        else if (below(3) === 0) {
          channel.nack(message, false, false);
          ledger.rejected += 1;
        } else {
          channel.ack(message);
          ledger.acknowledged += 1;
        }
      }
      // What comes behind on the same channel shows that all has been taken.
      await channel.checkQueue('a');
    }),
  );
  const metrics = await eventually(
    'latencies of all deliveries',
    () => scraped(broker, '/metrics'),
    (now) =>
      now.get('leveret_delivery_latency_seconds')?.samples.get('leveret_delivery_latency_seconds_count{}') ===
      ledger.got,
  );
  expect(sum(metrics, 'leveret_messages_received_total')).toBe(ledger.sent);
  expect(sum(metrics, 'leveret_messages_delivered_total')).toBe(ledger.got);
  expect(only(metrics, 'leveret_messages_consumed_total')).toBe(ledger.acknowledged + ledger.taken);
  expect(metrics.get('leveret_messages_died_total')?.samples.get('reason="rejected"')).toBe(ledger.rejected);
  expect(only(metrics, 'rabbitmq_global_messages_received_confirm_total')).toBe(ledger.confirming);
  expect(only(metrics, 'rabbitmq_queue_messages')).toBe(ledger.sent - ledger.got);
  const { samples = new Map<string, number>() } = metrics.get('leveret_delivery_latency_seconds') ?? {};
  expect(samples.get('leveret_delivery_latency_seconds_bucket{le="+Inf"}')).toBe(ledger.got);
  const buckets = [...samples].filter(([name]) => name.includes('_bucket')).map(([, value]) => value);
  expect(buckets).toEqual(buckets.toSorted((one, other) => one - other));
});

it('latencies are told by HTTP, too, as quantiles', async () => {
  const { status, text } = await scrape(broker.management?.port, '/api/leveret/latency', 'guest:guest');
  expect(status).toBe(200);
  const { since_start: since, last_minute: minute } = JSON.parse(text) as Record<string, Record<string, number>>;
  for (const { deliveries = 0, p50_seconds: p50 = -1, p95_seconds: p95 = -1, p99_seconds: p99 = -1 } of [
    since ?? {},
    minute ?? {},
  ]) {
    expect(deliveries).toBeGreaterThan(0);
    expect(p50).toBeGreaterThan(0);
    expect(p95).toBeGreaterThanOrEqual(p50);
    expect(p99).toBeGreaterThanOrEqual(p95);
  }
  for (const [user, expected] of [
    ['guest:wrong', 401],
    ['watcher:x', 401],
  ] as const)
    expect((await scrape(broker.management?.port, '/api/leveret/latency', user)).status).toBe(expected);
});

it('what threads cost is told of each that serves clients', async () => {
  const metrics = await eventually(
    'CPU time of both workers',
    () => scraped(broker, '/metrics'),
    (now) =>
      ['0', '1'].every((worker) => (now.get('leveret_cpu_seconds_total')?.samples.get(`worker="${worker}"`) ?? 0) > 0),
  );
  expect([...(metrics.get('leveret_event_loop_busy_seconds_total')?.samples.keys() ?? [])]).toEqual([
    'worker="0"',
    'worker="1"',
    'worker="management"',
    'worker="broker"',
  ]);
  expect(sum(metrics, 'leveret_event_loop_ticks_total')).toBeGreaterThan(0);
});

it('the dashboard for Grafana asks for what there is', async () => {
  const text = await readFile(new URL('grafana/leveret.json', EXAMPLES), 'utf8');
  const metrics = await scraped(broker, '/metrics');
  const names = new Set(text.match(/leveret_\w+/g)?.map((name) => name.replace(/_bucket$/, '')));
  expect(names.size).toBeGreaterThan(20);
  expect([...names].filter((name) => !metrics.has(name))).toEqual([]);
  const own = [...metrics.keys()].filter((name) => name.startsWith('leveret_'));
  expect(own.filter((name) => !names.has(name))).toEqual([]);
});

it('the example has Prometheus scrape', () => {
  const file = fileURLToPath(new URL('prometheus/prometheus.yml', EXAMPLES));
  const { error, status, stderr } = spawnSync('promtool', ['check', 'config', file], { encoding: 'utf8' });
  expect(error, 'promtool is needed (Debian: prometheus)').toBeUndefined();
  expect(status, stderr).toBe(0);
});
