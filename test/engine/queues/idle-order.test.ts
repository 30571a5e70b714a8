/**
 * Whose turn it is among consumers of one queue that wait on several workers: the one that became idle first, wherever it
 * is. Workers are played one call at a time, in an order by chance.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Bench, type Client, ENGINES } from '../support/bench.js';
import { ack, publish } from '../support/frames.js';

const WORKERS = [1, 2, 4];
const PER_WORKER = 3;
/** Consumers by the numbers in which they come: one of each worker, another one of each … */
const COUNTS = WORKERS.map((workers) => [workers, workers * PER_WORKER] as const);

interface Waiting {
  readonly bench: Bench;
  readonly clients: readonly Client[];
  /** In the order in which they became idle. */
  readonly idle: number[];
  send(count: number): void;
}

/** A queue with consumers that wait, on a connection each, with a prefetch of 1. */
async function waiting(kind: (typeof ENGINES)[number], workers: number): Promise<Waiting> {
  const bench = await Bench.open(kind, { workers, mebibytes: 128 });
  bench.queue('q');
  const clients = Array.from({ length: workers * PER_WORKER }, (_, i) => {
    const client = bench.client(i % workers);
    client.consume(1, 'q', { prefetch: 1 });
    bench.serve(i % workers);
    return client;
  });
  const publisher = bench.client();
  publisher.open(1);
  let sent = 0;
  const send = (count: number): void => {
    const messages = Array.from({ length: count }, () => publish(1, 'q', Buffer.from(`${sent++}`)));
    publisher.feed(Buffer.concat(messages));
  };
  return { bench, clients, idle: clients.map((_, i) => i), send };
}

/** Which consumers have got something since the last look. */
function served(clients: readonly Client[]): number[] {
  return clients.flatMap((client, i) => client.bodies().map(() => i));
}

describe.each(ENGINES)('%s', (kind) => {
  describe.each(COUNTS)('on %i workers %i consumers that wait', (workers) => {
    test('are served in the order in which they became idle, whoever publishes and wherever they are', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.integer({ min: 0, max: workers * PER_WORKER - 1 }), fc.nat()), { maxLength: 40 }),
          async (steps) => {
            const { bench, clients, idle, send } = await waiting(kind, workers);
            /** Those that hold a message, with how often they have got one: their tags. */
            const busy: number[] = [];
            const tags = clients.map(() => 0);
            for (const [count, choice] of steps) {
              const together = Math.min(count, idle.length);
              send(together);
              // Workers take turns in any order: who is served was decided when the messages came.
              for (let i = 0; i < workers; i++) bench.serve((choice + i) % workers);
              const got = served(clients);
              const first = idle.splice(0, together);
              expect(got.toSorted((one, other) => one - other)).toEqual(first.toSorted((one, other) => one - other));
              busy.push(...first);
              for (const one of got) tags[one] = (tags[one] ?? 0) + 1;
              // One that holds a message is free again, and the last in line.
              const [free] = busy.splice(choice % Math.max(1, busy.length), 1);
              if (free === undefined) continue;
              clients[free]?.feed(ack(1, tags[free] ?? 0));
              bench.serve(free % workers);
              idle.push(free);
            }
          },
        ),
        { numRuns: 30 },
      );
    });

    test('have equal shares of ten thousand messages, within a fifth, however they take turns', async () => {
      const { bench, clients, send } = await waiting(kind, workers);
      const counts = clients.map(() => 0);
      const total = 10_000;
      const burst = 100;
      for (let sent = 0, taken = 0, turn = 0; taken < total; turn++) {
        // More is there than they can hold.
        if (sent < total && sent - taken < 2 * burst) {
          send(burst);
          sent += burst;
        }
        const worker = turn % workers;
        bench.serve(worker);
        for (const [i, client] of clients.entries()) {
          if (i % workers !== worker) continue;
          for (const _ of client.bodies()) {
            counts[i] = (counts[i] ?? 0) + 1;
            taken += 1;
            client.feed(ack(1, counts[i] ?? 0));
          }
        }
      }
      const share = total / clients.length;
      expect(Math.min(...counts)).toBeGreaterThan(share * 0.8);
      expect(Math.max(...counts)).toBeLessThan(share * 1.2);
    });

    test('leave the work to whoever is free', async () => {
      const { bench, clients, send } = await waiting(kind, workers);
      // All but the last one keep what they have.
      send(clients.length);
      for (let i = 0; i < workers; i++) bench.serve(i);
      served(clients);
      const last = clients.length - 1;
      for (let message = 1; message <= 100; message++) {
        clients[last]?.feed(ack(1, message));
        send(1);
        for (let i = 0; i < workers; i++) bench.serve(i);
        expect(served(clients)).toEqual([last]);
      }
    });
  });
});
