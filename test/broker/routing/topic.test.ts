/** Topic patterns against a model that tries every way to match. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EMPTY_TABLE } from '../../../src/amqp/table.js';
import type { Bound } from '../../../src/broker/routing/router.js';
import { TopicRouter } from '../../../src/broker/routing/topic.js';

const bound = (routingKey: string): Bound => ({ destination: {}, routingKey, arguments: EMPTY_TABLE });
const words = (key: string): string[] => (key === '' ? [] : key.split('.'));

/** What the patterns mean, in so many words. */
function naiveMatch([first, ...rest]: string[], key: string[]): boolean {
  if (first === undefined) return key.length === 0;
  if (first === '#') return naiveMatch(rest, key) || (key.length > 0 && naiveMatch([first, ...rest], key.slice(1)));
  if (key.length === 0) return false;
  return (first === '*' || first === key[0]) && naiveMatch(rest, key.slice(1));
}

function found(router: TopicRouter<Bound>, key: string): Bound[] {
  const bindings: Bound[] = [];
  router.match({ keys: [key], properties: {} }, (binding) => bindings.push(binding));
  return bindings;
}

function matching(patterns: readonly string[], key: string): string[] {
  const router = new TopicRouter<Bound>();
  for (const pattern of patterns) router.add(bound(pattern));
  return found(router, key).map((binding) => binding.routingKey);
}

describe('the corners, as RabbitMQ has them', () => {
  const PATTERNS = ['', '*', '#', '.', '*.*', '#.#', 'a.*', 'a.#', '#.a', '*.', '.*', '#.*', '*.#.*', 'a.#.b', '#.a.#'];
  test.each([
    ['', ['', '#', '#.#']],
    ['a', ['*', '#', '#.#', 'a.#', '#.a', '#.*', '#.a.#']],
    ['.', ['#', '.', '*.*', '#.#', '*.', '.*', '#.*', '*.#.*']],
    ['a.', ['#', '*.*', '#.#', 'a.*', 'a.#', '*.', '#.*', '*.#.*', '#.a.#']],
    ['a.b', ['#', '*.*', '#.#', 'a.*', 'a.#', '#.*', '*.#.*', 'a.#.b', '#.a.#']],
    ['#', ['*', '#', '#.#', '#.*']],
    ['*', ['*', '#', '#.#', '#.*']],
    ['..', ['#', '#.#', '#.*', '*.#.*']],
  ])("'%s'", (key, expected) => {
    expect(matching(PATTERNS, key).sort()).toEqual([...expected].sort());
  });
});

const word = fc.constantFrom('a', 'b', '');
const pattern = fc.array(fc.oneof(word, fc.constantFrom('*', '#')), { maxLength: 7 }).map((list) => list.join('.'));
const key = fc.array(fc.oneof(word, fc.constantFrom('*', '#')), { maxLength: 7 }).map((list) => list.join('.'));

test('every binding that matches is found once, and no other', () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 12 }), key, (patterns, routingKey) => {
      const expected = patterns.filter((one) => naiveMatch(words(one), words(routingKey)));
      expect(matching(patterns, routingKey).sort()).toEqual(expected.sort());
    }),
    { numRuns: 2000 },
  );
});

test('bindings that were taken away leave no trace', () => {
  fc.assert(
    fc.property(
      fc.array(pattern, { maxLength: 12 }),
      fc.array(pattern, { maxLength: 12 }),
      key,
      (stay, go, routingKey) => {
        const router = new TopicRouter<Bound>();
        const staying = stay.map(bound);
        const going = go.map(bound);
        for (const binding of [...going, ...staying]) router.add(binding);
        for (const binding of going) router.remove(binding);
        const expected = staying.filter((one) => naiveMatch(words(one.routingKey), words(routingKey)));
        expect(new Set(found(router, routingKey))).toEqual(new Set(expected));
        for (const binding of staying) router.remove(binding);
        expect(found(router, routingKey)).toEqual([]);
      },
    ),
    { numRuns: 500 },
  );
});

test('a pattern and a key of the most words match without trying all ways', () => {
  const hostile = `${Array.from({ length: 60 }, () => '#.a').join('.')}.b`;
  const longest = Array.from({ length: 128 }, () => 'a').join('.');
  expect(matching([hostile, Array.from({ length: 128 }, () => '#').join('.')], longest)).toHaveLength(1);
});
