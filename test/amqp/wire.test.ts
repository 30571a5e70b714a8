import { describe, expect, test } from 'vitest';
import { Reader, Writer } from '../../src/amqp/wire.js';

/** One value of every primitive type, and how it is written and read. */
const PRIMITIVES: readonly (readonly [
  name: string,
  write: (writer: Writer) => void,
  read: (reader: Reader) => unknown,
  value: unknown,
])[] = [
  ['bit', (writer) => writer.bit(true), (reader) => reader.bit(), true],
  ['octet', (writer) => writer.octet(0xfe), (reader) => reader.octet(), 0xfe],
  ['short', (writer) => writer.short(0xfedc), (reader) => reader.short(), 0xfedc],
  ['long', (writer) => writer.long(0xfedc_ba98), (reader) => reader.long(), 0xfedc_ba98],
  ['longlong', (writer) => writer.longlong(2n ** 64n - 2n), (reader) => reader.longlong(), 2n ** 64n - 2n],
  ['int8', (writer) => writer.int8(-2), (reader) => reader.int8(), -2],
  ['int16', (writer) => writer.int16(-300), (reader) => reader.int16(), -300],
  ['int32', (writer) => writer.int32(-70_000), (reader) => reader.int32(), -70_000],
  ['int64', (writer) => writer.int64(-(2n ** 63n)), (reader) => reader.int64(), -(2n ** 63n)],
  ['float', (writer) => writer.float(1.5), (reader) => reader.float(), 1.5],
  ['double', (writer) => writer.double(0.1), (reader) => reader.double(), 0.1],
  ['short string', (writer) => writer.shortText('né'), (reader) => reader.shortstr(), 'né'],
  ['long string', (writer) => writer.longText('né'), (reader) => reader.longText(), 'né'],
];

describe.each(PRIMITIVES)('%s', (_, write, read, value) => {
  test('comes back the same wherever the writer has to grow', () => {
    for (let before = 240; before <= 260; before++) {
      const writer = new Writer();
      writer.bytes(new Uint8Array(before));
      write(writer);
      expect(read(new Reader(writer.finish().subarray(before)))).toBe(value);
    }
  });
});

test('bits fill an octet from its lowest and go on in the next', () => {
  const writer = new Writer();
  const bits = [true, false, true, false, false, false, false, true, true];
  for (const bit of bits) writer.bit(bit);
  const bytes = writer.finish();

  expect(bytes).toEqual(Uint8Array.of(0b1000_0101, 1));
  const reader = new Reader(bytes);
  expect(bits.map(() => reader.bit())).toEqual(bits);
});

test('anything between two bits puts them into octets of their own', () => {
  const writer = new Writer();
  writer.bit(true);
  writer.octet(7);
  writer.bit(true);
  const bytes = writer.finish();

  expect(bytes).toEqual(Uint8Array.of(1, 7, 1));
  const reader = new Reader(bytes);
  expect([reader.bit(), reader.octet(), reader.bit()]).toEqual([true, 7, true]);
});

test('a number that its type cannot hold is refused', () => {
  const writer = new Writer();
  expect(() => writer.octet(256)).toThrow(RangeError);
  expect(() => writer.short(0.5)).toThrow(RangeError);
  expect(() => writer.int8(128)).toThrow(RangeError);
  expect(() => writer.longlong(-1n)).toThrow(RangeError);
  expect(() => writer.int64(2n ** 63n)).toThrow(RangeError);
});
