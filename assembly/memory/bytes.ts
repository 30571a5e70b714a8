/**
 * Bytes as AMQP has them: big-endian numbers, and copies and comparisons that are quick for short runs.
 * `copyBytes` may write up to 7 bytes past `length`; destinations have that room.
 */

@inline export function read16(address: usize): u32 {
  return <u32>bswap<u16>(load<u16>(address));
}

@inline export function read32(address: usize): u32 {
  return bswap<u32>(load<u32>(address));
}

@inline export function read64(address: usize): u64 {
  return bswap<u64>(load<u64>(address));
}

@inline export function write16(address: usize, value: u32): void {
  store<u16>(address, bswap<u16>(<u16>value));
}

@inline export function write32(address: usize, value: u32): void {
  store<u32>(address, bswap<u32>(value));
}

@inline export function write64(address: usize, value: u64): void {
  store<u64>(address, bswap<u64>(value));
}

/**
 * Up to this length a loop of words beats the call that `memory.copy` is in the engines (measured with V8: 128 bytes).
 */
const SHORT: u32 = 128;
/** Up to this length a loop of vectors does, where there are some. */
const MIDDLE: u32 = ASC_FEATURE_SIMD ? 4096 : SHORT;

/** Copies `length` bytes, and up to 7 more when that is quicker: the room behind the destination must be there. */
@inline export function copyBytes(to: usize, from: usize, length: u32): void {
  if (length > SHORT) {
    copyLong(to, from, length);
    return;
  }
  for (let i: u32 = 0; i < length; i += 8) store<u64>(to + i, load<u64>(from + i));
}

/** Copies exactly `length` bytes, for destinations with neighbours. */
@inline export function copyExactly(to: usize, from: usize, length: u32): void {
  if (length > SHORT) {
    copyLong(to, from, length);
    return;
  }
  if (length < 8) {
    for (let i: u32 = 0; i < length; i++) store<u8>(to + i, load<u8>(from + i));
    return;
  }
  // The last word overlaps the one before it, instead of a loop over single octets.
  const last = length - 8;
  for (let i: u32 = 0; i < last; i += 8) store<u64>(to + i, load<u64>(from + i));
  store<u64>(to + last, load<u64>(from + last));
}

/** Copies exactly `length` bytes, more than SHORT. */
function copyLong(to: usize, from: usize, length: u32): void {
  if (!ASC_FEATURE_SIMD || length > MIDDLE) {
    memory.copy(to, from, length);
    return;
  }
  const last = length - 16;
  let i: u32 = 0;
  for (; i + 64 <= length; i += 64) {
    const a = v128.load(from + i);
    const b = v128.load(from + i, 16);
    const c = v128.load(from + i, 32);
    const d = v128.load(from + i, 48);
    v128.store(to + i, a);
    v128.store(to + i, b, 16);
    v128.store(to + i, c, 32);
    v128.store(to + i, d, 48);
  }
  for (; i < last; i += 16) v128.store(to + i, v128.load(from + i));
  v128.store(to + last, v128.load(from + last));
}

@inline export function equalBytes(a: usize, b: usize, length: u32): bool {
  let i: u32 = 0;
  for (; i + 8 <= length; i += 8) if (load<u64>(a + i) != load<u64>(b + i)) return false;
  // What is left are the low octets of one more word; reading past the end harms nobody.
  const left = length - i;
  if (left == 0) return true;
  const unused = <u64>(64 - left * 8);
  return (load<u64>(a + i) ^ load<u64>(b + i)) << unused == 0;
}
