/** What an exchange holds back waits in a queue of its own where it must not be lost: nobody counts what goes on there. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import amqp, { type ConfirmChannel } from 'amqplib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Broker } from '../../../src/index.js';
import { startEmbedded } from '../../support/embedded.js';
import { randomNumbers } from '../../support/fragments.js';
import { eventually } from '../../support/waiting.js';
import { type Metrics, only, scrape, scraped } from './scrape.js';

const SEED = Number(process.env.LEVERET_SEED ?? 1 + Math.floor(Math.random() * 1e9));

let data: string;
let broker: Broker;

async function start(): Promise<void> {
  ({ embedded: broker } = await startEmbedded(data, { management: { host: '127.0.0.1', port: 0 } }));
}

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'leveret-held-back-'));
  await start();
});
afterEach(async () => {
  await broker.stop();
  await rm(data, { recursive: true, force: true });
});

async function withChannel(work: (channel: ConfirmChannel) => Promise<void>): Promise<void> {
  const connection = await amqp.connect(`amqp://guest:guest@127.0.0.1:${broker.port}`);
  const channel = await connection.createConfirmChannel();
  await work(channel);
  await connection.close();
}

async function declare(channel: ConfirmChannel): Promise<void> {
  await channel.assertExchange('later', 'x-delayed-message', { arguments: { 'x-delayed-type': 'fanout' } });
  await channel.assertQueue('q');
  await channel.bindQueue('q', 'later', '');
}

function publish(channel: ConfirmChannel, exchange: string, delay: number, persistent: boolean): void {
  channel.publish(exchange, exchange === '' ? 'q' : '', Buffer.from('x'), {
    persistent,
    headers: { 'x-delay': delay },
  });
}

async function waiting(channel: ConfirmChannel, count: number): Promise<void> {
  const ready = async (): Promise<number> => (await channel.checkQueue('q')).messageCount;
  await eventually(`${count} messages`, ready, (now) => now === count);
}

/** All that is counted of deaths, but for zeroes. */
function deaths(metrics: Metrics): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const [name, { samples }] of metrics) {
    if (!/_(died|dead_lettered_\w+)_total$/.test(name)) continue;
    for (const [labels, value] of samples) if (value !== 0) counted[`${name} ${labels}`] = value;
  }
  return counted;
}

it('a message that arrives later has not died, and was routed once', async () => {
  console.info(`seed ${SEED}`);
  const random = randomNumbers(SEED);
  const count = 40;
  let atOnce = 0;
  await withChannel(async (channel) => {
    await declare(channel);
    for (let i = 0; i < count; i++) {
      const exchange = random() < 0.3 ? '' : 'later';
      if (exchange === '') atOnce += 1;
      publish(channel, exchange, Math.floor(random() * 50), random() < 0.7);
    }
    await channel.waitForConfirms();
    await waiting(channel, count);
  });
  const metrics = await scraped(broker, '/metrics');
  expect(deaths(metrics)).toEqual({});
  expect(only(metrics, 'rabbitmq_global_messages_routed_total')).toBe(count);
  expect(only(metrics, 'rabbitmq_global_messages_received_total')).toBe(count);
  expect(atOnce).toBeLessThan(count);
  const { text } = await scrape(broker.management?.port, '/api/overview', 'guest:guest');
  const { message_stats: stats } = JSON.parse(text) as { message_stats: Record<string, number> };
  expect(stats.publish).toBe(count);
});

it('a message that was held back before a restart has not died when it arrives after it', async () => {
  await withChannel(async (channel) => {
    await declare(channel);
    publish(channel, 'later', 100, true);
    await channel.waitForConfirms();
  });
  await broker.stop();
  await start();
  await withChannel((channel) => waiting(channel, 1));
  expect(deaths(await scraped(broker, '/metrics'))).toEqual({});
});

it('a dead letter that is held back has died once', async () => {
  await withChannel(async (channel) => {
    await declare(channel);
    await channel.assertQueue('dying', { deadLetterExchange: 'later', messageTtl: 20 });
    const headers = { 'x-delay': 20 };
    channel.sendToQueue('dying', Buffer.from('x'), { persistent: true, headers });
    await waiting(channel, 1);
  });
  expect(deaths(await scraped(broker, '/metrics'))).toEqual({
    'leveret_messages_died_total reason="expired"': 1,
    'rabbitmq_global_messages_dead_lettered_expired_total queue_type="rabbit_classic_queue",dead_letter_strategy="at_most_once"': 1,
  });
});
