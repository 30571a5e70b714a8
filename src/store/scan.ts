/**
 * Reading a log file from its first batch to its end: every checksum verified, damaged places stepped over. While one stretch is looked at,
 * the next is read. What must hold: every record that is whole is reported, once and in order, whatever lies between.
 */

import { LogMemory, type Seed } from '../log/log-memory.js';
import {
  BatchField,
  FILE_HEAD,
  get64,
  RECORD_HEAD,
  RECORD_SPAN_MAX,
  RecordType,
  SealField,
} from '../log/record-format.js';
import type { LogFile } from './log-directory.js';

/** A place where a record should be and none is whole. */
export interface Damage {
  readonly offset: number;
  readonly octets: number;
  /** The last batch that begins before it; −1: none in this file. */
  readonly batch: number;
  /** It belongs to that batch; else to one whose head is gone. */
  readonly inBatch: boolean;
  /** The file goes on behind it. Else it is its end, and what was in the making. */
  readonly inside: boolean;
}

/** A record in a buffer. `at` is where its payload begins, `offset` where the record begins in the file. */
export interface Seen {
  readonly memory: LogMemory;
  readonly type: RecordType;
  readonly at: number;
  readonly length: number;
  readonly offset: number;
  readonly span: number;
}

export interface Scanned {
  /** Where the last whole record ends: behind it there is nothing that counts. */
  readonly end: number;
  readonly damages: readonly Damage[];
  readonly batches: number;
  /** Numbers of the first and the last batch whose heads are there; −1: none. */
  readonly firstBatch: number;
  readonly lastHead: number;
  /** The last batch that the file ever had, as far as that can be told. */
  readonly lastBatch: number;
  readonly sealed: boolean;
}

const CHUNK = 2 << 20;
/** Where a chunk is read to: before it there is room for a record that began in the chunk before. */
const LEAD = RECORD_SPAN_MAX + RECORD_HEAD;

/** Two buffers, so that reading and checking go side by side. */
export class Scanner {
  readonly #memories: readonly [LogMemory, LogMemory] = [new LogMemory(LEAD + CHUNK), new LogMemory(LEAD + CHUNK)];

  async scan(
    file: LogFile,
    seed: Seed,
    onRecord: (seen: Seen) => void,
    onRead?: (octets: number) => void,
  ): Promise<Scanned> {
    const pass = new Pass(onRecord);
    let offset = FILE_HEAD;
    let [memory, other] = this.#memories;
    let reading = this.#read(file, memory, offset);
    let carried = 0;
    for (;;) {
      const octets = await reading;
      const last = octets < CHUNK;
      if (!last) reading = this.#read(file, other, offset + octets);
      memory.setSeed(seed);
      const rest = pass.look(memory, LEAD - carried, LEAD + octets, offset - carried, last);
      onRead?.(octets);
      if (last || pass.sealed) {
        if (!last) await reading;
        return pass.finish();
      }
      carried = LEAD + octets - rest;
      other.bytes.set(memory.bytes.subarray(rest, LEAD + octets), LEAD - carried);
      offset += octets;
      [memory, other] = [other, memory];
    }
  }

  #read(file: LogFile, memory: LogMemory, offset: number): Promise<number> {
    return file.read(memory.bytes.subarray(LEAD, LEAD + CHUNK), offset);
  }
}

/** The state of one scan. */
class Pass {
  sealed = false;
  readonly #damages: Damage[] = [];
  readonly #onRecord: (seen: Seen) => void;
  #end = FILE_HEAD;
  #batches = 0;
  #firstBatch = -1;
  #batch = -1;
  #sealedBatch = -1;
  #batchEnd = FILE_HEAD;
  /** Where the damage began that is being stepped over, or −1. */
  #damage = -1;
  /** Where a gap that reaches beyond the buffer ends. */
  #skipTo = 0;

  constructor(onRecord: (seen: Seen) => void) {
    this.#onRecord = onRecord;
  }

  /** Looks at what lies from `from` to `to`; `offset` is where `from` is in the file. Returns where the rest begins that needs more. */
  look(memory: LogMemory, from: number, to: number, offset: number, last: boolean): number {
    const base = offset - from;
    let at = Math.min(Math.max(from, this.#skipTo - base), to);
    while (at < to && !this.sealed) {
      const span = memory.check(at, to);
      if (span > 0) {
        this.#whole(memory, at, span, base);
        at = Math.min(at + span, to);
      } else if (span < 0 && !last) {
        return at;
      } else {
        if (this.#damage < 0) this.#damage = base + at;
        at = memory.find(at + 8, to);
        if (at >= to) return last ? to : Math.max(from, (to & ~7) - RECORD_HEAD + 8);
      }
    }
    return at;
  }

  #whole(memory: LogMemory, at: number, span: number, base: number): void {
    const offset = base + at;
    if (this.#damage >= 0) {
      this.#addDamage(this.#damage, offset, true);
      this.#damage = -1;
    }
    const type = memory.view.getUint16(at + 4, true) as RecordType;
    const payload = at + RECORD_HEAD;
    this.#end = offset + span;
    if (type === RecordType.BATCH) this.#startBatch(memory.view, payload, offset + span);
    if (type === RecordType.GAP) this.#skipTo = offset + span;
    if (type === RecordType.SEAL) {
      this.sealed = true;
      this.#sealedBatch = get64(memory.view, payload + SealField.SEQUENCE);
    }
    this.#onRecord({ memory, type, at: payload, length: memory.view.getUint32(at, true), offset, span });
  }

  #startBatch(view: DataView, at: number, offset: number): void {
    this.#batch = get64(view, at + BatchField.SEQUENCE);
    this.#batchEnd = offset + get64(view, at + BatchField.FOLLOWING);
    this.#batches += 1;
    if (this.#firstBatch < 0) this.#firstBatch = this.#batch;
  }

  #addDamage(from: number, to: number, inside: boolean): void {
    const inBatch = from < this.#batchEnd;
    this.#damages.push({ offset: from, octets: to - from, batch: this.#batch, inBatch, inside });
  }

  finish(): Scanned {
    if (!this.sealed && this.#end < this.#batchEnd) {
      this.#addDamage(this.#end, this.#batchEnd, false);
    }
    return {
      end: this.#end,
      damages: this.#damages,
      batches: this.#batches,
      firstBatch: this.#firstBatch,
      lastHead: this.#batch,
      lastBatch: Math.max(this.#batch, this.#sealedBatch),
      sealed: this.sealed,
    };
  }
}
