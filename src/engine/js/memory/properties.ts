/**
 * The properties of a message as they lie in its content header: what the engine itself must know of them. Most
 * messages carry none of those, and one look at the flags says so. What must hold: every length is checked before it is
 * followed; what cannot be followed is left to the host.
 */
import {
  DELIVERY_PERSISTENT,
  EXPIRATION_DIGITS_MAX,
  EXPIRATION_MAX,
  HEADER_FLAGS_AT,
  PROPERTY_CONTENT_TYPE,
  PROPERTY_DELIVERY_MODE,
  PROPERTY_EXPIRATION,
  PROPERTY_HEADERS,
  PROPERTY_MORE,
  PROPERTY_PRIORITY,
  PROPERTY_REPLY_TO,
  PROPERTY_TIMESTAMP,
  PROPERTY_USER_ID,
} from '../../../numbers/core.js';
import { MessageFlag } from './layout.js';
import { byteAt, read16, read32, read64 } from './views.js';

const Property = {
  CONTENT_TYPE: PROPERTY_CONTENT_TYPE,
  HEADERS: PROPERTY_HEADERS,
  DELIVERY_MODE: PROPERTY_DELIVERY_MODE,
  PRIORITY: PROPERTY_PRIORITY,
  TIMESTAMP: PROPERTY_TIMESTAMP,
  REPLY_TO: PROPERTY_REPLY_TO,
  EXPIRATION: PROPERTY_EXPIRATION,
  USER_ID: PROPERTY_USER_ID,
} as const;
const LOOKED_AT = Property.HEADERS | Property.REPLY_TO | Property.EXPIRATION | Property.USER_ID;
/** Where direct reply-to begins. */
const REPLY_TO = Buffer.from('amq.rabbitmq.reply-to');
const BEYOND = Number.POSITIVE_INFINITY;

/**
 * Of a content header's payload, `size` octets at `at`: the message's flags (all but MANDATORY). LOGGABLE: it is
 * persistent.
 */
export function inspect(bytes: Uint8Array, at: number, size: number): number {
  const flags = read16(bytes, at + HEADER_FLAGS_AT);
  if ((flags & (LOOKED_AT | Property.DELIVERY_MODE)) === 0) return 0;
  const end = at + size;
  const loggable = isPersistent(bytes, at, end) ? MessageFlag.LOGGABLE : 0;
  if ((flags & LOOKED_AT) === 0) return loggable;
  const expires = (flags & Property.EXPIRATION) !== 0;
  const isClear = !expires || expirationAt(bytes, find(bytes, at, end, Property.EXPIRATION), end) !== null;
  const ask = isClear && !asks(bytes, at, end) ? 0 : MessageFlag.ASK;
  return loggable | ask | (expires && isClear ? MessageFlag.EXPIRES : 0);
}

function isPersistent(bytes: Uint8Array, at: number, end: number): boolean {
  if ((read16(bytes, at + HEADER_FLAGS_AT) & Property.DELIVERY_MODE) === 0) return false;
  const mode = find(bytes, at, end, Property.DELIVERY_MODE);
  return mode < end && byteAt(bytes, mode) === DELIVERY_PERSISTENT;
}

/** Whether another property than the expiration is the host's to look at. */
function asks(bytes: Uint8Array, at: number, end: number): boolean {
  const flags = read16(bytes, at + HEADER_FLAGS_AT);
  if ((flags & Property.USER_ID) !== 0) return true;
  if ((flags & Property.HEADERS) !== 0) {
    const table = find(bytes, at, end, Property.HEADERS);
    if (table + 4 > end || asksByHeaders(bytes, table, end)) return true;
  }
  if ((flags & Property.REPLY_TO) === 0) return false;
  const reply = find(bytes, at, end, Property.REPLY_TO);
  return afterString(bytes, reply, end) > end || isText(bytes, reply, REPLY_TO);
}

/** The message's own time to live; of a header that was inspected and has one. */
export function expirationOf(bytes: Uint8Array, at: number, size: number): number {
  const end = at + size;
  return expirationAt(bytes, find(bytes, at, end, Property.EXPIRATION), end) ?? BEYOND;
}

/** The message's priority; 0 when it has none. */
export function priorityOf(bytes: Uint8Array, at: number, size: number): number {
  if ((read16(bytes, at + HEADER_FLAGS_AT) & Property.PRIORITY) === 0) return 0;
  const priority = find(bytes, at, at + size, Property.PRIORITY);
  return priority < at + size ? byteAt(bytes, priority) : 0;
}

