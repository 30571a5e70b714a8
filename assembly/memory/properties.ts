/**
 * The properties of a content header, found by walking over those before them. Nothing is believed: each step is
 * checked against the end. A stored message may even be somebody else's by the time that it is looked at (a cursor's
 * glance at the head of a queue): then the answer is nonsense, but no address beyond the message's segment is read.
 */
import {
  DELIVERY_PERSISTENT,
  EXPIRATION_DIGITS_MAX,
  EXPIRATION_MAX,
  FRAME_HEAD,
  HEADER_FLAGS_AT,
  PROPERTY_CONTENT_TYPE,
  PROPERTY_DELIVERY_MODE,
  PROPERTY_EXPIRATION,
  PROPERTY_HEADERS,
  PROPERTY_MORE,
  PROPERTY_PRIORITY,
  PROPERTY_TIMESTAMP,
} from '../format/frame';
import { read16, read32, read64 } from './bytes';
import { headerOf, Message } from './message';
import { SEGMENT } from './root';

/** What `seek` finds. */
export const MISSING: u32 = 0;
export const PRESENT: u32 = 1;
export const BROKEN: u32 = 2;

/** Where the property of the last `seek` stands, or would stand. */
export let propertyAt: usize = 0;
/** Where its octets begin and how many there are, after `seekText`. */
export let textAt: usize = 0;
export let textLength: u32 = 0;

/** Seeks the property `bit` in the payload of a header frame. */
export function seek(payload: usize, end: usize, bit: u32): u32 {
  let at = payload + HEADER_FLAGS_AT;
  if (at + 2 > end) return BROKEN;
  const flags = read16(at);
  while (load<u8>(at + 1) & PROPERTY_MORE) {
    at += 2;
    if (at + 2 > end) return BROKEN;
  }
  at += 2;
  for (let one: u32 = PROPERTY_CONTENT_TYPE; one != bit; one >>= 1) {
    if (!(flags & one)) continue;
    if (at >= end) return BROKEN;
    const length = lengthOf(one, at, end);
    if (length > end - at) return BROKEN;
    at += length;
  }
  propertyAt = at;
  if (!(flags & bit)) return MISSING;
  return at < end && lengthOf(bit, at, end) <= end - at ? PRESENT : BROKEN;
}

/** Octets of the property at `at`, which lies before `end`. */
function lengthOf(bit: u32, at: usize, end: usize): usize {
  if (bit == PROPERTY_HEADERS) {
    if (end - at < 4) return usize.MAX_VALUE;
    const length = <usize>read32(at);
    return length > end - at - 4 ? usize.MAX_VALUE : 4 + length;
  }
  if (bit == PROPERTY_DELIVERY_MODE || bit == PROPERTY_PRIORITY) return 1;
  if (bit == PROPERTY_TIMESTAMP) return 8;
  return 1 + <usize>load<u8>(at);
}

/** Seeks a property that is a short string. */
export function seekText(payload: usize, end: usize, bit: u32): u32 {
  const found = seek(payload, end, bit);
  if (found == PRESENT) {
    textAt = propertyAt + 1;
    textLength = load<u8>(propertyAt);
  }
  return found;
}

/** The `expiration` (ms), or −1 when it is none that could be used. */
export function expirationIn(payload: usize, end: usize): f64 {
  if (seekText(payload, end, PROPERTY_EXPIRATION) != PRESENT || textLength == 0 || textLength > EXPIRATION_DIGITS_MAX)
    return -1;
  let value: u64 = 0;
  for (let i: u32 = 0; i < textLength; i++) {
    const digit = <u32>load<u8>(textAt + i) - 0x30;
    if (digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= <u64>EXPIRATION_MAX ? <f64>value : -1;
}

@inline function payloadOf(message: Message): usize {
  return headerOf(message) + FRAME_HEAD;
}

/** End of a message's header payload, at most the end of its segment. */
@inline function endOf(message: Message): usize {
  const header = headerOf(message);
  const limit = (changetype<usize>(message) | (SEGMENT - 1)) + 1;
  if (header >= limit) return 0;
  return header + min<usize>(<usize>message.headerLength - 1, limit - header);
}

export function expirationOf(message: Message): f64 {
  return expirationIn(payloadOf(message), endOf(message));
}

/** Whether a header payload asks for the message to be kept beyond a restart. */
export function persistentIn(payload: usize, end: usize): bool {
  return seek(payload, end, PROPERTY_DELIVERY_MODE) == PRESENT && load<u8>(propertyAt) == DELIVERY_PERSISTENT;
}
export function isPersistent(message: Message): bool {
  return persistentIn(payloadOf(message), endOf(message));
}

/** The priority, 0 when there is none. */
export function priorityOf(message: Message): u32 {
  return seek(payloadOf(message), endOf(message), PROPERTY_PRIORITY) == PRESENT ? <u32>load<u8>(propertyAt) : 0;
}

/** The `timestamp` (s), −1 when there is none. */
export function timestampOf(message: Message): f64 {
  return seek(payloadOf(message), endOf(message), PROPERTY_TIMESTAMP) == PRESENT ? <f64>read64(propertyAt) : -1;
}

/** Seeks the headers table of a message; `propertyAt` says where it stands or would stand. */
export function seekHeaders(message: Message): u32 {
  return seek(payloadOf(message), endOf(message), PROPERTY_HEADERS);
}
