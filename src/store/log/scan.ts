/**
 * Reading a log file from its first batch to its end: every checksum verified, damaged places stepped over. While one
 * stretch is looked at, the next is read. What must hold: every record that is whole is reported, once and in order,
 * whatever lies between; whoever takes them is told where a batch ends, and whether all of it was there.
 */

import { LogMemory, type Seed } from '../../log/log-memory.js';
import {
  BatchField,
  FILE_HEAD,
  get64,
  RECORD_HEAD,
  RECORD_SPAN_MAX,
  RecordType,
  SealField,
  spanOf,
} from '../../log/record-format.js';
import type { LogFile } from './log-directory.js';

/** A place where a record should be and none is whole. */
export interface Damage {
  readonly offset: number;
  readonly octets: number;
  /**
   * The batch that it belongs to: one more than the last one before it where the head of its own is gone; −1: nothing
   * is before it in this file.
   */
  readonly batch: number;
  /** Where that batch begins, as far as that can be told. */
  readonly start: number;
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

/** Takes the records of a file, batch by batch. */
export interface RecordSink {
  take(seen: Seen): void;
  /** What was taken since the last batch is all of one. */
  commit(): void;
  /** It is not: `start` is where the batch begins. */
  suspend(start: number): void;
  /** The buffer of the records taken so far is about to be used again. */
  keep(): void;
}

export interface Scanned {
  /** Where the last whole record ends: behind it there is nothing that counts. */
  readonly end: number;
  readonly damages: readonly Damage[];
  readonly batches: number;
  /** Numbers of the first batch whose head is there, and of the last one of which anything is; −1: none. */
  readonly firstBatch: number;
  readonly lastHead: number;
  /** Where that one begins. */
  readonly lastStart: number;
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
    file: Pick<LogFile, 'read'>,
    seed: Seed,
    sink: RecordSink,
    onRead?: (octets: number) => void,
  ): Promise<Scanned> {
    const pass = new Pass(sink);
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
      sink.keep();
      carried = LEAD + octets - rest;
      other.bytes.set(memory.bytes.subarray(rest, LEAD + octets), LEAD - carried);
      offset += octets;
      [memory, other] = [other, memory];
    }
  }

  #read(file: Pick<LogFile, 'read'>, memory: LogMemory, offset: number): Promise<number> {
    return file.read(memory.bytes.subarray(LEAD, LEAD + CHUNK), offset);
  }
}

/** The state of one scan. */
class Pass {
  sealed = false;
  readonly #damages: Damage[] = [];
  readonly #sink: RecordSink;
  #end = FILE_HEAD;
  #batches = 0;
  #firstBatch = -1;
  #batch = -1;
  #sealedBatch = -1;
  /** Where the batch begins and ends that is being read; nobody knows where one ends that has lost its head. */
  #batchStart = FILE_HEAD;
  #batchEnd = FILE_HEAD;
  /** Records may come that belong to it. */
  #isOpen = false;
  /** Something of it is damaged. */
  #isHurt = false;
  /** Where the damage began that is being stepped over, or −1. */
  #damage = -1;
  /** Where a gap that reaches beyond the buffer ends. */
  #skipTo = 0;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  /**
   * Looks at what lies from `from` to `to`; `offset` is where `from` is in the file. Returns where the rest begins that
   * needs more.
   */
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
    const type = memory.view.getUint16(at + 4, true) as RecordType;
    const payload = at + RECORD_HEAD;
    if (this.#damage >= 0) {
      this.#addDamage(this.#damage, offset, true);
      this.#damage = -1;
    }
    this.#end = offset + span;
    if (type === RecordType.BATCH) this.#startBatch(memory.view, payload, offset);
    else if (type === RecordType.GAP) this.#skipTo = offset + span;
    else if (type === RecordType.SEAL) {
      this.#endBatch();
      this.sealed = true;
      this.#sealedBatch = get64(memory.view, payload + SealField.SEQUENCE);
    } else if (!this.#isOpen) this.#startHeadless(offset);
    this.#sink.take({ memory, type, at: payload, length: memory.view.getUint32(at, true), offset, span });
    if (this.#end >= this.#batchEnd) this.#endBatch();
  }

  #startBatch(view: DataView, at: number, offset: number): void {
    this.#endBatch();
    this.#batch = get64(view, at + BatchField.SEQUENCE);
    this.#batchStart = offset;
    this.#batchEnd = offset + spanOf(BatchField.OCTETS) + get64(view, at + BatchField.FOLLOWING);
    this.#isOpen = true;
    this.#batches += 1;
    if (this.#firstBatch < 0) this.#firstBatch = this.#batch;
  }

  /** Records come, and what said to which batch they belong is gone. */
  #startHeadless(offset: number): void {
    if (this.#batch >= 0) this.#batch += 1;
    this.#batchStart = offset;
    this.#batchEnd = Number.POSITIVE_INFINITY;
    this.#isOpen = true;
  }

  #endBatch(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#batchEnd = 0;
    if (this.#isHurt) this.#sink.suspend(this.#batchStart);
    else this.#sink.commit();
    this.#isHurt = false;
  }

  /** What reaches beyond the batch that is being read hurts the next one, too. */
  #addDamage(from: number, to: number, inside: boolean): void {
    if (this.#isOpen) {
      const end = Math.min(to, this.#batchEnd);
      this.#isHurt = true;
      this.#push(from, end, inside);
      if (end === to) return;
      this.#endBatch();
      return this.#addDamage(end, to, inside);
    }
    this.#startHeadless(from);
    this.#isHurt = true;
    this.#push(from, to, inside);
  }

  #push(from: number, to: number, inside: boolean): void {
    this.#damages.push({ offset: from, octets: to - from, batch: this.#batch, start: this.#batchStart, inside });
  }

  finish(): Scanned {
    if (!this.sealed && this.#isOpen && Number.isFinite(this.#batchEnd)) {
      this.#addDamage(this.#end, this.#batchEnd, false);
    }
    this.#endBatch();
    return {
      end: this.#end,
      damages: this.#damages,
      batches: this.#batches,
      firstBatch: this.#firstBatch,
      lastHead: this.#batch,
      lastStart: this.#batchStart,
      lastBatch: Math.max(this.#batch, this.#sealedBatch),
      sealed: this.sealed,
    };
  }
}
