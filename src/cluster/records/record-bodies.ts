/**
 * What the records of each kind have in them, made and read. What must hold: what is read is checked, so that nobody
 * who applies a record meets a number that cannot be; the octets of a payload are those of the message, not a copy.
 */
import { get64, set64, WRITER_MESSAGES_MAX, WRITERS_MAX } from '../../log/record-format.js';
import { RecordError } from './record-error.js';
import { readGroup } from './record-group.js';
import { BATCH_HEAD_OCTETS, BatchHeadField, NODE_NAME_MAX, RecordKind } from './record-layout.js';
import type { StreamRecord } from './record-reader.js';

/** What a worker or the broker thread has appended to its log. */
export interface BatchBody {
  /** Whose log it is (commit-log.ts: writerNumber). */
  readonly lane: number;
  readonly messages: number;
  /** Octets of the records of its messages. */
  readonly messageOctets: number;
  /** Where the lane's numbering goes on behind it: no node that takes over gives a lower one (takeMessageIds). */
  readonly nextMessage: number;
  /** Records, without a seed. */
  readonly payload: Uint8Array;
}

/** All of the queue below this position is known: what is not held there is done. */
export interface KnownQueue {
  readonly queue: number;
  readonly below: number;
}

export type RecordBody =
  | { readonly kind: 'fence'; readonly node: string }
  | { readonly kind: 'batch'; readonly batch: BatchBody }
  | { readonly kind: 'definitions'; readonly octets: Uint8Array }
  | { readonly kind: 'beat' }
  | { readonly kind: 'known'; readonly queues: readonly KnownQueue[] }
  | { readonly kind: 'deleted'; readonly queues: readonly number[] }
  | { readonly kind: 'group'; readonly records: readonly StreamRecord[] }
  | { readonly kind: 'handover'; readonly to: string | null };

export function fenceBody(node: string): Uint8Array[] {
  return [nameOctets(node)];
}

/** The leader's last record. `to`: who leads next, without waiting; null: any. */
export function handOverBody(to: string | null): Uint8Array[] {
  return to === null ? [] : [nameOctets(to)];
}

function nameOctets(node: string): Uint8Array {
  const octets = Buffer.from(node, 'utf8');
  if (octets.length === 0 || octets.length > NODE_NAME_MAX || octets.toString('utf8') !== node) {
    throw new RangeError(`a node's name has 1 to ${NODE_NAME_MAX} octets of UTF-8, not '${node}'`);
  }
  return octets;
}

/** `records`: as `Batch.stamp` gives them for no seed. */
export function batchBody(head: Omit<BatchBody, 'payload'>, records: readonly Uint8Array[]): Uint8Array[] {
  const wrong = wrongBatch(
    head,
    records.reduce((sum, { length }) => sum + length, 0),
  );
  if (wrong !== null) throw new RangeError(`a batch with ${wrong}`);
  const octets = new Uint8Array(BATCH_HEAD_OCTETS);
  const view = new DataView(octets.buffer);
  view.setUint32(BatchHeadField.LANE, head.lane, true);
  view.setUint32(BatchHeadField.MESSAGES, head.messages, true);
  view.setUint32(BatchHeadField.MESSAGE_OCTETS, head.messageOctets, true);
  set64(view, BatchHeadField.NEXT_MESSAGE, head.nextMessage);
  return [octets, ...records];
}

export function knownBody(queues: readonly KnownQueue[]): Uint8Array[] {
  return [pack(queues.flatMap(({ queue, below }) => [queue, below]))];
}

export function deletedBody(queues: readonly number[]): Uint8Array[] {
  return [pack(queues)];
}

export function readBody({ kind, epoch, sequence, body }: StreamRecord): RecordBody {
  switch (kind) {
    case RecordKind.FENCE:
      return { kind: 'fence', node: readName(sequence, body) };
    case RecordKind.BATCH:
      return { kind: 'batch', batch: readBatch(sequence, body) };
    case RecordKind.DEFINITIONS:
      if (body.length === 0) throw new RecordError('body', sequence, 'definitions without octets');
      return { kind: 'definitions', octets: body };
    case RecordKind.BEAT:
      if (body.length > 0)
        throw new RecordError('body', sequence, `a beat with ${body.length} octets, not without any`);
      return { kind: 'beat' };
    case RecordKind.KNOWN:
      return { kind: 'known', queues: readPairs(sequence, body) };
    case RecordKind.DELETED:
      return { kind: 'deleted', queues: unpack(sequence, body, 1) };
    case RecordKind.GROUP:
      return { kind: 'group', records: readGroup({ kind, epoch, sequence, body }) };
    case RecordKind.HANDOVER:
      return { kind: 'handover', to: body.length === 0 ? null : readName(sequence, body) };
    default:
      return kind satisfies never;
  }
}

