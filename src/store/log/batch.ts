/**
 * What one append writes: records that stand or fall together, made here by the host. What must hold: a message, its
 * pieces and all its places in queues go into one batch, so into one file; records are stamped only when the file they
 * go to is known, since each file has a seed.
 */
import type { Batch, PositionRange } from '../../log/commit-log.js';
import type { LogMemory, Seed } from '../../log/log-memory.js';
import {
  CheckpointField,
  EnqueueField,
  EnqueueFlag,
  MessageField,
  PieceField,
  PositionsField,
  RANGE_OCTETS,
  RecordType,
  set64,
  spanOf,
} from '../../log/record-format.js';
import { RecordParts } from '../../log/record-parts.js';

/** A message as it is stored: in wire form, its body in frames of the largest size. */
export interface StoredMessage {
  readonly bodySize: number;
  /** When its content header came (ms since 1970). */
  readonly arrival: number;
  /** Exchange and routing key as two short strings. */
  readonly key: Uint8Array;
  /** The whole content header frame. */
  readonly header: Uint8Array;
  /** Whole body frames; none when the body is empty. */
  readonly frames: readonly Uint8Array[];
}

export interface Checkpoint {
  readonly queue: number;
  /** The position that comes after all that were ever given out. */
  readonly next: number;
  readonly done: readonly PositionRange[];
  readonly delivered: readonly PositionRange[];
  readonly requeues: Requeues;
}

/** How often messages were requeued, by position. */
export type Requeues = ReadonlyMap<number, number>;

/** Ranges that one record takes; more go into further records. */
const RANGES_MAX = 4096;
const IDS_MAX = 65536;

export class BatchBuilder implements Batch {
  messages = 0;
  messageOctets = 0;
  readonly #records = new RecordParts();

  get octets(): number {
    return this.#records.octets;
  }

  message(id: number, message: StoredMessage): void {
    const [first, ...others] = message.frames;
    const { key, header } = message;
    const firstOctets = first?.length ?? 0;
    const length = MessageField.DATA + key.length + header.length + firstOctets;
    const { memory, at } = this.#records.record(RecordType.MESSAGE, length);
    const { view, bytes } = memory;
    set64(view, at + MessageField.ID, id);
    set64(view, at + MessageField.CORE, 0);
    view.setUint32(at + MessageField.BODY_SIZE, message.bodySize, true);
    view.setUint32(at + MessageField.HEADER_LENGTH, header.length, true);
    view.setUint32(at + MessageField.FIRST_LENGTH, Math.max(0, firstOctets - 8), true);
    view.setUint32(at + MessageField.KEY_LENGTH, key.length, true);
    view.setFloat64(at + MessageField.ARRIVAL, message.arrival, true);
    bytes.set(key, at + MessageField.DATA);
    bytes.set(header, at + MessageField.DATA + key.length);
    if (first !== undefined) bytes.set(first, at + MessageField.DATA + key.length + header.length);
    this.messages += 1;
    this.messageOctets += spanOf(length);
    for (const frame of others) this.#piece(id, frame);
  }

