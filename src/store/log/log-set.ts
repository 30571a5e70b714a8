/**
 * The files of all writers as they are found in a directory: which are logs, which never came to be, which cannot be
 * read.
 */

import { FILE_HEAD, isClaimed, isSpare, parseFileName } from '../../log/record-format.js';
import { isUnreadable, UnreadableError } from './careful-file.js';
import { decodeHead, type FileHead } from './file-head.js';
import type { LogDirectory, LogFile } from './log-directory.js';

/** Where log files end, by name. */
export type Ends = ReadonlyMap<string, number>;

export interface FoundFile {
  readonly name: string;
  readonly octets: number;
  readonly writerNumber: number;
  readonly number: number;
  /** Null: its head cannot be read, and so nothing behind it. */
  readonly head: FileHead | null;
  /** One copy of the head is damaged. */
  readonly headDamaged: boolean;
  /** Where it ended when the log was ended in order; 0: that is not known. */
  readonly ended: number;
}

export interface FoundFiles {
  /** In the order of writers and numbers. */
  readonly logs: readonly FoundFile[];
  /** Files whose making was cut short: nothing was ever promised of them. */
  readonly unborn: readonly string[];
  readonly spares: readonly string[];
  /** Files that are not there, and have to be. */
  readonly gone: readonly { readonly name: string; readonly ended: number }[];
}

/**
 * `ends`: where files ended when all was in order; one of those was born, whatever it looks like. `skipUnreadable`: a
 * file whose head the device does not give is as one whose head is damaged.
 */
export async function findFiles(
  directory: LogDirectory,
  ends: Ends = new Map(),
  skipUnreadable = false,
): Promise<FoundFiles> {
  const logs: FoundFile[] = [];
  const unborn: string[] = [];
  const spares: string[] = [];
  for (const { name, octets } of await directory.list()) {
    if (isSpare(name)) spares.push(name);
    if (isClaimed(name)) unborn.push(name);
    const place = parseFileName(name);
    if (place === null) continue;
    const bytes = await firstOctets(directory, name, skipUnreadable);
    const decoded = bytes === null ? null : decodeHead(bytes);
    const former =
      decoded !== null && (decoded.head.writerNumber !== place.writerNumber || decoded.head.number !== place.number);
    const blank = former || (decoded === null && bytes !== null && bytes.every((octet) => octet === 0));
    const ended = ends.get(name) ?? 0;
    if (blank && ended === 0) unborn.push(name);
    else {
      const own = former ? null : decoded;
      logs.push({ name, octets, ...place, head: own?.head ?? null, headDamaged: own?.damaged ?? true, ended });
    }
  }
  logs.sort((a, b) => a.writerNumber - b.writerNumber || a.number - b.number);
  const there = new Set(logs.map(({ name }) => name));
  const gone = [...ends].filter(([name]) => !there.has(name)).map(([name, ended]) => ({ name, ended }));
  return { logs, unborn, spares, gone };
}

/** Null: the device does not give them. */
async function firstOctets(directory: LogDirectory, name: string, skips: boolean): Promise<Uint8Array | null> {
  return withFile(directory, name, async (file) => {
    const bytes = new Uint8Array(FILE_HEAD);
    try {
      return bytes.subarray(0, await file.read(bytes, 0));
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      if (!skips) throw new UnreadableError(name, 0, error);
      return null;
    }
  });
}

/** Opens a file for as long as something is done with it. */
export async function withFile<T>(
  directory: LogDirectory,
  name: string,
  use: (file: LogFile) => Promise<T>,
): Promise<T> {
  const file = await directory.open(name);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
