/**
 * A batch whose records came from another machine: as octets, stamped for no seed. What must hold: nothing is written
 * to a file that recovery could not read there, so every record is checked before it counts as a batch; what was
 * stamped for no seed is stamped anew for the file that it goes to.
 */
import type { Batch } from '../../log/commit-log.js';
import { giveMemory, takeMemory } from '../../log/log-memories.js';
import { type LogMemory, NO_SEED, type Seed } from '../../log/log-memory.js';
import {
  EnqueueField,
  EnqueueFlag,
  MessageField,
  PieceField,
  PositionsField,
  RANGE_OCTETS,
  RECORD_HEAD,
  RecordType,
  spanOf,
} from '../../log/record-format.js';

/** What its head says of a batch. */
export interface BatchCounts {
  readonly messages: number;
  readonly messageOctets: number;
}

/** The octets are no batch. */
export class BatchError extends Error {
  /** `offset`: of the record in the batch. */
  constructor(text: string, offset: number) {
    super(`a batch with ${text} at octet ${offset}`);
  }
}

export class ReceivedBatch implements Batch {
  readonly octets: number;
  readonly messages: number;
  readonly messageOctets: number;
  #memory: LogMemory | null;

  /** Of octets that a participant of this process has stamped: they are not looked at. */
  static own(records: Uint8Array, counts: BatchCounts): ReceivedBatch {
    return new ReceivedBatch(records, counts);
  }

  /** Throws a BatchError where the records are not what a participant writes, or not what was said of them. */
  static checked(records: Uint8Array, counts: BatchCounts): ReceivedBatch {
    const batch = new ReceivedBatch(records, counts);
    try {
      batch.#check();
    } catch (error) {
      batch.release();
      throw error;
    }
    return batch;
  }

  private constructor(records: Uint8Array, { messages, messageOctets }: BatchCounts) {
    this.octets = records.length;
    this.messages = messages;
    this.messageOctets = messageOctets;
    this.#memory = takeMemory(records.length);
    this.#memory.bytes.set(records);
  }

  facts(): Uint8Array {
    const { bytes, view } = this.#records;
    const facts: Uint8Array[] = [];
    /** Where a stretch of facts began. */
    let from = 0;
    let at = 0;
    while (at < this.octets) {
      const type = view.getUint8(at + 4);
      const end = at + spanOf(view.getUint32(at, true));
      if (type === RecordType.MESSAGE || type === RecordType.PIECE) {
        if (from < at) facts.push(bytes.subarray(from, at));
        from = end;
      }
      at = end;
    }
    if (from < at) facts.push(bytes.subarray(from, at));
    return Buffer.concat(facts);
  }

  stamp(seed: Seed): readonly Uint8Array[] {
    const memory = this.#records;
    memory.setSeed(seed);
    memory.stamp(0, this.octets);
    return [memory.bytes.subarray(0, this.octets)];
  }

  release(): void {
    if (this.#memory !== null) giveMemory(this.#memory);
    this.#memory = null;
  }

  get #records(): LogMemory {
    if (this.#memory === null) throw new Error('the batch was released');
    return this.#memory;
  }

  #check(): void {
    const memory = this.#records;
    const { view } = memory;
    memory.setSeed(NO_SEED);
    let messages = 0;
    let messageOctets = 0;
    for (let at = 0; at < this.octets; ) {
      const span = memory.check(at, this.octets);
      if (span <= 0) throw new BatchError('no whole record', at);
      const type = view.getUint16(at + 4, true);
      const wrong = wrongRecord(view, type, at + RECORD_HEAD, view.getUint32(at, true));
      if (wrong !== null) throw new BatchError(wrong, at);
      if (type === RecordType.MESSAGE) messages += 1;
      if (type === RecordType.MESSAGE || type === RecordType.PIECE) messageOctets += span;
      at += span;
    }
    if (messages !== this.messages || messageOctets !== this.messageOctets) {
      const text = `${messages} messages of ${messageOctets} octets, not ${this.messages} of ${this.messageOctets},`;
      throw new BatchError(text, 0);
    }
  }
}

/** What a participant never writes, though its checksum is right. Checkpoints and what frames are each node's own. */
function wrongRecord(view: DataView, type: number, at: number, length: number): string | null {
  switch (type) {
    case RecordType.MESSAGE:
      return length < MessageField.DATA ? `a message of ${length} octets, fewer than ${MessageField.DATA}` : null;
    case RecordType.PIECE:
      return length < PieceField.FRAME ? `a piece of ${length} octets, fewer than ${PieceField.FRAME}` : null;
    case RecordType.ENQUEUE: {
      if (length < EnqueueField.IDS) return `places of ${length} octets, fewer than ${EnqueueField.IDS}`;
      const isInOrder = (view.getUint32(at + EnqueueField.FLAGS, true) & EnqueueFlag.IN_ORDER) !== 0;
      const ids = isInOrder ? 1 : view.getUint32(at + EnqueueField.COUNT, true);
      const octets = EnqueueField.IDS + ids * 8;
      return length === octets ? null : `places of ${length} octets that have ids of ${octets}`;
    }
    case RecordType.ACK:
    case RecordType.REQUEUES: {
      const octets = length - PositionsField.RANGES;
      return octets < 0 || octets % RANGE_OCTETS !== 0 ? `ranges of ${octets} octets` : null;
    }
    default:
      return `a record of type ${type}, which is none of a participant's`;
  }
}
