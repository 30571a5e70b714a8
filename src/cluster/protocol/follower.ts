/**
 * Reads the stream into a node's store: by a tail while another one leads, or as the leader's writer finds what stands
 * there. What must hold:
 *
 * - Messages are read in the order of their sequences, each once; the store gets all records that count, in order.
 * - Behind an error nothing is read or applied.
 * - What the store was given and has not made durable is bounded while a tail is read.
 */
import type { ChainPosition } from '../records/link.js';
import { RecordError } from '../records/record-error.js';
import { recordsOf } from '../records/record-group.js';
import { RecordReader, type StreamRecord } from '../records/record-reader.js';
import type { LogStream, Tail } from '../stream/log-stream.js';
import type { ReplicaStore } from './replica-store.js';
import type { FailureReason } from './role.js';

export interface FollowerObserver {
  /** A message was read that counts; `records`: those that it completes, which the store has been given. */
  onCounted(records: readonly StreamRecord[]): void;
  onStray(): void;
  /** The store's position has grown. */
  onApplied(sequence: number): void;
  onFailed(reason: FailureReason, error: Error): void;
}

export class Follower {
  readonly #reader: RecordReader;
  #tail: Tail | null = null;
  #isPaused = false;
  #isOver = false;
  #applied: number;
  /** Given to the store, not durable. */
  #given: { readonly sequence: number; readonly octets: number }[] = [];
  #octets = 0;
  /** Of a record that is not complete. Reading does not pause for those: the store cannot have it before the rest. */
  #parts = 0;

  constructor(
    private readonly stream: LogStream,
    private readonly store: ReplicaStore,
    private readonly octetsMax: number,
    private readonly observer: FollowerObserver,
  ) {
    this.#reader = new RecordReader(store.position);
    this.#applied = store.position.sequence;
    store.onApplied((sequence) => this.#onApplied(sequence));
  }

  /** Where the chain stands that was read. */
  get end(): ChainPosition {
    return this.#reader.end;
  }
  get applied(): number {
    return this.#applied;
  }
  get isFull(): boolean {
    return this.#octets >= this.octetsMax;
  }

  /** Reads on by a tail. */
  follow(): void {
    if (this.#isOver) return;
    this.#isPaused = false;
    this.#tail = this.stream.tail(this.end.sequence + 1, {
      onMessage: (sequence, octets) => this.take(sequence, octets, false),
      onEnd: (error) => this.#fail(error.code === 'purged' ? 'must-copy' : 'refused', error),
    });
    this.#hold();
  }

  /** Reads no more by itself: `take` is called with what comes next. */
  leave(): void {
    this.#tail?.close();
    this.#tail = null;
  }

  stop(): void {
    this.#isOver = true;
    this.leave();
  }

  /** Whether what stands there counts, or (the error) cannot be there in the stream that was read. */
  judge(sequence: number, octets: Uint8Array): 'counts' | 'stray' | RecordError {
    try {
      return this.#reader.judge(sequence, octets);
    } catch (error) {
      if (error instanceof RecordError) return error;
      throw error;
    }
  }

  take(sequence: number, octets: Uint8Array, isOwn: boolean): void {
    if (this.#isOver) return;
    try {
      const reading = this.#reader.read(sequence, octets);
      if (reading.kind === 'stray') return this.observer.onStray();
      const records = reading.kind === 'record' ? recordsOf(reading.record) : [];
      this.#parts += octets.length;
      if (records.length > 0) this.#give(sequence, records, isOwn);
      this.observer.onCounted(records);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      this.#fail('refused', error);
    }
  }

  #give(sequence: number, records: readonly StreamRecord[], isOwn: boolean): void {
    this.#octets += this.#parts;
    this.#given.push({ sequence, octets: this.#parts });
    this.#parts = 0;
    this.store.apply({ position: this.#reader.position, records, isOwn });
    this.#hold();
  }

  #fail(reason: FailureReason, error: Error): void {
    if (this.#isOver) return;
    this.stop();
    this.observer.onFailed(reason, error);
  }

  #onApplied(sequence: number): void {
    if (this.#isOver) return;
    this.#applied = sequence;
    const done = this.#given.findIndex((given) => given.sequence > sequence);
    const gone = this.#given.splice(0, done < 0 ? this.#given.length : done);
    for (const { octets } of gone) this.#octets -= octets;
    this.#hold();
    this.observer.onApplied(sequence);
  }

  #hold(): void {
    if (this.#tail === null) return;
    if (!this.#isPaused && this.isFull) {
      this.#isPaused = true;
      this.#tail.pause();
    } else if (this.#isPaused && 2 * this.#octets < this.octetsMax) {
      this.#isPaused = false;
      this.#tail.resume();
    }
  }
}
