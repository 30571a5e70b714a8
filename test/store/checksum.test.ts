/**
 * The checksum is XXH64, as its specification writes it, for every length and seed.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LogMemory } from '../../dist/log/log-memory.js';

const MASK = (1n << 64n) - 1n;
const [P1, P2, P3, P4, P5] = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
] as const;
const mul = (a: bigint, b: bigint): bigint => (a * b) & MASK;
const add = (...values: bigint[]): bigint => values.reduce((sum, value) => (sum + value) & MASK, 0n);
const rotate = (value: bigint, bits: bigint): bigint => ((value << bits) | (value >> (64n - bits))) & MASK;
const round = (writer: bigint, input: bigint): bigint => mul(rotate(add(writer, mul(input, P2)), 31n), P1);

/** The specification (xxhash_spec.md) word by word. */
function xxh64(bytes: Uint8Array, seed: bigint): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  let hash = add(seed, P5);
  if (bytes.length >= 32) {
    const writers = [add(seed, P1, P2), add(seed, P2), seed, add(seed, MASK + 1n - P1)];
    for (; at + 32 <= bytes.length; at += 32) {
      writers.forEach((writer, i) => {
        writers[i] = round(writer, view.getBigUint64(at + i * 8, true));
      });
    }
    const bits = [1n, 7n, 12n, 18n];
    hash = add(...writers.map((writer, i) => rotate(writer, bits[i] as bigint)));
    for (const writer of writers) hash = add(mul(hash ^ round(0n, writer), P1), P4);
  }
  hash = add(hash, BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8) {
    hash = add(mul(rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n), P1), P4);
  }
  if (at + 4 <= bytes.length) {
    hash = add(mul(rotate(hash ^ mul(BigInt(view.getUint32(at, true)), P1), 23n), P2), P3);
    at += 4;
  }
  for (; at < bytes.length; at++) hash = mul(rotate(hash ^ mul(BigInt(bytes[at] as number), P5), 11n), P1);
  hash = mul(hash ^ (hash >> 33n), P2);
  hash = mul(hash ^ (hash >> 29n), P3);
  return hash ^ (hash >> 32n);
}

const memory = new LogMemory(4096);

function inMemory(bytes: Uint8Array, seed: { low: number; high: number }): bigint {
  memory.bytes.set(bytes);
  memory.setSeed(seed);
  const { low, high } = memory.hash(0, bytes.length);
  return (BigInt(high) << 32n) | BigInt(low);
}

test('published values come out', () => {
  const none = { low: 0, high: 0 };
  expect(inMemory(new Uint8Array(0), none)).toBe(0xef46db3751d8e999n);
  expect(inMemory(Buffer.from('a'), none)).toBe(0xd24ec4f1a98c6e5bn);
  expect(inMemory(Buffer.from('abc'), none)).toBe(0x44bc2cf5ad770999n);
});

test('every length and seed gives what the specification says', () => {
  const word = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), word, word, (bytes, low, high) => {
      expect(inMemory(bytes, { low, high })).toBe(xxh64(bytes, (BigInt(high) << 32n) | BigInt(low)));
    }),
  );
});
