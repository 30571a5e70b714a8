/**
 * Reading all files of all writers: what they say, what each of them still holds, and where they are damaged. Nothing
 * is changed here.
 */

import { NO_SEED } from '../../log/log-memory.js';
import { CarefulFile, type Hole } from '../log/careful-file.js';
import type { LogDirectory, LogFile } from '../log/log-directory.js';
import type { LogFileState, LogFiles } from '../log/log-files.js';
import { type FoundFile, withFile } from '../log/log-set.js';
import { type RecordSink, type Scanned, Scanner, type Seen } from '../log/scan.js';
import { type Judged, judged, type Neighbours } from './damage.js';
import type { BrokenBatch, QueueLeft, ReplayIndex } from './replay-index.js';

export interface Progress {
  readonly octets: number;
  readonly octetsTotal: number;
  readonly messages: number;
  /** Millions of octets a second. */
  readonly rate: number;
  readonly secondsLeft: number;
}

export interface ReadOptions {
  readonly onProgress?: (progress: Progress) => void;
  /** Sees every record, whatever becomes of its batch. */
  readonly onRecord?: (file: FoundFile, seen: Seen) => void;
  readonly scanner?: Scanner;
  /** What the device does not give is taken for damage; else it is an error. */
  readonly skipUnreadable?: boolean;
}

/** One file as it was read. */
export interface Read {
  readonly found: FoundFile;
  readonly scanned: Scanned;
  readonly state: LogFileState;
  readonly damages: readonly Judged[];
  readonly holes: readonly Hole[];
  /** Where it ends: before its last batch, if that is unfinished. */
  readonly end: number;
}

const UNREADABLE: Scanned = {
  end: 0,
  damages: [],
  batches: 0,
  firstBatch: -1,
  lastHead: -1,
  lastStart: 0,
  lastBatch: -1,
  sealed: true,
};

/**
 * Reads files in the order of their writers and numbers; what they say goes to `replayIndex`. Of a batch that is not
 * whole nothing counts if it was never promised, and all that is left of it if it was: which of both it is can be told
 * when all is read.
 */
export async function readAll(
  directory: LogDirectory,
  logs: readonly FoundFile[],
  files: LogFiles,
  replayIndex: ReplayIndex,
  options: ReadOptions,
): Promise<Read[]> {
  const begun = performance.now();
  const scanner = options.scanner ?? new Scanner();
  const octetsTotal = logs.reduce((sum, { octets }) => sum + octets, 0);
  let octets = 0;
  const tell = (more: number): void => {
    octets += more;
    const seconds = (performance.now() - begun) / 1000;
    const rate = octets / 1e6 / seconds;
    const secondsLeft = Math.max(0, (octetsTotal - octets) / 1e6 / rate);
    options.onProgress?.({ octets, octetsTotal, messages: replayIndex.messages.ids.length, rate, secondsLeft });
  };
  const scans: (Pick<Read, 'found' | 'scanned' | 'state' | 'holes'> & { broken: readonly BrokenBatch[] })[] = [];
  for (const found of logs) {
    const state = files.file(found.writerNumber, found.number);
    state.closed = true;
    replayIndex.beginFile(scans.length, state);
    const seed = found.head?.seed ?? NO_SEED;
    const { onRecord } = options;
    const sink = onRecord === undefined ? replayIndex : shownTo(replayIndex, (seen) => onRecord(found, seen));
    let holes: readonly Hole[] = [];
    const scan = (file: LogFile): Promise<Scanned> => {
      const careful = new CarefulFile(file, found.name, options.skipUnreadable === true);
      holes = careful.holes;
      return scanner.scan(careful, seed, sink, tell);
    };
    const scanned = found.head === null ? UNREADABLE : await withFile(directory, found.name, scan);
    scans.push({ found, scanned, state, holes, broken: replayIndex.endFile() });
  }
  return scans.map(({ found, scanned, state, holes, broken }, index) => {
    const damages = judged(found, scanned, neighboursOf(scans, index), holes);
    const torn = damages.find(({ kind }) => kind === 'torn');
    for (const batch of broken) if (batch.start !== torn?.start) replayIndex.salvage(batch);
    const end = torn?.start ?? scanned.end;
    state.octets = end;
    return { found, scanned, state, damages, holes, end };
  });
}

function shownTo(replayIndex: ReplayIndex, show: (seen: Seen) => void): RecordSink {
  return {
    take: (seen) => {
      replayIndex.take(seen);
      show(seen);
    },
    commit: () => replayIndex.commit(),
    suspend: (start) => replayIndex.suspend(start),
    keep: () => replayIndex.keep(),
  };
}

/** The last batch of some files. */
export function lastBatch(reads: readonly Read[]): number {
  return reads.reduce((last, { scanned }) => Math.max(last, scanned.lastBatch), -1);
}

/**
 * The files in which the last batch of a writer lies: all before it was safe when it was begun, but nobody knows that
 * of itself, though it can be read. After a sync that failed, systems show octets for as long as they run that the disk
 * does not have.
 */
export function uncertainReads(reads: readonly Read[]): ReadonlySet<Read> {
  const last = new Map<number, number>();
  for (const { found, scanned } of reads)
    last.set(found.writerNumber, Math.max(last.get(found.writerNumber) ?? 0, scanned.lastHead));
  return new Set(reads.filter(({ found, scanned }) => scanned.lastHead === last.get(found.writerNumber)));
}

/** The batches of the same writer around a file. */
export function neighboursOf(reads: readonly Pick<Read, 'found' | 'scanned'>[], index: number): Neighbours {
  const { writerNumber } = (reads[index] as Read).found;
  const next = reads
    .slice(index + 1)
    .find(({ found, scanned }) => found.writerNumber === writerNumber && scanned.firstBatch >= 0);
  const before = reads.slice(0, index).filter(({ found }) => found.writerNumber === writerNumber);
  return {
    before: before.reduce((last, { scanned }) => Math.max(last, scanned.lastBatch), -1),
    behind: next?.scanned.firstBatch ?? Number.POSITIVE_INFINITY,
  };
}

/** The octets of messages in each file. */
export function countMessages(replayIndex: ReplayIndex, reads: readonly Read[]): void {
  const { files, spans } = replayIndex.messages;
  for (let i = 0; i < files.length; i++) (reads[files.at(i)] as Read).state.messageOctets += spans.at(i);
}

/** In which messages of the table somebody holds. */
export function heldMessages(queues: readonly QueueLeft[], replayIndex: ReplayIndex): Uint8Array {
  const held = new Uint8Array(replayIndex.messages.ids.length);
  for (const { messages } of queues) for (const index of messages) held[index] = 1;
  return held;
}

/** Files that end before the next one of their writer begins. */
export function missingBatches(reads: readonly Read[]): { file: string; batches: number }[] {
  const missing: { file: string; batches: number }[] = [];
  reads.forEach(({ found, scanned }, index) => {
    const next = reads[index + 1];
    if (next === undefined || scanned.sealed || found.head === null) return;
    if (
      next.found.writerNumber !== found.writerNumber ||
      next.found.number !== found.number + 1 ||
      next.scanned.firstBatch < 0
    )
      return;
    const last = Math.max(scanned.lastBatch, found.head.firstBatch - 1);
    const batches = next.scanned.firstBatch - last - 1;
    if (batches > 0) missing.push({ file: found.name, batches });
  });
  return missing;
}
