/**
 * Real clients through a standby while leaders come and go at random: brokers on which nobody else has any claim stand
 * for them. What must hold: each message that was confirmed is at a broker; clients that connect anew
 * always get in again; and no client is counted in the end.
 */
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { dup } from '../../support/descriptors.js';
import { type EmbeddedBroker, startEmbedded } from '../../support/embedded.js';
import { PATIENCE_MS, within } from '../../support/waiting.js';
import { openStandby } from './support.js';

const CLIENTS = 5;
const BROKERS = 2;
const MESSAGES = 400;
const QUEUE = 'q';

/** Publishes with confirms, and connects anew whenever its connection is gone; one message at a time is on its way. */
async function publish(url: string, client: number, confirmed: Set<string>, onConfirmed: () => void): Promise<void> {
  let next = 0;
  while (next < MESSAGES) {
    let connection: ChannelModel | undefined;
    try {
      connection = await connect(url);
      connection.on('error', () => {});
      const gone = new Promise<never>((_, reject) => {
        connection?.once('close', () => reject(new Error('the connection is gone')));
      });
      gone.catch(() => {});
      const channel = await Promise.race([connection.createConfirmChannel(), gone]);
      channel.on('error', () => {});
      for (; next < MESSAGES; next++) {
        const text = `${client}-${next}`;
        await Promise.race([sent(channel, text), gone]);
        confirmed.add(text);
        onConfirmed();
      }
    } catch {
      // The leader has changed; what was on its way is published again.
    } finally {
      await connection?.close().catch(() => {});
    }
  }
}

function sent(channel: ConfirmChannel, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.sendToQueue(QUEUE, Buffer.from(text), {}, (error) => (error ? reject(error) : resolve()));
  });
}

/** All that is in the queue of who leads. */
async function messagesAt(url: string): Promise<string[]> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  const texts: string[] = [];
  for (;;) {
    const message = await channel.get(QUEUE, { noAck: true });
    if (message === false) break;
    texts.push(message.content.toString());
  }
  await connection.close();
  return texts;
}

test.skipIf(dup === null)(
  'clients that recover lose nothing that was confirmed, and none is left hanging',
  async () => {
    const seed = Number(process.env.LEVERET_SEED ?? Date.now() % 2 ** 31);
    console.log(`LEVERET_SEED=${seed}`);
    const brokers: EmbeddedBroker[] = [];
    for (let i = 0; i < BROKERS; i++) {
      const started = await startEmbedded(undefined, { workers: 1, proxyProtocolFrom: ['127.0.0.1'] });
      onTestFinished(() => started.embedded.stop());
      brokers.push(started);
    }
    const { front, port } = await openStandby({ retryMs: 10 });
    const url = `amqp://guest:guest@127.0.0.1:${port}`;
    /** After so many confirms in all something happens: a broker leads, or (null) nobody does for a moment. */
    const [plan = []] = fc.sample(
      fc.array(
        fc.record({ after: fc.integer({ min: 1, max: 150 }), leader: fc.constantFrom<number | null>(0, 1, null) }),
        { minLength: 12, maxLength: 12 },
      ),
      { seed, numRuns: 1 },
    );
    let epoch = 0;
    const lead = (index: number): void => {
      epoch += 1;
      front.follow({ epoch, host: '127.0.0.1', port: brokers[index]?.embedded.port ?? 0 });
    };
    const steps = [...plan];
    let left = steps[0]?.after ?? 0;
    const onConfirmed = (): void => {
      left -= 1;
      const step = left === 0 ? steps.shift() : undefined;
      if (step === undefined) return;
      left = steps[0]?.after ?? 0;
      front.wait();
      // Nobody confirms meanwhile: the next leader comes by itself.
      if (step.leader === null) setTimeout(() => lead(epoch % BROKERS), 20);
      else lead(step.leader);
    };
    const confirmed = new Set<string>();
    for (const index of brokers.keys()) {
      lead(index);
      const connection = await connect(url);
      await (await connection.createChannel()).assertQueue(QUEUE);
      await connection.close();
    }
    const clients = Array.from({ length: CLIENTS }, (_, client) => publish(url, client, confirmed, onConfirmed));
    lead(0);
    await within(2 * PATIENCE_MS, 'all clients to have all confirmed', Promise.all(clients));
    expect(confirmed.size).toBe(CLIENTS * MESSAGES);
    await expect.poll(() => front.counts, { timeout: PATIENCE_MS }).toEqual({ passed: 0, held: 0 });
    const leaders = epoch;
    const there = new Set<string>();
    for (const index of brokers.keys()) {
      lead(index);
      for (const text of await messagesAt(url)) there.add(text);
    }
    expect([...confirmed].filter((text) => !there.has(text))).toEqual([]);
    expect(leaders).toBeGreaterThan(BROKERS + plan.length / 2);
  },
);
