/**
 * What the records of all logs say, gathered in any order. What must hold: every record is a fact that stays true (a message exists, it took a
 * position, a position is done …), so it makes no difference in which order they are read, or whether one is read twice.
 */

import {
  CheckpointField,
  EnqueueField,
  EnqueueFlag,
  FRAME_OVERHEAD,
  get64,
  laneOf,
  MessageField,
  PieceField,
  PositionsField,
  PurgedField,
  RecordType,
  RUN_OCTETS,
  sequenceOf,
} from '../log/record-format.js';
import { gaps, type Run } from './batch.js';
import { ascending, Column, RunColumns } from './columns.js';
import type { LogFileState } from './live-files.js';
import type { Seen } from './scan.js';

/** What is left of one queue. The columns go together, in order of position. */
export interface RecoveredQueue {
  readonly id: number;
  /** The position that comes after all that were ever given out. */
  readonly next: number;
  readonly positions: Float64Array;
  /** Where each message is in the table of messages. */
  readonly messages: Uint32Array;
  /** When each was enqueued (ms since 1970). */
  readonly times: Float64Array;
  /** 1: given out before. */
  readonly delivered: Uint8Array;
  readonly done: readonly Run[];
}

/** An entry of a queue whose message is in no log. */
export interface LostMessage {
  readonly queue: number;
  readonly position: number;
  readonly id: number;
}

class QueueFacts {
  next = 0;
  readonly positions = new Column();
  readonly ids = new Column();
  readonly times = new Column();
  readonly redelivered = new Column();
  readonly done = new RunColumns();
  readonly delivered = new RunColumns();

  reach(next: number): void {
    if (next > this.next) this.next = next;
  }
}

/** Whole messages, wherever they lie. */
export class MessageTable {
  readonly ids = new Column();
  /** Index of the file. */
  readonly files = new Column();
  readonly offsets = new Column();
  readonly spans = new Column();
  #order: Uint32Array | null = null;

  add(id: number, file: number, offset: number, span: number): void {
    this.ids.push(id);
    this.files.push(file);
    this.offsets.push(offset);
    this.spans.push(span);
    this.#order = null;
  }

  /** The message with an id: of several copies the last. −1: none. */
  find(id: number): number {
    this.#order ??= ascending(this.ids);
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ids.at(this.#order[middle] as number) <= id) low = middle + 1;
      else high = middle;
    }
    const index = low > 0 ? (this.#order[low - 1] as number) : -1;
    return index >= 0 && this.ids.at(index) === id ? index : -1;
  }
}

export class Facts {
  readonly messages = new MessageTable();
  readonly deleted = new Set<number>();
  /** The highest number of a message that is spoken of, by lane. */
  readonly lastSequence = new Map<number, number>();
  readonly #queues = new Map<number, QueueFacts>();
  #files = -1;
  #state: LogFileState | null = null;
  /** The message whose pieces come: its id, its place and the octets of body that are still to come. */
  #open: { id: number; offset: number; end: number; missing: number } | null = null;

  /** What `take` reads from now on is of the file with this index. */
  beginFile(index: number, state: LogFileState): void {
    this.#files = index;
    this.#state = state;
    this.#open = null;
  }

  take(seen: Seen): void {
    switch (seen.type) {
      case RecordType.MESSAGE:
        return this.#message(seen);
      case RecordType.PIECE:
        return this.#piece(seen);
      case RecordType.ENQUEUE:
        return this.#enqueue(seen);
      case RecordType.ACK:
        return this.#positions(seen, 'done');
      case RecordType.DELIVERED:
        return this.#positions(seen, 'delivered');
      case RecordType.CHECKPOINT:
        return this.#checkpoint(seen);
      case RecordType.PURGED:
        return this.#purged(seen);
      case RecordType.DELETED:
        return this.#deleted(seen);
      case RecordType.GAP:
      case RecordType.BATCH:
      case RecordType.SEAL:
        return;
      default:
        throw new Error(`a log record has the unknown type ${seen.type satisfies never}`);
    }
  }

