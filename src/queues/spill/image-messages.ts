/**
 * Messages as they lie in images of spilled messages (src/log/spill-source.ts), read without being taken back. Pure. What
 * must hold: what is cut off in the midst of a message ends there; a body that is longer than what is there is shown in
 * part.
 */
import type { BrowsedMessage } from '../../engine/browsing.js';
import { UNIT_HEAD, UnitFlag } from '../../log/spill-source.js';
import {
  FRAME_HEAD,
  MESSAGE_ARRIVAL,
  MESSAGE_BODY_SIZE,
  MESSAGE_FIRST_LENGTH,
  MESSAGE_HEAD,
  MESSAGE_HEADER_LENGTH,
  MESSAGE_KEY_LENGTH,
  PIECE_HEAD,
  SLOT_REDELIVERED,
  SLOT_REQUEUES_SHIFT,
  UNIT_FLAGS,
  UNIT_SPAN,
} from '../../numbers/core.js';

/** A frame's end octet. */
const FRAME_TAIL = 1;

/**
 * The messages of units that begin with one at `first`, but for `skip` of them; up to `most`, each with up to `bodyMost`
 * octets of its body.
 */
export function messagesIn(
  units: Uint8Array,
  first: number,
  skip: number,
  most: number,
  bodyMost: number,
): BrowsedMessage[] {
  const view = new DataView(units.buffer, units.byteOffset, units.byteLength);
  const messages: BrowsedMessage[] = [];
  let passed = -1;
  for (let at = 0; at + UNIT_HEAD + MESSAGE_HEAD <= units.length; at += view.getUint32(at + UNIT_SPAN, true)) {
    const flags = view.getUint32(at + UNIT_FLAGS, true);
    if ((flags & UnitFlag.PIECE) !== 0) continue;
    passed += 1;
    if (passed < skip) continue;
    if (messages.length === most) break;
    const message = messageAt(units, view, at, flags, bodyMost);
    if (message === null) break;
    messages.push({ ...message, position: (first + passed) >>> 0 });
  }
  return messages;
}

/** Null: less is there of it than key and properties. */
function messageAt(
  units: Uint8Array,
  view: DataView,
  at: number,
  flags: number,
  bodyMost: number,
): Omit<BrowsedMessage, 'position'> | null {
  const message = at + UNIT_HEAD;
  const key = message + MESSAGE_HEAD;
  const headerFrame = key + view.getUint16(message + MESSAGE_KEY_LENGTH, true);
  const bodyFrame = headerFrame + view.getUint32(message + MESSAGE_HEADER_LENGTH, true);
  if (bodyFrame > units.length) return null;
  const bodySize = view.getUint32(message + MESSAGE_BODY_SIZE, true);
  const body = new Uint8Array(Math.min(bodySize, bodyMost));
  const take = (from: number, length: number, done: number): number => {
    const octets = units.subarray(from, from + Math.min(length, body.length - done));
    body.set(octets, done);
    return done + octets.length;
  };
  let done = take(bodyFrame + FRAME_HEAD, view.getUint32(message + MESSAGE_FIRST_LENGTH, true), 0);
  let unit = at + view.getUint32(at + UNIT_SPAN, true);
  while (done < body.length && unit + UNIT_HEAD + PIECE_HEAD + FRAME_HEAD < units.length) {
    const frame = unit + UNIT_HEAD + PIECE_HEAD;
    // The length of its frame: big-endian, as the protocol has it.
    done = take(frame + FRAME_HEAD, view.getUint32(frame + FRAME_HEAD - 4, false), done);
    unit += view.getUint32(unit + UNIT_SPAN, true);
  }
  return {
    redelivered: (flags & SLOT_REDELIVERED) !== 0,
    requeues: flags >>> SLOT_REQUEUES_SHIFT,
    arrival: view.getFloat64(message + MESSAGE_ARRIVAL, true),
    key: units.slice(key, headerFrame),
    header: units.slice(headerFrame + FRAME_HEAD, bodyFrame - FRAME_TAIL),
    bodySize,
    body: body.subarray(0, done),
  };
}
