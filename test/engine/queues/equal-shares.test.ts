/** Consumers of one queue that could all take more: how what is ready is shared among them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Bench, type Client, ENGINES } from '../support/bench.js';
import { publish } from '../support/frames.js';

/** A queue with consumers that wait, each on a connection of its own. */
async function waiting(
  kind: (typeof ENGINES)[number],
  consumers: number,
): Promise<{ bench: Bench; clients: Client[] }> {
  // Each connection needs a box for its output.
  const bench = await Bench.open(kind, { mebibytes: 128 });
  bench.queue('q');
  const clients = Array.from({ length: consumers }, () => bench.client());
  for (const client of clients) {
    client.consume(1, 'q', { noAck: true });
    bench.serve();
  }
  return { bench, clients };
}

/** Publishes so many messages at once, numbered from 1, and lets them be taken. */
function burst(bench: Bench, count: number): void {
  const publisher = bench.client();
  publisher.open(1);
  publisher.feed(Buffer.concat(Array.from({ length: count }, (_, i) => publish(1, 'q', Buffer.from(`${i + 1}`)))));
  bench.serve();
}

describe.each(ENGINES)('%s: consumers of one queue', (kind) => {
  test('are given few messages one by one', async () => {
    const { bench, clients } = await waiting(kind, 2);
    burst(bench, 7);
    expect(clients.map((client) => client.bodies())).toEqual([
      ['1', '3', '5', '7'],
      ['2', '4', '6'],
    ]);
  });

  test('are given their share of more messages at once', async () => {
    const { bench, clients } = await waiting(kind, 2);
    burst(bench, 9);
    expect(clients.map((client) => client.bodies())).toEqual([
      ['1', '2', '3', '4', '9'],
      ['5', '6', '7', '8'],
    ]);
  });

  test('are given as many each, however many there are of both', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 12 }),
        // In one block of slots all together: a claim ends with its block.
        fc.array(fc.integer({ min: 1, max: 160 }), { minLength: 1, maxLength: 3 }),
        async (consumers, bursts) => {
          const { bench, clients } = await waiting(kind, consumers);
          for (const count of bursts) {
            burst(bench, count);
            const shares = clients.map((client) => client.bodies().length);
            expect(shares.reduce((sum, share) => sum + share, 0)).toBe(count);
            expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
          }
        },
      ),
      { numRuns: 20 },
    );
  });
});
