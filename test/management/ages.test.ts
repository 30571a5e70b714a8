/** How old what a queue holds is: what waits there, and what its consumers keep. */
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { PATIENCE } from '../support/waiting.js';
import { useHttpApi } from './support/http-client.js';

const api = useHttpApi();
const open: ChannelModel[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close().catch(() => {})));
});

type Json = Readonly<Record<string, unknown>>;

async function channel(): Promise<Channel> {
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${api().broker.port}/`);
  open.push(connection);
  return connection.createChannel();
}

/** A listing of clients may be a moment old. */
function eventually<T>(check: () => Promise<T>): Promise<T> {
  return vi.waitFor(check, PATIENCE);
}

async function both(name: string): Promise<readonly Json[]> {
  const one = (await api().get(`/queues/%2F/${name}`)).json as Json;
  const all = (await api().get('/queues')).json as readonly Json[];
  return [one, all.find((queue) => queue.name === name) ?? {}];
}

describe('a queue', () => {
  it('that is empty has no ages', async () => {
    await (await channel()).assertQueue('empty');
    for (const queue of await both('empty'))
      expect(queue).toMatchObject({
        oldest_message_age: null,
        oldest_unacknowledged_age: null,
        head_message_timestamp: null,
      });
  });

  it('tells how long its next message has waited, and the timestamp which that one has', async () => {
    const client = await channel();
    await client.assertQueue('waits');
    const before = Date.now();
    client.sendToQueue('waits', Buffer.from('a'), { timestamp: 1_600_000_000 });
    client.sendToQueue('waits', Buffer.from('b'), { timestamp: 1_700_000_000 });
    await client.checkQueue('waits');
    const published = Date.now();
    await eventually(async () => {
      for (const queue of await both('waits')) {
        expect(queue.head_message_timestamp).toBe(1_600_000_000);
        expect(queue.oldest_message_age).toBeGreaterThanOrEqual(Math.min(50, Date.now() - published));
        expect(queue.oldest_message_age).toBeLessThanOrEqual(Date.now() - before + 1);
        expect(queue.oldest_unacknowledged_age).toBeNull();
      }
    });
    const aged = (await both('waits'))[0]?.oldest_message_age as number;
    await eventually(async () => expect((await both('waits'))[0]?.oldest_message_age).toBeGreaterThan(aged));
  });

  it('tells how long its consumers keep what they have not acknowledged, cancelled or not', async () => {
    const client = await channel();
    await client.assertQueue('kept');
    const before = Date.now();
    const got = new Promise<void>((resolve) => {
      client.consume('kept', () => resolve(), { consumerTag: 'keeper' }).catch(() => {});
    });
    client.sendToQueue('kept', Buffer.from('a'));
    await got;
    const delivered = Date.now();
    const isKept = async (): Promise<void> => {
      for (const queue of await both('kept')) {
        expect(queue.oldest_message_age).toBeNull();
        expect(queue.oldest_unacknowledged_age).toBeGreaterThanOrEqual(0);
        // Deliveries are noted to 32 ms, and a listing may be a moment old.
        expect(queue.oldest_unacknowledged_age).toBeLessThanOrEqual(Date.now() - before + 33);
      }
      expect((await both('kept'))[1]?.oldest_unacknowledged_age).toBeGreaterThanOrEqual(
        Math.min(100, Date.now() - delivered - 33),
      );
    };
    await eventually(isKept);
    await client.cancel('keeper');
    await eventually(isKept);
    client.ackAll();
    await eventually(async () => {
      for (const queue of await both('kept')) expect(queue.oldest_unacknowledged_age).toBeNull();
    });
  });

  it('is sorted by its ages, and tells none of them without figures', async () => {
    const client = await channel();
    await client.assertQueue('waits');
    client.sendToQueue('waits', Buffer.from('a'));
    await client.checkQueue('waits');
    const sorted = (await api().get('/queues?sort=oldest_message_age&sort_reverse=true')).json as readonly Json[];
    expect(sorted[0]?.name).toBe('waits');
    const plain = (await api().get('/queues?disable_stats=true')).json as readonly Json[];
    expect(plain[0]).not.toHaveProperty('oldest_message_age');
  });
});
