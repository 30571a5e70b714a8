/** What an engine has recorded for its log, read back from the octets that it gives to be written. */
import { LogMemory } from '../../../dist/log/log-memory.js';
import type { Engine, LogBatch } from '../../../src/engine/engine.js';
import {
  EnqueueField,
  get64,
  MessageField,
  PieceField,
  PositionsField,
  RANGE_OCTETS,
  RECORD_HEAD,
  RecordType,
  spanOf,
} from '../../../src/log/record-format.js';

/** A message as it stands in the log: its number, its octets from the key on, the frames of its pieces. */
export interface Recorded {
  readonly id: number;
  readonly arrival: number;
  readonly bodySize: number;
  readonly key: string;
  readonly header: Buffer;
  body: Buffer;
}

/** One place in a queue, or that it is done. */
export interface Place {
  readonly queue: number;
  readonly position: number;
}

export interface Facts {
  readonly taken: readonly (Place & { readonly id: number; readonly time: number })[];
  readonly done: readonly Place[];
  readonly requeues: readonly (Place & { readonly count: number })[];
}

/** A record's type and payload. */
interface Frame {
  readonly type: number;
  readonly view: DataView;
  readonly at: number;
  readonly length: number;
}

function* frames(bytes: Uint8Array): Generator<Frame> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += spanOf(view.getUint32(at, true))) {
    yield { type: view.getUint8(at + 4), view, at: at + RECORD_HEAD, length: view.getUint32(at, true) };
  }
}

/** Places one by one, whatever records they stand in. */
export function factsOf(bytes: Uint8Array): Facts {
  const taken: (Place & { id: number; time: number })[] = [];
  const done: Place[] = [];
  const requeues: (Place & { count: number })[] = [];
  for (const { type, view, at, length } of frames(bytes)) {
    if (type === RecordType.ENQUEUE) taken.push(...takenBy(view, at));
    else if (type === RecordType.ACK) done.push(...doneBy(view, at, length));
    else if (type === RecordType.REQUEUES) requeues.push(requeueBy(view, at));
    else throw new Error(`a record of type ${type} among the facts`);
  }
  return { taken, done, requeues };
}

function takenBy(view: DataView, at: number): (Place & { id: number; time: number })[] {
  const inOrder = (view.getUint32(at + EnqueueField.FLAGS, true) & 1) !== 0;
  const count = view.getUint32(at + EnqueueField.COUNT, true);
  const time = get64(view, at + EnqueueField.TIME);
  return Array.from({ length: count }, (_, i) => ({
    queue: get64(view, at + EnqueueField.QUEUE),
    position: get64(view, at + EnqueueField.POSITION) + i,
    id: inOrder ? get64(view, at + EnqueueField.IDS) + i : get64(view, at + EnqueueField.IDS + i * 8),
    time,
  }));
}

function requeueBy(view: DataView, at: number): Place & { count: number } {
  const pair = at + PositionsField.RANGES;
  return { queue: get64(view, at + PositionsField.QUEUE), position: get64(view, pair), count: get64(view, pair + 8) };
}

function doneBy(view: DataView, at: number, length: number): Place[] {
  const places: Place[] = [];
  const queue = get64(view, at + PositionsField.QUEUE);
  for (let run = at + PositionsField.RANGES; run < at + length; run += RANGE_OCTETS) {
    const from = get64(view, run);
    for (let i = 0; i < get64(view, run + 8); i++) places.push({ queue, position: from + i });
  }
  return places;
}

/**
 * Reads what would be written of a batch: whole records of a file with that seed, messages before the facts about them.
 */
export function written(
  engine: Engine,
  batch: LogBatch,
  seed = { low: 7, high: 9 },
): { messages: Recorded[]; facts: Facts } {
  return readBack(Buffer.concat(engine.stampBatch(batch, seed)), batch, seed);
}

/** The same from the octets, wherever they were made. */
export function readBack(
  bytes: Buffer,
  batch: LogBatch,
  seed: { low: number; high: number },
): { messages: Recorded[]; facts: Facts } {
  if (bytes.length !== batch.octets) throw new Error(`${bytes.length} octets of a batch of ${batch.octets}`);
  checkWhole(bytes, seed);
  const messages: Recorded[] = [];
  const facts: Buffer[] = [];
  let messageOctets = 0;
  for (const one of frames(bytes)) {
    const whole = bytes.subarray(one.at - RECORD_HEAD, one.at - RECORD_HEAD + spanOf(one.length));
    if (one.type === RecordType.MESSAGE) messages.push(messageOf(bytes, one));
    else if (one.type === RecordType.PIECE) addPiece(messages.at(-1), bytes, one);
    else facts.push(whole);
    if (one.type === RecordType.MESSAGE || one.type === RecordType.PIECE) messageOctets += whole.length;
  }
  if (messages.length !== batch.messages || messageOctets !== batch.messageOctets) {
    throw new Error(
      `${messages.length} messages in ${messageOctets} octets, not ${batch.messages} in ${batch.messageOctets}`,
    );
  }
  return { messages, facts: factsOf(Buffer.concat(facts)) };
}

