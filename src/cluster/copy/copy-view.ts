/**
 * What a node shows to one that copies it: its files up to their known ends, as of one moment. Who makes a view keeps
 * its files from being cleared away until it is closed. What must hold: all that stands before `position` is in them.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChainPosition } from '../records/link.js';
import type { CopiedFile } from './copy-messages.js';

export interface CopyView {
  /** Another one each time that the directory is opened: within one, what is there of a file that grows stays. */
  readonly run: string;
  readonly position: ChainPosition;
  readonly files: readonly CopiedFile[];
  /** Null: it is not there any more. */
  read(file: number, at: number, octets: number): Promise<Uint8Array | null>;
  close(): Promise<void>;
}

/** A file of the view that is made for it, and stands in no directory. */
export interface MadeFile {
  readonly name: string;
  readonly octets: Uint8Array;
}

/** Files below a directory, then those that are made (a dump of definitions). `release`: the view is closed. */
export class DirectoryView implements CopyView {
  readonly files: readonly CopiedFile[];
  readonly #directory: string;
  readonly #made: readonly MadeFile[];
  readonly #release: () => Promise<void>;
  /** The one that was read last. */
  #open: { readonly file: number; readonly handle: Promise<FileHandle> } | null = null;

  constructor(
    directory: string,
    readonly run: string,
    readonly position: ChainPosition,
    files: readonly Omit<CopiedFile, 'grows'>[],
    made: readonly MadeFile[],
    release: () => Promise<void>,
  ) {
    this.#directory = directory;
    this.#made = made;
    this.#release = release;
    this.files = [
      ...files.map((file) => ({ ...file, grows: true })),
      ...made.map(({ name, octets }) => ({ name, octets: octets.length, grows: false })),
    ];
  }

  async read(file: number, at: number, octets: number): Promise<Uint8Array | null> {
    const made = this.#made[file - (this.files.length - this.#made.length)];
    if (made !== undefined) return made.octets.subarray(at, at + octets);
    const handle = await this.#handleOf(file);
    if (handle === null) return null;
    const buffer = Buffer.allocUnsafe(octets);
    let read = 0;
    while (read < octets) {
      const { bytesRead } = await handle.read(buffer, read, octets - read, at + read);
      if (bytesRead === 0) return null;
      read += bytesRead;
    }
    return buffer;
  }

  async close(): Promise<void> {
    await this.#closeFile();
    await this.#release();
  }

  async #handleOf(file: number): Promise<FileHandle | null> {
    if (this.#open?.file !== file) {
      await this.#closeFile();
      const { name } = this.files[file] as CopiedFile;
      this.#open = { file, handle: open(join(this.#directory, name), 'r') };
    }
    try {
      return await this.#open.handle;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  async #closeFile(): Promise<void> {
    const before = this.#open;
    this.#open = null;
    // One that could not be opened need not be closed.
    const handle = await before?.handle.catch(() => null);
    await handle?.close();
  }
}