/** The message's timestamp (s); null when it has none. */
export function timestampOf(bytes: Uint8Array, at: number, size: number): number | null {
  if ((read16(bytes, at + HEADER_FLAGS_AT) & Property.TIMESTAMP) === 0) return null;
  const timestamp = find(bytes, at, at + size, Property.TIMESTAMP);
  if (timestamp + 8 > at + size) return null;
  return read64(bytes, timestamp);
}

/** Where the headers stand, or would stand; beyond all addresses when that cannot be found. */
export function headersAt(bytes: Uint8Array, at: number, size: number): number {
  return find(bytes, at, at + size, Property.HEADERS);
}

export function hasHeaders(bytes: Uint8Array, at: number): boolean {
  return (read16(bytes, at + HEADER_FLAGS_AT) & Property.HEADERS) !== 0;
}

/** Sets the flag of the headers in a payload that begins at `at`. */
export function setHeadersFlag(bytes: Uint8Array, at: number): void {
  bytes[at + HEADER_FLAGS_AT] = byteAt(bytes, at + HEADER_FLAGS_AT) | (Property.HEADERS >>> 8);
}

/**
 * Walks over the properties before `wanted`: where it stands. Beyond all addresses when one of them runs over the end.
 */
function find(bytes: Uint8Array, at: number, end: number, wanted: number): number {
  const flags = read16(bytes, at + HEADER_FLAGS_AT);
  let next = at + HEADER_FLAGS_AT + 2;
  for (let word = flags; (word & PROPERTY_MORE) !== 0; next += 2) {
    if (next + 2 > end) return BEYOND;
    word = read16(bytes, next);
  }
  for (let flag: number = Property.CONTENT_TYPE; flag > wanted; flag >>>= 1) {
    if ((flags & flag) === 0) continue;
    next = afterProperty(bytes, flag, next, end);
    if (next > end) return BEYOND;
  }
  return next;
}

/** Only those before the timestamp are ever walked over. */
function afterProperty(bytes: Uint8Array, flag: number, at: number, end: number): number {
  switch (flag) {
    case Property.HEADERS:
      return at + 4 > end ? BEYOND : at + 4 + read32(bytes, at);
    case Property.DELIVERY_MODE:
    case Property.PRIORITY:
      return at + 1;
    default:
      return afterString(bytes, at, end);
  }
}

function afterString(bytes: Uint8Array, at: number, end: number): number {
  return at < end ? at + 1 + byteAt(bytes, at) : BEYOND;
}

function isText(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  if (byteAt(bytes, at) !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (byteAt(bytes, at + 1 + i) !== text[i]) return false;
  return true;
}

/** A short string of decimal digits; null when it is anything else, or too much. */
function expirationAt(bytes: Uint8Array, at: number, end: number): number | null {
  if (afterString(bytes, at, end) > end) return null;
  const length = byteAt(bytes, at);
  if (length === 0 || length > EXPIRATION_DIGITS_MAX) return null;
  let value = 0;
  for (let i = 1; i <= length; i++) {
    const digit = byteAt(bytes, at + i) - 0x30;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return value > EXPIRATION_MAX ? null : value;
}

/** Whether headers hold a CC or a BCC, or cannot be followed to their end. */
function asksByHeaders(bytes: Uint8Array, table: number, limit: number): boolean {
  let at = table + 4;
  const end = at + read32(bytes, table);
  if (end > limit) return true;
  while (at < end) {
    const value = afterString(bytes, at, end);
    if (value >= end || isCopy(bytes, at)) return true;
    at = afterValue(bytes, value, end);
  }
  return at !== end;
}

function isCopy(bytes: Uint8Array, at: number): boolean {
  const length = byteAt(bytes, at);
  if (length === 2) return byteAt(bytes, at + 1) === 0x43 && byteAt(bytes, at + 2) === 0x43;
  return length === 3 && byteAt(bytes, at + 1) === 0x42 && read16(bytes, at + 2) === 0x4343;
}

/** Behind a field value, its type octet included; beyond all addresses for a type that is not known. */
function afterValue(bytes: Uint8Array, at: number, end: number): number {
  const value = at + 1;
  switch (String.fromCharCode(byteAt(bytes, at))) {
    case 'V':
      return value;
    case 't':
    case 'b':
    case 'B':
      return value + 1;
    case 's':
    case 'u':
      return value + 2;
    case 'I':
    case 'i':
    case 'f':
      return value + 4;
    case 'D':
      return value + 5;
    case 'l':
    case 'L':
    case 'd':
    case 'T':
      return value + 8;
    case 'S':
    case 'x':
    case 'A':
    case 'F':
      return value + 4 > end ? BEYOND : value + 4 + read32(bytes, value);
    default:
      return BEYOND;
  }
}
