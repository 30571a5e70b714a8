/**
 * What becomes of damaged places before anything new is written: a torn tail is cut, a damaged middle is kept in a quarantine file and covered
 * by a gap record, so that it is reported once and never taken for something else. What must hold: repairing can be cut short at any
 * point and begun again; nothing is changed before its copy is durable.
 */

import { LogMemory, type Seed } from '../log/log-memory.js';
import {
  FILE_HEAD,
  FILE_HEAD_OCTETS,
  RECORD_HEAD,
  RecordType,
  SealField,
  set64,
  spanOf,
} from '../log/record-format.js';
import { encodeHead } from './file-head.js';
import type { LogDirectory, LogFile } from './log-directory.js';
import { type FoundFile, withFile } from './log-set.js';
import type { Damage, Scanned } from './scan.js';

export interface Damaged {
  readonly file: string;
  readonly offset: number;
  readonly octets: number;
  /**
   * torn: it was being written when the power went, and was never promised. corrupt: it was whole once. head: the file cannot be read. copy: one
   * copy of the head; the other one is whole.
   */
  readonly kind: 'torn' | 'corrupt' | 'head' | 'copy';
  /** The file that holds what lay there; null: nothing does. */
  readonly quarantine: string | null;
}

/** Batches of the same lane around a file: the last one before it, and the first one behind it (infinity: none). */
export interface Neighbours {
  readonly before: number;
  readonly behind: number;
}

/** A damage, and what it is. */
export interface Judged extends Damage {
  readonly kind: 'torn' | 'corrupt';
}

/** The damages of a file. What is gone of its end is one, if it is known where it ended. */
export function damagesIn({ ended }: FoundFile, scanned: Scanned, neighbours: Neighbours): Judged[] {
  const { damages, end, lastHead } = scanned;
  const tail = { offset: end, octets: ended - end, batch: lastHead, inBatch: true, inside: false };
  const all = end < ended ? [...damages.filter(({ inside }) => inside), tail] : damages;
  return all.map((damage) => ({
    ...damage,
    kind: damage.offset < ended ? 'corrupt' : kindOf(damage, scanned, neighbours),
  }));
}

/**
 * What a damage is, where nobody knows how the file ended. A batch is begun when the one before it is safe, and written again under its number to another file when it failed: so a damage
 * in the file's last batch was never promised, unless later ones came.
 */
function kindOf(damage: Damage, scanned: Scanned, { before, behind }: Neighbours): 'torn' | 'corrupt' {
  const batch = damage.batch < 0 ? before : damage.batch;
  const isLast = Math.max(scanned.lastHead, before) <= batch;
  const torn = isLast && (behind === Number.POSITIVE_INFINITY || behind <= (damage.inBatch ? batch : batch + 1));
  return torn ? 'torn' : 'corrupt';
}

/** Nothing was ever written to the file. */
function isEmpty(scanned: Scanned): boolean {
  return !scanned.sealed && scanned.batches === 0 && scanned.damages.length === 0 && scanned.end === FILE_HEAD;
}

/** Whether nothing is left of a file when it has been put in order. */
export function goes({ head, ended }: FoundFile, scanned: Scanned): boolean {
  return head === null || (isEmpty(scanned) && ended <= FILE_HEAD);
}

/** Puts a file in order. A file that nobody ended is ended where its last whole record does. The caller syncs the names. */
export async function repairFile(
  directory: LogDirectory,
  found: FoundFile,
  scanned: Scanned,
  neighbours: Neighbours,
): Promise<Damaged[]> {
  const { name, head } = found;
  if (head === null) return [await setAside(directory, found)];
  if (goes(found, scanned)) {
    await directory.remove(name);
    return [];
  }
  const damages = damagesIn(found, scanned, neighbours);
  if (scanned.sealed && damages.length === 0 && !found.headDamaged) return [];
  return withFile(directory, name, async (file) => {
    const damaged: Damaged[] = [];
    if (found.headDamaged)
      damaged.push({ file: name, offset: 0, octets: FILE_HEAD_OCTETS, kind: 'copy', quarantine: null });
    for (const damage of damages) {
      const { offset, kind } = damage;
      const octets = Math.max(0, Math.min(damage.octets, found.octets - offset));
      const quarantine = kind === 'corrupt' && octets > 0 ? await keep(directory, file, name, offset, octets) : null;
      if (damage.inside) await file.write([gapRecord(head.seed, octets)], offset);
      damaged.push({ file: name, offset, octets: damage.octets, kind, quarantine });
    }
    if (found.headDamaged) await file.write([encodeHead(head)], 0);
    if (!scanned.sealed) {
      if (found.octets > scanned.end) await file.truncate(scanned.end);
      await file.write([sealRecord(head.seed, scanned.lastBatch)], scanned.end);
    }
    await file.sync();
    return damaged;
  });
}

async function setAside(directory: LogDirectory, { name, octets, ended }: FoundFile): Promise<Damaged> {
  if (octets === 0) {
    await directory.remove(name);
    return { file: name, offset: 0, octets: ended, kind: 'head', quarantine: null };
  }
  const quarantine = `${name}.quarantine`;
  await directory.rename(name, quarantine);
  return { file: name, offset: 0, octets: Math.max(octets, ended), kind: 'head', quarantine };
}

/** Copies a stretch of a file to one of its own. */
async function keep(
  directory: LogDirectory,
  file: LogFile,
  name: string,
  offset: number,
  octets: number,
): Promise<string> {
  const quarantine = `${name}.${offset}.quarantine`;
  const entries = await directory.list();
  if (entries.some((entry) => entry.name === quarantine)) await directory.remove(quarantine);
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
