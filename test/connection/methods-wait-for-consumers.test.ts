/** How long a method waits for what consumers are owed. */
import { afterEach, expect, test, vi } from 'vitest';
import { EMPTY_TABLE } from '../../src/amqp/table.js';
import { TopologyView } from '../../src/broker/topology/topology-view.js';
import { consumersFirst } from '../../src/connection/session/precedence.js';
import type { Engine, Extent, Queue } from '../../src/engine/engine.js';
import type { EventLoop } from '../../src/event-loop/event-loop.js';

afterEach(() => vi.restoreAllMocks());

/** How far the queue goes when it is asked. */
const EXTENT = Uint32Array.of(3, 0);

/**
 * A queue of which so many looks find that something of what was there first is owed; then `more` of what came later.
 */
function scenario(owedLooks: number, more = 0) {
  const view = new TopologyView();
  view.apply({
    kind: 'queue.declared',
    ...{ vhost: '/', queue: 'q', id: 1, ref: 70, logId: 0, owner: null, cacheMemory: null },
    ...{ durable: false, autoDelete: false, arguments: EMPTY_TABLE },
    settings: { deadLetterExchange: null, deadLetterRoutingKey: null, keepsDeadLetters: false, consumerTimeout: null },
  });
  const queue = view.queue('/', 'q');
  if (queue === undefined) throw new Error('the queue was declared');
  const seen = { looks: 0, served: 0, now: 0, pauses: [] as number[] };
  vi.spyOn(performance, 'now').mockImplementation(() => seen.now);
  const engine = {
    isOwed: (_: Queue, extent: Extent | null) => ++seen.looks <= (extent === EXTENT ? owedLooks : owedLooks + more),
    extentOf: () => EXTENT,
  };
  const eventLoop = {
    serveNow: () => {
      seen.served += 1;
    },
    next: async (pause: number) => {
      seen.pauses.push(pause);
      seen.now += pause;
    },
  };
  // The few calls that are made.
  const place = { engine: engine as unknown as Engine, view, eventLoop: eventLoop as unknown as EventLoop };
  return { seen, view, first: () => consumersFirst(place, queue) };
}

test('a method does not wait where nothing is owed once the worker has served its own', () => {
  const { seen, first } = scenario(0);
  expect(first()).toBeNull();
  expect(seen.served).toBe(1);
});

test('a method waits until it is taken, and serves meanwhile', async () => {
  const { seen, first } = scenario(3);
  await first();
  expect(seen).toMatchObject({ looks: 4, served: 4, pauses: [0, 0, 0] });
});

test('a method does not wait for what comes meanwhile', async () => {
  const { seen, first } = scenario(3, Number.POSITIVE_INFINITY);
  await first();
  expect(seen).toMatchObject({ looks: 4, served: 4, pauses: [0, 0, 0] });
});

test('a method does not wait for ever, nor without a pause', async () => {
  const { seen, first } = scenario(Number.POSITIVE_INFINITY);
  await first();
  expect(seen.now).toBe(1_000);
  expect(seen.pauses.filter((pause) => pause === 0).length).toBeLessThan(100);
});

test('a queue that goes meanwhile is not looked at any more: its memory may be in use for something else', async () => {
  const { seen, view, first } = scenario(Number.POSITIVE_INFINITY);
  const waiting = first();
  view.apply({ kind: 'queue.deleted', vhost: '/', queue: 'q', ref: 70 });
  await waiting;
  expect(seen.looks).toBe(1);
});
