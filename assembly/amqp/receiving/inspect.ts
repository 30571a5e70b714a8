/**
 * What a content header asks for, beyond being kept: an expiration that counts here, and all that the host must see.
 * Called only for messages that have one of the properties in INSPECTED.
 */
import {
  PROPERTY_EXPIRATION,
  HEADER_FLAGS_AT,
  PROPERTY_HEADERS,
  PROPERTY_REPLY_TO,
  PROPERTY_USER_ID,
} from '../../format/frame';
import { read32, read16 } from '../../memory/bytes';
import { ASK, EXPIRING } from '../../memory/message';
import { BROKEN, expirationIn, PRESENT, propertyAt, seek, seekText, textAt, textLength } from '../../memory/properties';

export const INSPECTED: u32 = PROPERTY_HEADERS | PROPERTY_REPLY_TO | PROPERTY_EXPIRATION | PROPERTY_USER_ID;

/** Flags of a message by the payload of its content header frame. */
export function inspect(payload: usize, length: u32): u32 {
  const end = payload + length;
  const properties = read16(payload + HEADER_FLAGS_AT);
  let flags: u32 = properties & PROPERTY_USER_ID ? ASK : 0;
  if (properties & PROPERTY_HEADERS) {
    if (seek(payload, end, PROPERTY_HEADERS) != PRESENT || namesCopies(propertyAt)) flags |= ASK;
  }
  if (properties & PROPERTY_REPLY_TO) {
    const found = seekText(payload, end, PROPERTY_REPLY_TO);
    if (found == BROKEN || isReplyQueue(textAt, textLength)) flags |= ASK;
  }
  if (properties & PROPERTY_EXPIRATION) flags |= expirationIn(payload, end) < 0 ? ASK : EXPIRING;
  return flags;
}

/** `amq.rabbitmq.reply-to`, 21 octets. */
function isReplyQueue(text: usize, length: u32): bool {
  return (
    length == 21 &&
    load<u64>(text) == 0x626261722e716d61 &&
    load<u64>(text + 8) == 0x7065722e716d7469 &&
    load<u32>(text + 16) == 0x742d796c &&
    load<u8>(text + 20) == 0x6f
  );
}

/** Whether a headers table names other keys (CC, BCC), or is none that could be read. Its length is checked. */
function namesCopies(table: usize): bool {
  let at = table + 4;
  const end = at + read32(table);
  while (at < end) {
    const length = <usize>load<u8>(at);
    if (end - at < length + 2) return true;
    if (length == 2 && load<u16>(at + 1) == 0x4343) return true;
    if (length == 3 && load<u8>(at + 1) == 0x42 && load<u16>(at + 2) == 0x4343) return true;
    at += length + 1;
    const size = valueSize(at, end);
    if (size > end - at) return true;
    at += size;
  }
  return false;
}

/** Octets of a field value with its type; more than there are when it is none. */
function valueSize(at: usize, end: usize): usize {
  switch (load<u8>(at)) {
    case 0x56:
      return 1; // V
    case 0x74:
    case 0x62:
    case 0x42:
      return 2; // t b B
    case 0x73:
    case 0x75:
      return 3; // s u
    case 0x49:
    case 0x69:
    case 0x66:
      return 5; // I i f
    case 0x44:
      return 6; // D
    case 0x6c:
    case 0x4c:
    case 0x64:
    case 0x54:
      return 9; // l L d T
    case 0x53:
    case 0x41:
    case 0x46:
    case 0x78: {
      // S A F x
      if (end - at < 5) return usize.MAX_VALUE;
      const length = <usize>read32(at + 1);
      return length > end - at - 5 ? usize.MAX_VALUE : 5 + length;
    }
  }
  return usize.MAX_VALUE;
}
