/**
 * The head of a log file: whose it is, and the seed of its checksums. It stands twice, and is durable before the file
 * holds a record. A head that does not fit the file's name belongs to the file's former life: then nothing was ever
 * written in this one.
 */
import { randomBytes } from 'node:crypto';
import { LogMemory, NO_SEED, type Seed } from '../../log/log-memory.js';
import {
  FILE_HEAD,
  FILE_HEAD_COPIES,
  FILE_HEAD_OCTETS,
  FileHeadField,
  get64,
  LOG_FORMAT,
  MAGIC,
  set64,
} from '../../log/record-format.js';

export interface FileHead {
  readonly format: number;
  readonly writerNumber: number;
  readonly number: number;
  readonly seed: Seed;
  /** ms since 1970. */
  readonly created: number;
  /** Number of the first batch that this file can hold. */
  readonly firstBatch: number;
}

export function randomSeed(): Seed {
  const bytes = randomBytes(8);
  return { low: bytes.readUInt32LE(0), high: bytes.readUInt32LE(4) };
}

const memory = new LogMemory(FILE_HEAD);

/** The first octets of a file. */
export function encodeHead(head: FileHead): Uint8Array {
  const bytes = Buffer.alloc(FILE_HEAD);
  const view = new DataView(bytes.buffer, bytes.byteOffset, FILE_HEAD);
  bytes.write(MAGIC, FileHeadField.MAGIC, 'latin1');
  view.setUint32(FileHeadField.FORMAT, head.format, true);
  view.setUint32(FileHeadField.WRITER, head.writerNumber, true);
  set64(view, FileHeadField.NUMBER, head.number);
  view.setUint32(FileHeadField.SEED, head.seed.low, true);
  view.setUint32(FileHeadField.SEED + 4, head.seed.high, true);
  set64(view, FileHeadField.CREATED, head.created);
  set64(view, FileHeadField.FIRST_BATCH, head.firstBatch);
  const checksum = checksumOf(bytes);
  view.setUint32(FileHeadField.CHECKSUM, checksum.low, true);
  view.setUint32(FileHeadField.CHECKSUM + 4, checksum.high, true);
  for (const at of FILE_HEAD_COPIES.slice(1)) bytes.copy(bytes, at, 0, FILE_HEAD_OCTETS);
  return bytes;
}

/** Reads the first octets of a file. Null: neither copy is whole. */
export function decodeHead(bytes: Uint8Array): { readonly head: FileHead; readonly damaged: boolean } | null {
  const copies = FILE_HEAD_COPIES.map((at) => decodeCopy(bytes.subarray(at, at + FILE_HEAD_OCTETS)));
  const head = copies.find((copy) => copy !== null);
  return head === undefined ? null : { head, damaged: copies.includes(null) };
}

function decodeCopy(bytes: Uint8Array): FileHead | null {
  if (bytes.length < FILE_HEAD_OCTETS) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const checksum = checksumOf(bytes);
  if (view.getUint32(FileHeadField.CHECKSUM, true) !== checksum.low) return null;
  if (view.getUint32(FileHeadField.CHECKSUM + 4, true) !== checksum.high) return null;
  if (Buffer.from(bytes.subarray(0, MAGIC.length)).toString('latin1') !== MAGIC) return null;
  const head: FileHead = {
    format: view.getUint32(FileHeadField.FORMAT, true),
    writerNumber: view.getUint32(FileHeadField.WRITER, true),
    number: get64(view, FileHeadField.NUMBER),
    seed: { low: view.getUint32(FileHeadField.SEED, true), high: view.getUint32(FileHeadField.SEED + 4, true) },
    created: get64(view, FileHeadField.CREATED),
    firstBatch: get64(view, FileHeadField.FIRST_BATCH),
  };
  if (head.format > LOG_FORMAT) {
    throw new Error(`a log file has format ${head.format}; this version of Leveret reads up to ${LOG_FORMAT}`);
  }
  return head;
}

function checksumOf(bytes: Uint8Array): Seed {
  memory.bytes.set(bytes.subarray(0, FileHeadField.CHECKSUM));
  memory.setSeed(NO_SEED);
  return memory.hash(0, FileHeadField.CHECKSUM);
}