function readName(sequence: number, body: Uint8Array): string {
  const node = Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8');
  const isName = body.length > 0 && body.length <= NODE_NAME_MAX && Buffer.compare(Buffer.from(node), body) === 0;
  if (isName) return node;
  throw new RecordError('body', sequence, `a node's name that is not 1 to ${NODE_NAME_MAX} octets of UTF-8`);
}

function readBatch(sequence: number, body: Uint8Array): BatchBody {
  if (body.length < BATCH_HEAD_OCTETS) {
    throw new RecordError('body', sequence, `a batch of ${body.length} octets, less than its head has`);
  }
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const payload = body.subarray(BATCH_HEAD_OCTETS);
  const head = {
    lane: view.getUint32(BatchHeadField.LANE, true),
    messages: view.getUint32(BatchHeadField.MESSAGES, true),
    messageOctets: view.getUint32(BatchHeadField.MESSAGE_OCTETS, true),
    nextMessage: get64(view, BatchHeadField.NEXT_MESSAGE),
  };
  const isZero = view.getUint32(BatchHeadField.ZERO, true) === 0;
  const wrong = isZero ? wrongBatch(head, payload.length) : 'octets 12 to 15 that are not 0';
  if (wrong !== null) throw new RecordError('body', sequence, `a batch with ${wrong}`);
  return { ...head, payload };
}

/** What cannot be in a batch's head. */
function wrongBatch(head: Omit<BatchBody, 'payload'>, payloadOctets: number): string | null {
  const { lane, messages, messageOctets, nextMessage } = head;
  if (!isCount(lane, WRITERS_MAX - 1)) return `lane ${lane}, not one of 0 to ${WRITERS_MAX - 1}`;
  if (payloadOctets === 0) return 'no records';
  if (!isCount(messageOctets, payloadOctets)) return `${messageOctets} octets of messages in ${payloadOctets}`;
  if (!isCount(messages, messageOctets)) return `${messages} messages in ${messageOctets} octets`;
  if (messages === 0 && messageOctets > 0) return `${messageOctets} octets of messages, but no message`;
  if (!isCount(nextMessage, WRITER_MESSAGES_MAX)) return `next message ${nextMessage}, above ${WRITER_MESSAGES_MAX}`;
  return null;
}

function isCount(count: number, most: number): boolean {
  return Number.isSafeInteger(count) && count >= 0 && count <= most;
}

function pack(numbers: readonly number[]): Uint8Array {
  if (numbers.length === 0) throw new RangeError('a record that names no queue');
  const octets = new Uint8Array(8 * numbers.length);
  const view = new DataView(octets.buffer);
  for (const [index, number] of numbers.entries()) {
    if (!isCount(number, Number.MAX_SAFE_INTEGER)) throw new RangeError(`${number} is not a queue or position`);
    set64(view, 8 * index, number);
  }
  return octets;
}

/** Numbers of 64 bits, so many for each entry. */
function unpack(sequence: number, body: Uint8Array, each: number): number[] {
  if (body.length === 0 || body.length % (8 * each) !== 0) {
    throw new RecordError('body', sequence, `${body.length} octets, which are not entries of ${8 * each}`);
  }
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const numbers: number[] = [];
  for (let at = 0; at < body.length; at += 8) {
    const number = get64(view, at);
    if (!isCount(number, Number.MAX_SAFE_INTEGER)) throw new RecordError('body', sequence, 'a number above 2^53 - 1');
    numbers.push(number);
  }
  return numbers;
}

function readPairs(sequence: number, body: Uint8Array): KnownQueue[] {
  const numbers = unpack(sequence, body, 2);
  const queues: KnownQueue[] = [];
  for (let at = 0; at < numbers.length; at += 2) queues.push({ queue: numbers[at] ?? 0, below: numbers[at + 1] ?? 0 });
  return queues;
}
