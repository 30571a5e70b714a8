/**
 * Records that are gathered to be written at once, in buffers where they can be stamped. What must hold: records are
 * stamped only when the file they go to is known, since each file has a seed; a record lies in one buffer.
 */
import { RECORD_LENGTH_AT, RECORD_TYPE_AT } from '../numbers/log.js';
import { LogMemory, type Seed } from './log-memory.js';
import { RECORD_HEAD, RECORD_LENGTH_MAX, RECORD_SPAN_MAX, type RecordType, spanOf } from './record-format.js';

interface Part {
  readonly memory: LogMemory;
  end: number;
}

/** Where a record, or its payload, is to be written. */
export interface RecordRoom {
  readonly memory: LogMemory;
  readonly at: number;
}

/** Memories of parts that were written, for the next ones. */
const idle: LogMemory[] = [];
const IDLE_MAX = 8;
/** Has room for the longest record. */
const PART_OCTETS = RECORD_SPAN_MAX + (64 << 10);

export class RecordParts {
  octets = 0;
  readonly #parts: Part[] = [];

  /** Room for a record with its length and type filled in; `at` is where its payload begins. */
  record(type: RecordType, length: number): RecordRoom {
    if (length > RECORD_LENGTH_MAX) throw new RangeError(`a log record of ${length} octets is too long`);
    const span = spanOf(length);
    const { memory, at } = this.room(span);
    memory.view.setUint32(at + RECORD_LENGTH_AT, length, true);
    memory.view.setUint32(at + RECORD_TYPE_AT, type, true);
    memory.bytes.fill(0, at + RECORD_HEAD + length, at + span);
    return { memory, at: at + RECORD_HEAD };
  }

  /** Room for a whole record that stands elsewhere already. */
  room(span: number): RecordRoom {
    let part = this.#parts.at(-1);
    if (part === undefined || part.end + span > part.memory.bytes.length) {
      part = { memory: idle.pop() ?? new LogMemory(PART_OCTETS), end: 0 };
      this.#parts.push(part);
    }
    const at = part.end;
    part.end += span;
    this.octets += span;
    return { memory: part.memory, at };
  }

  /** Makes the records those of the file with this seed; may be called again for another one. */
  stamp(seed: Seed): readonly Uint8Array[] {
    for (const { memory, end } of this.#parts) {
      memory.setSeed(seed);
      memory.stamp(0, end);
    }
    return this.views();
  }

  /** The records as they are, in order. */
  views(): readonly Uint8Array[] {
    return this.#parts.map(({ memory, end }) => memory.bytes.subarray(0, end));
  }

  release(): void {
    for (const { memory } of this.#parts.splice(0)) if (idle.length < IDLE_MAX) idle.push(memory);
  }
}
