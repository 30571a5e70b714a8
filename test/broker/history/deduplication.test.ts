/** Exchanges and queues that drop duplicates. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Plain, type PlainObject, table } from '../../../src/amqp/table.js';
import { DeduplicationCache, newDeduplicationCache } from '../../../src/broker/history/deduplication-cache.js';
import { outcome, Stage, VHOST } from '../support/stage.js';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

const ON = { 'x-message-deduplication': true };
const id = (value: Plain, more: PlainObject = {}) => table({ 'x-deduplication-header': value, ...more });

describe('the room for what is remembered', () => {
  const LARGE = { ...ON, 'x-cache-size': 10_000 };
  const exchange = (name: string, args: PlainObject = LARGE) =>
    outcome(stage.exchange(name, 'fanout', { arguments: table(args) }));
  const NONE_LEFT = (kind: string, name: string) =>
    `406 invalid arg 'x-cache-size' for ${kind} '${name}' in vhost '/': {no_memory_left,10000}`;

  test('is counted, and free again when all that had it are gone', () => {
    exchange('x');
    const each = stage.core.aside;
    expect(each).toBeGreaterThan(10_000 * 16);
    stage.queue('q', { arguments: table(LARGE) });
    expect(stage.core.aside).toBe(2 * each);
    stage.ask(1, { op: 'queue.delete', vhost: VHOST, queue: 'q', ifUnused: false, ifEmpty: false });
    stage.ask(1, { op: 'exchange.delete', vhost: VHOST, exchange: 'x', ifUnused: false });
    expect(stage.core.aside).toBe(0);
  });

  test('is refused where there is none, and nothing is made', () => {
    exchange('x');
    stage.core.asideMost = stage.core.aside;
    expect(exchange('y')).toBe(NONE_LEFT('exchange', 'y'));
    const queues = stage.core.ready.size;
    expect(outcome(stage.queue('q', { arguments: table(LARGE) }))).toBe(NONE_LEFT('queue', 'q'));
    expect(stage.core.ready.size).toBe(queues);
    expect(stage.view.exchange(VHOST, 'y')).toBeUndefined();
    expect(exchange('x')).toBe('ok');
    stage.ask(1, { op: 'exchange.delete', vhost: VHOST, exchange: 'x', ifUnused: false });
    expect(exchange('y')).toBe('ok');
  });

  test('is given back for a queue that could not be made', () => {
    stage.core.full = true;
    stage.queue('q', { arguments: table(LARGE) });
    expect(stage.core.aside).toBe(0);
  });
});

describe('an exchange', () => {
  const declare = (args: PlainObject) => outcome(stage.exchange('x', 'fanout', { arguments: table(args) }));

  test('drops a message that it has seen, in every worker’s view', () => {
    declare(ON);
    stage.queue('q');
    stage.bind('q', 'x');
    expect(stage.view.asksHost(VHOST, 'x', '')).toBe(true);
    expect(stage.routed('x', '', id('1'))).toEqual(['q']);
    const again = { vhost: VHOST, exchange: 'x', routingKey: '', properties: { headers: id('1') } };
    for (const view of stage.views) expect(view.routeMessage(again).queues).toEqual([]);
    expect(stage.routed('x', '', id('2'))).toEqual(['q']);
    expect(stage.routed('x')).toEqual(['q']);
    expect(stage.routed('x')).toEqual(['q']);
  });

  test('may look at another header, and knows numbers by their value', () => {
    declare({ ...ON, 'x-deduplication-header': 'order' });
    stage.queue('q');
    stage.bind('q', 'x');
    expect(stage.routed('x', '', table({ order: 1 }))).toEqual(['q']);
    expect(stage.routed('x', '', table({ order: 1n }))).toEqual([]);
    expect(stage.routed('x', '', table({ order: '1' }))).toEqual(['q']);
    expect(stage.routed('x', '', id(1))).toEqual(['q']);
  });

  test('forgets the oldest when its cache is full', () => {
    declare({ ...ON, 'x-cache-size': 2 });
    stage.queue('q');
    stage.bind('q', 'x');
    for (const value of ['1', '2', '3']) stage.routed('x', '', id(value));
    expect(stage.routed('x', '', id('2'))).toEqual([]);
    expect(stage.routed('x', '', id('1'))).toEqual(['q']);
  });

  test('that delays does not take for a duplicate what has waited in it', () => {
    stage.exchange('x', 'x-delayed-message', { arguments: table({ ...ON, 'x-delayed-type': 'fanout' }) });
    stage.queue('q');
    stage.bind('q', 'x');
    const message = { vhost: VHOST, exchange: 'x', routingKey: '', properties: { headers: id('1', { 'x-delay': 5 }) } };
    expect(stage.view.routeMessage(message).delays).toHaveLength(1);
    expect(stage.view.routeMessage(message).delays).toHaveLength(0);
    expect(stage.view.routeMessage({ ...message, waited: true }).queues).toEqual([stage.ref('q')]);
  });

  test.each<[string, Plain, string]>([
    ['x-cache-size', 0, '{value_zero,0}'],
    ['x-cache-size', 10_000_001, '{max_value_exceeded,10000001}'],
    ['x-cache-ttl', -1, '{value_negative,-1}'],
    ['x-deduplication-header', 1, '{unacceptable_type,signedint}'],
  ])('%s: %s is refused, where duplicates matter', (name, value, reason) => {
    const where = "for exchange 'x' in vhost '/'";
    expect(declare({ ...ON, [name]: value })).toBe(`406 invalid arg '${name}' ${where}: ${reason}`);
    expect(declare({ [name]: value })).toBe('ok');
  });
});

test('a queue drops duplicates by itself, other queues get them', () => {
  stage.queue('q', { arguments: table(ON) });
  stage.queue('other');
  for (const queue of ['q', 'other']) stage.bind(queue, 'amq.direct', 'k');
  expect(stage.view.asksHost(VHOST, 'amq.direct', 'k')).toBe(true);
  expect(stage.view.asksHost(VHOST, 'amq.direct', 'l')).toBe(false);
  expect(stage.view.asksHost(VHOST, '', 'q')).toBe(true);
  expect(stage.routed('amq.direct', 'k', id('1'))).toEqual(['q', 'other']);
  expect(stage.routed('amq.direct', 'k', id('1'))).toEqual(['other']);
  expect(stage.routed('', 'q', id('1'))).toEqual([]);
});

test('a message that reaches a queue by two ways is no duplicate of itself', () => {
  stage.queue('q', { arguments: table(ON) });
  stage.bind('q', 'amq.topic', '#');
  stage.bind('q', 'amq.topic', 'k');
  expect(stage.routed('amq.topic', 'k', id('1'))).toEqual(['q']);
});

describe('the cache of keys', () => {
  test('behaves as a map in order of insertion', () => {
    const step = fc.record({ key: fc.nat({ max: 12 }), pass: fc.nat({ max: 3 }), ttl: fc.nat({ max: 9 }) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 200 }), (capacity, steps) => {
        const cache = new DeduplicationCache(newDeduplicationCache(capacity));
        const model = new Map<number, number>();
        let now = 0;
        for (const { key, pass, ttl } of steps) {
          now += pass;
          const known = (model.get(key) ?? 0) > now;
          expect(cache.remember(`${key}`, now, now + ttl)).toBe(!known);
          if (known) continue;
          model.delete(key);
          const [oldest] = model.keys();
          if (model.size === capacity && oldest !== undefined) model.delete(oldest);
          model.set(key, now + ttl);
        }
      }),
    );
  });

  test('tells one of many threads that a key is new', async () => {
    const buffer = newDeduplicationCache(5_000);
    const source = `
      const { parentPort, workerData } = require('node:worker_threads');
      import(workerData.module).then(({ DeduplicationCache }) => {
        const cache = new DeduplicationCache(workerData.buffer);
        let fresh = 0;
        for (let key = 0; key < 5000; key++) if (cache.remember('key ' + key, 0, Infinity)) fresh++;
        parentPort.postMessage(fresh);
      });`;
    const module = new URL('../../../dist/broker/history/deduplication-cache.js', import.meta.url).href;
    const threads = Array.from({ length: 3 }, () => new Worker(source, { eval: true, workerData: { buffer, module } }));
    const counts = await Promise.all(threads.map(async (thread) => (await once(thread, 'message'))[0] as number));
    expect(counts.reduce((sum, count) => sum + count)).toBe(5_000);
    await Promise.all(threads.map((thread) => thread.terminate()));
  });
});
