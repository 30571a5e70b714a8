/**
 * The records that frame what one writer writes: before each group of batches one that numbers it and says how long it
 * is, at the end of a file one that says so. What must hold: numbers have no gap, so that a reader sees what is
 * missing.
 */
import { LogMemory, type Seed } from '../../log/log-memory.js';
import { BatchField, RECORD_HEAD, RecordType, SealField, set64, spanOf } from '../../log/record-format.js';

/** Octets that a group has before it. */
export const BATCH_SPAN = spanOf(BatchField.OCTETS);
/** Where the end of a file is put together, behind the head of a group: one write has both. */
const SEAL_AT = 256;

export class BatchFraming {
  /** The number of the next group. */
  next: number;
  readonly #clock: () => number;
  readonly #heads = new LogMemory(4096);

  constructor(next: number, clock: () => number = Date.now) {
    this.next = next;
    this.#clock = clock;
  }

  /** When it is (ms since 1970). */
  now(): number {
    return this.#clock();
  }

  /** The head of the next group, of which `following` octets come behind it. */
  head(seed: Seed, following: number): Uint8Array {
    const { view } = this.#heads;
    set64(view, RECORD_HEAD + BatchField.SEQUENCE, this.next);
    set64(view, RECORD_HEAD + BatchField.FOLLOWING, following);
    set64(view, RECORD_HEAD + BatchField.TIME, this.now());
    return this.#stamped(0, RecordType.BATCH, BatchField.OCTETS, seed);
  }

  /** The end of a file, of which this group is the last. */
  seal(seed: Seed, last: number): Uint8Array {
    set64(this.#heads.view, SEAL_AT + RECORD_HEAD + SealField.SEQUENCE, Math.max(0, last));
    return this.#stamped(SEAL_AT, RecordType.SEAL, SealField.OCTETS, seed);
  }

  #stamped(at: number, type: RecordType, length: number, seed: Seed): Uint8Array {
    const { view, bytes } = this.#heads;
    const end = at + spanOf(length);
    view.setUint32(at, length, true);
    view.setUint32(at + 4, type, true);
    this.#heads.setSeed(seed);
    this.#heads.stamp(at, end);
    return bytes.subarray(at, end);
  }
}
