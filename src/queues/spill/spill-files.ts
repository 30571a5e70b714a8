/**
 * Spill files: where blocks of messages are while they are not in memory. An image is appended to the current file,
 * read, and let go of; a file with no image left is written anew or removed. Nothing here outlasts the process: nothing
 * is synced, and the directory is emptied at the start. What must hold: an image is read as it was written, whole,
 * until it is freed; files are of bounded size, unless one image alone is larger.
 */
import { close, mkdirSync, mkdtempSync, openSync, read, rmSync, unlink, write } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FILE_OCTETS = 64 << 20;
/** Files without an image that are kept to be written anew. */
const SPARE_MAX = 2;

interface SpillFile {
  readonly descriptor: number;
  readonly path: string;
  /** Where the next image goes. */
  end: number;
  images: number;
}

/** A place for one block. */
export interface SpillImage {
  readonly file: SpillFile;
  readonly offset: number;
  readonly octets: number;
}

export class SpillFiles {
  #directory: string | null;
  readonly #fileOctets: number;
  readonly #files = new Set<SpillFile>();
  readonly #spare: SpillFile[] = [];
  #current: SpillFile | null = null;
  #made = 0;

  /** `directory` is made, or emptied; null: a temporary one is made when it is needed. */
  constructor(directory: string | null, fileOctets = FILE_OCTETS) {
    this.#directory = directory;
    this.#fileOctets = fileOctets;
    if (directory === null) return;
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** Files that there are. */
  get count(): number {
    return this.#files.size;
  }

  /** Makes room for an image. Throws when no file can be made. */
  place(octets: number): SpillImage {
    const file = this.#fileFor(octets);
    const image = { file, offset: file.end, octets };
    file.end += octets;
    file.images += 1;
    return image;
  }

  /** Writes a part of an image, at `at` octets from its beginning. */
  async write({ file, offset }: SpillImage, at: number, part: Uint8Array): Promise<void> {
    for (let done = 0; done < part.length; ) done += await writeSome(file, part, done, offset + at + done);
  }

  /** Reads a part of an image, from `at` octets from its beginning, that fills `target`. */
  async read({ file, offset }: SpillImage, at: number, target: Uint8Array): Promise<void> {
    for (let done = 0; done < target.length; ) done += await readSome(file, target, done, offset + at + done);
  }

  /** One more reason to keep an image that is kept, until `free`. */
  hold({ file }: SpillImage): void {
    file.images += 1;
  }

  /** Nobody reads or writes the image any more. */
  free({ file }: SpillImage): void {
    file.images -= 1;
    if (file.images > 0 || file === this.#current) return;
    if (this.#spare.length < SPARE_MAX && file.end <= this.#fileOctets) this.#spare.push(file);
    else this.#remove(file);
  }

  /** Removes all files. Nothing is under way. */
  close(): void {
    for (const file of this.#files) close(file.descriptor);
    this.#files.clear();
    if (this.#directory !== null) rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Removes the names of all files; what is under way goes on until its thread ends. */
  abandon(): void {
    if (this.#directory !== null) rmSync(this.#directory, { recursive: true, force: true });
  }

  #fileFor(octets: number): SpillFile {
    const current = this.#current;
    if (current !== null) {
      if (current.images === 0) current.end = 0;
      if (current.end === 0 || current.end + octets <= this.#fileOctets) return current;
    }
    const next = this.#spare.pop() ?? this.#make();
    next.end = 0;
    this.#current = next;
    return next;
  }

  #make(): SpillFile {
    this.#directory ??= mkdtempSync(join(tmpdir(), 'leveret-spill-'));
    this.#made += 1;
    const path = join(this.#directory, `${this.#made}.spill`);
    const file = { descriptor: openSync(path, 'wx+', 0o600), path, end: 0, images: 0 };
    this.#files.add(file);
    return file;
  }

  #remove(file: SpillFile): void {
    this.#files.delete(file);
    close(file.descriptor);
    // It is gone with the directory otherwise.
    unlink(file.path, () => {});
  }
}

function writeSome(file: SpillFile, octets: Uint8Array, from: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(file.descriptor, octets, from, octets.length - from, position, (error, written) => {
      if (error) reject(error);
      else resolve(written);
    });
  });
}

function readSome(file: SpillFile, target: Uint8Array, from: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(file.descriptor, target, from, target.length - from, position, (error, octets) => {
      if (error) reject(error);
      else if (octets === 0) reject(new Error(`${file.path} ends at ${position}`));
      else resolve(octets);
    });
  });
}
