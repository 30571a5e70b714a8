/**
 * What frames a log record: stamping it before it is written, checking it after it was read, and finding the next whole
 * one behind a damaged place. docs/log-format.md has the format as a table. All records lie at multiples of 8, in
 * memory as in the file.
 *
 * Record   0 │ length u32     octets of payload, without the padding to a multiple of 8
 *          4 │ type u8, 0 u8
 *          6 │ guard u16      of the octets before it and the file's seed: tells where a record starts, payload unread
 *          8 │ checksum u64   of the octets before it, the payload and the file's seed
 *         16 │ payload
 *
 * A message or piece begins its payload with its id and 8 octets that the core goes on using while they are written:
 * the checksum leaves those out. A gap's payload is what lay there: the checksum leaves all of it out.
 */
import { mixed, xxh64 } from './checksum';

@unmanaged class Head {
  length: u32;
  kind: u16;
  guard: u16;
  checksum: u64;
}

const HEAD: u32 = 16;
const MESSAGE: u16 = 1;
const PIECE: u16 = 2;
const GAP: u16 = 9;
/** No record but a gap is longer; what claims to be is none. */
const LENGTH_MAX: u32 = 1 << 20;
/** The id, covered, and the octets of the core, not covered. */
const MESSAGE_LEAD: u32 = 16;

@inline function spanOf(length: u32): u32 {
  return (HEAD + length + 7) & ~7;
}

@inline function guardOf(head: Head, seed: u64): u16 {
  const hash = mixed(seed, ((<u64>head.length) << 16) | head.kind);
  return <u16>(hash >> 40);
}

@inline function checksumOf(head: Head, seed: u64): u64 {
  const payload = changetype<usize>(head) + HEAD;
  let salted = mixed(seed, load<u64>(changetype<usize>(head)));
  if (head.kind == GAP) return mixed(salted, 0);
  if (head.kind != MESSAGE && head.kind != PIECE) return xxh64(payload, head.length, salted);
  salted = mixed(salted, load<u64>(payload));
  return xxh64(payload + MESSAGE_LEAD, head.length - MESSAGE_LEAD, salted);
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
  if (at + HEAD > end) return at < end ? -1 : 0;
  const head = changetype<Head>(at);
  if (!head.kind || guardOf(head, seed) != head.guard) return 0;
  if (head.kind == GAP) return checksumOf(head, seed) == head.checksum ? <i32>spanOf(head.length) : 0;
  if (head.length > LENGTH_MAX) return 0;
  if ((head.kind == MESSAGE || head.kind == PIECE) && head.length < MESSAGE_LEAD) return 0;
  const span = spanOf(head.length);
  if (at + span > end) return -1;
  return checksumOf(head, seed) == head.checksum ? <i32>span : 0;
}

/**
 * The first place from `at` on, in steps of 8, where a whole record starts or, ending behind `end`, may start; `end` if
 * there is none.
 */
export function find(at: usize, end: usize, seed: u64): usize {
  for (; at + HEAD <= end; at += 8) {
    if (check(at, end, seed)) return at;
  }
  return end;
}
