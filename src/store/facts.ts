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
  RecordType,
  RUN_OCTETS,
  sequenceOf,
} from '../log/record-format.js';
import { ascending, Column } from './columns.js';
import type { LogFileState } from './log-files.js';
import { Runs } from './runs.js';
import type { Seen } from './scan.js';

/** What is left of one queue. The columns go together, in order of position. */
export interface QueueLeft {
  readonly id: number;
  /** The position that comes after all that were ever given out. */
  readonly next: number;
  readonly positions: Float64Array;
  /** Where each message is in the table of messages. */
  readonly messages: Uint32Array;
  /** Octets of all their bodies. */
  readonly bytes: number;
  /** When each was enqueued (ms since 1970). */
  readonly times: Float64Array;
  /** 1: given out before. */
  readonly delivered: Uint8Array;
}

/** An entry of a queue whose message is in no log. */
export interface LostMessage {
  readonly queue: number;
  readonly position: number;
  readonly id: number;
}

/** Runs of places as they were written: places in a row with ids in a row. */
class QueueFacts {
  next = 0;
  readonly from = new Column();
  readonly count = new Column();
  readonly id = new Column();
  readonly time = new Column();
  readonly redelivered = new Column();
  readonly done = new Runs();
  readonly delivered = new Runs();

  reach(next: number): void {
    if (next > this.next) this.next = next;
  }

  take(from: number, count: number, id: number, time: number, redelivered: number): void {
    const last = this.from.length - 1;
    const behind = last < 0 ? -1 : this.count.at(last);
    if (
      behind >= 0 &&
      this.from.at(last) + behind === from &&
      this.id.at(last) + behind === id &&
      this.time.at(last) === time &&
      this.redelivered.at(last) === redelivered
    ) {
      return this.count.set(last, behind + count);
    }
    this.from.push(from);
    this.count.push(count);
    this.id.push(id);
    this.time.push(time);
    this.redelivered.push(redelivered);
  }
}

/** Whole messages, wherever they lie. */
export class MessageTable {
  readonly ids = new Column();
  /** Index of the file. */
  readonly files = new Column();
  readonly offsets = new Column();
  readonly spans = new Column();
  /** Octets of bodies. */
  readonly bodies = new Column();
  #order: Uint32Array | null = null;
  #rank = -1;

  add(id: number, file: number, offset: number, span: number, body: number): void {
    this.ids.push(id);
    this.files.push(file);
    this.offsets.push(offset);
    this.spans.push(span);
    this.bodies.push(body);
    this.#order = null;
  }

  /** The message with an id: of several copies the last. −1: none. */
  find(id: number): number {
    this.#order ??= ascending(this.ids);
    const order = this.#order;
    // Mostly the one that follows the last that was found.
    let low = this.#rank + 1;
    if (low >= order.length || this.ids.at(order[low] as number) !== id) {
      low = 0;
      let high = order.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (this.ids.at(order[middle] as number) < id) low = middle + 1;
        else high = middle;
      }
      if (low >= order.length || this.ids.at(order[low] as number) !== id) return -1;
    }
    while (low + 1 < order.length && this.ids.at(order[low + 1] as number) === id) low += 1;
    this.#rank = low;
    return order[low] as number;
  }
}

export class Facts {
  readonly messages = new MessageTable();
  /** The highest number of a message that is spoken of, by lane. */
  readonly lastSequence = new Map<number, number>();
  readonly #queues = new Map<number, QueueFacts>();
  #files = -1;
  #state: LogFileState | null = null;
  /** The message whose pieces come: its id, its place and the octets of body that are still to come. */
  #open: { id: number; offset: number; end: number; bodySize: number; missing: number } | null = null;