function checkWhole(bytes: Uint8Array, seed: { low: number; high: number }): void {
  const memory = new LogMemory(bytes.length + 8);
  memory.bytes.set(bytes);
  memory.setSeed(seed);
  for (let at = 0; at < bytes.length; ) {
    const span = memory.check(at, bytes.length);
    if (span <= 0) throw new Error(`no whole record at ${at} of ${bytes.length}`);
    at += span;
  }
}

/** Octets before and behind a body in its frame. */
const FRAME_HEAD = 7;
const FRAME_OVERHEAD = 8;

function messageOf(bytes: Buffer, { view, at, length }: Frame): Recorded {
  const keyLength = view.getUint16(at + MessageField.KEY_LENGTH, true);
  const headerLength = view.getUint32(at + MessageField.HEADER_LENGTH, true);
  const first = view.getUint32(at + MessageField.FIRST_LENGTH, true);
  const key = at + MessageField.DATA;
  const header = key + keyLength;
  const frame = header + headerLength;
  const end = first === 0 ? frame : frame + first + FRAME_OVERHEAD;
  if (end !== at + length) throw new Error(`a message of ${end - at} octets in a record of ${length}`);
  return {
    id: get64(view, at + MessageField.ID),
    arrival: view.getFloat64(at + MessageField.ARRIVAL, true),
    bodySize: view.getUint32(at + MessageField.BODY_SIZE, true),
    key: bytes.toString('latin1', key, header),
    header: Buffer.from(bytes.subarray(header, frame)),
    body: Buffer.from(bytes.subarray(frame + FRAME_HEAD, frame + FRAME_HEAD + first)),
  };
}

function addPiece(message: Recorded | undefined, bytes: Buffer, { view, at, length }: Frame): void {
  if (message === undefined || message.id !== get64(view, at + PieceField.ID)) throw new Error('a piece of nothing');
  const frame = at + PieceField.FRAME;
  message.body = Buffer.concat([message.body, bytes.subarray(frame + FRAME_HEAD, at + length - 1)]);
}

/** Places as short texts, in order: `queue:position`. */
export function placesOf(places: readonly Place[]): string[] {
  return [...places]
    .sort((a, b) => a.queue - b.queue || a.position - b.position)
    .map(({ queue, position }) => `${queue}:${position}`);
}

/** What a log says that queues hold, from all that was written to it. */
export class Ledger {
  readonly #messages = new Map<number, Recorded>();
  /** By queue and position: the number of the message there. */
  readonly #places = new Map<number, Map<number, number>>();

  /**
   * `exact`: nothing is done twice, or without having been taken; so it is where no messages are purged that are
   * elsewhere.
   */
  constructor(readonly exact: boolean) {}

  add({ messages, facts }: { messages: readonly Recorded[]; facts: Facts }): void {
    for (const one of messages) this.#messages.set(one.id, one);
    for (const { queue, position, id } of facts.taken) {
      const places = this.#placesOf(queue);
      if (places.has(position)) throw new Error(`position ${position} of queue ${queue} is taken twice`);
      if (!this.#messages.has(id)) throw new Error(`message ${id} has a place and is not written`);
      places.set(position, id);
    }
    for (const { queue, position } of facts.done) {
      const wasTaken = this.#placesOf(queue).delete(position);
      if (!wasTaken && this.exact) throw new Error(`${position} of queue ${queue} is done and was not taken`);
    }
  }

  /** What is not done in a queue: of its priorities the highest first, in each in order of position. */
  left(queue: number, maxPriority: number): Recorded[] {
    const left: Recorded[] = [];
    for (let priority = maxPriority; priority >= 0; priority--) {
      const places = [...this.#placesOf(queue + priority)].sort(([one], [other]) => one - other);
      left.push(...places.flatMap(([, id]) => this.#messages.get(id) ?? []));
    }
    return left;
  }

  #placesOf(queue: number): Map<number, number> {
    const known = this.#places.get(queue);
    if (known !== undefined) return known;
    const fresh = new Map<number, number>();
    this.#places.set(queue, fresh);
    return fresh;
  }
}
