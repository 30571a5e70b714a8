/**
 * A leader's own files, as its node sees them: participants write them, and tell how far they are. What must hold: the
 * position is behind a portion only when all of it is written, by the lanes that its batches are of and in the
 * definitions; each lane writes in the order of the stream.
 */
import type { Clock } from '../../platform/clock.js';
import type { Followed } from '../../store/definitions.js';
import type { Portion, ReplicaStore } from '../protocol/replica-store.js';
import type { ChainPosition } from '../records/link.js';
import { readBody } from '../records/record-bodies.js';
import { PositionSaver } from '../replica/position-saver.js';
import { type Begun, Progress } from '../replica/progress.js';

export interface LedFilesOptions {
  readonly clock: Clock;
  /** As the node's replica has left them. */
  readonly followed: Followed;
  /** Says durably how far they are; whoever serves from them does. */
  readonly save: (followed: Followed) => Promise<void>;
  readonly onTrouble: (error: Error | null) => void;
}

/** Whose part of a portion it is. */
type Writer = number | 'definitions';

export class LedFiles implements ReplicaStore {
  readonly #progress: Progress;
  readonly #saver: PositionSaver;
  readonly #nextMessages: Map<number, number>;
  readonly #underWay = new Map<Writer, Begun[]>();
  #definitions: number;
  #onApplied: (sequence: number) => void = () => undefined;

  constructor({ clock, followed, save, onTrouble }: LedFilesOptions) {
    this.#progress = new Progress(followed.position);
    this.#nextMessages = new Map(followed.nextMessages);
    this.#definitions = followed.definitions;
    this.#saver = new PositionSaver({
      clock,
      saved: followed.position,
      current: () => this.followed,
      save,
      onSaved: (sequence) => this.#onApplied(sequence),
      onTrouble,
    });
  }

  get position(): ChainPosition {
    return this.#saver.saved;
  }

  /** What is to be said of them now. */
  get followed(): Followed {
    const position = this.#progress.written;
    // Only one change is under way at a time, and what was before it is applied.
    const definitions = Math.max(this.#definitions, position.sequence);
    return { position, definitions, nextMessages: this.#nextMessages };
  }

  onApplied(listener: (sequence: number) => void): void {
    this.#onApplied = listener;
  }

  apply({ position, records }: Portion): void {
    const writers: Writer[] = [];
    for (const record of records) {
      const body = readBody(record);
      if (body.kind === 'definitions') writers.push('definitions');
      if (body.kind !== 'batch') continue;
      const { lane, nextMessage } = body.batch;
      writers.push(lane);
      this.#nextMessages.set(lane, Math.max(nextMessage, this.#nextMessages.get(lane) ?? 0));
    }
    const begun = this.#progress.begin(position, writers.length);
    for (const writer of writers) {
      const under = this.#underWay.get(writer) ?? [];
      this.#underWay.set(writer, under);
      under.push(begun);
    }
    this.#saver.soon();
  }

  /** So many more batches of a lane are synced. */
  written(lane: number, batches: number): void {
    for (let i = 0; i < batches; i++) this.#finish(lane);
  }

  /** The definitions of the message with this sequence are durable. */
  defined(sequence: number): void {
    this.#definitions = Math.max(this.#definitions, sequence);
    this.#finish('definitions');
  }

  /** Saves what there is, and nothing any more. */
  end(): Promise<void> {
    return this.#saver.end();
  }

  /** Saves nothing any more. */
  drop(): void {
    this.#saver.drop();
  }

  #finish(writer: Writer): void {
    const begun = this.#underWay.get(writer)?.shift();
    if (begun === undefined) throw new Error(`${writer} has written more than the stream has of it`);
    this.#progress.finish(begun);
    this.#saver.soon();
  }
}
