/**
 * The messages that a queue held when the broker stopped, read from the log files when they are wanted. Messages that
 * lie together are read together; records become units by new first octets. What must hold: a message is read where it
 * lies now (`moved`), and while it is read its file stays.
 */
import type { PositionRange } from '../../log/commit-log.js';
import { RECORD_HEAD, RecordType, set64, spanOf } from '../../log/record-format.js';
import {
  type Filled,
  REQUEUES_MAX,
  REQUEUES_SHIFT,
  type SpilledSource,
  UNIT_MAX,
  UnitFlag,
} from '../../log/spill-source.js';
import type { Requeues } from '../log/batch.js';
import type { LogDirectory } from '../log/log-directory.js';
import type { LogFileState, LogFiles } from '../log/log-files.js';
import { withFile } from '../log/log-set.js';
import { PositionRanges } from './position-ranges.js';

/** Records lie at multiples of it, so that offsets fit into 32 bits. */
export const OFFSET_UNIT = 8;
/** Octets between two messages that are read along; and of all of them in one read of a source, at most. */
const HOLE_OCTETS = 16 << 10;
const HOLES_OCTETS = 1 << 20;

/** The messages of one queue, in order of position. The columns go together. */
export interface Places {
  readonly positions: Float64Array;
  /** 1: given out before. */
  readonly delivered: Uint8Array;
  /** How often they were requeued. */
  readonly requeues: Requeues;
  /** Indices of files. */
  readonly files: Uint32Array;
  /** In units of OFFSET_UNIT. */
  readonly offsets: Uint32Array;
  readonly spans: Uint32Array;
}

/** Messages that are read at once. */
interface Reading {
  readonly first: number;
  readonly end: number;
  readonly given: number;
  readonly most: number;
}

/** Octets of a file that are read at once, and where they go. */
interface Stretch {
  readonly file: number;
  readonly from: number;
  to: number;
  readonly into: number;
}

const NONE: Places = {
  positions: new Float64Array(0),
  delivered: new Uint8Array(0),
  requeues: new Map(),
  files: new Uint32Array(0),
  offsets: new Uint32Array(0),
  spans: new Uint32Array(0),
};

export class LogSource implements SpilledSource {
  readonly #directory: LogDirectory;
  readonly #files: LogFiles;
  readonly #queue: number;
  #places: Places;
  #at = 0;
  /** Octets of the message at `#at` that were given already. */
  #given = 0;

  constructor(directory: LogDirectory, files: LogFiles, queue: number, places: Places) {
    this.#directory = directory;
    this.#files = files;
    this.#queue = queue;
    this.#places = places;
  }

  /** Messages that are still to come, but for pieces of one that has begun. */
  get remaining(): number {
    return this.#places.positions.length - this.#at - (this.#given > 0 ? 1 : 0);
  }

  drop(): void {
    this.#places = NONE;
    this.#at = 0;
    this.#given = 0;
  }

  /** Positions of messages that were given out before, of those still to come. */
  delivered(): PositionRange[] {
    const { positions, delivered } = this.#places;
    const ranges = new PositionRanges();
    for (let i = this.#at; i < positions.length; i++) if (delivered[i] === 1) ranges.set(positions[i] as number, 1, 0);
    return ranges.list();
  }

  /** The message at a position lies elsewhere now. */
  moved(position: number, file: LogFileState, offset: number): void {
    const { positions, files, offsets } = this.#places;
    let low = this.#at;
    let high = positions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((positions[middle] as number) < position) low = middle + 1;
      else high = middle;
    }
    if (positions[low] !== position) return;
    files[low] = file.index;
    offsets[low] = offset / OFFSET_UNIT;
  }

