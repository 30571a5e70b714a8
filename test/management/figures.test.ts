/** Figures of the HTTP API, as those tools ask for them that scale and watch by them. */
import amqp from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/waiting.js';
import { useHttpApi } from './support/http-client.js';

const api = useHttpApi();

interface QueueFigures {
  readonly name: string;
  readonly messages: number;
  readonly messages_ready: number;
  readonly messages_unacknowledged: number;
  readonly idle_since: string;
  readonly message_stats?: { readonly publish: number; readonly publish_details: { readonly rate: number } };
}

let client: amqp.ChannelModel | undefined;
let channel: amqp.ConfirmChannel | undefined;

beforeAll(async () => {
  client = await amqp.connect(`amqp://guest:guest@127.0.0.1:${api().broker.port}`);
  channel = await client.createConfirmChannel();
  for (const name of ['jobs-mail', 'jobs-print', 'other']) await channel.assertQueue(name);
  for (let i = 0; i < 5; i++) channel.sendToQueue('jobs-mail', Buffer.from('12345'));
  await channel.waitForConfirms();
  await channel.get('jobs-mail');
});

afterAll(() => client?.close());

describe('KEDA', () => {
  it('reads how many messages a queue has, and at which rate more come', async () => {
    const ask = async () => (await api().get('/queues/%2F/jobs-mail')).json as QueueFigures;
    expect(await ask()).toMatchObject({ messages: 5, messages_ready: 4, messages_unacknowledged: 1 });
    const publish = () => channel?.sendToQueue('jobs-mail', Buffer.from('12345'));
    const rising = await eventually(
      'a rate of publishes',
      async () => {
        publish();
        return ask();
      },
      ({ message_stats: stats }) => (stats?.publish_details.rate ?? 0) > 0,
    );
    expect(rising.message_stats?.publish_details.rate).toBeGreaterThan(0);
    // What is published while a listing is made may be in one of the two.
    const all = await eventually(
      'both to tell of all',
      ask,
      ({ message_stats: stats, messages }) => stats?.publish === messages,
    );
    expect(all.messages).toBeGreaterThan(5);
  });

  it('adds up the queues whose names match a pattern', async () => {
    const { json } = await api().get(
      '/queues?page=1&use_regex=true&pagination=false&name=%5Ejobs-.*&page_size=100&sort=name',
    );
    const { items, ...page } = json as { items: readonly QueueFigures[] };
    expect(page).toMatchObject({ filtered_count: 2, page_count: 1 });
    expect(items.map(({ name }) => name)).toEqual(['jobs-mail', 'jobs-print']);
    expect(items[0]?.messages).toBe((items[0]?.messages_ready ?? 0) + (items[0]?.messages_unacknowledged ?? 0));
    // Nobody has used the other one.
    expect(items[1]).toMatchObject({ messages: 0 });
    expect(items[1]?.message_stats).toBeUndefined();
  });
});

describe('Celery Flower', () => {
  it('lists the queues of a vhost with what waits there and since when they rest', async () => {
    const queues = (await api().get('/queues/%2F')).json as readonly QueueFigures[];
    const print = queues.find(({ name }) => name === 'jobs-print');
    expect(print).toMatchObject({ messages: 0, messages_ready: 0, messages_unacknowledged: 0 });
    expect(Date.parse(print?.idle_since ?? '')).toBeLessThanOrEqual(Date.now());
  });
});

describe('a list of queues', () => {
  it('has no figures where none are wanted, or only how many messages there are', async () => {
    const without = (await api().get('/queues?disable_stats=true&name=mail')).json as readonly object[];
    expect(Object.keys(without[0] ?? {})).not.toContain('messages');
    const totals = (await api().get('/queues?disable_stats=true&enable_queue_totals=true')).json as readonly object[];
    for (const queue of totals) {
      expect(queue).toMatchObject({ messages: expect.any(Number), messages_ready: expect.any(Number) });
      expect(Object.keys(queue)).not.toContain('message_stats');
    }
  });

  it('is sorted by figures, and shows those that were asked for', async () => {
    const path = '/queues?page=1&page_size=1&sort=message_stats.publish&sort_reverse=true&columns=name,message_bytes';
    const { json } = await api().get(path);
    const { items } = json as { items: readonly { name: string; message_bytes: number }[] };
    expect(items.map(({ name }) => name)).toEqual(['jobs-mail']);
    expect(items[0]?.message_bytes).toBeGreaterThanOrEqual(25);
    expect((items[0]?.message_bytes ?? 0) % 5).toBe(0);
  });
});

it('rates come with samples of the range that is asked for', async () => {
  const query = 'lengths_age=60&lengths_incr=5&msg_rates_age=60&msg_rates_incr=5';
  const sampled = { samples: expect.any(Array), avg: expect.any(Number), avg_rate: expect.any(Number) };
  for (const path of ['/queues/%2F/jobs-mail', '/vhosts/%2F', '/overview']) {
    const { json } = await api().get(`${path}?${query}`);
    const totals = (json as { readonly queue_totals?: object }).queue_totals ?? json;
    expect(json).toMatchObject({ message_stats: { publish_details: sampled } });
    expect(totals).toMatchObject({ messages_details: sampled });
    const { messages_details: details } = totals as { messages_details: { samples: { timestamp: number }[] } };
    expect(details.samples).toHaveLength(13);
    const [first, second] = details.samples.map(({ timestamp }) => timestamp);
    expect((first ?? 0) - (second ?? 0)).toBe(5000);
  }
  expect(await api().get('/queues/%2F/jobs-mail?lengths_age=1000&lengths_incr=1')).toMatchObject({
    status: 400,
    json: { error: 'invalid_range_parameters' },
  });
});
