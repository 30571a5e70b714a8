/**
 * Messages that no box holds, for consumers of one queue that wait on several workers: who finds no room for one is not
 * in line meanwhile, and takes it as the connection's content. Workers are played one call at a time.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Bench, ENGINES } from '../support/bench.js';
import { publish } from '../support/frames.js';

/** Longer than any box. */
const LARGE = 300 * 1024;
const SMALL = 10;

async function waiting(kind: (typeof ENGINES)[number], workers: number, consumers: number) {
  const bench = await Bench.open(kind, { workers, mebibytes: 128 });
  bench.queue('q');
  const clients = Array.from({ length: consumers }, (_, i) => {
    const client = bench.client(i % workers);
    client.consume(1, 'q', { noAck: true });
    bench.serve(i % workers);
    return client;
  });
  const publisher = bench.client();
  publisher.open(1);
  const getter = bench.client();
  const getting = getter.open(1);
  let sent = 0;
  return {
    bench,
    clients,
    send: (size: number): void => {
      publisher.feed(publish(1, 'q', Buffer.from(`${sent++} `.padEnd(size, '.'))));
    },
    get: (): void => {
      getter.engine.get(getting, bench.queue('q'), true);
      bench.serve();
    },
    /** Whatever has come to anybody: the numbers of the messages. */
    come: (): number[] =>
      [...clients, getter].flatMap((client) => client.bodies().map((body) => Number.parseInt(body, 10))),
    sent: (): number => sent,
  };
}

describe.each(ENGINES)('%s', (kind) => {
  test('who has a turn for a large message, while another one has a turn for what is gone, takes it once', async () => {
    const { bench, clients, send, get, come } = await waiting(kind, 2, 2);
    send(LARGE);
    send(LARGE);
    get();
    for (const worker of [0, 1, 0, 1]) bench.serve(worker);
    expect(come()).toEqual([1, 0]);
    // Both are in line, each once.
    for (let round = 0; round < 4; round++) {
      send(SMALL);
      send(SMALL);
      for (const worker of [0, 1]) bench.serve(worker);
      expect(clients.map((client) => client.bodies().length)).toEqual([1, 1]);
    }
  });

  test.each([2, 4])('on %i workers all come once, however large and whoever takes turns', async (workers) => {
    const step = fc.oneof(
      fc.constantFrom({ does: 'send' as const, size: LARGE }, { does: 'send' as const, size: SMALL }),
      fc.constant({ does: 'get' as const }),
      fc.nat(workers - 1).map((worker) => ({ does: 'serve' as const, worker })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { bench, clients, send, get, come, sent } = await waiting(kind, workers, workers + 1);
        for (const one of steps) {
          if (one.does === 'send') send(one.size);
          else if (one.does === 'get') get();
          else bench.serve(one.worker);
        }
        for (let turn = 0; turn < 2 * workers; turn++) bench.serve(turn % workers);
        expect(come().sort((one, other) => one - other)).toEqual(Array.from({ length: sent() }, (_, i) => i));
        // All are in line, each once.
        for (let round = 0; round < 2; round++) {
          for (const _ of clients) send(SMALL);
          for (let worker = 0; worker < workers; worker++) bench.serve(worker);
          expect(clients.map((client) => client.bodies().length)).toEqual(clients.map(() => 1));
        }
      }),
      { numRuns: 100 },
    );
  });
});
