/**
 * What the records of all logs say, gathered in any order. What must hold: every record is a fact that stays true (a
 * message exists, it took a position, a position is done …), so it makes no difference in which order they are read, or
 * whether one is read twice. A batch counts as a whole: nothing of it does before all of it was there. A place belongs
 * to the copy of its message in its own batch: only that is there for as long as the place.
 */

import {
  CheckpointField,
  EnqueueField,
  EnqueueFlag,
  get64,
  MessageField,
  PieceField,
  PositionsField,
  RANGE_OCTETS,
  RecordType,
  sequenceOf,
  writerOf,
} from '../../log/record-format.js';
import { FRAME_OVERHEAD } from '../../numbers/core.js';
import type { Requeues } from '../log/batch.js';
import type { LogFileState } from '../log/log-files.js';
import type { RecordSink, Seen } from '../log/scan.js';
import { forEachFact, GatheredFacts } from './batch-facts.js';
import { ascending, Column, isAscending } from './columns.js';
import { OFFSET_UNIT } from './log-source.js';
import { PositionRanges } from './position-ranges.js';

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
  /** When each was enqueued (ms since 1970), if that was asked for. */
  readonly times: Float64Array;
  /** 1: given out before. */
  readonly delivered: Uint8Array;
  /** How often messages were requeued, where that is counted. */
  readonly requeues: Requeues;
  /** What was recorded as done: what is in neither was never heard of. */
  readonly done: PositionRanges;
}

/** An entry of a queue whose message is in no log. */
export interface LostMessage {
  readonly queue: number;
  readonly position: number;
  readonly id: number;
}

/** Ranges of positions as they were written: places in a row, whose messages are in a row in the table. */
class QueueReplay {
  next = 0;
  readonly from = new Column();
  readonly count = new Column('word');
  readonly message = new Column('word');
  readonly time = new Column();
  readonly redelivered = new Column('word');
  /** Places whose message was not there, and its id. */
  readonly missing: { readonly position: number; readonly id: number }[] = [];
  readonly done = new PositionRanges();
  readonly delivered = new PositionRanges();
  readonly requeues = new Map<number, number>();

  reach(next: number): void {
    if (next > this.next) this.next = next;
  }

  take(from: number, count: number, message: number, time: number, redelivered: number): void {
    const last = this.from.length - 1;
    const behind = last < 0 ? -1 : this.count.at(last);
    if (
      behind >= 0 &&
      this.from.at(last) + behind === from &&
      this.message.at(last) + behind === message &&
      this.time.at(last) === time &&
      this.redelivered.at(last) === redelivered
    ) {
      return this.count.set(last, behind + count);
    }
    this.from.push(from);
    this.count.push(count);
    this.message.push(message);
    this.time.push(time);
    this.redelivered.push(redelivered);
  }
}

/** Whole messages, wherever they lie, in the order in which they were read. */
export class MessageTable {
  readonly ids = new Column();
  /** Index of the file. */
  readonly files = new Column('word');
  readonly offsets = new Column('word', OFFSET_UNIT);
  readonly spans = new Column('word', OFFSET_UNIT);
  /** Octets of bodies. */
  readonly bodies = new Column('word');

  get length(): number {
    return this.ids.length;
  }

  add(id: number, file: number, offset: number, span: number, body: number): void {
    this.ids.push(id);
    this.files.push(file);
    this.offsets.push(offset);
    this.spans.push(span);
    this.bodies.push(body);
  }

  /** Takes the messages out again that came last. */
  cut(length: number): readonly TakenMessage[] {
    const taken: TakenMessage[] = [];
    for (let i = length; i < this.length; i++) {
      const [id, offset, span, body] = [this.ids.at(i), this.offsets.at(i), this.spans.at(i), this.bodies.at(i)];
      taken.push({ id, offset, span, body });
    }
    for (const column of [this.ids, this.files, this.offsets, this.spans, this.bodies]) column.length = length;
    return taken;
  }
}

interface TakenMessage {
  readonly id: number;
  readonly offset: number;
  readonly span: number;
  readonly body: number;
}

/** What is there of a batch that is not whole. */
export interface BrokenBatch {
  /** Where it begins in its file. */
  readonly start: number;
  readonly file: number;
  readonly state: LogFileState | null;
  readonly messages: readonly TakenMessage[];
  readonly facts: Uint8Array;
}

