/**
 * What a participant has recorded since the batch before: messages, the places that they took, places that are done,
 * and the channels whose confirms wait for it. What must hold: its messages are held until it is done, so a log that
 * falls behind holds up publishers for want of memory.
 */
import type { Seed } from '../../../log/log-memory.js';
import {
  EnqueueField,
  EnqueueFlag,
  PositionsField,
  RANGE_OCTETS,
  RecordType,
  set64,
} from '../../../log/record-format.js';
import { RecordParts } from '../../../log/record-parts.js';
import type { LogBatch } from '../../engine.js';
import type { Memory } from '../memory/memory.js';
import type { Messages } from '../memory/messages.js';
import { recordAt, recordSpan } from '../memory/record-heads.js';
import type { Confirming } from './held-confirms.js';

/** Octets of places taken and done in one batch: as many as the core's has room for (assembly/log/batch.ts). */
const JOURNAL_MAX = 55 << 20;

export class Batch<C extends Confirming = Confirming> implements LogBatch {
  messageOctets = 0;
  /** Channels whose confirms wait for it. */
  readonly waiting = new Set<C>();
  readonly #memory: Memory;
  readonly #store: Messages;
  readonly #messages: number[] = [];
  readonly #journal = new RecordParts();
  /** Copies of the messages' records, once they are to be written. */
  #copies: RecordParts | null = null;

  constructor(
    readonly number: number,
    memory: Memory,
    messages: Messages,
  ) {
    this.#memory = memory;
    this.#store = messages;
  }

  get messages(): number {
    return this.#messages.length;
  }

  get octets(): number {
    return this.messageOctets + this.#journal.octets;
  }

  /** Whether what is done must wait for the next batch. */
  get isFull(): boolean {
    return this.#journal.octets >= JOURNAL_MAX;
  }

  get isEmpty(): boolean {
    return this.octets === 0 && this.waiting.size === 0;
  }

  /** A message and its pieces are to be written. */
  add(message: number): void {
    this.#store.retain(message, 1);
    this.#messages.push(message);
    this.#store.eachUnit(message, (unit) => {
      this.messageOctets += recordSpan(this.#memory, unit);
    });
  }

  /** Messages with ids in a row took positions in a row. */
  enqueued(queue: number, position: number, time: number, id: number, count: number): void {
    const { memory, at } = this.#journal.record(RecordType.ENQUEUE, EnqueueField.IDS + 8);
    set64(memory.view, at + EnqueueField.QUEUE, queue);
    set64(memory.view, at + EnqueueField.POSITION, position);
    set64(memory.view, at + EnqueueField.TIME, time);
    memory.view.setUint32(at + EnqueueField.COUNT, count, true);
    memory.view.setUint32(at + EnqueueField.FLAGS, EnqueueFlag.IN_ORDER, true);
    set64(memory.view, at + EnqueueField.IDS, id);
  }

  /** Positions in a row are done. */
  done(queue: number, position: number, count: number): void {
    this.#positions(RecordType.ACK, queue, position, count);
  }

  /** A message was requeued so many times. */
  requeued(queue: number, position: number, count: number): void {
    this.#positions(RecordType.REQUEUES, queue, position, count);
  }

  #positions(type: RecordType, queue: number, position: number, count: number): void {
    const { memory, at } = this.#journal.record(type, PositionsField.RANGES + RANGE_OCTETS);
    set64(memory.view, at + PositionsField.QUEUE, queue);
    set64(memory.view, at + PositionsField.RANGES, position);
    set64(memory.view, at + PositionsField.RANGES + 8, count);
  }

  stamp(seed: Seed): readonly Uint8Array[] {
    this.#copies ??= this.#copy();
    return [...this.#copies.stamp(seed), ...this.#journal.stamp(seed)];
  }

  #copy(): RecordParts {
    const copies = new RecordParts();
    for (const message of this.#messages) {
      this.#store.eachUnit(message, (unit) => {
        const from = recordAt(unit);
        const span = recordSpan(this.#memory, unit);
        const { memory, at } = copies.room(span);
        memory.bytes.set(this.#memory.bytes.subarray(from, from + span), at);
      });
    }
    return copies;
  }

  /** A copy of the records of places taken and done. */
  facts(): Uint8Array {
    const facts = new Uint8Array(this.#journal.octets);
    let at = 0;
    for (const part of this.#journal.views()) {
      facts.set(part, at);
      at += part.length;
    }
    return facts;
  }

  release(): void {
    for (const message of this.#messages.splice(0)) this.#store.release(message);
    this.#journal.release();
    this.#copies?.release();
  }
}