  /** The queues as they stand, and what they miss. `exists`: whether a queue is still defined. */
  queues(exists: (id: number) => boolean): { queues: RecoveredQueue[]; lost: LostMessage[] } {
    const queues: RecoveredQueue[] = [];
    const lost: LostMessage[] = [];
    for (const [id, facts] of this.#queues) {
      if (!this.deleted.has(id) && exists(id)) queues.push(this.#queue(id, facts, lost));
    }
    return { queues, lost };
  }

  #message({ memory, at, offset, span }: Seen): void {
    const id = get64(memory.view, at + MessageField.ID);
    this.#speakOf(id);
    const bodySize = memory.view.getUint32(at + MessageField.BODY_SIZE, true);
    const missing = bodySize - memory.view.getUint32(at + MessageField.FIRST_LENGTH, true);
    this.#open = null;
    if (missing === 0) this.messages.add(id, this.#files, offset, span);
    else this.#open = { id, offset, end: offset + span, missing };
  }

  #piece({ memory, at, length, offset, span }: Seen): void {
    const open = this.#open;
    if (open === null || open.end !== offset || open.id !== get64(memory.view, at + PieceField.ID)) return;
    open.missing -= length - PieceField.FRAME - FRAME_OVERHEAD;
    open.end += span;
    if (open.missing > 0) return;
    this.#open = null;
    this.messages.add(open.id, this.#files, open.offset, open.end - open.offset);
  }

  #enqueue({ memory: { view }, at }: Seen): void {
    const id = get64(view, at + EnqueueField.QUEUE);
    const queue = this.#queueOf(id);
    this.#state?.enqueued.add(id);
    const position = get64(view, at + EnqueueField.POSITION);
    const time = get64(view, at + EnqueueField.TIME);
    const count = view.getUint32(at + EnqueueField.COUNT, true);
    const flags = view.getUint32(at + EnqueueField.FLAGS, true);
    const inOrder = (flags & EnqueueFlag.IN_ORDER) !== 0;
    const redelivered = flags & EnqueueFlag.REDELIVERED ? 1 : 0;
    const first = get64(view, at + EnqueueField.IDS);
    for (let i = 0; i < count; i++) {
      const message = inOrder ? first + i : get64(view, at + EnqueueField.IDS + i * 8);
      queue.positions.push(position + i);
      queue.ids.push(message);
      queue.times.push(time);
      queue.redelivered.push(redelivered);
      if (!inOrder || i === count - 1) this.#speakOf(message);
    }
    queue.reach(position + count);
  }

  #positions({ memory: { view }, at, length }: Seen, kind: 'done' | 'delivered'): void {
    const queue = this.#settled(get64(view, at + PositionsField.QUEUE));
    this.#runs(view, at + PositionsField.RUNS, at + length, queue, kind);
  }

  #checkpoint({ memory: { view }, at, length }: Seen): void {
    const queue = this.#settled(get64(view, at + CheckpointField.QUEUE));
    queue.reach(get64(view, at + CheckpointField.NEXT));
    const runs = at + CheckpointField.RUNS;
    const delivered = runs + view.getUint32(at + CheckpointField.DONE_RUNS, true) * RUN_OCTETS;
    this.#runs(view, runs, delivered, queue, 'done');
    this.#runs(view, delivered, at + length, queue, 'delivered');
  }

  #purged({ memory: { view }, at, length }: Seen): void {
    const queue = this.#settled(get64(view, at + PurgedField.QUEUE));
    const below = get64(view, at + PurgedField.BELOW);
    const kept: Run[] = [];
    for (let run = at + PurgedField.KEPT; run < at + length; run += RUN_OCTETS) {
      kept.push({ from: get64(view, run), count: get64(view, run + 8) });
    }
    for (const { from, count } of gaps(below, kept)) queue.done.push(from, count);
    queue.reach(below);
  }

  #deleted({ memory: { view }, at }: Seen): void {
    const id = get64(view, at);
    this.#state?.settled.add(id);
    this.deleted.add(id);
  }

  #runs(view: DataView, from: number, to: number, queue: QueueFacts, kind: 'done' | 'delivered'): void {
    for (let run = from; run < to; run += RUN_OCTETS) {
      const first = get64(view, run);
      const count = get64(view, run + 8);
      queue[kind].push(first, count);
      queue.reach(first + count);
    }
  }

  #settled(id: number): QueueFacts {
    this.#state?.settled.add(id);
    return this.#queueOf(id);
  }

  #queueOf(id: number): QueueFacts {
    let queue = this.#queues.get(id);
    if (queue === undefined) {
      queue = new QueueFacts();
      this.#queues.set(id, queue);
    }
    return queue;
  }

  #speakOf(id: number): void {
    const lane = laneOf(id);
    const sequence = sequenceOf(id);
    if (sequence > (this.lastSequence.get(lane) ?? -1)) this.lastSequence.set(lane, sequence);
  }

  #queue(id: number, facts: QueueFacts, lost: LostMessage[]): RecoveredQueue {
    const done = facts.done.merged();
    const given = facts.delivered.merged();
    const isDone = cursor(done);
    const isGiven = cursor(given);
    const positions = new Column();
    const messages: number[] = [];
    const times = new Column();
    const delivered: number[] = [];
    let before = -1;
    for (const index of ascending(facts.positions)) {
      const position = facts.positions.at(index);
      if (isDone(position)) continue;
      const again = facts.redelivered.at(index) === 1;
      if (position === before) {
        // A copy from a file that was made sparse and not yet removed.
        if (again) delivered[delivered.length - 1] = 1;
        continue;
      }
      const message = this.messages.find(facts.ids.at(index));
      if (message < 0) {
        if (lost.at(-1)?.position !== position) lost.push({ queue: id, position, id: facts.ids.at(index) });
        continue;
      }
      before = position;
      positions.push(position);
      messages.push(message);
      times.push(facts.times.at(index));
      delivered.push(again || isGiven(position) ? 1 : 0);
    }
    return {
      id,
      next: facts.next,
      positions: positions.values(),
      messages: Uint32Array.from(messages),
      times: times.values(),
      delivered: Uint8Array.from(delivered),
      done,
    };
  }
}

/** Whether ascending positions lie in ascending runs. */
function cursor(runs: readonly Run[]): (position: number) => boolean {
  let at = 0;
  return (position) => {
    let run = runs[at];
    while (run !== undefined && run.from + run.count <= position) run = runs[++at];
    return run !== undefined && run.from <= position;
  };
}
