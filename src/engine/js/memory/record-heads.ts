/**
 * What stands before a loggable message and before each of its pieces: the head of its record, whose guard and checksum
 * are filled in when it is written to a file, and the message's number in the log. So what lies from there on is the
 * record.
 */
import { RecordType, spanOf } from '../../../log/record-format.js';
import { RECORD_ID, RECORD_LEAD, RECORD_LENGTH_AT, RECORD_TYPE_AT } from '../../../numbers/log.js';
import { at32, type Views, word } from './views.js';

const HIGH = 2 ** 32;

/** `size`: octets of the message from its head on. */
export function beginMessageRecord(views: Views, message: number, size: number): void {
  begin(views, message, RecordType.MESSAGE, size);
}

export function beginPieceRecord(views: Views, piece: number, size: number): void {
  begin(views, piece, RecordType.PIECE, size);
}

function begin({ u32 }: Views, unit: number, type: RecordType, size: number): void {
  const head = word(unit - RECORD_LEAD, 0);
  u32.fill(0, head, word(unit, 0));
  u32[head + RECORD_LENGTH_AT / 4] = RECORD_ID + size;
  u32[head + RECORD_TYPE_AT / 4] = type;
}

/** Where the record of a message or piece begins, and how many octets it has. */
export function recordAt(unit: number): number {
  return unit - RECORD_LEAD;
}

export function recordSpan(views: Views, unit: number): number {
  return spanOf(at32(views.u32, word(recordAt(unit), 0)));
}

/** The number in the log; 0: none yet. */
export function recordId({ u32 }: Views, unit: number): number {
  const id = word(unit - RECORD_ID, 0);
  return at32(u32, id) + at32(u32, id + 1) * HIGH;
}

export function setRecordId({ u32 }: Views, unit: number, id: number): void {
  const at = word(unit - RECORD_ID, 0);
  u32[at] = id % HIGH;
  u32[at + 1] = Math.floor(id / HIGH);
}
