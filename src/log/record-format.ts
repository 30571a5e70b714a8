/**
 * This folder is for what a log record is; the store, the engines and all above them may import it, and it imports
 * nothing of ours but numbers.
 *
 * Here: the log's layout, numbers that writer, reader and inspection share. docs/log-format.md is the same as tables,
 * assembly/log/record.ts what frames a record, assembly/format/record.ts has those that the core shares. All integers
 * are little-endian; 64-bit ones hold at most 2^53 − 1, so that the host needs no big integers.
 */
import {
  MESSAGE_ARRIVAL,
  MESSAGE_BODY_SIZE,
  MESSAGE_FIRST_LENGTH,
  MESSAGE_HEAD,
  MESSAGE_HEADER_LENGTH,
  MESSAGE_KEY_LENGTH,
  PARTICIPANTS_MAX,
  PIECE_HEAD,
} from '../numbers/core.js';
import {
  RECORD_ACK,
  RECORD_BATCH,
  RECORD_CHECKPOINT,
  RECORD_ENQUEUE,
  RECORD_ENQUEUE_COUNT,
  RECORD_ENQUEUE_FLAGS,
  RECORD_ENQUEUE_IDS,
  RECORD_ENQUEUE_IN_ORDER,
  RECORD_ENQUEUE_POSITION,
  RECORD_ENQUEUE_QUEUE,
  RECORD_ENQUEUE_REDELIVERED,
  RECORD_ENQUEUE_TIME,
  RECORD_GAP,
  RECORD_HEAD,
  RECORD_ID,
  RECORD_LENGTH_MAX,
  RECORD_MESSAGE,
  RECORD_NEAR_SHIFT,
  RECORD_NEAR_WRITERS,
  RECORD_PIECE,
  RECORD_REQUEUES,
  RECORD_RUN,
  RECORD_RUNS_AT,
  RECORD_RUNS_QUEUE,
  RECORD_SEAL,
  RECORD_WRITER_SHIFT,
} from '../numbers/log.js';

/** Version of files and records; a file with a newer one is refused. */
export const LOG_FORMAT = 2;

/** Octets of a file before its first batch: the head twice, in different sectors. */
export const FILE_HEAD = 4096;
export const FILE_HEAD_COPIES: readonly number[] = [0, 2048];
export const FILE_HEAD_OCTETS = 56;
export const MAGIC = 'LEVERET\n';

export const FileHeadField = {
  MAGIC: 0,
  FORMAT: 8,
  WRITER: 12,
  NUMBER: 16,
  SEED: 24,
  CREATED: 32,
  FIRST_BATCH: 40,
  CHECKSUM: 48,
} as const;

export { RECORD_HEAD, RECORD_LENGTH_MAX };
/** From one record's start to the next, at most. */
export const RECORD_SPAN_MAX = RECORD_HEAD + RECORD_LENGTH_MAX;

export const RecordType = {
  /** One message: key, header frame, first body frame. */
  MESSAGE: RECORD_MESSAGE,
  /** The next body frame of the message before it. */
  PIECE: RECORD_PIECE,
  /** Messages took a range of positions in a queue. */
  ENQUEUE: RECORD_ENQUEUE,
  /** Positions of a queue are done. */
  ACK: RECORD_ACK,
  /** All that was ever done in a queue. */
  CHECKPOINT: RECORD_CHECKPOINT,
  /** How often messages of a queue were requeued. */
  REQUEUES: RECORD_REQUEUES,
  /** What lies here could not be read. */
  GAP: RECORD_GAP,
  /** Head of what was written at once. */
  BATCH: RECORD_BATCH,
  /** The file ends here. */
  SEAL: RECORD_SEAL,
} as const;
export type RecordType = (typeof RecordType)[keyof typeof RecordType];

