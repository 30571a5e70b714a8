/**
 * A node's store on a disk that may lose its power: entries of a portion each, one file after the other, synced a while
 * after they are written. What is found after any end is the longest row of whole entries.
 *
 * Entry   0 │ octets of what follows the head (u32) │ sum of all else (u32) │ number of the entry (u32)
 *        12 │ position: sequence, counted, epoch (f64 each), link (16), fence (8)
 *        60 │ records: kind (u32), octets (u32), epoch (f64), sequence (f64), body
 */
import type { Portion, ReplicaStore } from '../../../src/cluster/protocol/replica-store.js';
import { CHAIN_START, type ChainPosition } from '../../../src/cluster/records/link.js';
import { isKind } from '../../../src/cluster/records/record-layout.js';
import type { StreamRecord } from '../../../src/cluster/records/record-reader.js';
import type { Clock } from '../../../src/platform/clock.js';
import { type Random, SimulatedDirectory, type SimulatedFile } from '../../store/support/simulated.js';

const HEAD = 12;
const POSITION = 48;
const RECORD = 24;
const FILE_OCTETS = 4096;

export class DiskStore implements ReplicaStore {
  position: ChainPosition = CHAIN_START;
  /** All that it has, be it durable or not. */
  readonly records: StreamRecord[] = [];
  /** Of what this process has told. */
  told = 0;
  /** Octets that were given by a tail, and are not durable. */
  pending = 0;
  #files = 0;
  #entriesWritten = 0;
  #file: SimulatedFile | null = null;
  #at = 0;
  #written: ChainPosition = CHAIN_START;
  #isSyncing = false;
  #unsynced: SimulatedFile[] = [];
  #onApplied: (sequence: number) => void = () => {};

  /** `slow`: ms that a sync takes at most. */
  constructor(
    public directory: SimulatedDirectory,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly slow: number,
  ) {
    this.#recover();
  }

  /** The files that another one has whose entries are durable up to here. */
  static copyOf(source: DiskStore, clock: Clock, random: Random): SimulatedDirectory {
    const copy = new DiskStore(new SimulatedDirectory(), clock, random, 0);
    for (const { octets, position } of source.#entries()) {
      if (position.sequence > source.position.sequence) break;
      copy.#write(octets, position);
    }
    copy.#sync();
    return copy.directory;
  }

  apply({ position, records, isOwn }: Portion): void {
    const octets = encode(position, records, this.#entriesWritten);
    this.#write(octets, position);
    this.records.push(...records);
    if (!isOwn) this.pending += octets.length;
    this.#syncLater();
  }

  onApplied(listener: (sequence: number) => void): void {
    this.#onApplied = listener;
  }

  #write(octets: Uint8Array, position: ChainPosition): void {
    if (this.#file === null || this.#at > FILE_OCTETS) {
      this.#files += 1;
      this.#file = this.directory.createNow(`${this.#files}`);
      this.directory.syncNamesNow();
      this.#at = 0;
    }
    this.#file.writeNow([octets], this.#at);
    if (this.#unsynced.at(-1) !== this.#file) this.#unsynced.push(this.#file);
    this.#at += octets.length;
    this.#entriesWritten += 1;
    this.#written = position;
  }

  #syncLater(): void {
    if (this.#isSyncing) return;
    this.#isSyncing = true;
    this.clock.after(this.random() * this.slow, () => {
      this.#isSyncing = false;
      this.#sync();
    });
  }

  #sync(): void {
    for (const file of this.#unsynced) file.syncNow();
    this.#unsynced = [];
    this.position = this.#written;
    this.pending = 0;
    this.told = this.position.sequence;
    this.#onApplied(this.told);
  }

  *#entries(): Generator<{ octets: Uint8Array; position: ChainPosition; records: StreamRecord[] }> {
    const files = this.directory.files();
    let count = 0;
    for (let number = 1; files.has(`${number}`); number++) {
      const octets = files.get(`${number}`) ?? new Uint8Array();
      let at = 0;
      for (let entry = decode(octets, at, count); entry !== null; entry = decode(octets, at, count)) {
        yield entry;
        at += entry.octets.length;
        count += 1;
      }
      if (at !== octets.length) return;
    }
  }

  /** What is whole is written to files anew, and synced. */
  #recover(): void {
    const entries = [...this.#entries()];
    const old = [...this.directory.files().keys()];
    if (old.length === 0) return;
    this.directory = new SimulatedDirectory();
    for (const { octets, position, records } of entries) {
      this.#write(octets, position);
      this.records.push(...records);
    }
    for (const file of this.#unsynced) file.syncNow();
    this.#unsynced = [];
    this.position = this.#written;
  }
}

function encode(
  { sequence, counted, epoch, link, fence }: ChainPosition,
  records: readonly StreamRecord[],
  number: number,
) {
  const length = records.reduce((sum, { body }) => sum + RECORD + body.length, HEAD + POSITION);
  const octets = new Uint8Array(length);
  const view = new DataView(octets.buffer);
  view.setUint32(0, length - HEAD);
  view.setUint32(8, number);
  for (const [index, value] of [sequence, counted, epoch].entries()) view.setFloat64(HEAD + 8 * index, value);
  octets.set(link, HEAD + 24);
  octets.set(fence, HEAD + 40);
  let at = HEAD + POSITION;
  for (const { kind, epoch: of, sequence: last, body } of records) {
    view.setUint32(at, kind);
    view.setUint32(at + 4, body.length);
    view.setFloat64(at + 8, of);
    view.setFloat64(at + 16, last);
    octets.set(body, at + RECORD);
    at += RECORD + body.length;
  }
  view.setUint32(4, sumOf(octets));
  return octets;
}

function decode(file: Uint8Array, from: number, number: number) {
  if (file.length - from < HEAD + POSITION) return null;
  const length = new DataView(file.buffer, file.byteOffset + from).getUint32(0) + HEAD;
  if (length < HEAD + POSITION || from + length > file.length) return null;
  const octets = file.slice(from, from + length);
  const view = new DataView(octets.buffer);
  if (view.getUint32(4) !== sumOf(octets) || view.getUint32(8) !== number) return null;
  const [sequence = 0, counted = 0, epoch = 0] = [0, 1, 2].map((index) => view.getFloat64(HEAD + 8 * index));
  const link = octets.slice(HEAD + 24, HEAD + 40);
  const fence = octets.slice(HEAD + 40, HEAD + POSITION);
  const records: StreamRecord[] = [];
  for (let at = HEAD + POSITION; at < length; ) {
    const kind = view.getUint32(at);
    if (!isKind(kind)) return null;
    const end = at + RECORD + view.getUint32(at + 4);
    const body = octets.slice(at + RECORD, end);
    records.push({ kind, epoch: view.getFloat64(at + 8), sequence: view.getFloat64(at + 16), body });
    at = end;
  }
  return { octets, position: { sequence, counted, epoch, link, fence }, records };
}

/** Of all but the sum (FNV-1a). */
function sumOf(octets: Uint8Array): number {
  let sum = 0x811c9dc5;
  for (let at = 0; at < octets.length; at++) {
    if (at === 4) at = 8;
    sum = Math.imul(sum ^ (octets[at] ?? 0), 0x01000193);
  }
  return sum >>> 0;
}
