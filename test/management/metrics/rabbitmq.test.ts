/**
 * What is told under RabbitMQ's names is what RabbitMQ 3.10 tells under them: types, labels, and after the same traffic
 * the same numbers. Its answers are recorded: with LEVERET_METRICS_REFEREE (where it is scraped) and
 * LEVERET_AMQP_REFEREE they are recorded anew. And what the Grafana dashboard RabbitMQ-Overview (10991) asks for, in the
 * versions for RabbitMQ 3 and 4, is there.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import amqp from 'amqplib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Broker } from '../../../src/index.js';
import { startEmbedded } from '../../support/embedded.js';
import { eventually } from '../../support/waiting.js';
import { type Metrics, read, scraped } from './scrape.js';

const referee = process.env.LEVERET_METRICS_REFEREE;
const FILE = new URL('recorded/rabbitmq-3.10.json', import.meta.url);
const OVERVIEW = new URL('recorded/overview-10991.json', import.meta.url);
/** What the dashboard asks for and is not told yet. */
const NOT_TOLD = ['rabbitmq_message_size_bytes'];

/** What the traffic makes of these is the same each time. */
const DETERMINED = [
  'rabbitmq_connections_opened_total',
  'rabbitmq_channels_opened_total',
  'rabbitmq_queues_created_total',
  'rabbitmq_connections',
  'rabbitmq_channels',
  'rabbitmq_consumers',
  'rabbitmq_queues',
  'rabbitmq_queue_messages',
  'rabbitmq_queue_messages_ready',
  'rabbitmq_queue_messages_unacked',
  'rabbitmq_queue_messages_bytes',
  'rabbitmq_queue_messages_published_total',
  'rabbitmq_queue_consumers',
  'rabbitmq_channel_consumers',
  'rabbitmq_channel_messages_unacked',
  'rabbitmq_consumer_prefetch',
  'rabbitmq_channel_messages_published_total',
  'rabbitmq_channel_messages_confirmed_total',
  'rabbitmq_channel_messages_unroutable_returned_total',
  'rabbitmq_channel_messages_unroutable_dropped_total',
  'rabbitmq_channel_get_ack_total',
  'rabbitmq_channel_get_total',
  'rabbitmq_channel_get_empty_total',
  'rabbitmq_channel_messages_delivered_ack_total',
  'rabbitmq_channel_messages_delivered_total',
  'rabbitmq_channel_messages_redelivered_total',
  'rabbitmq_channel_messages_acked_total',
  'rabbitmq_global_messages_received_total',
  'rabbitmq_global_messages_received_confirm_total',
  'rabbitmq_global_messages_confirmed_total',
  'rabbitmq_global_messages_routed_total',
  'rabbitmq_global_messages_unroutable_dropped_total',
  'rabbitmq_global_messages_unroutable_returned_total',
  'rabbitmq_global_messages_delivered_total',
  'rabbitmq_global_messages_delivered_consume_auto_ack_total',
  'rabbitmq_global_messages_delivered_consume_manual_ack_total',
  'rabbitmq_global_messages_delivered_get_auto_ack_total',
  'rabbitmq_global_messages_delivered_get_manual_ack_total',
  'rabbitmq_global_messages_get_empty_total',
  'rabbitmq_global_messages_redelivered_total',
  'rabbitmq_global_messages_acknowledged_total',
  'rabbitmq_global_consumers',
];

interface Recorded {
  /** By name: the type, and the names of the labels. */
  readonly heads: Readonly<Record<string, { readonly type: string; readonly labels: readonly string[] }>>;
  /** By how much the traffic has made these grow. */
  readonly grown: Readonly<Record<string, number>>;
}

let broker: Broker;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  ({ embedded: broker } = await startEmbedded(undefined, { management: { host: '127.0.0.1', port: 0 } }));
});

afterAll(async () => {
  for (const close of closing) await close();
  await broker?.stop();
});