export class ReplayIndex implements RecordSink {
  readonly messages = new MessageTable();
  /** The highest number of a message that is spoken of, by writer. */
  readonly lastSequence = new Map<number, number>();
  readonly #queues = new Map<number, QueueReplay>();
  readonly #gathered = new GatheredFacts();
  #file = -1;
  #state: LogFileState | null = null;
  #broken: BrokenBatch[] = [];
  /** Where in the table the messages of the batch begin that is being taken. */
  #first = 0;
  /** Whether the ids of those are in a row. */
  #isInRow = true;
  /** Index by id, where they are not. */
  #byId: Map<number, number> | null = null;
  /** The message whose pieces come: its id, its place and the octets of body that are still to come. */
  #open: { id: number; offset: number; end: number; bodySize: number; missing: number } | null = null;

  /** What is taken from now on is of the file with this index; `state`: counts what is taken. */
  beginFile(index: number, state: LogFileState | null): void {
    this.#file = index;
    this.#state = state;
    this.#beginBatch();
  }

  /** What the file has of batches that are not whole; it counts only when it is handed to `salvage`. */
  endFile(): readonly BrokenBatch[] {
    const broken = this.#broken;
    this.#broken = [];
    return broken;
  }

  take(seen: Seen): void {
    switch (seen.type) {
      case RecordType.MESSAGE:
        return this.#message(seen);
      case RecordType.PIECE:
        return this.#piece(seen);
      case RecordType.ENQUEUE:
      case RecordType.ACK:
      case RecordType.CHECKPOINT:
      case RecordType.REQUEUES:
        return this.#gathered.add(seen);
      case RecordType.GAP:
      case RecordType.BATCH:
      case RecordType.SEAL:
        return;
      default:
        throw new Error(`a log record has the unknown type ${seen.type satisfies never}`);
    }
  }

  commit(): void {
    this.#gathered.drain(this.#fact);
    this.#beginBatch();
  }

  suspend(start: number): void {
    const messages = this.messages.cut(this.#first);
    this.#broken.push({ start, file: this.#file, state: this.#state, messages, facts: this.#gathered.takeAll() });
    this.#beginBatch();
  }

  keep(): void {
    this.#gathered.keep();
  }

  /** Counts what is there of a batch that was whole once. */
  salvage({ file, state, messages, facts }: BrokenBatch): void {
    this.beginFile(file, state);
    for (const { id, offset, span, body } of messages) this.#add(id, offset, span, body);
    const view = new DataView(facts.buffer, facts.byteOffset, facts.length);
    forEachFact(view, 0, facts.length, this.#fact);
    this.#beginBatch();
  }

  #beginBatch(): void {
    this.#first = this.messages.length;
    this.#isInRow = true;
    this.#byId = null;
    this.#open = null;
  }

  #add(id: number, offset: number, span: number, body: number): void {
    const { messages } = this;
    const first = this.#first;
    if (messages.length > first && id !== messages.ids.at(first) + messages.length - first) this.#isInRow = false;
    messages.add(id, this.#file, offset, span, body);
  }

  /** The highest number of a queue that is spoken of; −1: none is. */
  highestQueue(): number {
    let highest = -1;
    for (const id of this.#queues.keys()) highest = Math.max(highest, id);
    return highest;
  }

  /**
   * The queues as they stand, and what they miss. `exists`: whether a queue is still defined; `timed`: with the times
   * at which messages were enqueued.
   */
  queues(exists: (id: number) => boolean, timed = false): { queues: QueueLeft[]; lost: LostMessage[] } {
    const queues: QueueLeft[] = [];
    const lost: LostMessage[] = [];
    for (const [id, facts] of this.#queues) {
      if (exists(id)) queues.push(this.#queue(id, facts, lost, timed));
    }
    return { queues, lost };
  }

  #message({ memory, at, offset, span }: Seen): void {
    const id = get64(memory.view, at + MessageField.ID);
    this.#speakOf(id);
    const bodySize = memory.view.getUint32(at + MessageField.BODY_SIZE, true);
    const missing = bodySize - memory.view.getUint32(at + MessageField.FIRST_LENGTH, true);
    this.#open = null;
    if (missing === 0) this.#add(id, offset, span, bodySize);
    else this.#open = { id, offset, end: offset + span, bodySize, missing };
  }

  #piece({ memory, at, length, offset, span }: Seen): void {
    const open = this.#open;
    if (open === null || open.end !== offset || open.id !== get64(memory.view, at + PieceField.ID)) return;
    open.missing -= length - PieceField.FRAME - FRAME_OVERHEAD;
    open.end += span;
    if (open.missing > 0) return;
    this.#open = null;
    this.#add(open.id, open.offset, open.end - open.offset, open.bodySize);
  }

  readonly #fact = (view: DataView, at: number, type: number, length: number): void => {
    if (type === RecordType.ENQUEUE) this.#enqueue(view, at);
    else if (type === RecordType.ACK) this.#ack(view, at, length);
    else if (type === RecordType.REQUEUES) this.#requeues(view, at, length);
    else this.#checkpoint(view, at, length);
  };