  async fill(most: number, target: Uint8Array): Promise<Filled> {
    const places = this.#places;
    const end = this.#reach(places, most, target.length);
    if (end === this.#at) return { octets: 0, messages: 0 };
    const starts = new Uint32Array(end - this.#at);
    const records = await this.#read(
      places,
      { first: this.#at, end, given: this.#given, most: Number.POSITIVE_INFINITY },
      starts,
    );
    return this.#give(places, starts, records, most, target);
  }

  async look(skip: number, most: number, octets: number): Promise<Uint8Array> {
    const places = this.#places;
    const first = this.#at + (this.#given > 0 ? 1 : 0) + skip;
    let end = first;
    for (let sum = 0; end < Math.min(places.positions.length, first + most); end++) {
      sum += (places.spans[end] as number) * OFFSET_UNIT;
      if (end > first && sum > octets) break;
    }
    if (end === first) return new Uint8Array(0);
    const starts = new Uint32Array(end - first);
    const records = await this.#read(places, { first, end, given: 0, most: octets }, starts);
    const view = new DataView(records.buffer, records.byteOffset, records.length);
    const parts: Buffer[] = [];
    for (let i = first; i < end; i++) {
      const start = starts[i - first] as number;
      const span = Math.min((places.spans[i] as number) * OFFSET_UNIT, records.length - start);
      for (let given = 0; given + RECORD_HEAD <= span; ) {
        const unit = spanOf(view.getUint32(start + given, true));
        this.#head(view, start + given, unit, places, i);
        given += unit;
      }
      parts.push(records.subarray(start, start + span));
    }
    return Buffer.concat(parts);
  }

  /** Up to which message a target may have room. */
  #reach(places: Places, most: number, room: number): number {
    let octets = -this.#given;
    let end = this.#at;
    const last = Math.min(places.positions.length, this.#at + most + (this.#given > 0 ? 1 : 0));
    while (end < last && octets < room) octets += (places.spans[end++] as number) * OFFSET_UNIT;
    return end;
  }

  /**
   * Reads messages, of the first but for the octets that were `given`, of each up to `most`; `starts` says where each
   * begins in what was read.
   */
  async #read(
    places: Places,
    { first, end, given: givenOfFirst, most }: Reading,
    starts: Uint32Array,
  ): Promise<Buffer> {
    const { files, offsets, spans } = places;
    const order = new Uint32Array(starts.length);
    for (let i = 0; i < order.length; i++) order[i] = i;
    let ordered = true;
    for (let i = first + 1; i < end && ordered; i++) {
      ordered = files[i] === files[i - 1] && (offsets[i] as number) > (offsets[i - 1] as number);
    }
    if (!ordered) {
      order.sort(
        (a, b) =>
          (files[first + a] as number) - (files[first + b] as number) ||
          (offsets[first + a] as number) - (offsets[first + b] as number),
      );
    }
    const stretches: Stretch[] = [];
    let octets = 0;
    let holes = 0;
    for (const i of order) {
      const given = i === 0 ? givenOfFirst : 0;
      const from = (offsets[first + i] as number) * OFFSET_UNIT + given;
      const length = Math.min(most, (spans[first + i] as number) * OFFSET_UNIT - given);
      const file = files[first + i] as number;
      const last = stretches.at(-1);
      const hole = last === undefined || last.file !== file ? -1 : from - last.to;
      if (last !== undefined && hole >= 0 && hole <= HOLE_OCTETS && holes + hole <= HOLES_OCTETS) {
        holes += hole;
        octets += hole;
        last.to = from + length;
      } else {
        stretches.push({ file, from, to: from + length, into: octets });
      }
      starts[i] = octets;
      octets += length;
    }
    const records = Buffer.allocUnsafeSlow(octets);
    const byFile = new Map<number, Stretch[]>();
    for (const stretch of stretches) {
      const some = byFile.get(stretch.file) ?? [];
      byFile.set(stretch.file, some);
      some.push(stretch);
    }
    // All are held before anything is waited for.
    await Promise.all([...byFile].map(([file, some]) => this.#readFile(this.#files.at(file), some, records)));
    return records;
  }

  #readFile(state: LogFileState, stretches: readonly Stretch[], records: Buffer): Promise<void> {
    return this.#files.reading(state, () =>
      withFile(this.#directory, state.name, async (file) => {
        for (const { from, to, into } of stretches) {
          const read = await file.read(records.subarray(into, into + to - from), from);
          if (read < to - from) throw new Error(`${state.name} became shorter while it was read`);
        }
      }),
    );
  }

  /** Writes units as long as there is room; those that lie behind one another by one copy. */
  #give(places: Places, starts: Uint32Array, records: Buffer, most: number, target: Uint8Array): Filled {
    const view = new DataView(records.buffer, records.byteOffset, records.length);
    const first = this.#at;
    const skipped = this.#given;
    let octets = 0;
    let messages = 0;
    let from = 0;
    let to = 0;
    const flush = (): void => {
      target.set(records.subarray(from, to), octets);
      octets += to - from;
    };
    let full = false;
    while (!full && this.#at < first + starts.length) {
      const i = this.#at;
      const begun = this.#given > 0;
      if (!begun && messages === most) break;
      const span = (places.spans[i] as number) * OFFSET_UNIT;
      // Of the first message only the octets that were not given were read.
      const start = (starts[i - first] as number) - (i === first ? skipped : 0);
      while (this.#given < span) {
        const at = start + this.#given;
        const unit = spanOf(view.getUint32(at, true));
        if (at !== to) {
          flush();
          from = at;
          to = at;
        }
        if (octets + to - from + unit > target.length) {
          full = true;
          break;
        }
        this.#head(view, at, unit, places, i);
        if (this.#given === 0) messages += 1;
        this.#given += unit;
        to = at + unit;
      }
      if (this.#given === span) {
        this.#at += 1;
        this.#given = 0;
      }
    }
    flush();
    if (this.#at === places.positions.length) this.drop();
    return { octets, messages };
  }

  #head(view: DataView, at: number, span: number, places: Places, i: number): void {
    const type = view.getUint8(at + 4);
    if (span > UNIT_MAX || (type !== RecordType.MESSAGE && type !== RecordType.PIECE)) {
      throw new Error(`what lies at position ${places.positions[i]} of queue ${this.#queue} is no message`);
    }
    const position = places.positions[i] as number;
    const redelivered = places.delivered[i] === 1 ? UnitFlag.REDELIVERED : 0;
    const requeues = Math.min(places.requeues.get(position) ?? 0, REQUEUES_MAX) << REQUEUES_SHIFT;
    const flags = type === RecordType.PIECE ? UnitFlag.PIECE : UnitFlag.LOGGED | redelivered | requeues;
    view.setUint32(at, span, true);
    view.setUint32(at + 4, flags, true);
    set64(view, at + 8, position);
  }
}
