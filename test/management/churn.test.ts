/**
 * Queues, exchanges, vhosts and connections come and go with traffic, while all is sampled: what was taken for their
 * counters in the core and for their histories is there for others again.
 */
import { type ChannelModel, connect } from 'amqplib';
import { expect, it, vi } from 'vitest';
import { useHttpApi } from './support/http-client.js';

const ROUNDS = 4;
const CONNECTIONS = 8;
/** Of each connection. */
const QUEUES = 40;
/** A sample is taken each five seconds. */
const SAMPLED_MS = 60_000;
const VHOST = 'churned';

const api = useHttpApi();

interface Memory {
  /** Octets of the core. */
  readonly core_used: number;
  /** Octets of histories. */
  readonly mgmt_db: number;
}

it('what counted of those that are gone takes no memory', async () => {
  const { node } = (await api().get('/overview')).json as { readonly node: string };
  const memory = async (): Promise<Memory> =>
    ((await api().get(`/nodes/${encodeURIComponent(node)}/memory`)).json as { readonly memory: Memory }).memory;
  const before = await memory();
  const rounds: Memory[] = [];
  /** What the core took while all were there. */
  const peaks: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await api().put(`/vhosts/${VHOST}`, {});
    const url = `amqp://guest:guest@127.0.0.1:${api().broker.port}/${VHOST}`;
    const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => connect(url)));
    await Promise.all(clients.map(work));
    const sampled = await vi.waitUntil(
      async () => {
        const now = await memory();
        return now.mgmt_db > (rounds.at(-1) ?? before).mgmt_db ? now : null;
      },
      { timeout: SAMPLED_MS, interval: 250 },
    );
    await Promise.all(clients.map((client) => client.close()));
    await api().delete(`/vhosts/${VHOST}`);
    const after = await vi.waitUntil(
      async () => {
        const now = await memory();
        const isLess = now.mgmt_db < sampled.mgmt_db && now.core_used < sampled.core_used;
        // Histories go by turns: all go, but for what the first round has made ready for others.
        return isLess && now.mgmt_db <= (rounds[0]?.mgmt_db ?? sampled.mgmt_db) ? now : null;
      },
      { timeout: SAMPLED_MS, interval: 250 },
    );
    rounds.push(after);
    peaks.push(sampled.core_used);
  }
  // How the core's pages are shared between threads differs a little; what a round takes would show each time.
  const taken = (peaks[0] ?? 0) - (rounds[0]?.core_used ?? 0);
  expect(taken).toBeGreaterThan(0);
  expect(peaks.at(-1)).toBeLessThanOrEqual((peaks[0] ?? 0) + taken / 2);
}, 600_000);

/** An exchange, and queues that are all used. */
async function work(client: ChannelModel, index: number): Promise<void> {
  const channel = await client.createConfirmChannel();
  await channel.assertExchange(`x-${index}`, 'fanout');
  for (let number = 0; number < QUEUES; number++) {
    const queue = `q-${index}-${number}`;
    await channel.assertQueue(queue);
    await channel.bindQueue(queue, `x-${index}`, '');
  }
  for (let count = 0; count < 3; count++) channel.publish(`x-${index}`, '', Buffer.from('12345'));
  await channel.waitForConfirms();
  for (let number = 0; number < QUEUES; number++) await channel.get(`q-${index}-${number}`, { noAck: true });
}