  /** What `take` reads from now on is of the file with this index; `state`: counts what is taken. */
  beginFile(index: number, state: LogFileState | null): void {
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
        return this.#ack(seen);
      case RecordType.CHECKPOINT:
        return this.#checkpoint(seen);
      case RecordType.GAP:
      case RecordType.BATCH:
      case RecordType.SEAL:
        return;
      default:
        throw new Error(`a log record has the unknown type ${seen.type satisfies never}`);
    }
  }

  /** The queues as they stand, and what they miss. `exists`: whether a queue is still defined. */
  queues(exists: (id: number) => boolean): { queues: QueueLeft[]; lost: LostMessage[] } {
    const queues: QueueLeft[] = [];
    const lost: LostMessage[] = [];
    for (const [id, facts] of this.#queues) {
      if (exists(id)) queues.push(this.#queue(id, facts, lost));
    }
    return { queues, lost };
  }

  #message({ memory, at, offset, span }: Seen): void {
    const id = get64(memory.view, at + MessageField.ID);
    this.#speakOf(id);
    const bodySize = memory.view.getUint32(at + MessageField.BODY_SIZE, true);
    const missing = bodySize - memory.view.getUint32(at + MessageField.FIRST_LENGTH, true);
    this.#open = null;
    if (missing === 0) this.messages.add(id, this.#files, offset, span, bodySize);
    else this.#open = { id, offset, end: offset + span, bodySize, missing };
  }

  #piece({ memory, at, length, offset, span }: Seen): void {
    const open = this.#open;
    if (open === null || open.end !== offset || open.id !== get64(memory.view, at + PieceField.ID)) return;
    open.missing -= length - PieceField.FRAME - FRAME_OVERHEAD;
    open.end += span;
    if (open.missing > 0) return;
    this.#open = null;
    this.messages.add(open.id, this.#files, open.offset, open.end - open.offset, open.bodySize);
  }

  #enqueue({ memory: { view }, at }: Seen): void {
    const id = get64(view, at + EnqueueField.QUEUE);
    const queue = this.#queueOf(id);
    const position = get64(view, at + EnqueueField.POSITION);
    const time = get64(view, at + EnqueueField.TIME);
    const count = view.getUint32(at + EnqueueField.COUNT, true);
    const flags = view.getUint32(at + EnqueueField.FLAGS, true);
    const redelivered = flags & EnqueueFlag.REDELIVERED ? 1 : 0;
    if (this.#state !== null) this.#state.places += count;
    if (flags & EnqueueFlag.IN_ORDER) {
      const first = get64(view, at + EnqueueField.IDS);
      queue.take(position, count, first, time, redelivered);
      this.#speakOf(first + count - 1);
    } else {
      for (let i = 0; i < count; i++) {
        const message = get64(view, at + EnqueueField.IDS + i * 8);
        queue.take(position + i, 1, message, time, redelivered);
        this.#speakOf(message);
      }
    }
    queue.reach(position + count);
  }

  #ack({ memory: { view }, at, length }: Seen): void {
    const queue = this.#settled(get64(view, at + PositionsField.QUEUE));
    this.#runs(view, at + PositionsField.RUNS, at + length, queue, 'done');
  }

  #checkpoint({ memory: { view }, at, length }: Seen): void {
    const queue = this.#settled(get64(view, at + CheckpointField.QUEUE));
    queue.reach(get64(view, at + CheckpointField.NEXT));
    const runs = at + CheckpointField.RUNS;
    const delivered = runs + view.getUint32(at + CheckpointField.DONE_RUNS, true) * RUN_OCTETS;
    this.#runs(view, runs, delivered, queue, 'done');
    this.#runs(view, delivered, at + length, queue, 'delivered');
  }

  #runs(view: DataView, from: number, to: number, queue: QueueFacts, kind: 'done' | 'delivered'): void {
    for (let run = from; run < to; run += RUN_OCTETS) {
      const first = get64(view, run);
      const count = get64(view, run + 8);
      queue[kind].set(first, count, 0);
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

  #queue(id: number, facts: QueueFacts, lost: LostMessage[]): QueueLeft {
    const places = placesOf(facts);
    const { positions, ids, times, delivered } = places;
    const messages = new Uint32Array(positions.length);
    let length = 0;
    let before = -1;
    let bytes = 0;
    for (let i = 0; i < positions.length; i++) {
      const position = positions[i] as number;
      if (position === before) {
        // A copy from a file that was made sparse and not yet removed.
        if (delivered[i] === 1) delivered[length - 1] = 1;
        continue;
      }
      const message = this.messages.find(ids[i] as number);
      if (message < 0) {
        if (lost.at(-1)?.position !== position) lost.push({ queue: id, position, id: ids[i] as number });
        continue;
      }
      before = position;
      positions[length] = position;
      messages[length] = message;
      bytes += this.messages.bodies.at(message);
      times[length] = times[i] as number;
      delivered[length] = delivered[i] as number;
      length += 1;
    }
    let at = 0;
    facts.delivered.forEach((from, count) => {
      while (at < length && (positions[at] as number) < from) at += 1;
      for (; at < length && (positions[at] as number) < from + count; at++) delivered[at] = 1;
    });
    return {
      id,
      next: facts.next,
      positions: positions.slice(0, length),
      messages: messages.slice(0, length),
      bytes,
      times: times.slice(0, length),
      delivered: delivered.slice(0, length),
    };
  }
}

interface Places {
  readonly positions: Float64Array;
  readonly ids: Float64Array;
  readonly times: Float64Array;
  readonly delivered: Uint8Array;
}

/** The places of a queue that are not done, in order of position; copies of one follow one another. */
function placesOf(facts: QueueFacts): Places {
  const positions = new Column();
  const ids = new Column();
  const times = new Column();
  const delivered = new Column();
  for (const run of ascending(facts.from)) {
    const from = facts.from.at(run);
    facts.done.forEachGap(from, facts.count.at(run), (first, count) => {
      for (let position = first; position < first + count; position++) {
        positions.push(position);
        ids.push(facts.id.at(run) + position - from);
        times.push(facts.time.at(run));
        delivered.push(facts.redelivered.at(run));
      }
    });
  }
  const order = ascending(positions);
  return {
    positions: picked(positions, order),
    ids: picked(ids, order),
    times: picked(times, order),
    delivered: Uint8Array.from(picked(delivered, order)),
  };
}

function picked(column: Column, order: Uint32Array): Float64Array {
  const values = new Float64Array(order.length);
  for (let i = 0; i < values.length; i++) values[i] = column.at(order[i] as number);
  return values;
}
