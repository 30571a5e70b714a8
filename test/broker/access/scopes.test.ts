/**
 * What scopes give: as RabbitMQ's documentation and its own tests of OAuth 2 have it, and compared with a plain model.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RIGHTS, type Right } from '../../../src/broker/access/accounts.js';
import { principalOfGrant, Wildcard } from '../../../src/broker/access/scopes.js';

function bearer(...scopes: string[]) {
  return principalOfGrant({ name: 'ann', scopes, expiresAt: 0 });
}

const VHOSTS = ['/', 'foo', '*', 'foo/bar', 'юникод'];
const NAMES = ['foo', 'foo/bar', '*', '*/*', 'юникод'];

describe('what RabbitMQ has tests for', () => {
  test.each(RIGHTS)('%s:*/* and its form with a key give that right everywhere, and no other', (right) => {
    for (const principal of [bearer(`${right}:*/*`), bearer(`${right}:*/*/*`)]) {
      for (const vhost of VHOSTS) {
        expect(principal.mayEnter(vhost)).toBe(true);
        for (const name of NAMES) {
          expect(RIGHTS.filter((one) => principal.may(one, vhost, name))).toEqual([right]);
        }
      }
    }
  });

  test('a vhost alone, plain and encoded', () => {
    const plain = bearer('read:foo/*', 'tag:management');
    const encoded = bearer('read:foo%2Fbar%2F%2A%2F/*', 'tag:policymaker');
    const complex = 'foo/bar/*/';
    for (const name of NAMES) {
      expect(plain.may('read', 'foo', name)).toBe(true);
      expect(plain.may('read', complex, name)).toBe(false);
      expect(encoded.may('read', complex, name)).toBe(true);
      expect(encoded.may('read', 'foo', name)).toBe(false);
    }
    expect([plain.mayEnter('foo'), plain.mayEnter('/'), encoded.mayEnter(complex)]).toEqual([true, false, true]);
  });

  test('a resource alone, in any vhost', () => {
    const principal = bearer('write:*/bar%2A%2Fbaz');
    for (const vhost of VHOSTS) {
      expect(principal.may('write', vhost, 'bar*/baz')).toBe(true);
      for (const name of NAMES) expect(principal.may('write', vhost, name)).toBe(false);
    }
  });
});

test.each([
  // As RabbitMQ 3.10.8 answers.
  ['read:%2F/a+b', '/', 'a b', true],
  ['read:%2f/x', '/', 'x', true],
  ['read:/x', '', 'x', true],
  ['read:*/x', '', 'x', true],
  ['read:%2F/a%zz', '/', 'a%zz', false],
  ['read:vhost1/some*', 'vhost1', 'something', true],
  ['read:vhost1/some*', 'vhost1', 'anything', false],
  ['read:a/start*middle*end', 'a', 'start-the-middle-end', true],
  ['read:a/start*middle*end', 'a', 'start-the-end', false],
  ['read:a/*before*after*', 'a', 'x before y after z', true],
  ['read:a/*before*after*', 'a', 'after before', false],
  ['read:a', 'a', 'x', false],
  ['read:a/b/c/d', 'a', 'b', false],
  ['Read:*/*', 'a', 'b', false],
  ['administer:*/*', 'a', 'b', false],
  ['', 'a', 'b', false],
  // As its documentation says, though it answers otherwise: the name ends with that.
  ['read:*/*bar', '/', 'barbar', true],
  ['read:*/foo*bar', '/', 'foobarbar', true],
  ['read:*/foo**', '/', 'foo', true],
])('%j in vhost %j on %j: %s', (scope, vhost, name, isGiven) => {
  expect(bearer(scope).may('read', vhost, name)).toBe(isGiven);
});

test('keys of topic exchanges are those that a scope names, and none where none does', () => {
  const may = (scope: string, vhost: string, exchange: string, key: string) =>
    bearer(scope).topicPattern('read', vhost, exchange)?.matches(key) ?? true;
  for (const vhost of VHOSTS) {
    for (const exchange of NAMES) {
      for (const key of ['rout', 'norout', 'some_other', 'a.b.c', '']) {
        expect(may('read:*/*/*', vhost, exchange, key)).toBe(true);
        expect(may('read:*/*', vhost, exchange, key)).toBe(false);
        expect(may('write:*/*/*', vhost, exchange, key)).toBe(false);
        expect(may('read:vhost/*/*', vhost, exchange, key)).toBe(false);
        expect(may('read:vhost/*/*', 'vhost', exchange, key)).toBe(true);
        expect(may('read:*/exchange/*', vhost, 'exchange', key)).toBe(true);
        expect(may('read:*/exchange/*', vhost, exchange, key)).toBe(false);
        expect(may('read:*/*/rout', vhost, exchange, key)).toBe(key === 'rout');
        expect(may('read:*/*/*rout', vhost, exchange, key)).toBe(key.endsWith('rout'));
      }
    }
  }
});

test('tags are scopes of their own, and give nothing else', () => {
  const principal = bearer('tag:administrator', 'tag:management');
  expect(['administrator', 'management', 'monitoring'].map((tag) => principal.hasTag(tag))).toEqual([
    true,
    true,
    false,
  ]);
  expect(principal.mayEnter('/')).toBe(false);
});

test('bearers with the same name and the same scopes have the same key, others have not', () => {
  const key = bearer('read:*/*').key;
  expect(bearer('read:*/*').key).toBe(key);
  expect(bearer('read:*/*', 'write:*/*').key).not.toBe(key);
  expect(principalOfGrant({ name: 'bob', scopes: ['read:*/*'], expiresAt: 0 }).key).not.toBe(key);
});

test('random scopes give what a model says that looks at each text in turn', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '%', '+', 'ü', '\u{1f407}'), maxLength: 4 });
  const pattern = fc
    .array(fc.oneof(fc.constant('*'), word.map(encodeURIComponent)), { maxLength: 5 })
    .map((all) => all.join(''));
  const right = fc.constantFrom<Right[]>(...RIGHTS);
  const scope = fc.record({ right, vhost: pattern, name: pattern });
  fc.assert(
    fc.property(fc.array(scope, { maxLength: 4 }), right, word, word, (scopes, asked, vhost, name) => {
      const principal = bearer(...scopes.map((one) => `${one.right}:${one.vhost}/${one.name}`));
      const given = scopes.some((one) => one.right === asked && model(one.vhost, vhost) && model(one.name, name));
      expect(principal.may(asked, vhost, name)).toBe(given);
      expect(principal.mayEnter(vhost)).toBe(scopes.some((one) => model(one.vhost, vhost)));
    }),
    { numRuns: 2_000 },
  );
});

/** Whether a text is one of those that a pattern stands for, letter by letter. */
function model(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (pattern.startsWith('*')) {
    return Array.from({ length: text.length + 1 }, (_, at) => text.slice(at)).some((rest) =>
      model(pattern.slice(1), rest),
    );
  }
  const encoded = /^(%[0-9A-F]{2})+|^./u.exec(pattern)?.[0] ?? '';
  const plain = decodeURIComponent(encoded);
  return text.startsWith(plain) && model(pattern.slice(encoded.length), text.slice(plain.length));
}

test('a pattern with many wildcards takes no time for a name that almost matches', () => {
  const wildcard = Wildcard.parse(`${'a*'.repeat(2_000)}b`);
  expect(wildcard?.matches('a'.repeat(100_000))).toBe(false);
});
