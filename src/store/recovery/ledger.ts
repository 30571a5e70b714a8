/**
 * What of the log still counts: for each queue the ranges of positions that it holds, with the file in which they lie,
 * and those that are done. What must hold: facts of several writers come in any order (a position may be done before it
 * is heard that it was taken); a copy of a message counts in place of the message; a checkpoint covers what files say
 * that were closed when it was made, and nothing else.
 */
import type { PositionRange } from '../../log/commit-log.js';
import {
  EnqueueField,
  get64,
  PositionsField,
  RANGE_OCTETS,
  RECORD_HEAD,
  RecordType,
  spanOf,
} from '../../log/record-format.js';
import type { Checkpoint, Requeues } from '../log/batch.js';
import type { LogFileState, LogFiles } from '../log/log-files.js';
import { PositionRanges } from './position-ranges.js';

/** Who knows what is still needed. */
export interface Liveness {
  /** Whether a queue holds the message at a position, in this file. */
  isHeld(queue: number, position: number, file: LogFileState): boolean;
  /** Everything that is done in a queue; null: nothing needs to be known. */
  checkpoint(queue: number): Checkpoint | null;
  /** Octets of that checkpoint, about. */
  checkpointOctets(queue: number): number;
  /** Whether a checkpoint in another file says all that a closed one says of a queue. */
  isCovered(queue: number, file: LogFileState): boolean;
}

/** A checkpoint that is durable. */
interface Cover {
  readonly made: number;
  readonly file: LogFileState;
  /** How often the queue had changed, where all that is known of it stands there. */
  readonly changes: number;
}

class QueueLedger {
  next = 0;
  changes = 0;
  /** The last checkpoint, and the one that is on its way. */
  cover: Cover | null = null;
  making: Omit<Cover, 'file'> = { made: 0, changes: 0 };
  /** Up to here every place is known: what is not held is done, or never was in the log. */
  known = 0;
  readonly held = new PositionRanges();
  readonly done = new PositionRanges();
  /** How often messages were requeued, of those that it holds. */
  readonly requeues = new Map<number, number>();
}

/** A queue's priorities have the numbers that follow its own. */
export const PRIORITIES = 256;
const CHECKPOINT_OCTETS = 64;
/** A checkpoint does not say what was given out. */
const UNKNOWN = -1;

export class LogLedger implements Liveness {
  readonly #files: LogFiles;
  readonly #breaks: number;
  readonly #queues = new Map<number, QueueLedger>();
  /** Deleted queues, by number / PRIORITIES: facts of them may still come. */
  readonly #deleted = new PositionRanges();

  /** `breaks`: so many in what is done are worth closing. */
  constructor(files: LogFiles, breaks = 64) {
    this.#files = files;
    this.#breaks = breaks;
  }

  /** Takes ENQUEUE, ACK and CHECKPOINT records that were written to a file, stamped or not. */
  heard(facts: Uint8Array, file: LogFileState): void {
    const view = new DataView(facts.buffer, facts.byteOffset, facts.length);
    for (let at = 0; at < facts.length; ) {
      const length = view.getUint32(at, true);
      const payload = at + RECORD_HEAD;
      const queue = get64(view, payload);
      switch (view.getUint8(at + 4)) {
        case RecordType.ENQUEUE: {
          const from = get64(view, payload + EnqueueField.POSITION);
          this.enqueued(queue, from, view.getUint32(payload + EnqueueField.COUNT, true), file);
          break;
        }
        case RecordType.ACK:
          file.settled.add(queue);
          this.#doneRanges(view, queue, payload + PositionsField.RANGES, payload + length);
          break;
        case RecordType.REQUEUES:
          file.settled.add(queue);
          for (let at = payload + PositionsField.RANGES; at < payload + length; at += RANGE_OCTETS)
            this.#requeued(queue, get64(view, at), get64(view, at + 8));
          break;
        case RecordType.CHECKPOINT: {
          // It was made here: there is nothing in it that is not known.
          file.settled.add(queue);
          const known = this.#queues.get(queue);
          if (known !== undefined) known.cover = { ...known.making, file };
          break;
        }
        default:
          throw new Error(`a record of type ${view.getUint8(at + 4)} is no fact of queues`);
      }
      at += spanOf(length);
    }
  }

