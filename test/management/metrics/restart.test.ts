/** What a scrape tells before and after a broker's end, and of channels and exchanges one by one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import amqp from 'amqplib';
import { expect, it } from 'vitest';
import { startEmbedded } from '../../support/embedded.js';
import { eventually } from '../../support/waiting.js';
import { type Metrics, only, scraped } from './scrape.js';

const management = { host: '127.0.0.1', port: 0 };

function idIn(metrics: Metrics): string | undefined {
  const [labels = ''] = metrics.get('rabbitmq_identity_info')?.samples.keys() ?? [];
  return /rabbitmq_cluster_permanent_id="([^"]*)"/.exec(labels)?.[1];
}

it('counters begin anew with the broker, messages do not, and its id stays with its data', async () => {
  const data = await mkdtemp(join(tmpdir(), 'leveret-metrics-'));
  const first = await startEmbedded(data, { management });
  const client = await amqp.connect(`amqp://guest:guest@127.0.0.1:${first.embedded.port}`);
  const channel = await client.createConfirmChannel();
  await channel.assertQueue('kept');
  for (let i = 0; i < 3; i++) channel.sendToQueue('kept', Buffer.from('x'), { persistent: true });
  await channel.waitForConfirms();
  const before = await scraped(first.embedded, '/metrics');
  expect(only(before, 'rabbitmq_global_messages_received_total')).toBe(3);
  await client.close();
  await first.embedded.stop();

  const second = await startEmbedded(data, { management });
  const after = await scraped(second.embedded, '/metrics');
  for (const name of ['rabbitmq_global_messages_received_total', 'rabbitmq_connections_opened_total'])
    expect(only(after, name), name).toBe(0);
  expect(only(after, 'rabbitmq_queue_messages_published_total')).toBe(0);
  expect(only(after, 'rabbitmq_queue_messages_ready')).toBe(3);
  expect(idIn(before)).toMatch(/^leveret-cluster-id-[\w-]{22}$/);
  expect(idIn(after)).toBe(idIn(before));
  await second.embedded.stop();
  await rm(data, { recursive: true });
});

it('brokers without data have another id each time', async () => {
  const ids = new Set<string | undefined>();
  for (let run = 0; run < 2; run++) {
    const { embedded } = await startEmbedded(undefined, { management });
    ids.add(idIn(await scraped(embedded, '/metrics')));
    await embedded.stop();
  }
  expect(ids.size).toBe(2);
});

it('what channels and exchanges count is told of each, logins by protocol, and who publishes', async () => {
  const { embedded } = await startEmbedded(undefined, { management });
  const url = `amqp://guest:guest@127.0.0.1:${embedded.port}`;
  const client = await amqp.connect(url);
  const one = await client.createConfirmChannel();
  const other = await client.createChannel();
  await one.assertQueue('jobs', { durable: false });
  await one.bindQueue('jobs', 'amq.fanout', '');
  for (let i = 0; i < 5; i++) one.publish('amq.fanout', '', Buffer.from('x'));
  await one.waitForConfirms();
  for (let i = 0; i < 2; i++) await other.get('jobs', { noAck: true });
  await expect(amqp.connect(url.replace('guest:guest', 'guest:wrong'))).rejects.toThrow();

  const families = ['channel_exchange_metrics', 'channel_queue_metrics', 'exchange_metrics', 'auth_attempt_metrics'];
  const path = `/metrics/detailed?${families.map((name) => `family=${name}`).join('&')}`;
  // Listings of clients are kept for a moment.
  const metrics = await eventually(
    'what both channels count',
    () => scraped(embedded, path),
    (now) => Math.max(...(now.get('rabbitmq_detailed_channel_get_total')?.samples.values() ?? [])) === 2,
  );
  const samples = (name: string): [string, number][] => [
    ...(metrics.get(`rabbitmq_detailed_${name}`)?.samples.entries() ?? []),
  ];
  const byChannel = (name: string): (number | undefined)[] =>
    [1, 2].map((number) => samples(name).find(([labels]) => labels.endsWith(`(${number})"`))?.[1]);
  expect(byChannel('channel_messages_published_total')).toEqual([5, 0]);
  expect(byChannel('channel_messages_confirmed_total')).toEqual([5, 0]);
  expect(byChannel('channel_get_total')).toEqual([0, 2]);
  const fanout = 'vhost="/",exchange="amq.fanout",type="fanout"';
  for (const name of ['exchange_messages_published_total', 'exchange_messages_routed_total'])
    expect(new Map(samples(name)).get(fanout), name).toBe(5);
  const attempts = new Map(samples('auth_attempts_failed_total'));
  expect(attempts.get('protocol="amqp091"')).toBe(1);
  expect(new Map(samples('auth_attempts_succeeded_total')).get('protocol="amqp091"')).toBe(1);
  const publishers = (await scraped(embedded, '/metrics')).get('rabbitmq_global_publishers')?.samples;
  expect([...(publishers ?? [])]).toEqual([['protocol="amqp091"', 1]]);
  await client.close();
  await embedded.stop();
});
