/**
 * Regular expressions on names: what they match, and which are refused because JavaScript would read them in another
 * way.
 */
import { expect, test } from 'vitest';
import { NamePattern, patternError } from '../../../src/broker/access/name-pattern.js';

test.each([
  ['', '', true],
  ['', 'a', false],
  ['.*', 'anything\r\n', true],
  ['b', 'abc', true],
  ['^b', 'abc', false],
  ['^(a|b)\\.', 'b.x', true],
  ['^a\\-b_c$', 'a-b_c', true],
  ['\\Aab\\z', 'ab', true],
  ['\\Aab\\Z', 'abc', false],
  ['(?i)^ORDERS', 'orders.new', true],
  ['^ORDERS', 'orders.new', false],
  ['^é$', 'é', true],
  // An octet is no character.
  ['^.$', 'é', false],
  ['^..$', 'é', true],
  ['^\\xc3\\xa9$', 'é', true],
  ['[\\]x]', ']', true],
  ['[a[]', '[', true],
  ['^amq\\.default$', 'amq.default', true],
])('%j and the name %j: %s', (pattern, name, matches) => {
  const expression = new NamePattern(pattern);
  // The second time it is remembered.
  expect([expression.matches(name), expression.matches(name)]).toEqual([matches, matches]);
});

test.each([
  '(',
  '*',
  'a++',
  '(?>a)',
  '(?R)',
  '[[:alpha:]]',
  '[]a]',
  '[^]a]',
  '\\Qa\\E',
  '\\h',
  '\\p{L}',
  '\\x{e9}',
  '\\',
])('%j is refused', (pattern) => {
  expect(patternError(pattern)).toEqual(expect.any(String));
});

test('what is refused says why', () => {
  expect(patternError('a\\Kb')).toBe("'\\K' is not supported");
  expect(patternError('[[:alpha:]]')).toBe("'[:' is not supported");
  expect(patternError('(')).toMatch(/Unterminated group/);
  expect(patternError('^a.*')).toBeNull();
});

test('more names than are remembered are told apart all the same', () => {
  const pattern = new NamePattern('[05]$');
  const names = Array.from({ length: 3000 }, (_, i) => `q${i}`);
  for (let round = 0; round < 2; round++) expect(names.filter((name) => pattern.matches(name))).toHaveLength(600);
});