  #doneRanges(view: DataView, queue: number, from: number, to: number): void {
    for (let at = from; at < to; at += RANGE_OCTETS) this.done(queue, get64(view, at), get64(view, at + 8));
  }

  /** Positions were taken by messages in a file: the first time, or by copies. */
  enqueued(id: number, from: number, count: number, file: LogFileState): void {
    file.places += count;
    const queue = this.#queue(id);
    if (queue === null) return;
    queue.changes += 1;
    queue.next = Math.max(queue.next, from + count);
    if (queue.done.size === 0) return this.#hold(queue, from, count, file);
    const free: number[] = [];
    queue.done.forEachGap(from, count, (first, length) => free.push(first, length));
    for (let i = 0; i < free.length; i += 2) this.#hold(queue, free[i] as number, free[i + 1] as number, file);
  }

  #hold(queue: QueueLedger, from: number, count: number, file: LogFileState): void {
    queue.held.set(from, count, file.index, this.#leave);
    file.live += count;
  }

  /** Counts only grow. What is done needs none. */
  #requeued(id: number, position: number, count: number): void {
    const queue = this.#queue(id);
    if (queue === null || queue.done.at(position) >= 0 || count <= (queue.requeues.get(position) ?? 0)) return;
    queue.changes += 1;
    queue.requeues.set(position, count);
  }

  done(id: number, from: number, count: number): void {
    const queue = this.#queue(id);
    if (queue === null) return;
    queue.changes += 1;
    if (queue.requeues.size > 0) forgetRun(queue.requeues, from, count);
    queue.next = Math.max(queue.next, from + count);
    queue.held.remove(from, count, this.#leave);
    queue.done.set(from, count, 0);
  }

  /** The queue is gone, with all its priorities. */
  deleted(id: number): void {
    const base = Math.floor(id / PRIORITIES);
    this.#deleted.set(base, 1, 0);
    for (let priority = base * PRIORITIES; priority < (base + 1) * PRIORITIES; priority++) {
      this.#queues.get(priority)?.held.forEach(this.#leave);
      this.#queues.delete(priority);
    }
  }

  readonly #leave = (_from: number, count: number, file: number): void => {
    this.#files.at(file).live -= count;
  };

  /** How far each queue with many breaks goes now: for `known`, once all writers have told what they had. */
  reach(): Map<number, number> {
    const reach = new Map<number, number>();
    for (const [id, { next, done, known }] of this.#queues)
      if (done.size > this.#breaks && next > known) reach.set(id, next);
    return reach;
  }

  /** Every place below `below` was heard of: what a queue does not hold there is done. */
  known(id: number, below: number): void {
    const queue = this.#queues.get(id);
    if (queue === undefined || below <= queue.known) return;
    queue.known = below;
    queue.held.forEachGap(0, below, (from, count) => queue.done.set(from, count, 0));
  }

  queues(): IterableIterator<number> {
    return this.#queues.keys();
  }

  isHeld(id: number, position: number, file: LogFileState): boolean {
    return this.#queues.get(id)?.held.at(position) === file.index;
  }

  checkpoint(id: number): Checkpoint | null {
    return this.#checkpoint(id, UNKNOWN);
  }

  /** The same at an orderly end, with what was given out. */
  lastCheckpoint(id: number, delivered: readonly PositionRange[]): Checkpoint | null {
    const checkpoint = this.#checkpoint(id, this.#queues.get(id)?.changes ?? UNKNOWN);
    return checkpoint && { ...checkpoint, delivered: this.held(id, delivered) };
  }

  /** It is appended at once, if at all. */
  #checkpoint(id: number, changes: number): Checkpoint | null {
    const queue = this.#queues.get(id);
    if (queue === undefined) return null;
    queue.making = { made: this.#files.moment(), changes };
    return { queue: id, next: queue.next, done: queue.done.list(), delivered: [], requeues: queue.requeues };
  }

  isCovered(id: number, file: LogFileState): boolean {
    const cover = this.#queues.get(id)?.cover;
    return cover != null && cover.file !== file && file.closed && file.closedAt < cover.made;
  }

  /** Whether a queue stands as its last checkpoint says. */
  isUnchanged(id: number): boolean {
    const queue = this.#queues.get(id);
    return queue !== undefined && queue.cover?.changes === queue.changes;
  }

  /**
   * The log was ended in order, and this is one of the files that checkpoints are in, in their order: the last of a
   * queue says all, and no file went on behind it.
   */
  coveredBy(file: LogFileState): void {
    const made = this.#files.moment();
    for (const id of file.checkpoints) {
      const queue = this.#queues.get(id);
      if (queue !== undefined) queue.cover = { made, file, changes: queue.changes };
    }
  }

  checkpointOctets(id: number): number {
    const queue = this.#queues.get(id);
    return queue === undefined ? 0 : CHECKPOINT_OCTETS + (queue.done.size + queue.requeues.size) * RANGE_OCTETS;
  }

  /** The parts of some ranges that a queue holds. */
  held(id: number, ranges: readonly PositionRange[]): PositionRange[] {
    const out = new PositionRanges();
    const queue = this.#queues.get(id);
    for (const { from, count } of ranges) {
      queue?.held.forEachIn(from, count, (first, length) => out.set(first, length, 0));
    }
    return out.list();
  }

  /** Goes on from what recovery found: places in order of position, and the files that they are in. */
  begin(id: number, next: number, positions: Float64Array, files: Uint32Array, requeues: Requeues = new Map()): void {
    const queue = this.#queue(id);
    if (queue === null) return;
    queue.next = next;
    for (const [position, count] of requeues) queue.requeues.set(position, count);
    for (let i = 0, from = 0; i < positions.length; i++) {
      const last = i - from;
      const first = positions[from] as number;
      if (positions[i + 1] === first + last + 1 && files[i + 1] === files[from]) continue;
      const file = this.#files.at(files[from] as number);
      queue.held.set(first, last + 1, file.index);
      file.live += last + 1;
      from = i + 1;
    }
  }

  /**
   * What is done as recovery begins: what was recorded so, where more may be told of earlier places; null: all that the
   * queue does not hold.
   */
  settle(id: number, recorded: PositionRanges | null): void {
    const queue = this.#queue(id);
    if (queue === null) return;
    if (recorded === null) return this.known(id, queue.next);
    recorded.forEach((from, count) => {
      queue.done.set(from, count, 0);
    });
  }

  /** Null: it is deleted. */
  #queue(id: number): QueueLedger | null {
    const known = this.#queues.get(id);
    if (known !== undefined) return known;
    if (this.#deleted.at(Math.floor(id / PRIORITIES)) >= 0) return null;
    const fresh = new QueueLedger();
    this.#queues.set(id, fresh);
    return fresh;
  }
}

/** Takes positions in a row out, by the shorter way. */
function forgetRun(requeues: Map<number, number>, from: number, count: number): void {
  if (count <= requeues.size) for (let position = from; position < from + count; position++) requeues.delete(position);
  else
    for (const position of requeues.keys()) if (position >= from && position < from + count) requeues.delete(position);
}
