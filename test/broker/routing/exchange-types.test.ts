/** Exchanges of the types that RabbitMQ has by plugin: random, consistent hash, delayed. */
import { beforeEach, describe, expect, test } from 'vitest';
import { EMPTY_TABLE, type Plain, type PlainObject, table } from '../../../src/amqp/table.js';
import { outcome, Stage, VHOST } from '../support/stage.js';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  for (const name of ['a', 'b', 'c']) stage.queue(name);
});

const asks = (exchange: string, key = 'k') => stage.view.asksHost(VHOST, exchange, key);
const declare = (name: string, type: string, args: PlainObject = {}) =>
  outcome(stage.exchange(name, type, { arguments: table(args) }));

test('a random exchange sends each message to one of its queues, in time to all, whatever the keys', () => {
  stage.exchange('x', 'x-random');
  expect(stage.routed('x')).toEqual([]);
  for (const name of ['a', 'b', 'c']) stage.bind(name, 'x', `key of ${name}`);
  const chosen = Array.from({ length: 200 }, () => stage.routed('x', 'k'));
  expect(new Set(chosen.flat())).toEqual(new Set(['a', 'b', 'c']));
  expect(chosen.every((queues) => queues.length === 1)).toBe(true);
  expect(asks('x')).toBe(true);
  stage.unbind('a', 'x', 'key of a');
  stage.deleteQueue('b');
  expect(stage.routed('x', 'k')).toEqual(['c']);
});

test('a local random exchange shares out as a random one does, among classic queues', () => {
  stage.exchange('x', 'x-local-random');
  stage.queue('quorum', { durable: true, arguments: table({ 'x-queue-type': 'quorum' }) });
  stage.exchange('other', 'fanout');
  expect(outcome(stage.bind('quorum', 'x'))).toBe(
    '406 Queue type rabbit_quorum_queue not valid for local random exchange',
  );
  expect(outcome(stage.bindExchange('other', 'x'))).toBe('406 Destination not found');
  for (const name of ['a', 'b']) stage.bind(name, 'x');
  const chosen = Array.from({ length: 100 }, () => stage.routed('x', 'k'));
  expect(new Set(chosen.flat())).toEqual(new Set(['a', 'b']));
  expect(chosen.every((queues) => queues.length === 1)).toBe(true);
});

test('a modulus hash exchange sends each key to one queue, the same in whatever order they were bound', () => {
  const keys = Array.from({ length: 300 }, (_, i) => `key ${i}`);
  const waysBy = (exchange: string, names: readonly string[]): string[] => {
    stage.exchange(exchange, 'x-modulus-hash');
    for (const name of names) stage.bind(name, exchange, `whatever ${name}`);
    return keys.flatMap((key) => stage.routed(exchange, key));
  };
  const ways = waysBy('x', ['a', 'b', 'c']);
  expect(ways).toHaveLength(300);
  for (const name of ['a', 'b', 'c']) expect(ways.filter((one) => one === name).length).toBeGreaterThan(60);
  expect(waysBy('y', ['c', 'a', 'b'])).toEqual(ways);
  expect(asks('x')).toBe(false);
  stage.unbind('b', 'x', 'whatever b');
  expect(new Set(keys.flatMap((key) => stage.routed('x', key)))).toEqual(new Set(['a', 'c']));
  for (const name of ['a', 'c']) stage.deleteQueue(name);
  expect(stage.routed('x', 'k')).toEqual([]);
});

describe('a consistent hash exchange', () => {
  test('asks for no message when the key decides, and for each one when a header does', () => {
    declare('by key', 'x-consistent-hash');
    declare('by header', 'x-consistent-hash', { 'hash-header': 'h' });
    expect([asks('by key'), asks('by header')]).toEqual([false, true]);
    stage.bind('a', 'by key', '1');
    stage.bind('b', 'by key', '1');
    expect(stage.routed('by key', 'k')).toEqual(stage.routed('by key', 'k'));
  });

  test('refuses what RabbitMQ’s plugin refuses', () => {
    expect(declare('x', 'x-consistent-hash', { 'hash-property': 'foo' })).toBe('406 Unsupported property: foo');
    declare('x', 'x-consistent-hash');
    expect(outcome(stage.bind('a', 'x', 'abc'))).toBe('406 The binding key must be an integer: <<"abc">>');
  });
});

describe('a delayed exchange', () => {
  const delayed = (type: string) => declare('x', 'x-delayed-message', { 'x-delayed-type': type });
  const way = (headers: PlainObject, waited = false) =>
    stage.view.routeMessage({
      vhost: VHOST,
      exchange: 'x',
      routingKey: 'k.l',
      properties: { headers: table(headers) },
      waited,
    });

  test('routes as the type that it names', () => {
    expect(delayed('topic')).toBe('ok');
    stage.bind('a', 'x', 'k.*');
    stage.bind('b', 'x', 'l.*');
    expect(stage.routed('x', 'k.l')).toEqual(['a']);
    expect(asks('x')).toBe(true);
  });

  test.each<[Plain, number]>([
    [1500, 1500],
    [5_000_000_000, 5_000_000_000],
    ['20', 20],
    [0.5, 0],
    [0, 0],
    [-1500, 0],
    ['soon', 0],
    [true, 0],
    [315_360_000_001, 0],
  ])('x-delay %s holds a message back for %s ms', (delay, ms) => {
    delayed('fanout');
    stage.bind('a', 'x');
    const { queues, delays } = way({ 'x-delay': delay });
    expect(delays).toEqual(ms === 0 ? [] : [{ exchange: 'x', delay: ms }]);
    expect(queues).toEqual(ms === 0 ? [stage.ref('a')] : []);
  });

  test('lets it go where the bindings lead when it has waited', () => {
    delayed('fanout');
    stage.bind('a', 'x');
    expect(way({ 'x-delay': 5 }, true)).toEqual({ queues: [stage.ref('a')], delays: [], histories: [] });
  });

  test('holds back what comes through bindings too, while other ways go on', () => {
    delayed('fanout');
    stage.exchange('y', 'fanout');
    stage.bindExchange('x', 'y');
    stage.bind('a', 'x');
    stage.bind('b', 'y');
    const properties = { headers: table({ 'x-delay': 9 }) };
    expect(stage.view.routeMessage({ vhost: VHOST, exchange: 'y', routingKey: '', properties })).toEqual({
      queues: [stage.ref('b')],
      delays: [{ exchange: 'x', delay: 9 }],
      histories: [],
    });
    expect(asks('y')).toBe(true);
  });

  test.each<[PlainObject]>([
    [{}],
    [{ 'x-delayed-type': 5 }],
    [{ 'x-delayed-type': 'x-nope' }],
    [{ 'x-delayed-type': 'x-delayed-message' }],
  ])('with arguments %j is refused', (args) => {
    const text = "406 Invalid argument, 'x-delayed-type' must be an existing exchange type";
    expect(declare('x', 'x-delayed-message', args)).toBe(text);
  });

  test('refuses the bindings that its type refuses', () => {
    delayed('headers');
    expect(outcome(stage.bind('a', 'x', '', table({ 'x-match': 'some' })))).toContain('Invalid x-match');
    expect(outcome(stage.bind('a', 'x', '', EMPTY_TABLE))).toBe('ok');
  });
});
