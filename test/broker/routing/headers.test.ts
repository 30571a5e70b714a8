/** Headers bindings against the rules in so many words. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FieldTable, type FieldValue, type Plain, table } from '../../../src/amqp/table.js';
import { HeadersRouter } from '../../../src/broker/routing/headers.js';
import type { Bound } from '../../../src/broker/routing/router.js';

function matches(args: FieldTable, headers: FieldTable | null): boolean {
  const router = new HeadersRouter<Bound>();
  router.add({ destination: {}, routingKey: '', arguments: args });
  let hits = 0;
  router.match({ keys: ['any key'], properties: headers === null ? {} : { headers } }, () => {
    hits++;
  });
  expect(hits).toBeLessThanOrEqual(1);
  return hits === 1;
}

describe('the corners, as RabbitMQ has them', () => {
  test.each<[Record<string, Plain>, Record<string, Plain> | null, boolean]>([
    [{}, null, true],
    [{ 'x-match': 'any' }, { a: 1 }, false],
    [{ 'x-match': 'any' }, null, false],
    [{ a: 1 }, { a: 1, b: 2 }, true],
    [{ a: 1, b: 2 }, { a: 1 }, false],
    [{ 'x-match': 'any', a: 1, b: 2 }, { b: 2 }, true],
    [{ a: 1 }, { a: 1n }, true],
    [{ a: 1 }, { a: '1' }, false],
    [{ a: true }, { a: true }, true],
    [{ a: new Date(5000) }, { a: 5 }, true],
    [{ a: new Uint8Array([65]) }, { a: 'A' }, true],
    [{ a: null }, { a: 1 }, true],
    [{ a: null }, { a: null }, true],
    [{ a: null }, { b: 1 }, false],
    [{ a: [1, 2] }, { a: [1, 2] }, true],
    [{ a: [1, 2] }, { a: [2, 1] }, false],
    [{ a: { b: 1 } }, { a: { b: 2 } }, false],
    [{ 'x-a': 1 }, {}, true],
    [{ 'x-match': 'any', 'x-a': 1 }, { 'x-a': 1 }, false],
    [{ 'x-match': 'any-with-x', 'x-a': 1 }, { 'x-a': 1 }, true],
    [{ 'x-match': 'all-with-x', 'x-a': 1 }, { 'x-a': 2 }, false],
    [{ 'x-match': 'all-with-x' }, {}, true],
    [{ 'x-match': 'any-with-x' }, { 'x-match': 'any-with-x' }, false],
  ])('%o and a message with %o: %s', (args, headers, expected) => {
    expect(matches(table(args), headers === null ? null : table(headers))).toBe(expected);
  });

  test('a double is equal to an integer of its value', () => {
    const args: FieldTable = new Map([['a', { type: 'd', value: 1 }]]);
    expect(matches(args, table({ a: 1 }))).toBe(true);
  });
});

const name = fc.constantFrom('a', 'b', 'x-a');
const value = fc.constantFrom<FieldValue>(
  { type: 'I', value: 1 },
  { type: 'l', value: 1n },
  { type: 'b', value: 2 },
  { type: 'S', value: '1' },
  { type: 't', value: true },
  { type: 'V', value: null },
);
const fields = fc.dictionary(name, value, { noNullPrototype: true }).map((entries) => new Map(Object.entries(entries)));
const mode = fc.constantFrom(undefined, 'all', 'any', 'all-with-x', 'any-with-x');

function naiveMatch(how: string | undefined, args: FieldTable, headers: FieldTable): boolean {
  const asked = [...args].filter(([field]) => how?.endsWith('-with-x') || !field.startsWith('x-'));
  const met = asked.filter(([field, wanted]) => {
    const given = headers.get(field);
    if (given === undefined) return false;
    if (wanted.type === 'V') return true;
    const integers = typeof wanted.value !== 'string' && typeof given.value !== 'string';
    if (wanted.type === 't' || given.type === 't' || given.type === 'V' || !integers)
      return wanted.value === given.value;
    return Number(wanted.value) === Number(given.value);
  });
  return how?.startsWith('any') ? met.length > 0 : met.length === asked.length;
}

test('a binding matches exactly when its rule holds', () => {
  fc.assert(
    fc.property(mode, fields, fields, (how, args, headers) => {
      const all = how === undefined ? args : new Map(args).set('x-match', { type: 'S', value: how });
      expect(matches(all, headers)).toBe(naiveMatch(how, args, headers));
    }),
    { numRuns: 3000 },
  );
});

test('a binding that was taken away matches nothing', () => {
  const router = new HeadersRouter<Bound>();
  const binding = { destination: {}, routingKey: '', arguments: table({}) };
  router.add(binding);
  router.remove(binding);
  router.match({ keys: [''], properties: {} }, () => expect.unreachable());
});