/** Leaves its clients connected. */
async function traffic(url: string): Promise<void> {
  const client = await amqp.connect(url);
  closing.push(() => client.close());
  const confirming = await client.createConfirmChannel();
  const plain = await client.createChannel();
  confirming.on('return', () => {});
  const queues = ['one', 'two', 'three'].map((name) => `metrics-${name}`);
  for (const name of queues) await plain.assertQueue(name, { exclusive: true });
  const [one = '', two = '', three = ''] = queues;
  for (let i = 0; i < 7; i++) confirming.sendToQueue(one, Buffer.from('12345'));
  confirming.publish('', 'metrics-nowhere', Buffer.from('x'), { mandatory: true });
  confirming.publish('', 'metrics-nowhere', Buffer.from('x'));
  await confirming.waitForConfirms();
  for (let i = 0; i < 4; i++) plain.sendToQueue(two, Buffer.from('1234567890'));
  plain.publish('amq.direct', 'metrics-nowhere', Buffer.from('x'));
  // What comes behind on the same channel shows that it has been taken.
  await plain.checkQueue(two);

  await plain.get(one, { noAck: true });
  const held = await plain.get(one, { noAck: false });
  await plain.get(one, { noAck: false });
  expect(await plain.get(three, { noAck: true })).toBe(false);
  if (held !== false) plain.nack(held, false, true);
  const consumer = await client.createChannel();
  await consumer.prefetch(3);
  await new Promise<void>((resolve) => {
    let got = 0;
    consumer.consume(two, () => {
      got += 1;
      if (got === 3) resolve();
    });
  });
  const taker = await client.createChannel();
  await new Promise<void>((resolve) => {
    let got = 0;
    taker.consume(
      one,
      (message) => {
        got += 1;
        if (message !== null && got === 5) resolve();
      },
      { noAck: true },
    );
  });
  consumer.ackAll();
  await consumer.checkQueue(two);
}

function heads(metrics: Metrics): Recorded['heads'] {
  const told = [...metrics].filter(([name, { samples }]) => name.startsWith('rabbitmq_') && samples.size > 0);
  return Object.fromEntries(
    told.map(([name, { type, samples }]) => {
      const [first = ''] = samples.keys();
      const labels = Array.from(first.matchAll(/(\w+)="/g), ([, label = '']) => label);
      return [name, { type, labels: labels.filter((label) => label !== 'rabbitmq_endpoint') }];
    }),
  );
}

function sumOf(metrics: Metrics, name: string): number {
  return [...(metrics.get(name)?.samples.values() ?? [])].reduce((sum, value) => sum + value, 0);
}

function grown(before: Metrics, after: Metrics): Record<string, number> {
  return Object.fromEntries(DETERMINED.map((name) => [name, sumOf(after, name) - sumOf(before, name)]));
}

async function recordReferee(from: string): Promise<void> {
  const scrape = async (): Promise<Metrics> => read(await (await fetch(from)).text());
  const before = await scrape();
  await traffic(process.env.LEVERET_AMQP_REFEREE ?? '');
  // It gathers what channels count every five seconds.
  await setTimeout(12_000);
  const after = await scrape();
  const recorded: Recorded = { heads: heads(after), grown: grown(before, after) };
  await writeFile(FILE, `${JSON.stringify(recorded, null, 2)}\n`);
}

it('metrics of RabbitMQ have its types, its labels, and its numbers', async () => {
  if (referee !== undefined) await recordReferee(referee);
  const recorded = JSON.parse(await readFile(FILE, 'utf8')) as Recorded;
  const before = await scraped(broker, '/metrics');
  await traffic(`amqp://guest:guest@127.0.0.1:${broker.port}`);
  const known = DETERMINED.filter((name) => before.has(name));
  const expected = Object.fromEntries(known.map((name) => [name, recorded.grown[name]]));
  // Listings of clients are kept for a moment.
  const ours = async (): Promise<Record<string, number>> => {
    const all = grown(before, await scraped(broker, '/metrics'));
    return Object.fromEntries(known.map((name) => [name, all[name] ?? 0]));
  };
  const told = await eventually('the numbers of RabbitMQ', ours, (now) =>
    known.every((name) => now[name] === expected[name]),
  ).catch(ours);
  expect(told).toEqual(expected);

  const ourHeads = heads(await scraped(broker, '/metrics'));
  const both = Object.keys(ourHeads).filter((name) => name in recorded.heads);
  expect(both.length).toBeGreaterThan(50);
  for (const name of both) expect(ourHeads[name], name).toEqual(recorded.heads[name]);
});

it('the dashboard RabbitMQ-Overview finds all that it asks for', async () => {
  const asked = JSON.parse(await readFile(OVERVIEW, 'utf8')) as readonly string[];
  const metrics = await scraped(broker, '/metrics');
  expect(asked.filter((name) => (metrics.get(name)?.samples.size ?? 0) === 0)).toEqual(NOT_TOLD);
});
