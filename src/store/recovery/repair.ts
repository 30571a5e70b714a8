/**
 * What becomes of damaged places before anything new is written: a torn tail is cut, a damaged middle is kept in a
 * quarantine file and covered by a gap record, so that it is reported once and never taken for something else. What
 * must hold: repairing can be cut short at any point and begun again; nothing is changed before its copy is durable.
 */

import { LogMemory, type Seed } from '../../log/log-memory.js';
import {
  FILE_HEAD,
  FILE_HEAD_OCTETS,
  RECORD_HEAD,
  RecordType,
  SealField,
  set64,
  spanOf,
} from '../../log/record-format.js';
import { encodeHead } from '../log/file-head.js';
import type { LogDirectory, LogFile } from '../log/log-directory.js';
import { type FoundFile, withFile } from '../log/log-set.js';
import type { Scanned } from '../log/scan.js';
import type { Judged } from './damage.js';
import type { Read } from './log-reader.js';

export interface Damaged {
  readonly file: string;
  readonly offset: number;
  readonly octets: number;
  /** What it is, or head: the file cannot be read. copy: one copy of the head; the other one is whole. */
  readonly kind: Judged['kind'] | 'head' | 'copy';
  /** The file that holds what lay there; null: nothing does. */
  readonly quarantine: string | null;
}

/** Nothing was ever written to the file. */
function isEmpty(scanned: Scanned): boolean {
  return !scanned.sealed && scanned.batches === 0 && scanned.damages.length === 0 && scanned.end === FILE_HEAD;
}

/** Whether nothing is left of a file when it has been put in order. */
export function goes({ head, ended }: FoundFile, scanned: Scanned): boolean {
  return head === null || (isEmpty(scanned) && ended <= FILE_HEAD);
}

/** Writes what lies in a stretch of a file once more, so that the next sync covers it. */
async function rewrite(file: LogFile, from: number, to: number): Promise<void> {
  const chunk = new Uint8Array(Math.min(to - from, 1 << 20));
  for (let at = from; at < to; at += chunk.length) {
    const part = chunk.subarray(0, Math.min(chunk.length, to - at));
    await file.write([part.subarray(0, await file.read(part, at))], at);
  }
}

/**
 * Puts a file in order. A file that nobody ended is ended where its last whole batch does; `isUncertain`: the disk
 * perhaps does not have this. The caller syncs the names.
 */
export async function repairFile(directory: LogDirectory, read: Read, isUncertain: boolean): Promise<Damaged[]> {
  const { found, scanned, damages, holes, end } = read;
  const { name, head } = found;
  if (head === null) return [await setAside(directory, found)];
  if (goes(found, scanned)) {
    await directory.remove(name);
    return [];
  }
  const isWhole = damages.length === 0 && holes.length === 0 && !found.headDamaged;
  if (scanned.sealed && isWhole && !isUncertain) return [];
  return withFile(directory, name, async (file) => {
    const damaged: Damaged[] = [];
    // Whole blocks are written without being read before, and a device has others for those that are bad.
    for (const { offset, octets } of holes) await file.write([new Uint8Array(octets)], offset);
    if (found.headDamaged)
      damaged.push({ file: name, offset: 0, octets: FILE_HEAD_OCTETS, kind: 'copy', quarantine: null });
    for (const { offset, octets, kind, inside } of damages) {
      const there = Math.max(0, Math.min(octets, found.octets - offset));
      const quarantine = kind === 'corrupt' && there > 0 ? await keep(directory, file, name, offset, there) : null;
      if (kind === 'corrupt' && inside) await file.write([gapRecord(head.seed, there)], offset);
      damaged.push({ file: name, offset, octets, kind, quarantine });
    }
    if (found.headDamaged) await file.write([encodeHead(head)], 0);
    const isCut = end < scanned.end;
    if (isUncertain && !isCut) await rewrite(file, scanned.lastStart, end);
    if (isCut || (!scanned.sealed && found.octets > end)) await file.truncate(end);
    // Else the seal might lie where the batch began, and what is left of that behind it be read another time.
    if (isCut) await file.sync();
    if (isCut || !scanned.sealed) await file.write([sealRecord(head.seed, lastLeft(read))], end);
    await file.sync();
    return damaged;
  });
}

/** The last batch that stays. */
function lastLeft({ scanned, damages }: Pick<Read, 'scanned' | 'damages'>): number {
  const torn = damages.find(({ kind }) => kind === 'torn');
  return torn === undefined ? scanned.lastBatch : torn.batch - 1;
}

async function setAside(directory: LogDirectory, { name, octets, ended }: FoundFile): Promise<Damaged> {
  if (octets === 0) {
    await directory.remove(name);
    return { file: name, offset: 0, octets: ended, kind: 'head', quarantine: null };
  }
  const names = new Set((await directory.list()).map((entry) => entry.name));
  const quarantine = freeName(name, names);
  await directory.rename(name, quarantine);
  return { file: name, offset: 0, octets: Math.max(octets, ended), kind: 'head', quarantine };
}

/** A name for what is set aside; what was set aside before stays. */
function freeName(stem: string, taken: ReadonlySet<string>): string {
  for (let count = 1; ; count++) {
    const name = count === 1 ? `${stem}.quarantine` : `${stem}.${count}.quarantine`;
    if (!taken.has(name)) return name;
  }
}

/** Copies a stretch of a file to one of its own. */
async function keep(
  directory: LogDirectory,
  file: LogFile,
  name: string,
  offset: number,
  octets: number,
): Promise<string> {
  const taken = new Set((await directory.list()).map((entry) => entry.name));
  const quarantine = freeName(`${name}.${offset}`, taken);
  const copy = await directory.create(quarantine);
  try {
    const chunk = new Uint8Array(Math.min(octets, 1 << 20));
    for (let done = 0; done < octets; ) {
      const part = chunk.subarray(0, Math.min(chunk.length, octets - done));
      const read = await file.read(part, offset + done);
      if (read === 0) break;
      await copy.write([part.subarray(0, read)], done);
      done += read;
    }
    await copy.sync();
  } finally {
    await copy.close();
  }
  await directory.syncNames();
  return quarantine;
}

const memory = new LogMemory(4096);

/** The head of a record that covers some octets. */
function gapRecord(seed: Seed, octets: number): Uint8Array {
  memory.view.setUint32(0, octets - RECORD_HEAD, true);
  memory.view.setUint32(4, RecordType.GAP, true);
  memory.setSeed(seed);
  memory.stamp(0, RECORD_HEAD);
  return memory.bytes.slice(0, RECORD_HEAD);
}

function sealRecord(seed: Seed, batch: number): Uint8Array {
  const span = spanOf(SealField.OCTETS);
  memory.view.setUint32(0, SealField.OCTETS, true);
  memory.view.setUint32(4, RecordType.SEAL, true);
  set64(memory.view, RECORD_HEAD + SealField.SEQUENCE, Math.max(0, batch));
  memory.setSeed(seed);
  memory.stamp(0, span);
  return memory.bytes.slice(0, span);
}
