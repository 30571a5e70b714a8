/**
 * Regular expressions on names: what they match, and which are refused, and that none takes long.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NamePattern, patternError } from '../../../src/broker/access/name-pattern.js';

test.each([
  ['', '', true],
  ['', 'a', true],
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
  ['(?i)^É$', 'É', true],
  ['^a(?i:b)c$', 'aBc', true],
  ['^a.b$', 'a\rb', true],
  ['[[:alpha:]]', 'x', true],
  ['[[:alpha:]]', '1', false],
  ['^[]a]$', ']', true],
  ['^[^]a]$', ']', false],
  ['^\\Qa(\\1\\E$', 'a(\\1', true],
  ['^\\x{c3}\\x{a9}$', 'é', true],
  ['^\\p{Lu}$', 'A', true],
  ['[\\]x]', ']', true],
  ['[a[]', '[', true],
  ['^amq\\.default$', 'amq.default', true],
])('%j and the name %j: %s', (pattern, name, matches) => {
  const expression = new NamePattern(pattern);
  // The second time it is remembered.
  expect([expression.matches(name), expression.matches(name)]).toEqual([matches, matches]);
});

test.each([
  ['(', 'missing closing ): `(`'],
  ['é(', 'missing closing ): `é(`'],
  ['*', 'missing argument to repetition operator: `*`'],
  ['a++', 'invalid nested repetition operator: `++`'],
  ['(a)\\1', 'a back reference (\\1) is not supported'],
  ['(?<n>a)\\k<n>', 'a back reference (\\k) is not supported'],
  ['a(?=b)', 'look-ahead ((?=) is not supported'],
  ['^(?!amq)', 'look-ahead ((?!) is not supported'],
  ['(?<=a)b', 'look-behind ((?<=) is not supported'],
  ['(?<!a)b', 'look-behind ((?<!) is not supported'],
  ['(?>a)', 'an atomic group ((?>) is not supported'],
  ['(?#a)', 'invalid or unsupported Perl syntax: `(?#`'],
  ['(?R)', 'invalid or unsupported Perl syntax: `(?R`'],
  ['a\\Kb', 'invalid escape sequence: `\\K`'],
  ['\\h', 'invalid escape sequence: `\\h`'],
  ['\\v', 'an escape that is read in several ways (\\v) is not supported'],
  ['[[.a.]]', 'a collating element ([.) is not supported'],
  ['\\', 'trailing backslash at end of expression'],
  ['a{1001}', 'invalid repeat count: `{1001}`'],
  ['(a?){1000}'.repeat(9), 'it repeats too much'],
  ['a'.repeat(4097), 'it is longer than 4096 octets'],
])('%j is refused with its reason', (pattern, reason) => {
  expect(patternError(pattern)).toBe(reason);
  expect(() => new NamePattern(pattern)).toThrow();
});

test.each([
  ['(a+)+$', 'a'],
  ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'],
  ['(x+x+)+y', 'x'],
  ['^(a|aa)+$', 'a'],
  ['(.*a){20}!', 'a'],
])('%j, at which a matcher that goes back would never end, says no', (pattern, letter) => {
  expect(new NamePattern(pattern).matches(`${letter.repeat(254)}-`)).toBe(false);
});

/** Expressions in what RE2, Perl and JavaScript read alike. */
const expressions = fc.letrec<{ expression: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom('a', 'b', 'c', '\\.', '.', '^', '$', '[ab]', '[^a.]', '[a-c]', '\\d', '\\w', '\\W', '\\b'),
    fc.tuple(fc.constantFrom('(', '(?:'), tie('expression')).map(([open, inner]) => `${open}${inner})`),
  ),
  expression: fc
    .array(
      fc
        .tuple(tie('atom'), fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '*?', '|'))
        // What has no width is not repeated: the engines agree on it, but JavaScript refuses some.
        .map(([atom, times]) => (/^[\^$]$|^\\b$/.test(atom) && times !== '|' ? atom : atom + times)),
      { maxLength: 4 },
    )
    .map((parts) => parts.join('')),
})).expression;

test('what all engines read alike matches as in JavaScript', () => {
  const names = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.', '1'), maxLength: 8 });
  fc.assert(
    fc.property(expressions, fc.array(names, { minLength: 1, maxLength: 8 }), (pattern, tried) => {
      const own = new NamePattern(pattern);
      const theirs = new RegExp(pattern);
      for (const name of tried) expect([name, own.matches(name)]).toEqual([name, theirs.test(name)]);
    }),
    { numRuns: 1000 },
  );
});

test('more names than are remembered are told apart all the same', () => {
  const pattern = new NamePattern('[05]$');
  const names = Array.from({ length: 3000 }, (_, i) => `q${i}`);
  for (let round = 0; round < 2; round++) expect(names.filter((name) => pattern.matches(name))).toHaveLength(600);
});
