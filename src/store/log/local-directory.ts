/**
 * The store's files on this machine. What must hold: a write is whole or an error; directory entries are synced like
 * contents, where the system can do that (Windows keeps them by itself).
 */
import { constants, fdatasync, fdatasyncSync, ftruncate, read, writev, writevSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import type { LogDirectory, LogFile, Writing } from './log-directory.js';

/** Elsewhere the flag promises less than `fdatasync`, or is not known: there each write is followed by one. */
const HAS_SYNCED_WRITES = process.platform === 'linux';

export class LocalDirectory implements LogDirectory {
  private constructor(readonly path: string) {}

  /** Opens a directory, making it if need be. */
  static async at(path: string): Promise<LocalDirectory> {
    const made = await fs.mkdir(path, { recursive: true, mode: 0o700 });
    if (made !== undefined) await syncPath(join(path, '..'));
    return new LocalDirectory(path);
  }

  /** A directory that somebody has opened. */
  static existing(path: string): LocalDirectory {
    return new LocalDirectory(path);
  }

  async list(): Promise<{ name: string; octets: number }[]> {
    const entries = await fs.readdir(this.path, { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const found = await Promise.all(files.map(({ name }) => this.#sizeOf(name)));
    return found.filter((file) => file !== null);
  }

  /** Null: another writer has renamed or removed it since it was listed. */
  async #sizeOf(name: string): Promise<{ name: string; octets: number } | null> {
    try {
      return { name, octets: (await fs.stat(join(this.path, name))).size };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  create(name: string, writing: Writing = 'cached'): Promise<LogFile> {
    return this.#open(name, writing, constants.O_CREAT | constants.O_EXCL);
  }

  open(name: string, writing: Writing = 'cached'): Promise<LogFile> {
    return this.#open(name, writing, 0);
  }

  async #open(name: string, writing: Writing, more: number): Promise<LogFile> {
    const isSynced = writing === 'synced';
    const flags = constants.O_RDWR | more | (isSynced && HAS_SYNCED_WRITES ? constants.O_DSYNC : 0);
    const handle = await fs.open(join(this.path, name), flags, 0o600);
    return new LocalFile(handle, isSynced && !HAS_SYNCED_WRITES);
  }

  async rename(from: string, to: string): Promise<void> {
    await fs.rename(join(this.path, from), join(this.path, to));
  }

  async remove(name: string): Promise<void> {
    await fs.unlink(join(this.path, name));
  }

  syncNames(): Promise<void> {
    return syncPath(this.path);
  }
}

/** Makes a directory's entries durable. */
export async function syncPath(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await fs.open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Goes by the descriptor and callbacks: the promises of a FileHandle cost more than a small write. */
class LocalFile implements LogFile {
  readonly #handle: fs.FileHandle;
  readonly #fd: number;
  /** Writes are to be synced, and the system does not do that by itself. */
  readonly #mustSync: boolean;

  constructor(handle: fs.FileHandle, mustSync: boolean) {
    this.#handle = handle;
    this.#fd = handle.fd;
    this.#mustSync = mustSync;
  }

  async write(views: readonly Uint8Array[], at: number): Promise<void> {
    await new Promise<void>((resolve, reject) => this.#write(views, at, resolve, reject));
    if (this.#mustSync) await this.sync();
  }

  #write(views: readonly Uint8Array[], at: number, resolve: () => void, reject: (error: Error) => void): void {
    writev(this.#fd, views, at, (error, written) => {
      if (error !== null) return reject(error);
      const rest = behind(views, written);
      if (rest.length === 0) return resolve();
      if (written === 0) return reject(nothingWritten());
      this.#write(rest, at + written, resolve, reject);
    });
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) =>
      fdatasync(this.#fd, (error) => (error === null ? resolve() : reject(error))),
    );
  }

  writeNow(views: readonly Uint8Array[], at: number): void {
    let rest = views;
    for (let to = at; rest.length > 0; ) {
      const written = writevSync(this.#fd, rest, to);
      rest = behind(rest, written);
      if (rest.length > 0 && written === 0) throw nothingWritten();
      to += written;
    }
    if (this.#mustSync) fdatasyncSync(this.#fd);
  }

  async read(into: Uint8Array, at: number): Promise<number> {
    let filled = 0;
    while (filled < into.length) {
      const octets = await this.#read(into, filled, at + filled);
      if (octets === 0) break;
      filled += octets;
    }
    return filled;
  }

  #read(into: Uint8Array, offset: number, at: number): Promise<number> {
    return new Promise((resolve, reject) =>
      read(this.#fd, into, offset, into.length - offset, at, (error, octets) =>
        error === null ? resolve(octets) : reject(error),
      ),
    );
  }

  truncate(octets: number): Promise<void> {
    return new Promise((resolve, reject) =>
      ftruncate(this.#fd, octets, (error) => (error === null ? resolve() : reject(error))),
    );
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

function nothingWritten(): Error {
  return new Error('the system wrote nothing and gave no reason');
}

/** What is left of some views behind their first octets. */
function behind(views: readonly Uint8Array[], octets: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = octets;
  for (const view of views) {
    if (skip < view.length) rest.push(skip === 0 ? view : view.subarray(skip));
    skip = Math.max(0, skip - view.length);
  }
  return rest;
}
