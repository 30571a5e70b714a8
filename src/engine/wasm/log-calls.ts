/**
 * The calls about the log (assembly/log/): the part of the WebAssembly engine that the host's log uses. Records are
 * made, stamped and written where they lie in the shared memory; only what is told of them is copied.
 */

import type { Seed } from '../../log/log-memory.js';
import { BATCH_MESSAGE_OCTETS, BATCH_MESSAGES, BATCH_NUMBER, BATCH_OCTETS } from '../../numbers/core.js';
import type { HeldBack, LogBatch, LogCalls } from '../log.js';
import type { Queue } from '../references.js';
import { WasmBrowseCalls } from './browse-calls.js';
import type { CoreFunctions } from './exports.js';
import type { Core } from './wasm-core.js';

/** Positions in a row of one priority of a queue. */
interface PositionRange {
  readonly priority: number;
  readonly from: number;
  readonly count: number;
}

/** A batch in the core: its address, and its fields as they were when it was taken. */
class CoreBatch implements LogBatch {
  constructor(
    readonly address: number,
    readonly number: number,
    readonly octets: number,
    readonly messages: number,
    readonly messageOctets: number,
  ) {}
}

export abstract class WasmLogCalls extends WasmBrowseCalls implements LogCalls {
  readonly #core: CoreFunctions;
  readonly #words: Uint32Array;
  readonly #holdBack: (taker: HeldBack) => void;
  #done = 0;

  constructor(core: Core, bytes: Uint8Array) {
    super(core, bytes);
    this.#core = core.functions;
    this.#holdBack = core.holdBack;
    this.#words = new Uint32Array(bytes.buffer);
  }

  startLog(writer: number, firstMessage: number, heldBack: HeldBack): void {
    this.#holdBack(heldBack);
    if (!this.#core.startLog(writer, firstMessage)) throw new Error('the memory is too small for a log');
  }

  setLogId(queue: Queue, id: number, nextPosition: number): void {
    this.#core.setLogId(queue, id, nextPosition);
  }

  takeBatch(): LogBatch | null {
    const address = this.#core.takeBatch() >>> 0;
    if (address === 0) return null;
    const word = (field: number): number => this.#words[(address + field) / 4] ?? 0;
    return new CoreBatch(
      address,
      word(BATCH_NUMBER),
      word(BATCH_OCTETS),
      word(BATCH_MESSAGES),
      word(BATCH_MESSAGE_OCTETS),
    );
  }

  get gathers(): boolean {
    return Boolean(this.#core.gathers());
  }

  recordDone(queue: number, from: number, count: number): void {
    this.#core.recordDone(queue, from, count);
  }

  get gatheringBatch(): number {
    return this.#core.gatheringBatch();
  }

  stampBatch(batch: LogBatch, seed: Seed): readonly Uint8Array[] {
    const { address } = ownBatch(batch);
    this.#core.stampBatch(address, seed.low, seed.high);
    return this.#parts(address, true);
  }

  batchFacts(batch: LogBatch): Uint8Array {
    const facts = new Uint8Array(batch.octets - batch.messageOctets);
    let at = 0;
    for (const part of this.#parts(ownBatch(batch).address, false)) {
      facts.set(part, at);
      at += part.length;
    }
    return facts;
  }

  #parts(address: number, messages: boolean): Uint8Array[] {
    const parts: Uint8Array[] = [];
    this.#core.beginParts(address, messages ? 1 : 0);
    for (let from = this.#core.partOffset() >>> 0; from !== 0; from = this.#core.partOffset() >>> 0) {
      parts.push(this.bytes.subarray(from, from + (this.#core.partOctets() >>> 0)));
    }
    return parts;
  }

  batchDone(batch: LogBatch): void {
    const { address, number } = ownBatch(batch);
    if (number !== this.#done + 1) throw new Error(`batch ${number} is done after ${this.#done}`);
    this.#done = number;
    this.#core.batchDone(address);
  }

  blockPublishers(blocked: boolean): void {
    this.#core.blockPublishers(blocked ? 1 : 0);
  }

  redeliveredRanges(queue: Queue): readonly PositionRange[] {
    const ranges: PositionRange[] = [];
    this.#core.beginRedelivered(queue);
    for (let count = this.#core.redeliveredCount(); count !== 0; count = this.#core.redeliveredCount()) {
      ranges.push({ priority: this.#core.redeliveredPriority(), from: this.#core.redeliveredFrom(), count });
    }
    return ranges;
  }
}

/** The batch behind what the host holds. */
function ownBatch(batch: LogBatch): CoreBatch {
  if (!(batch instanceof CoreBatch)) throw new Error('a batch of another engine');
  return batch;
}
