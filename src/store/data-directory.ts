/**
 * The directory in which a broker keeps what must outlast it: `log/` (messages), `definitions/` (everything that is
 * declared), `format.json` (the version of all of this), `cluster-id` and `lock`; at times, what is to take the place of
 * the first two (replacement.ts). What must hold: two brokers never write to one; what a newer version wrote is left
 * alone.
 */
import * as fs from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { holderOf, takeLock } from '../platform/file-lock.js';
import { clusterIdIn } from './cluster-id.js';
import { DataDirectoryError } from './data-directory-error.js';
import { LocalDirectory, syncPath } from './log/local-directory.js';
import { finishReplacement, isUnfinished, replaceBy } from './replacement.js';

/** Version of the directory as a whole. */
const DATA_FORMAT = 1;

/** Makes the entries of a directory as safe as a synced file. */
type Sync = (path: string) => Promise<void>;

export class DataDirectory {
  readonly #unlock: () => void;

  private constructor(
    readonly path: string,
    readonly clusterId: string,
    unlock: () => void,
    readonly sync: Sync,
  ) {
    this.#unlock = unlock;
  }

  /** Opens a data directory, making it if need be. */
  static async open(path: string, sync: Sync = syncPath): Promise<DataDirectory> {
    const full = resolve(path);
    let unlock: (() => void) | null;
    try {
      await makeDirectory(full, sync);
      unlock = takeLock(lockPath(full));
    } catch (error) {
      throw unusable(full, error);
    }
    if (unlock === null) {
      const pid = holderOf(lockPath(full));
      const process = pid === 0 ? '' : ` (process ${pid})`;
      throw new DataDirectoryError(`data directory ${full} is used by another broker${process}`);
    }
    try {
      const format = await readFormat(full);
      if (format === null) await writeFormat(full);
      await finishReplacement(full);
      return new DataDirectory(full, await clusterIdIn(full, sync), unlock, sync);
    } catch (error) {
      unlock();
      throw unusable(full, error);
    }
  }

  /** Where the log is. */
  get logPath(): string {
    return logPath(this.path);
  }

  get definitionsPath(): string {
    return definitionsPath(this.path);
  }

  /** The entries of what was made in it are as safe as its files. */
  async syncEntries(): Promise<void> {
    await this.sync(this.definitionsPath);
    await this.sync(this.path);
  }

  /** Where a copy of another one's log and definitions grows: on the same file system, whatever is mounted where. */
  get stagingPath(): string {
    return join(this.path, 'incoming');
  }

  /**
   * What is staged there, whole and durable, takes the place of the log and the definitions, which nobody has open.
   * Whatever ends amid it, the next `open` finds the one or the other.
   */
  replace(): Promise<void> {
    return replaceBy(this.stagingPath, this.path);
  }

  close(): void {
    this.#unlock();
  }
}

export interface Inspectable {
  readonly log: LocalDirectory;
  readonly definitionsPath: string;
  /** A broker uses it; else none can until `close`. */
  readonly used: boolean;
  close(): void;
}

/** A data directory to look at. Refuses what is none. */
export async function openForInspection(path: string): Promise<Inspectable> {
  const full = resolve(path);
  if ((await readFormat(full)) === null) throw new DataDirectoryError(`${full} is not a data directory of Leveret`);
  const unlock = takeLock(lockPath(full));
  if (unlock !== null && (await isUnfinished(full))) {
    unlock();
    throw new DataDirectoryError(
      `a copy is taking the place of what is in ${full}: start its node, which finishes that`,
    );
  }
  return {
    log: await LocalDirectory.at(logPath(full)),
    definitionsPath: definitionsPath(full),
    used: unlock === null,
    close: () => unlock?.(),
  };
}

async function makeDirectory(path: string, sync: Sync): Promise<void> {
  try {
    const made = await fs.mkdir(path, { recursive: true, mode: 0o700 });
    // Each directory that was made stands in the one above it.
    for (let child = path; made !== undefined && child.length >= made.length; child = dirname(child)) {
      await sync(dirname(child));
    }
  } catch (error) {
    // On a read-only file system Node says of a recursive one that there is no such file.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') await fs.mkdir(path, { mode: 0o700 });
    throw error;
  }
}

/** What the system says of it, with the directory that it concerns. */
function unusable(path: string, error: unknown): DataDirectoryError {
  if (error instanceof DataDirectoryError) return error;
  return new DataDirectoryError(`data directory ${path} cannot be used (${(error as Error).message})`);
}

function logPath(path: string): string {
  return join(path, 'log');
}
function definitionsPath(path: string): string {
  return join(path, 'definitions');
}
/** Where the lock of a data directory is. */
export function lockPath(path: string): string {
  return join(path, 'lock');
}
function formatPath(path: string): string {
  return join(path, 'format.json');
}

/** Null: there is none yet. */
async function readFormat(path: string): Promise<number | null> {
  let text: string;
  try {
    text = await fs.readFile(formatPath(path), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const format = formatIn(text);
  if (format === null) throw new DataDirectoryError(`${formatPath(path)} does not say which format the data has`);
  if (format > DATA_FORMAT) {
    throw new DataDirectoryError(
      `data directory ${path} was written by a newer version of Leveret (format ${format}; this version knows up to ${DATA_FORMAT})`,
    );
  }
  return format;
}

function formatIn(text: string): number | null {
  try {
    const { format } = JSON.parse(text) as { format?: unknown };
    return Number.isInteger(format) ? (format as number) : null;
  } catch {
    return null;
  }
}

/** Whole or not at all, and durable. */
async function writeFormat(path: string): Promise<void> {
  const fresh = `${formatPath(path)}.new`;
  const file = await fs.open(fresh, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ format: DATA_FORMAT })}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await fs.rename(fresh, formatPath(path));
  await syncPath(path);
}
