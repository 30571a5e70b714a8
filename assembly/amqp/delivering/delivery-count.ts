/**
 * The header `x-delivery-count`: how often a message was requeued, as the first entry of its headers, in the copy
 * that goes out. The stored message stays as it came.
 */
import { FRAME_HEAD, HEADER_FLAGS_AT, PROPERTY_HEADERS } from '../../format/frame';
import { copyExactly, read16, read32, write16, write32, write64 } from '../../memory/bytes';
import { headerOf, Message } from '../../memory/message';
import { BROKEN, PRESENT, propertyAt, seekHeaders } from '../../memory/properties';

const NAME_LENGTH: u32 = 16;
/** Name with its length, type, number. */
const ENTRY: u32 = 1 + NAME_LENGTH + 1 + 8;
/** Octets that the header may need, its table's length among them. */
export const DELIVERY_COUNT_ROOM: u32 = ENTRY + 4;

/** Writes the header frame with the entry; returns the end, or 0 when there is no place for it. */
export function encodeCountedHeader(to: usize, number: u32, message: Message, requeues: u32): usize {
  const found = seekHeaders(message);
  if (found == BROKEN) return 0;
  const from = headerOf(message);
  const table = found == PRESENT ? 4 : 0;
  const before = <u32>(propertyAt - from);
  const after = message.headerLength - before - table;
  copyExactly(to, from, before);
  write16(to + 1, number);
  write32(to + 3, read32(from + 3) + ENTRY + 4 - table);
  write16(to + FRAME_HEAD + HEADER_FLAGS_AT, read16(from + FRAME_HEAD + HEADER_FLAGS_AT) | PROPERTY_HEADERS);
  let at = to + before;
  write32(at, ENTRY + (table ? read32(propertyAt) : 0));
  at += 4;
  store<u8>(at, NAME_LENGTH);
  store<u64>(at + 1, 0x6576696c65642d78); // x-delive
  store<u64>(at + 9, 0x746e756f632d7972); // ry-count
  store<u8>(at + 17, 0x6c); // l
  write64(at + 18, requeues);
  at += ENTRY;
  copyExactly(at, propertyAt + table, after);
  return at + after;
}
