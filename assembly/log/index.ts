/**
 * The log's own small module: the checksum and framing of records, for the host's buffers. It is instantiated on a
 * memory of its own for each buffer. The seed of the file stands in two halves, since the host has no 64-bit integers
 * that cost nothing.
 */
import { xxh64 } from './checksum';
import { check as checkRecord, find as findRecord, stamp as stampRecord } from './record';

export * from '../format/record';

let seed: u64 = 0;

export function setSeed(low: u32, high: u32): void {
  seed = ((<u64>high) << 32) | low;
}
export function stamp(at: usize): u32 {
  return stampRecord(at, seed);
}

/** Stamps the records that lie one behind the other from `at` to `end`. */
export function stampAll(at: usize, end: usize): void {
  while (at < end) at += stampRecord(at, seed);
}
export function check(at: usize, end: usize): i32 {
  return checkRecord(at, end, seed);
}
export function find(at: usize, end: usize): usize {
  return findRecord(at, end, seed);
}

let result: u64 = 0;

/** XXH64 with the seed; its halves are `hashLow` and `hashHigh`. */
export function hash(at: usize, length: u32): void {
  result = xxh64(at, length, seed);
}
export function hashLow(): u32 {
  return <u32>result;
}
export function hashHigh(): u32 {
  return <u32>(result >> 32);
}
