/** Consistent hash: shares by weight, the same way for the same hash, few moves. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Properties } from '../../../src/amqp/properties.js';
import { EMPTY_TABLE, type PlainObject, table } from '../../../src/amqp/table.js';
import {
  ConsistentHashRouter,
  hashArgumentsError,
  hashesByKey,
  weightError,
} from '../../../src/broker/routing/consistent-hash.js';
import type { Bound } from '../../../src/broker/routing/router.js';

const bound = (destination: object, routingKey: string): Bound => ({ destination, routingKey, arguments: EMPTY_TABLE });

/** A router of destinations with these weights, and what it chooses. */
function ring(weights: Record<string, string>, args: PlainObject = {}) {
  const router = new ConsistentHashRouter<Bound>(table(args));
  const bindings = new Map(Object.entries(weights).map(([name, weight]) => [name, bound({ name }, weight)]));
  for (const binding of bindings.values()) router.add(binding);
  const choose = (key: string, properties: Properties = {}): string | undefined => {
    const chosen: string[] = [];
    router.match({ keys: [key], properties }, ({ destination }) => chosen.push((destination as { name: string }).name));
    expect(chosen.length).toBeLessThanOrEqual(1);
    return chosen[0];
  };
  return { router, bindings, choose };
}

const keys = Array.from({ length: 6000 }, (_, index) => `key-${index}`);

test('destinations get messages by their weights', () => {
  const { choose } = ring({ a: '1', b: '2', c: '3' });
  const counts = { a: 0, b: 0, c: 0 };
  for (const key of keys) counts[choose(key) as keyof typeof counts]++;
  expect(counts.a).toBeGreaterThan(850);
  expect(counts.a).toBeLessThan(1150);
  expect(counts.b).toBeGreaterThan(1800);
  expect(counts.b).toBeLessThan(2200);
  expect(counts.a + counts.b + counts.c).toBe(6000);
});

test('a new destination takes messages over, and moves none between the others', () => {
  const before = ring({ a: '2', b: '2' });
  const after = ring({ a: '2', b: '2', c: '1' });
  const moved = keys.filter((key) => before.choose(key) !== after.choose(key));
  expect(moved.every((key) => after.choose(key) === 'c')).toBe(true);
  expect(moved.length).toBeGreaterThan(1000);
  expect(moved.length).toBeLessThan(1400);
});

test('one destination gets everything, none nothing', () => {
  expect(keys.every((key) => ring({ a: '1' }).choose(key) === 'a')).toBe(true);
  expect(ring({}).choose('k')).toBeUndefined();
});

test('the first binding of a destination counts, and any that is taken away takes all of its shares', () => {
  const { router, bindings, choose } = ring({ a: '1', b: '1' });
  const again = bound(bindings.get('a')?.destination ?? {}, '100000');
  router.add(again);
  expect(keys.filter((key) => choose(key) === 'b').length).toBeGreaterThan(2500);
  router.remove(again);
  expect(keys.every((key) => choose(key) === 'b')).toBe(true);
});

test('two rings with one history choose alike, whatever the weights', () => {
  const weights = fc.dictionary(fc.string(), fc.integer({ min: 1, max: 2 ** 53 - 1 }).map(String));
  fc.assert(
    fc.property(weights, fc.string(), (shares, key) => {
      expect(ring(shares).choose(key)).toBe(ring(shares).choose(key));
      expect(ring(shares).choose(key) !== undefined).toBe(Object.keys(shares).length > 0);
    }),
  );
});

describe('what is hashed', () => {
  const two = { a: '1', b: '1' };
  const ways = (choose: (n: number) => string | undefined) =>
    new Set(Array.from({ length: 100 }, (_, n) => choose(n))).size;

  test('is a header when the exchange says so; those without it go one way', () => {
    const { choose } = ring(two, { 'hash-header': 'h' });
    expect(ways((n) => choose('k', { headers: table({ h: n }) }))).toBe(2);
    expect(ways((n) => choose(`k${n}`, { headers: table({ h: 1 }) }))).toBe(1);
    expect(ways((n) => choose(`k${n}`))).toBe(1);
  });

  test.each<[string, (n: number) => Properties]>([
    ['message_id', (n) => ({ messageId: `${n}` })],
    ['correlation_id', (n) => ({ correlationId: `${n}` })],
    ['timestamp', (n) => ({ timestamp: BigInt(n) })],
  ])('is %s when the exchange says so', (property, properties) => {
    const { choose } = ring(two, { 'hash-property': property });
    expect(ways((n) => choose('k', properties(n)))).toBe(2);
    expect(ways((n) => choose(`k${n}`, properties(1)))).toBe(1);
  });

  test('is otherwise the key alone', () => {
    expect(hashesByKey(EMPTY_TABLE)).toBe(true);
    expect(hashesByKey(table({ 'hash-header': 'h' }))).toBe(false);
    expect(hashesByKey(table({ 'hash-property': 'timestamp' }))).toBe(false);
  });
});

test.each<[PlainObject, string | null]>([
  [{}, null],
  [{ 'hash-header': 'h' }, null],
  [{ 'hash-property': 'message_id' }, null],
  [{ 'hash-property': 'foo' }, 'Unsupported property: foo'],
  [{ 'hash-header': 'h', 'hash-property': 'message_id' }, 'hash-header and hash-property are mutually exclusive'],
])('arguments %j: %s', (args, error) => {
  expect(hashArgumentsError(table(args))).toBe(error);
});

test.each<[string, string | null]>([
  ['1', null],
  ['+3', null],
  ['0', 'The binding key must be greater than 0'],
  ['-1', 'The binding key must be greater than 0'],
  ['', 'The binding key must be an integer: <<>>'],
  ['1.5', 'The binding key must be an integer: <<"1.5">>'],
])("weight '%s': %s", (key, error) => {
  expect(weightError(key)).toBe(error);
});
