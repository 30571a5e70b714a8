/**
 * Looking through a queue, page by page, while others publish, consume, acknowledge and requeue, with priorities, and
 * with more messages than memory holds. What must hold of each look: nothing is shown that was acknowledged before it
 * began, nothing twice, and all that was ready as long as it took.
 */
import { type ConsumeMessage, connect } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { startEmbedded } from '../../support/embedded.js';
import { HttpApi } from '../support/http-client.js';

const LOOKS = 12;
const PRIORITIES = 3;

interface Page {
  readonly messages: readonly { readonly payload: string }[];
  readonly next: string;
  readonly at_end: boolean;
}

/** What is known of a message: when it changed last, by a count of changes. */
interface Known {
  state: 'ready' | 'unacked' | 'acked';
  changed: number;
}

test('a look shows what was ready all the time, and nothing that was gone', { timeout: 400_000 }, async () => {
  const seed = Number(process.env.LEVERET_SEED ?? Date.now() % 2 ** 31);
  console.info(`looking at random: repeat with LEVERET_SEED=${seed}`);
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const { embedded } = await startEmbedded(undefined, { memory: 64 << 20, management: { host: '127.0.0.1', port: 0 } });
  onTestFinished(() => embedded.stop());
  const api = new HttpApi(embedded);
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${embedded.port}`);
  onTestFinished(() => connection.close());
  const publisher = await connection.createConfirmChannel();
  const consumer = await connection.createChannel();
  await publisher.assertQueue('q', { maxPriority: PRIORITIES - 1 });
  const known = new Map<string, Known>();
  let changes = 0;
  const change = (id: string, to: Known['state']): void => {
    changes += 1;
    known.set(id, { state: to, changed: changes });
  };
  let published = 0;
  const publish = async (count: number): Promise<void> => {
    const ids: string[] = [];
    for (let i = 0; i < count; i++) {
      published += 1;
      ids.push(`${published}`);
      const body = Buffer.alloc(1 + random(20_000), `${published} `);
      publisher.sendToQueue('q', Buffer.concat([Buffer.from(`${published} `), body]), { priority: random(PRIORITIES) });
    }
    await publisher.waitForConfirms();
    for (const id of ids) if (!known.has(id)) change(id, 'ready');
  };
  await publish(6_000);
  await consumer.prefetch(40);
  const held: ConsumeMessage[] = [];
  await consumer.consume('q', (message) => {
    if (message === null) return;
    held.push(message);
    change(message.content.toString('latin1').split(' ')[0] ?? '', 'unacked');
    if (held.length < 20) return;
    const [one] = held.splice(random(held.length), 1);
    if (one === undefined) return;
    const id = one.content.toString('latin1').split(' ')[0] ?? '';
    if (random(3) === 0) {
      consumer.nack(one);
      change(id, 'ready');
    } else {
      consumer.ack(one);
      change(id, 'acked');
    }
  });
  let isOver = false;
  const publishing = (async () => {
    while (!isOver) {
      await publish(1 + random(60));
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  for (let look = 0; look < LOOKS; look++) {
    // What was said before this is done when it is answered.
    await consumer.checkQueue('q');
    const before = new Map([...known].map(([id, one]) => [id, { ...one }]));
    const shown: string[] = [];
    for (let from = ''; ; ) {
      const query = `count=${1 + random(900)}&truncate=12${from === '' ? '' : `&from=${from}`}`;
      const page = (await api.get(`/queues/%2F/q/messages?${query}`)).json as Page;
      shown.push(...page.messages.map(({ payload }) => payload.split(' ')[0] ?? ''));
      from = page.next;
      if (page.at_end) break;
    }
    // All deliveries that were under way have come.
    await consumer.checkQueue('q');
    const where = `LEVERET_SEED=${seed}, look ${look}`;
    const seen = new Set(shown);
    expect(seen.size, `${where}: once each`).toBe(shown.length);
    expect(
      shown.filter((id) => before.get(id)?.state === 'acked'),
      `${where}: acknowledged before`,
    ).toEqual([]);
    const missed = [...before].filter(
      ([id, one]) => one.state === 'ready' && known.get(id)?.changed === one.changed && !seen.has(id),
    );
    expect(missed, `${where}: ready all the time`).toEqual([]);
  }
  isOver = true;
  await publishing;
});
