/**
 * Several records in one message: what waits while messages are in flight goes together, since a stream carries few
 * messages a second, and large ones as well as small. What must hold: the records of a group count together, in their
 * order, and who has read up to the message has all of them.
 *
 *    0  kind of the record, 8 bits
 *    1  0, 24 bits
 *    4  octets of its body, 32 bits
 *    8  its body; then the next record
 */
import { RecordError } from './record-error.js';
import { RecordKind } from './record-layout.js';
import type { StreamRecord } from './record-reader.js';

export const GroupField = { KIND: 0, ZERO: 1, OCTETS: 4 } as const;
export const GROUP_HEAD_OCTETS = 8;

/** What a leader's beat, fence, and end are, stands alone. */
const GROUPED: ReadonlySet<RecordKind> = new Set([
  RecordKind.BATCH,
  RecordKind.DEFINITIONS,
  RecordKind.KNOWN,
  RecordKind.DELETED,
]);

export interface GroupedRecord {
  readonly kind: RecordKind;
  /** In pieces. */
  readonly body: readonly Uint8Array[];
}

export function groupBody(records: readonly GroupedRecord[]): Uint8Array[] {
  return records.flatMap(({ kind, body }) => {
    if (!GROUPED.has(kind)) throw new RangeError(`a record of kind ${kind} is not one of several in a message`);
    const head = new Uint8Array(GROUP_HEAD_OCTETS);
    const view = new DataView(head.buffer);
    view.setUint8(GroupField.KIND, kind);
    view.setUint32(
      GroupField.OCTETS,
      body.reduce((sum, { length }) => sum + length, 0),
      true,
    );
    return [head, ...body];
  });
}

/** The records that a record of the stream is: itself, or those of a group. */
export function recordsOf(record: StreamRecord): readonly StreamRecord[] {
  return record.kind === RecordKind.GROUP ? readGroup(record) : [record];
}

export function readGroup({ epoch, sequence, body }: StreamRecord): StreamRecord[] {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const records: StreamRecord[] = [];
  for (let at = 0; at < body.length; ) {
    if (body.length - at < GROUP_HEAD_OCTETS)
      throw wrong(sequence, `${body.length - at} octets behind its last record`);
    const head = view.getUint32(at, true);
    const kind = [...GROUPED].find((known) => known === head);
    if (kind === undefined) throw wrong(sequence, `a record that begins with ${head}, which is no kind of such`);
    const from = at + GROUP_HEAD_OCTETS;
    at = from + view.getUint32(at + GroupField.OCTETS, true);
    if (at > body.length) throw wrong(sequence, `a record that ends ${at - body.length} octets behind it`);
    records.push({ kind, epoch, sequence, body: body.subarray(from, at) });
  }
  if (records.length === 0) throw wrong(sequence, 'no record');
  return records;
}

function wrong(sequence: number, what: string): RecordError {
  return new RecordError('body', sequence, `a group with ${what}`);
}