  #enqueue(view: DataView, at: number): void {
    const id = get64(view, at + EnqueueField.QUEUE);
    const queue = this.#queueOf(id);
    const position = get64(view, at + EnqueueField.POSITION);
    const time = get64(view, at + EnqueueField.TIME);
    const count = view.getUint32(at + EnqueueField.COUNT, true);
    const flags = view.getUint32(at + EnqueueField.FLAGS, true);
    const redelivered = flags & EnqueueFlag.REDELIVERED ? 1 : 0;
    if (this.#state !== null) this.#state.places += count;
    queue.reach(position + count);
    const inOrder = (flags & EnqueueFlag.IN_ORDER) !== 0;
    const first = get64(view, at + EnqueueField.IDS);
    if (inOrder && this.#holdsRow(first, count)) {
      return queue.take(position, count, this.#indexOf(first), time, redelivered);
    }
    for (let i = 0; i < count; i++) {
      const message = inOrder ? first + i : get64(view, at + EnqueueField.IDS + i * 8);
      const index = this.#indexOf(message);
      if (index >= 0) queue.take(position + i, 1, index, time, redelivered);
      else queue.missing.push({ position: position + i, id: message });
      this.#speakOf(message);
    }
  }

  /** Whether messages with ids in a row are in a row in this batch. */
  #holdsRow(id: number, count: number): boolean {
    const index = this.#isInRow ? this.#indexOf(id) : -1;
    return index >= 0 && index + count <= this.messages.length;
  }

  /** Where in the table this batch's message with an id is; −1: it has none. */
  #indexOf(id: number): number {
    const { ids } = this.messages;
    const first = this.#first;
    if (first === ids.length) return -1;
    const index = first + id - ids.at(first);
    if (index >= first && index < ids.length && ids.at(index) === id) return index;
    if (this.#isInRow) return -1;
    if (this.#byId === null) {
      this.#byId = new Map();
      for (let i = first; i < ids.length; i++) this.#byId.set(ids.at(i), i);
    }
    return this.#byId.get(id) ?? -1;
  }

