/**
 * The shared memory as typed arrays, and the little-endian words and big-endian octets that the core reads and writes.
 * What must hold: word indexes are unsigned (`word`), since addresses reach 4 GiB.
 */

export interface Views {
  readonly bytes: Uint8Array;
  readonly u32: Uint32Array;
  /** For words that are not aligned. */
  readonly data: DataView;
  /** Only for words that threads wait on: locks and doorbells. */
  readonly i32: Int32Array;
  /** Only for points in time and spans of it. */
  readonly f64: Float64Array;
}

export function viewsOf(buffer: SharedArrayBuffer): Views {
  return {
    bytes: new Uint8Array(buffer),
    u32: new Uint32Array(buffer),
    data: new DataView(buffer),
    i32: new Int32Array(buffer),
    f64: new Float64Array(buffer),
  };
}

/** Index in `u32` or `i32` of a structure's field. */
export function word(address: number, field: number): number {
  return (address >>> 2) + field;
}

/** Index in `f64` of a structure's field of two words; the structure and the field are aligned to it. */
export function double(address: number, field: number): number {
  return (address >>> 3) + (field >>> 1);
}

/** The address of the unit, of a power of two octets, that an address lies in. */
export function unitOf(address: number, size: number): number {
  return (address & -size) >>> 0;
}

export function read16(bytes: Uint8Array, at: number): number {
  return (byteAt(bytes, at) << 8) | byteAt(bytes, at + 1);
}

export function read32(bytes: Uint8Array, at: number): number {
  return ((read16(bytes, at) << 16) | read16(bytes, at + 2)) >>> 0;
}

/** A 64-bit number; inexact from 2^53 on, which is above every tag that was ever given out. */
export function read64(bytes: Uint8Array, at: number): number {
  return read32(bytes, at) * 0x1_0000_0000 + read32(bytes, at + 4);
}

/** The 64-bit float at an index that is known to be inside. */
export function at64(doubles: Float64Array, index: number): number {
  return doubles[index] as number;
}

/** The octet at an address that is known to be inside. */
export function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

/** The word at an index that is known to be inside. */
export function at32(words: Uint32Array, index: number): number {
  return words[index] as number;
}

export function write16(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
  return at + 2;
}

export function write32(bytes: Uint8Array, at: number, value: number): number {
  write16(bytes, at, value >>> 16);
  return write16(bytes, at + 2, value & 0xffff);
}

export function write64(bytes: Uint8Array, at: number, value: number): number {
  write32(bytes, at, Math.floor(value / 0x1_0000_0000));
  return write32(bytes, at + 4, value >>> 0);
}

/** Copies a few octets, such as a key; returns the address behind them. */
export function put(to: Uint8Array, at: number, from: Uint8Array, start: number, length: number): number {
  for (let i = 0; i < length; i++) to[at + i] = byteAt(from, start + i);
  return at + length;
}

/** From so many octets on a call of V8's own is worth its while. */
const CALL_MIN = 256;

/**
 * Copies octets inside the shared memory to where they do not overlap; returns the address behind them. V8 copies shared
 * memory octet by octet where the two ends are not aligned alike (by 8), and words by this loop are more than twice as
 * quick.
 */
export function copy(memory: Views, to: number, from: number, length: number): number {
  if (length >= CALL_MIN && ((to ^ from) & 7) === 0) memory.bytes.copyWithin(to, from, from + length);
  else copyWords(memory, to, from, length);
  return to + length;
}

/** Eight words a round, to aligned addresses. */
function copyWords({ bytes, u32, data }: Views, to: number, from: number, length: number): void {
  let i = 0;
  for (; i < length && ((to + i) & 3) !== 0; i++) bytes[to + i] = byteAt(bytes, from + i);
  let word = (to + i) >>> 2;
  for (; i + 32 <= length; i += 32, word += 8) {
    const at = from + i;
    u32[word] = data.getUint32(at, true);
    u32[word + 1] = data.getUint32(at + 4, true);
    u32[word + 2] = data.getUint32(at + 8, true);
    u32[word + 3] = data.getUint32(at + 12, true);
    u32[word + 4] = data.getUint32(at + 16, true);
    u32[word + 5] = data.getUint32(at + 20, true);
    u32[word + 6] = data.getUint32(at + 24, true);
    u32[word + 7] = data.getUint32(at + 28, true);
  }
  for (; i + 4 <= length; i += 4, word++) u32[word] = data.getUint32(from + i, true);
  for (; i < length; i++) bytes[to + i] = byteAt(bytes, from + i);
}
