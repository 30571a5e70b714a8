/** The header `x-delivery-count`, as it is put into the copy of a message that goes to a client. */
import { FRAME_END, FRAME_HEAD, FRAME_OVERHEAD } from '../../../numbers/core.js';
import { hasHeaders, headersAt, setHeadersFlag } from '../memory/properties.js';
import { read32, write32, write64 } from '../memory/views.js';
import { FrameType } from './methods.js';

const NAME = 'x-delivery-count';
/** Name, type octet, 64-bit number. */
const ENTRY_SIZE = 1 + NAME.length + 1 + 8;
const TABLE_LENGTH = 4;
/** The most octets that it adds: an entry, and a table where there was none. */
export const COUNT_ENTRY_MAX = TABLE_LENGTH + ENTRY_SIZE;

/**
 * A header frame (of channel 0) with the payload, and the count as the first entry of its headers. What cannot be
 * followed stays as it is.
 */
export function withDeliveryCount(payload: Uint8Array, count: number): Uint8Array {
  const table = headersAt(payload, 0, payload.length);
  const known = hasHeaders(payload, 0);
  const rest = known ? table + TABLE_LENGTH : table;
  if (rest > payload.length) return headerFrame(payload);
  const counted = new Uint8Array(payload.length + ENTRY_SIZE + (known ? 0 : TABLE_LENGTH));
  counted.set(payload.subarray(0, table));
  setHeadersFlag(counted, 0);
  let at = write32(counted, table, ENTRY_SIZE + (known ? read32(payload, table) : 0));
  counted[at] = NAME.length;
  at += 1 + new TextEncoder().encodeInto(NAME, counted.subarray(at + 1)).written;
  counted[at] = 'l'.charCodeAt(0);
  at = write64(counted, at + 1, count);
  counted.set(payload.subarray(rest), at);
  return headerFrame(counted);
}

function headerFrame(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(payload.length + FRAME_OVERHEAD);
  frame[0] = FrameType.HEADER;
  write32(frame, 3, payload.length);
  frame.set(payload, FRAME_HEAD);
  frame[frame.length - 1] = FRAME_END;
  return frame;
}
