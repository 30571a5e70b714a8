/**
 * Reads the head of one message of the stream, and holds it against the message's octets. What must hold: what is let
 * through is what an encoder of this format wrote, octet by octet.
 */
import { get64 } from '../../log/record-format.js';
import { computeLink, isSameLink } from './link.js';
import { RecordError } from './record-error.js';
import {
  BODY_MAX,
  FENCE_OCTETS,
  HEAD_OCTETS,
  HeadField,
  isKind,
  LINK_OCTETS,
  MAGIC,
  RECORD_FORMAT,
  type RecordKind,
} from './record-layout.js';

export interface MessageHead {
  readonly kind: RecordKind;
  readonly epoch: number;
  readonly bodyOctets: number;
  readonly partAt: number;
  readonly fence: Uint8Array;
  readonly before: Uint8Array;
  readonly link: Uint8Array;
  /** Of the body, what lies in this message. */
  readonly part: Uint8Array;
}

export function readHead(sequence: number, message: Uint8Array): MessageHead {
  if (message.length < HEAD_OCTETS) {
    const text = `it has ${message.length} octets, a record has at least ${HEAD_OCTETS}: another program wrote it`;
    throw new RecordError('format', sequence, text);
  }
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  if (view.getUint32(HeadField.MAGIC, true) !== MAGIC) {
    throw new RecordError('format', sequence, 'it does not begin as a record does: another program wrote it');
  }
  const link = message.subarray(HeadField.LINK, HeadField.LINK + LINK_OCTETS);
  // Before anything in it is believed, but the format: a newer one may have another hash.
  const format = view.getUint8(HeadField.FORMAT);
  const isWhole = isSameLink(computeLink(message), link);
  if (format !== RECORD_FORMAT && (isWhole || format > RECORD_FORMAT)) {
    const text = `format ${format}, this node knows ${RECORD_FORMAT}: update this node`;
    throw new RecordError('format', sequence, text);
  }
  if (!isWhole)
    throw new RecordError('damaged', sequence, 'its octets do not have the hash that they were written with');
  return checkHead(sequence, message, view, link);
}

function checkHead(sequence: number, message: Uint8Array, view: DataView, link: Uint8Array): MessageHead {
  const kind = view.getUint8(HeadField.KIND);
  if (!isKind(kind)) throw new RecordError('format', sequence, `kind ${kind} is not known: update this node`);
  if (view.getUint16(HeadField.ZERO, true) !== 0) {
    throw new RecordError('format', sequence, 'octets 6 and 7 are not 0: update this node');
  }
  const epoch = get64(view, HeadField.EPOCH);
  if (!Number.isSafeInteger(epoch) || epoch === 0) {
    throw new RecordError('format', sequence, `epoch ${epoch}, which is not from 1 to 2^53 - 1`);
  }
  const bodyOctets = view.getUint32(HeadField.BODY_OCTETS, true);
  const partAt = view.getUint32(HeadField.PART_AT, true);
  const part = message.subarray(HEAD_OCTETS);
  const isEmptyPart = part.length === 0 && bodyOctets > 0;
  if (bodyOctets > BODY_MAX || partAt + part.length > bodyOctets || isEmptyPart) {
    const text = `octets ${partAt} to ${partAt + part.length} of a record that has ${bodyOctets} (at most ${BODY_MAX})`;
    throw new RecordError('torn', sequence, text);
  }
  const before = message.subarray(HeadField.BEFORE, HeadField.BEFORE + LINK_OCTETS);
  const fence = message.subarray(HeadField.FENCE, HeadField.FENCE + FENCE_OCTETS);
  return { kind, epoch, bodyOctets, partAt, fence, before, link, part };
}