export const MessageField = {
  ID: 0,
  /** Octets that the core uses while the record is written; they mean nothing here. */
  CORE: RECORD_ID,
  BODY_SIZE: RECORD_ID + MESSAGE_BODY_SIZE,
  HEADER_LENGTH: RECORD_ID + MESSAGE_HEADER_LENGTH,
  FIRST_LENGTH: RECORD_ID + MESSAGE_FIRST_LENGTH,
  /** 16 bits, and 16 of the core. */
  KEY_LENGTH: RECORD_ID + MESSAGE_KEY_LENGTH,
  ARRIVAL: RECORD_ID + MESSAGE_ARRIVAL,
  DATA: RECORD_ID + MESSAGE_HEAD,
} as const;
export const PieceField = { ID: 0, CORE: RECORD_ID, FRAME: RECORD_ID + PIECE_HEAD } as const;
export const EnqueueField = {
  QUEUE: RECORD_ENQUEUE_QUEUE,
  POSITION: RECORD_ENQUEUE_POSITION,
  TIME: RECORD_ENQUEUE_TIME,
  COUNT: RECORD_ENQUEUE_COUNT,
  FLAGS: RECORD_ENQUEUE_FLAGS,
  IDS: RECORD_ENQUEUE_IDS,
} as const;
export const EnqueueFlag = {
  /** One id stands for all: the others follow it one by one. */
  IN_ORDER: RECORD_ENQUEUE_IN_ORDER,
  /** The messages were given out before. */
  REDELIVERED: RECORD_ENQUEUE_REDELIVERED,
} as const;
/** ACK: ranges, as first position and count. REQUEUES: pairs of position and how often it was requeued. */
export const PositionsField = { QUEUE: RECORD_RUNS_QUEUE, RANGES: RECORD_RUNS_AT } as const;
export const RANGE_OCTETS = RECORD_RUN;
export const CheckpointField = { QUEUE: 0, NEXT: 8, DONE_RANGES: 16, DELIVERED_RANGES: 20, RANGES: 24 } as const;
export const BatchField = { SEQUENCE: 0, FOLLOWING: 8, TIME: 16, OCTETS: 24 } as const;
export const SealField = { SEQUENCE: 0, OCTETS: 8 } as const;

/**
 * Writers, of this start or an earlier one: the broker thread's, which is writer 0, and one for each worker. The core
 * has room for no more participants, a message's id for 256 writers.
 */
export const WRITERS_MAX = PARTICIPANTS_MAX;
export const WORKERS_MAX = WRITERS_MAX - 1;
/** Messages that one writer can number: a million a second for a year. */
export const WRITER_MESSAGES_MAX = 2 ** RECORD_WRITER_SHIFT;

/** Writers were 64 once, and their ids this far apart: those of writers 64 and more lie in what these do not reach. */
const NEAR_WRITERS = RECORD_NEAR_WRITERS;
const NEAR_DISTANCE = 2 ** RECORD_NEAR_SHIFT;

/** A message's id: below 2^53, and never the same for two writers. */
export function messageId(writerNumber: number, sequence: number): number {
  const near = writerNumber % NEAR_WRITERS;
  return near * NEAR_DISTANCE + ((writerNumber - near) / NEAR_WRITERS) * WRITER_MESSAGES_MAX + sequence;
}
export function writerOf(id: number): number {
  const near = Math.floor(id / NEAR_DISTANCE);
  return near + NEAR_WRITERS * Math.floor((id % NEAR_DISTANCE) / WRITER_MESSAGES_MAX);
}
export function sequenceOf(id: number): number {
  return id % WRITER_MESSAGES_MAX;
}

export function spanOf(length: number): number {
  return (RECORD_HEAD + length + 7) & ~7;
}

const HIGH = 2 ** 32;
export function get64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * HIGH;
}
export function set64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % HIGH, true);
  view.setUint32(at + 4, Math.floor(value / HIGH), true);
}

/** A log file's name: its writer's number, two digits or three, and its number. */
export function fileName(writerNumber: number, number: number): string {
  return `w${String(writerNumber).padStart(2, '0')}-${String(number).padStart(10, '0')}.log`;
}
export function parseFileName(name: string): { writerNumber: number; number: number } | null {
  const match = /^w(\d{2,3})-(\d{10,})\.log$/.exec(name);
  return match === null ? null : { writerNumber: Number(match[1]), number: Number(match[2]) };
}

/** Dead files that wait to be written anew: their blocks are there already. */
export function isSpare(name: string): boolean {
  return /^spare-.*\.old$/.test(name);
}

/** A dead file while it gets the head of the file that it is to be. */
export function claimedName(name: string): string {
  return `spare-${name}.new`;
}

export function isClaimed(name: string): boolean {
  return /^spare-.*\.new$/.test(name);
}
