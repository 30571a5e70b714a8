/**
 * What frames a log record: stamping it before it is written, checking it after it was read, and finding the next whole
 * one behind a damaged place. format/record.ts has its layout. All records lie at multiples of 8, in memory as in the
 * file.
 */
import {
  RECORD_GAP,
  RECORD_HEAD,
  RECORD_LENGTH_MAX,
  RECORD_MESSAGE,
  RECORD_MESSAGE_LEAD,
  RECORD_PIECE,
} from '../format/record';
import { mixed, xxh64 } from './checksum';

@unmanaged class Head {
  length: u32;
  kind: u16;
  guard: u16;
  checksum: u64;
}

@inline function spanOf(length: u32): u32 {
  return (RECORD_HEAD + length + 7) & ~7;
}

@inline function guardOf(head: Head, seed: u64): u16 {
  const hash = mixed(seed, ((<u64>head.length) << 16) | head.kind);
  return <u16>(hash >> 40);
}

@inline function checksumOf(head: Head, seed: u64): u64 {
  const payload = changetype<usize>(head) + RECORD_HEAD;
  let salted = mixed(seed, load<u64>(changetype<usize>(head)));
  if (head.kind == <u16>RECORD_GAP) return mixed(salted, 0);
  if (head.kind != <u16>RECORD_MESSAGE && head.kind != <u16>RECORD_PIECE) return xxh64(payload, head.length, salted);
  salted = mixed(salted, load<u64>(payload));
  return xxh64(payload + RECORD_MESSAGE_LEAD, head.length - RECORD_MESSAGE_LEAD, salted);
}

/**
 * Fills in guard and checksum of a record whose length, type and payload stand. Returns the octets from its start to
 * the next.
 */
export function stamp(at: usize, seed: u64): u32 {
  const head = changetype<Head>(at);
  head.guard = guardOf(head, seed);
  head.checksum = checksumOf(head, seed);
  return spanOf(head.length);
}

/**
 * Octets from a record's start to the next; 0: no whole record starts here; −1: one does to all appearance, but it ends
 * behind `end`.
 */
export function check(at: usize, end: usize, seed: u64): i32 {
  if (at + RECORD_HEAD > end) return at < end ? -1 : 0;
  const head = changetype<Head>(at);
  if (!head.kind || guardOf(head, seed) != head.guard) return 0;
  if (head.kind == <u16>RECORD_GAP) return checksumOf(head, seed) == head.checksum ? <i32>spanOf(head.length) : 0;
  if (head.length > RECORD_LENGTH_MAX) return 0;
  if ((head.kind == <u16>RECORD_MESSAGE || head.kind == <u16>RECORD_PIECE) && head.length < RECORD_MESSAGE_LEAD)
    return 0;
  const span = spanOf(head.length);
  if (at + span > end) return -1;
  return checksumOf(head, seed) == head.checksum ? <i32>span : 0;
}

/**
 * The first place from `at` on, in steps of 8, where a whole record starts or, ending behind `end`, may start; `end` if
 * there is none.
 */
export function find(at: usize, end: usize, seed: u64): usize {
  for (; at + RECORD_HEAD <= end; at += 8) {
    if (check(at, end, seed)) return at;
  }
  return end;
}
