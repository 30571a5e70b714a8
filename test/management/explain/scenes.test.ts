/** Explanations of queues whose clients are real ones: each statement when it has become true, and when it is not. */

import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Broker } from '../../../src/index.js';
import { startEmbedded } from '../../support/embedded.js';
import { PATIENCE } from '../../support/waiting.js';
import { HttpApi, useHttpApi } from '../support/http-client.js';

const api = useHttpApi();
const open: ChannelModel[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close().catch(() => {})));
});

async function channel(broker: Broker = api().broker): Promise<ConfirmChannel> {
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${broker.port}/`);
  connection.on('error', () => {});
  open.push(connection);
  const made = await connection.createConfirmChannel();
  made.on('error', () => {});
  return made;
}

interface Said {
  readonly code: string;
  readonly text: string;
  readonly figures: Readonly<Record<string, unknown>>;
  readonly next: string | null;
}

async function explained(queue: string, at: HttpApi = api()): Promise<readonly Said[]> {
  const { status, json } = await at.get(`/queues/%2F/${queue}/explain`);
  expect(status).toBe(200);
  return (json as { readonly statements: readonly Said[] }).statements;
}

/** What is said, once it is, and as `holds` expects it: what is known of clients may be a moment old, or half of it. */
function says(queue: string, code: string, holds: (said: Said) => void = () => {}, at: HttpApi = api()): Promise<Said> {
  return vi.waitFor(async () => {
    const said = await explained(queue, at);
    const found = said.find((one) => one.code === code);
    if (found === undefined) throw new Error(`${code} is not said, but ${said.map((one) => one.code).join(', ')}`);
    holds(found);
    return found;
  }, PATIENCE);
}

function saysNot(queue: string, code: string): Promise<void> {
  return vi.waitFor(async () => expect((await explained(queue)).map((one) => one.code)).not.toContain(code), PATIENCE);
}

async function publish(client: ConfirmChannel, queue: string, count: number, body = Buffer.from('x')): Promise<void> {
  for (let i = 0; i < count; i++) client.sendToQueue(queue, body);
  await client.waitForConfirms();
}

describe('an explanation', () => {
  it('is of a queue that is there', async () => {
    expect((await api().get('/queues/%2F/nowhere/explain')).status).toBe(404);
  });

  it('tells of a backlog that nobody consumes, how old it is, and where it is the same', async () => {
    const client = await channel();
    for (const queue of ['left', 'left-too']) await client.assertQueue(queue);
    await says('left', 'empty');
    await publish(client, 'left', 2);
    await publish(client, 'left-too', 1);
    await says('left', 'backlog', ({ text }) =>
      expect(text).toBe('2 messages wait, 0 more are with consumers and not acknowledged.'),
    );
    await says('left', 'oldest-message', ({ figures }) => expect(figures.oldest_message_age).toBeGreaterThanOrEqual(0));
    await says('left', 'no-consumers', ({ figures }) => expect(figures).toEqual({ consumers: 0, messages_ready: 2 }));
    await says('left', 'others-without-consumers', ({ text }) => expect(text).toContain('left-too'));
    await client.consume('left', () => {});
    await saysNot('left', 'no-consumers');
  });

  it('tells that a queue is paused, what to do, and which others are', async () => {
    const client = await channel();
    for (const queue of ['halted', 'halted-too']) {
      await client.assertQueue(queue);
      await api().put(`/queues/%2F/${queue}/pause`, {});
    }
    expect((await says('halted', 'paused')).next).toBe('leveret ctl resume_queue halted');
    await says('halted', 'others-paused', ({ text }) => expect(text).toContain('halted-too'));
    await api().put('/queues/%2F/halted/resume', {});
    await saysNot('halted', 'paused');
    await api().put('/queues/%2F/halted-too/resume', {});
  });

  it('tells which consumer is at its prefetch, since when it has acknowledged nothing, and that it is not any more', async () => {
    const client = await channel();
    await client.assertQueue('slow');
    await client.prefetch(2);
    await publish(client, 'slow', 5);
    await client.consume('slow', () => {}, { consumerTag: 'slow-one' });
    const said = await says('slow', 'consumer-at-prefetch');
    expect(said.text).toMatch(
      /^Consumer slow-one of guest at 127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+, channel 1, gets no more: it holds 2 messages unacknowledged, and its prefetch is 2\. It has acknowledged nothing since it began \d+ s ago\.$/,
    );
    expect(said.figures).toMatchObject({ messages_unacknowledged: 2, prefetch_count: 2, last_acknowledged_ago: null });
    await client.prefetch(0);
    await client.cancel('slow-one');
    await says('slow', 'kept-without-consumer', ({ figures }) =>
      expect(figures).toMatchObject({ messages_unacknowledged: 2 }),
    );
    client.ackAll();
    await saysNot('slow', 'kept-without-consumer');
    await client.consume('slow', (message) => message && client.ack(message), { consumerTag: 'quick-one' });
    await says('slow', 'consumer-able', ({ text, figures }) => {
      expect(text).toContain('quick-one');
      expect(figures.last_acknowledged_ago).toBeTypeOf('number');
    });
    await saysNot('slow', 'consumer-at-prefetch');
  });

  it('tells which consumer has taken much, and acknowledges nothing', async () => {
    const client = await channel();
    await client.assertQueue('forgotten');
    await client.consume('forgotten', () => {}, { consumerTag: 'forgetful' });
    await publish(client, 'forgotten', 3);
    await says('forgotten', 'consumer-silent', ({ text }) => expect(text).toContain('it holds 3 messages'));
    client.ackAll();
    await saysNot('forgotten', 'consumer-silent');
  });

  it('tells which consumer stands by behind the active one, and which is outranked', async () => {
    const [first, second] = [await channel(), await channel()];
    await first.assertQueue('single', { arguments: { 'x-single-active-consumer': true } });
    await first.consume('single', () => {}, { consumerTag: 'active' });
    await second.consume('single', () => {}, { consumerTag: 'standby' });
    await says('single', 'consumer-standing-by', ({ text }) => expect(text).toContain('Consumer standby of guest'));
    await first.cancel('active');
    await saysNot('single', 'consumer-standing-by');

    await first.assertQueue('ranked');
    await first.consume('ranked', () => {}, { consumerTag: 'low', priority: 1 });
    await second.consume('ranked', () => {}, { consumerTag: 'high', priority: 5 });
    await says('ranked', 'consumer-outranked', ({ figures }) =>
      expect(figures).toMatchObject({ consumer_tag: 'low', priority: 1, outranked_by: 'high' }),
    );
    await second.cancel('high');
    await saysNot('ranked', 'consumer-outranked');
  });

  it('tells which consumer does not read what is sent to it', async () => {
    const client = await channel();
    await client.assertQueue('deaf');
    const { port } = api().broker;
    const relay = await pausedRelay(port);
    const listener = await connect(`amqp://guest:guest@127.0.0.1:${relay.port}/`);
    listener.on('error', () => {});
    await (await listener.createChannel()).consume('deaf', () => {}, { noAck: true, consumerTag: 'deaf-one' });
    relay.stop();
    for (let i = 0; i < 200; i++) client.sendToQueue('deaf', Buffer.alloc(100_000));
    const said = await says('deaf', 'consumer-not-reading');
    expect(said.text).toContain('Consumer deaf-one');
    relay.go();
    await saysNot('deaf', 'consumer-not-reading');
    relay.end();
  });

  it('tells of a message that comes again and again', async () => {
    const client = await channel();
    await client.assertQueue('poisoned');
    await publish(client, 'poisoned', 1);
    let times = 0;
    const { consumerTag } = await client.consume('poisoned', (message) => {
      times += 1;
      if (message !== null && times < 50) client.nack(message, false, true);
    });
    const said = await says('poisoned', 'redelivered-over-and-over');
    expect(said.text).toContain('None was acknowledged');
    expect(said.next).toContain('delivery-limit');
    await client.cancel(consumerTag);
    await client.assertQueue('healthy');
    await publish(client, 'healthy', 5);
    await client.consume('healthy', (message) => message && client.ack(message));
    await says('healthy', 'empty');
    await saysNot('healthy', 'redelivered-over-and-over');
  });

  it('tells what expires, what has no room, who is refused, and where dead letters would go', async () => {
    const client = await channel();
    await client.assertQueue('mortal', { messageTtl: 10 });
    await publish(client, 'mortal', 3);
    await says('mortal', 'expiring', ({ figures }) => expect(figures).toMatchObject({ expired: 3, message_ttl: 10 }));

    await client.assertQueue('short', { maxLength: 2, deadLetterExchange: 'no-such' });
    await publish(client, 'short', 2);
    await saysNot('short', 'dropped-for-length');
    expect((await says('short', 'full')).text).toContain('the oldest messages are dropped');
    await publish(client, 'short', 1);
    await says('short', 'dropped-for-length', ({ figures }) =>
      expect(figures).toMatchObject({ dropped: 1, max_length: 2 }),
    );
    await says('short', 'dead-letters-go-nowhere', ({ figures }) =>
      expect(figures).toMatchObject({ fault: 'no exchange', died: 1 }),
    );
    await client.assertExchange('no-such', 'fanout');
    await says('short', 'dead-letters-go-nowhere', ({ figures }) => expect(figures.fault).toBe('no binding'));
    await client.assertQueue('grave');
    await client.bindQueue('grave', 'no-such', '');
    await saysNot('short', 'dead-letters-go-nowhere');
    await saysNot('short', 'publishes-refused');

    const policy = { pattern: '^strict$', definition: { 'max-length': 1, overflow: 'reject-publish' } };
    expect((await api().put('/policies/%2F/strict', policy)).status).toBe(201);
    await client.assertQueue('strict');
    await publish(client, 'strict', 1);
    await says('strict', 'publishes-refused');
    await client.purgeQueue('strict');
    await saysNot('strict', 'publishes-refused');
  });

  it('tells since when the backlog grows and how fast, and when it will be gone', async () => {
    const client = await channel();
    for (const queue of ['grown', 'grown-too']) await client.assertQueue(queue, { maxLength: 100_000 });
    const before = Date.now();
    /** They go on growing until it is said: samples are taken each five seconds. */
    const saysOfGrown = (code: string, holds: (said: Said) => void = () => {}): Promise<void> =>
      vi.waitFor(
        async () => {
          for (const queue of ['grown', 'grown-too']) await publish(client, queue, 20);
          holds((await explained('grown')).find((one) => one.code === code) ?? expect.fail(`${code} is not said`));
        },
        { ...PATIENCE, interval: 200 },
      );
    await saysOfGrown('growing', ({ figures }) => {
      expect(figures.messages_per_second).toBeGreaterThan(0);
      expect(figures.published_per_second).toBeGreaterThan(0);
      expect(figures.since).toBeGreaterThan(before - 60_000);
    });
    await saysOfGrown('will-be-full');
    await saysOfGrown('others-growing', ({ figures }) => expect(figures.queues).toContain('grown-too'));
    await client.purgeQueue('grown');
    await saysNot('grown', 'growing');
  });

  it('tells of twenty consumers one by one, and of more in one sentence', async () => {
    const client = await channel();
    await client.assertQueue('crowd');
    await client.prefetch(1);
    for (let i = 0; i < 21; i++) await client.consume('crowd', () => {}, { consumerTag: `one-${i}` });
    await publish(client, 'crowd', 21);
    await says('crowd', 'more-consumers', ({ figures }) => expect(figures.consumers).toBe(21));
    await client.cancel('one-0');
    await saysNot('crowd', 'more-consumers');
  });

  it('tells that publishers are held for want of room on the disk', async () => {
    const data = await mkdtemp(join(tmpdir(), 'leveret-explain-'));
    try {
      const { embedded } = await startEmbedded(undefined, {
        management: { host: '127.0.0.1', port: 0 },
        data: { directory: data, diskFreeLimit: 2 ** 52 },
      });
      const client = await channel(embedded);
      await client.assertQueue('held');
      client.sendToQueue('held', Buffer.from('x'));
      const at = new HttpApi(embedded);
      const figures = { blocked_connections: 1, disk_free_limit: 2 ** 52 };
      await says('held', 'publishers-held-by-disk', (said) => expect(said.figures).toMatchObject(figures), at);
      await embedded.stop();
    } finally {
      await rm(data, { recursive: true, force: true });
    }
    const client = await channel();
    await client.assertQueue('free');
    await saysNot('free', 'publishers-held-by-disk');
  });
});

/** Between a client and the broker; once stopped it takes nothing from the broker. */
async function pausedRelay(port: number) {
  const { createServer } = await import('node:net');
  const ends: ReturnType<typeof connectSocket>[] = [];
  const server = createServer((client) => {
    const broker = connectSocket(port, '127.0.0.1');
    ends.push(broker, client);
    client.pipe(broker);
    broker.on('data', (data) => client.write(data));
    for (const end of [client, broker]) end.on('error', () => {});
    broker.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    stop: () => ends[0]?.pause(),
    go: () => ends[0]?.resume(),
    end: () => {
      for (const end of ends) end.destroy();
      server.close();
    },
  };
}