  #piece(id: number, frame: Uint8Array): void {
    const length = PieceField.FRAME + frame.length;
    const { memory, at } = this.#records.record(RecordType.PIECE, length);
    set64(memory.view, at + PieceField.ID, id);
    set64(memory.view, at + PieceField.CORE, 0);
    memory.bytes.set(frame, at + PieceField.FRAME);
    this.messageOctets += spanOf(length);
  }

  /** The records of one message as they stand in another file. Returns their octets. */
  copied(records: Uint8Array): number {
    const lengths = new DataView(records.buffer, records.byteOffset, records.length);
    for (let from = 0; from < records.length; ) {
      const span = spanOf(lengths.getUint32(from, true));
      const { memory, at } = this.#records.room(span);
      memory.bytes.set(records.subarray(from, from + span), at);
      from += span;
    }
    this.messageOctets += records.length;
    this.messages += 1;
    return records.length;
  }

  /** Messages took the positions from `position` on. */
  enqueue(queue: number, position: number, time: number, ids: readonly number[], redelivered = false): void {
    const inOrder = ids.every((id, index) => id === (ids[0] as number) + index);
    const step = inOrder ? Number.MAX_SAFE_INTEGER : IDS_MAX;
    for (let from = 0; from < ids.length; from += step) {
      const some = inOrder ? ids : ids.slice(from, from + step);
      const listed = inOrder ? some.slice(0, 1) : some;
      const { memory, at } = this.#records.record(RecordType.ENQUEUE, EnqueueField.IDS + listed.length * 8);
      const flags = (inOrder ? EnqueueFlag.IN_ORDER : 0) | (redelivered ? EnqueueFlag.REDELIVERED : 0);
      set64(memory.view, at + EnqueueField.QUEUE, queue);
      set64(memory.view, at + EnqueueField.POSITION, position + from);
      set64(memory.view, at + EnqueueField.TIME, time);
      memory.view.setUint32(at + EnqueueField.COUNT, some.length, true);
      memory.view.setUint32(at + EnqueueField.FLAGS, flags, true);
      listed.forEach((id, index) => {
        set64(memory.view, at + EnqueueField.IDS + index * 8, id);
      });
    }
  }

  #positions(type: RecordType, queue: number, ranges: readonly PositionRange[]): void {
    for (let from = 0; from < ranges.length; from += RANGES_MAX) {
      const some = ranges.slice(from, from + RANGES_MAX);
      const { memory, at } = this.#records.record(type, PositionsField.RANGES + some.length * RANGE_OCTETS);
      set64(memory.view, at + PositionsField.QUEUE, queue);
      putRanges(memory, at + PositionsField.RANGES, some);
    }
  }

  ack(queue: number, ranges: readonly PositionRange[]): void {
    this.#positions(RecordType.ACK, queue, ranges);
  }

  requeued(queue: number, requeues: Requeues): void {
    const pairs = [...requeues].map(([from, count]) => ({ from, count }));
    this.#positions(RecordType.REQUEUES, queue, pairs);
  }

  /** What is too much for one record goes into several: each says something that is true by itself. */
  checkpoint({ queue, next, done, delivered, requeues }: Checkpoint): void {
    this.requeued(queue, requeues);
    const records = Math.max(1, Math.ceil(done.length / RANGES_MAX), Math.ceil(delivered.length / RANGES_MAX));
    for (let i = 0; i < records; i++) {
      const doneRanges = done.slice(i * RANGES_MAX, (i + 1) * RANGES_MAX);
      const deliveredRanges = delivered.slice(i * RANGES_MAX, (i + 1) * RANGES_MAX);
      const length = CheckpointField.RANGES + (doneRanges.length + deliveredRanges.length) * RANGE_OCTETS;
      const { memory, at } = this.#records.record(RecordType.CHECKPOINT, length);
      set64(memory.view, at + CheckpointField.QUEUE, queue);
      set64(memory.view, at + CheckpointField.NEXT, next);
      memory.view.setUint32(at + CheckpointField.DONE_RANGES, doneRanges.length, true);
      memory.view.setUint32(at + CheckpointField.DELIVERED_RANGES, deliveredRanges.length, true);
      putRanges(memory, at + CheckpointField.RANGES, doneRanges);
      putRanges(memory, at + CheckpointField.RANGES + doneRanges.length * RANGE_OCTETS, deliveredRanges);
    }
  }

  facts(): Uint8Array {
    const facts: Uint8Array[] = [];
    for (const records of this.#records.views()) {
      const view = new DataView(records.buffer, records.byteOffset, records.length);
      for (let at = 0; at < records.length; ) {
        const span = spanOf(view.getUint32(at, true));
        const type = view.getUint8(at + 4);
        if (type !== RecordType.MESSAGE && type !== RecordType.PIECE) facts.push(records.subarray(at, at + span));
        at += span;
      }
    }
    return Buffer.concat(facts);
  }

  stamp(seed: Seed): readonly Uint8Array[] {
    return this.#records.stamp(seed);
  }

  release(): void {
    this.#records.release();
  }
}

function putRanges(memory: LogMemory, at: number, ranges: readonly PositionRange[]): void {
  ranges.forEach((range, index) => {
    set64(memory.view, at + index * RANGE_OCTETS, range.from);
    set64(memory.view, at + index * RANGE_OCTETS + 8, range.count);
  });
}
