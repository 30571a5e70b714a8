/**
 * When a worker lets go of what exchanges hold back: by the clock, in portions, past a shortage of memory.
 */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { encodeHeader } from '../../src/amqp/properties.js';
import { table } from '../../src/amqp/table.js';
import { TopologyView } from '../../src/broker/topology/topology-view.js';
import type { Engine } from '../../src/engine/engine.js';
import { Delays } from '../../src/queues/delayed/delayed-messages.js';
import { TimeHeap } from '../../src/queues/delayed/time-heap.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** A core as far as delays see it. */
class Core {
  hasMemory = true;
  readonly held = new Set<number>();
  readonly sent: number[] = [];

  keepMessage(message: number): void {
    this.held.add(message);
  }
  releaseMessage(message: number): void {
    this.held.delete(message);
  }
  messageKey(): Uint8Array {
    return Uint8Array.of(1, 0x78, 0);
  }
  messageHeader(): Uint8Array {
    return encodeHeader({ bodySize: 0, properties: { headers: table({ 'x-delay': 1 }) } });
  }
  republish(message: number): number[] | null {
    if (this.hasMemory) this.sent.push(message);
    return this.hasMemory ? [] : null;
  }
}

interface Scenario {
  readonly core: Core;
  readonly delays: Delays;
  /** Holds messages back; their numbers count on. */
  hold(exchange: string, ...times: readonly number[]): void;
}

/** Exchanges x and y, each with a queue; every wake-up makes a pass, as in a worker. */
function scenario(): Scenario {
  const core = new Core();
  const view = new TopologyView();
  const args = { durable: false, autoDelete: false, arguments: new Map() };
  const settings = {
    deadLetterExchange: null,
    deadLetterRoutingKey: null,
    keepsDeadLetters: false,
    consumerTimeout: null,
  };
  view.apply({
    kind: 'queue.declared',
    vhost: '/',
    queue: 'q',
    id: 1,
    ref: 1,
    logId: 0,
    owner: null,
    cacheMemory: null,
    settings,
    ...args,
  });
  for (const exchange of ['x', 'y']) {
    const rest = {
      type: 'fanout',
      internal: false,
      alternate: null,
      cacheMemory: null,
      historyMemory: null,
      counters: 0,
      ...args,
    };
    view.apply({ kind: 'exchange.declared', vhost: '/', exchange, ...rest });
    const binding = {
      source: exchange,
      destination: 'q',
      destinationKind: 'queue',
      routingKey: '',
      arguments: new Map(),
    } as const;
    view.apply({ kind: 'bound', vhost: '/', ...binding });
  }
  const delays: Delays = new Delays(core as unknown as Engine, view, () => {
    while (delays.work());
  });
  let messages = 0;
  const hold = (exchange: string, ...times: readonly number[]): void => {
    for (const delay of times) delays.add('/', { exchange, delay }, { message: ++messages, key: null, header: null });
  };
  return { core, delays, hold };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('messages of all exchanges go in the order of their time', () => {
  const { core, hold } = scenario();
  hold('x', 30, 10, 20);
  hold('y', 15, 10);
  vi.advanceTimersByTime(9);
  expect(core.sent).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(core.sent).toEqual([2, 5]);
  vi.advanceTimersByTime(20);
  expect(core.sent).toEqual([2, 5, 4, 3, 1]);
  expect(core.held.size).toBe(0);
});

test('waiting for longer than a timer can is waiting all the same', () => {
  const { core, hold } = scenario();
  hold('x', 60 * DAY_MS);
  vi.advanceTimersByTime(60 * DAY_MS - 1);
  expect(core.sent).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(core.sent).toEqual([1]);
});

test('what finds no memory is tried again soon, in order', () => {
  const { core, hold } = scenario();
  hold('x', 10, 20);
  core.hasMemory = false;
  vi.advanceTimersByTime(100);
  expect(core.held.size).toBe(2);
  core.hasMemory = true;
  vi.advanceTimersByTime(20);
  expect(core.sent).toEqual([1, 2]);
});

test('a pass does a portion, and says that there is more', () => {
  const { core, delays, hold } = scenario();
  hold('x', ...Array.from({ length: 1_000 }, () => 10));
  expect(delays.count('/', 'x')).toBe(1_000);
  delays.exchangeDeleted('/', 'x');
  expect(delays.work()).toBe(true);
  expect(core.held.size).toBeGreaterThan(0);
  while (delays.work());
  expect(core.held.size).toBe(0);
  expect(delays.count('/', 'x')).toBe(0);
});

test('each message that goes is found without a look at all exchanges', () => {
  const exchanges = 2_000;
  const { core, hold } = scenario();
  for (let exchange = 0; exchange < exchanges; exchange++) hold(`x${exchange}`, 10);
  const looks = vi.spyOn(TimeHeap.prototype, 'firstTime', 'get');
  vi.advanceTimersByTime(10);
  expect(core.held.size).toBe(0);
  expect(looks.mock.calls.length).toBeLessThan(exchanges * 20);
  looks.mockRestore();
});

test('a deleted exchange takes along what it holds back, and no more', () => {
  const { core, delays, hold } = scenario();
  hold('x', 10);
  hold('y', 10);
  delays.exchangeDeleted('/', 'x');
  vi.advanceTimersByTime(10);
  expect(core.sent).toEqual([2]);
  expect(core.held.size).toBe(0);
});

test('a deleted vhost takes along what its exchanges hold back', () => {
  const { core, delays, hold } = scenario();
  hold('x', 10);
  hold('y', 10);
  delays.vhostDeleted('other');
  expect(delays.count('/', 'y')).toBe(1);
  delays.vhostDeleted('/');
  vi.advanceTimersByTime(10);
  expect(core.sent).toEqual([]);
  expect(core.held.size).toBe(0);
});
