/**
 * What of the log still counts, message by message: which queues hold a message and in which file it lies, what is done in each queue. It
 * answers the questions of whoever clears files away; a core that counts by itself answers them in its place.
 */
import type { Checkpoint, Run } from './batch.js';
import { Intervals } from './intervals.js';
import type { LogFileState } from './live-files.js';
import type { Recovered } from './recovery.js';

/** Who knows what is still needed. */
export interface Liveness {
  /** Whether a queue holds the message at a position, in this file; and whether it was given out before. */
  holding(queue: number, position: number, file: string): { readonly delivered: boolean } | null;
  /** Everything that is done in a queue; deleted: it is gone, and old records of it may still be about; null: nothing needs to be known. */
  checkpoint(queue: number): Checkpoint | 'deleted' | null;
  /** Octets of that checkpoint, about. */
  checkpointOctets(queue: number): number;
  /** A message was copied to a file, which counts the copy. */
  moved(id: number, octets: number, to: LogFileState): void;
  /** No file holds a record of a deleted queue any more. */
  forget(queue: number): void;
}

interface Held {
  readonly id: number;
  /** Null until it is written. */
  file: LogFileState | null;
  readonly octets: number;
  /** Queues that hold it. */
  holders: number;
}

interface QueueState {
  next: number;
  readonly done: Intervals;
  readonly delivered: Intervals;
  readonly held: Map<number, Held>;
}

const CHECKPOINT_OCTETS = 48;
const RUN_OCTETS = 16;

export class Ledger implements Liveness {
  readonly #queues = new Map<number, QueueState>();
  readonly #deleted = new Set<number>();
  readonly #messages = new Map<number, Held>();

  /** Takes over what recovery found. */
  static from(recovered: Recovered): Ledger {
    const ledger = new Ledger();
    for (const queue of recovered.queues) {
      const state = ledger.#queue(queue.id);
      state.next = queue.next;
      for (const { from, count } of queue.done) state.done.add(from, count);
      queue.positions.forEach((position, i) => {
        const { file, id, octets } = recovered.place(queue.messages[i] as number);
        const held = ledger.#messages.get(id) ?? { id, file, octets, holders: 0 };
        ledger.#messages.set(id, held);
        held.holders += 1;
        state.held.set(position, held);
        if (queue.delivered[i] === 1) state.delivered.add(position, 1);
      });
    }
    for (const queue of recovered.deleted) ledger.#deleted.add(queue);
    return ledger;
  }

  /** A message is about to be written, for these places. */
  add(id: number, octets: number, places: readonly { readonly queue: number; readonly position: number }[]): void {
    const held: Held = { id, file: null, octets, holders: 0 };
    this.#messages.set(id, held);
    for (const { queue, position } of places) {
      if (this.#deleted.has(queue)) continue;
      const state = this.#queue(queue);
      state.next = Math.max(state.next, position + 1);
      if (state.done.has(position)) continue;
      held.holders += 1;
      state.held.set(position, held);
    }
  }

  /** It was written, and its file counts it. */
  placed(id: number, file: LogFileState): void {
    const held = this.#messages.get(id);
    if (held === undefined) return;
    held.file = file;
    if (held.holders === 0) this.#release(held);
  }

  done(queue: number, runs: readonly Run[]): void {
    if (this.#deleted.has(queue)) return;
    const state = this.#queue(queue);
    for (const { from, count } of runs) {
      state.done.add(from, count);
      state.next = Math.max(state.next, from + count);
      for (const position of heldIn(state, from, count)) this.#let(state, position);
    }
  }

  delivered(queue: number, runs: readonly Run[]): void {
    if (this.#deleted.has(queue)) return;
    const state = this.#queue(queue);
    for (const { from, count } of runs) state.delivered.add(from, count);
  }

  deleted(queue: number): void {
    const state = this.#queues.get(queue);
    this.#queues.delete(queue);
    this.#deleted.add(queue);
    if (state !== undefined) for (const position of [...state.held.keys()]) this.#let(state, position);
  }

  /** Messages that some queue holds. */
  get size(): number {
    return this.#messages.size;
  }

  holding(queue: number, position: number, file: string): { delivered: boolean } | null {
    const state = this.#queues.get(queue);
    if (state?.held.get(position)?.file?.name !== file) return null;
    return { delivered: state.delivered.has(position) };
  }

  checkpoint(queue: number): Checkpoint | 'deleted' | null {
    if (this.#deleted.has(queue)) return 'deleted';
    const state = this.#queues.get(queue);
    if (state === undefined) return null;
    return { queue, next: state.next, done: state.done.runs(), delivered: state.delivered.without(state.done) };
  }

  checkpointOctets(queue: number): number {
    const state = this.#queues.get(queue);
    return CHECKPOINT_OCTETS + (state === undefined ? 0 : (state.done.size + state.delivered.size) * RUN_OCTETS);
  }

  moved(id: number, octets: number, to: LogFileState): void {
    const held = this.#messages.get(id);
    // It may have been let go while it was copied.
    if (held === undefined) return leave(to, octets);
    if (held.file !== null) leave(held.file, held.octets);
    held.file = to;
  }

  forget(queue: number): void {
    this.#deleted.delete(queue);
  }

  #queue(id: number): QueueState {
    let state = this.#queues.get(id);
    if (state === undefined) {
      state = { next: 0, done: new Intervals(), delivered: new Intervals(), held: new Map() };
      this.#queues.set(id, state);
    }
    return state;
  }

  #let(state: QueueState, position: number): void {
    const held = state.held.get(position);
    if (held === undefined) return;
    state.held.delete(position);
    held.holders -= 1;
    if (held.holders === 0 && held.file !== null) this.#release(held);
  }

  #release(held: Held): void {
    this.#messages.delete(held.id);
    if (held.file !== null) leave(held.file, held.octets);
  }
}

function leave(file: LogFileState, octets: number): void {
  file.liveMessages -= 1;
  file.liveOctets -= octets;
}

/** The positions of a run that a queue holds: by the run or by what it holds, whichever is less. */
function* heldIn(state: QueueState, from: number, count: number): Generator<number> {
  if (count <= state.held.size) {
    for (let position = from; position < from + count; position++) yield position;
    return;
  }
  for (const position of [...state.held.keys()]) if (position >= from && position < from + count) yield position;
}
