import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeText, decodeUtf8, encodeText } from '../../src/amqp/text.js';

test('any bytes come back the same', () => {
  const bytes = fc.uint8Array({ maxLength: 64 });
  fc.assert(
    fc.property(bytes, (bytes) => {
      expect([...encodeText(decodeText(bytes))]).toEqual([...bytes]);
    }),
  );
});

test('bytes that are nearly UTF-8 come back the same', () => {
  const almost = fc
    .tuple(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), fc.nat(), fc.nat(255))
    .map(([text, place, octet]) => {
      const bytes = new TextEncoder().encode(text);
      bytes[place % bytes.length] = octet;
      return bytes;
    });
  fc.assert(
    fc.property(almost, (bytes) => {
      expect([...encodeText(decodeText(bytes))]).toEqual([...bytes]);
    }),
  );
});

test('UTF-8 is decoded as what it is', () => {
  const text = fc.string({ unit: 'binary', maxLength: 64 });
  fc.assert(
    fc.property(text, (text) => {
      expect(decodeText(new TextEncoder().encode(text))).toBe(text);
    }),
  );
});

test('characters around a wrong byte stay readable', () => {
  expect(decodeText(Uint8Array.of(0x61, 0xff, 0xc3, 0xa9))).toBe('a\udcffé');
});

test('a byte order mark is a character like others', () => {
  expect(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa');
});

test.each([
  ['an overlong form', [0xc0, 0x80]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['a number beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ['a lone continuation', [0x80]],
  ['a cut character', [0xe8, 0xaa]],
])('%s is no UTF-8', (_, bytes) => {
  expect(decodeUtf8(Uint8Array.from(bytes))).toBeUndefined();
});