  #ack(view: DataView, at: number, length: number): void {
    const queue = this.#settled(get64(view, at + PositionsField.QUEUE));
    this.#ranges(view, at + PositionsField.RANGES, at + length, queue, 'done');
  }

  #checkpoint(view: DataView, at: number, length: number): void {
    const id = get64(view, at + CheckpointField.QUEUE);
    const queue = this.#settled(id);
    this.#state?.checkpoints.add(id);
    queue.reach(get64(view, at + CheckpointField.NEXT));
    const ranges = at + CheckpointField.RANGES;
    const delivered = ranges + view.getUint32(at + CheckpointField.DONE_RANGES, true) * RANGE_OCTETS;
    this.#ranges(view, ranges, delivered, queue, 'done');
    this.#ranges(view, delivered, at + length, queue, 'delivered');
  }

  /** Counts only grow: the highest is the last. */
  #requeues(view: DataView, at: number, length: number): void {
    const { requeues } = this.#settled(get64(view, at + PositionsField.QUEUE));
    for (let pair = at + PositionsField.RANGES; pair < at + length; pair += RANGE_OCTETS) {
      const position = get64(view, pair);
      requeues.set(position, Math.max(get64(view, pair + 8), requeues.get(position) ?? 0));
    }
  }

  #ranges(view: DataView, from: number, to: number, queue: QueueReplay, kind: 'done' | 'delivered'): void {
    for (let range = from; range < to; range += RANGE_OCTETS) {
      const first = get64(view, range);
      const count = get64(view, range + 8);
      queue[kind].set(first, count, 0);
      queue.reach(first + count);
    }
  }

  #settled(id: number): QueueReplay {
    this.#state?.settled.add(id);
    return this.#queueOf(id);
  }

  #queueOf(id: number): QueueReplay {
    let queue = this.#queues.get(id);
    if (queue === undefined) {
      queue = new QueueReplay();
      this.#queues.set(id, queue);
    }
    return queue;
  }

  #speakOf(id: number): void {
    const writer = writerOf(id);
    const sequence = sequenceOf(id);
    if (sequence > (this.lastSequence.get(writer) ?? -1)) this.lastSequence.set(writer, sequence);
  }

  #queue(id: number, facts: QueueReplay, lost: LostMessage[], timed: boolean): QueueLeft {
    const { positions, messages, times, delivered } = placesOf(facts, timed);
    let length = 0;
    let bytes = 0;
    for (let i = 0; i < positions.length; i++) {
      const position = positions[i] as number;
      // A copy from a file that was made sparse and not yet removed, or what was written again after a failure: the
      // last one is the safe one.
      const again = length > 0 && positions[length - 1] === position;
      if (again) length -= 1;
      const known = again && delivered[length] === 1;
      if (again) bytes -= this.messages.bodies.at(messages[length] as number);
      positions[length] = position;
      messages[length] = messages[i] as number;
      bytes += this.messages.bodies.at(messages[i] as number);
      if (timed) times[length] = times[i] as number;
      delivered[length] = known ? 1 : (delivered[i] as number);
      length += 1;
    }
    let at = 0;
    facts.delivered.forEach((from, count) => {
      while (at < length && (positions[at] as number) < from) at += 1;
      for (; at < length && (positions[at] as number) < from + count; at++) delivered[at] = 1;
    });
    const left = firstOf(positions, length);
    const missing = new Map(facts.missing.map((one) => [one.position, one.id]));
    for (const [position, message] of missing) {
      const isDone = facts.done.at(position) >= 0;
      if (!isDone && !holds(left, position)) lost.push({ queue: id, position, id: message });
    }
    return {
      id,
      next: facts.next,
      positions: left,
      messages: firstOf(messages, length),
      bytes,
      times: firstOf(times, Math.min(length, times.length)),
      delivered: firstOf(delivered, length),
      requeues: new Map([...facts.requeues].filter(([position]) => holds(left, position))),
      done: facts.done,
    };
  }
}

interface PlacesLeft {
  readonly positions: Float64Array;
  readonly messages: Uint32Array;
  /** Empty where nobody asks for them. */
  readonly times: Float64Array;
  readonly delivered: Uint8Array;
}

/**
 * The places of a queue that are not done, in order of position; copies of one follow one another, in the order in
 * which they were read.
 */
function placesOf(facts: QueueReplay, timed: boolean): PlacesLeft {
  const ranges = ascending(facts.from.values());
  let length = 0;
  forEachLeft(facts, ranges, (_range, _first, count) => {
    length += count;
  });
  const positions = new Float64Array(length);
  const messages = new Uint32Array(length);
  const times = new Float64Array(timed ? length : 0);
  const delivered = new Uint8Array(length);
  let at = 0;
  forEachLeft(facts, ranges, (range, first, count) => {
    const message = facts.message.at(range) + first - facts.from.at(range);
    delivered.fill(facts.redelivered.at(range), at, at + count);
    times.fill(facts.time.at(range), at, at + count);
    for (let i = 0; i < count; i++, at++) {
      positions[at] = first + i;
      messages[at] = message + i;
    }
  });
  if (isAscending(positions)) return { positions, messages, times, delivered };
  const order = ascending(positions);
  return {
    positions: positions.map((_, i) => positions[order[i] as number] as number),
    messages: messages.map((_, i) => messages[order[i] as number] as number),
    times: times.map((_, i) => times[order[i] as number] as number),
    delivered: delivered.map((_, i) => delivered[order[i] as number] as number),
  };
}

type OnLeft = (range: number, first: number, count: number) => void;

/** The parts of ranges that are not done, in this order. */
function forEachLeft(facts: QueueReplay, ranges: Uint32Array, use: OnLeft): void {
  for (const range of ranges) {
    facts.done.forEachGap(facts.from.at(range), facts.count.at(range), (first, count) => use(range, first, count));
  }
}

/** The first values of a list: itself, if it has no more. */
function firstOf<T extends Float64Array | Uint32Array | Uint8Array>(values: T, length: number): T {
  return values.length === length ? values : (values.slice(0, length) as T);
}

/** Whether an ascending list has a value. */
function holds(values: Float64Array, value: number): boolean {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return values[low] === value;
}
