/**
 * A directory in which a copy grows until it is whole, with a note of how far it is: `copy.json`. What must hold: what
 * the note tells of a file is on disk, whatever ends when; a copy is whole only if its note says so; nothing is written
 * outside of the directory, whatever the source calls its files.
 */

import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, readdir, readFile, rename, rm, stat, truncate } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { ChainPosition } from '../records/link.js';
import { type CopiedFile, fromJson, toJson } from './copy-messages.js';

const NOTE = 'copy.json';
/** After so many octets the note follows. */
const NOTE_OCTETS = 64 << 20;
const NO_OCTETS = new Uint8Array();

interface Note {
  readonly run: string;
  /** By name: so much of it is on disk. */
  readonly files: Readonly<Record<string, number>>;
  /** Of what the copy is; null: it is not whole. */
  readonly position: ChainPosition | null;
}

const NOTHING: Note = { run: '', files: {}, position: null };

export class CopyStaging {
  readonly #directory: string;
  #run = '';
  readonly #lengths = new Map<string, number>();
  #open: { readonly name: string; readonly handle: FileHandle } | null = null;
  #unnoted = 0;
  #position: ChainPosition | null = null;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Begins a copy of these files, of a source's run; tells how much of each is there already. */
  async begin(run: string, files: readonly CopiedFile[]): Promise<readonly number[]> {
    await mkdir(this.#directory, { recursive: true });
    if (this.#run !== '') await this.#writeNote();
    await this.#closeFile();
    const note = await this.#readNote();
    const sizes = await this.#sizes();
    const kept = new Map(
      files.map(({ name, octets, grows }) => {
        const there = note.files[name] ?? 0;
        const isGood = grows && note.run === run && there <= octets && there <= (sizes.get(name) ?? 0);
        return [name, isGood ? there : 0];
      }),
    );
    for (const name of sizes.keys()) {
      const length = kept.get(name) ?? 0;
      if (length === 0) await rm(join(this.#directory, name));
      else await truncate(join(this.#directory, name), length);
    }
    this.#run = run;
    this.#position = null;
    this.#lengths.clear();
    for (const [name, length] of kept) this.#lengths.set(name, length);
    await this.#writeNote();
    return files.map(({ name }) => kept.get(name) ?? 0);
  }

  /** Adds to a file, behind what is there of it. */
  async append(name: string, octets: Uint8Array): Promise<void> {
    if (this.#open?.name !== name) {
      await this.#closeFile();
      const path = join(this.#directory, name);
      await mkdir(dirname(path), { recursive: true });
      this.#open = { name, handle: await open(path, 'a') };
    }
    await this.#open.handle.appendFile(octets);
    this.#lengths.set(name, (this.#lengths.get(name) ?? 0) + octets.length);
    this.#unnoted += octets.length;
    if (this.#unnoted >= NOTE_OCTETS) await this.#writeNote();
  }

  /** All is there, and on disk: it is a copy of what stands at this position. */
  async finish(position: ChainPosition): Promise<void> {
    for (const [name, length] of this.#lengths) if (length === 0) await this.append(name, NO_OCTETS);
    await this.#writeNote();
    this.#position = position;
    await this.#writeNote();
  }

  /** What breaks off keeps what is there. */
  async close(): Promise<void> {
    if (this.#run !== '' && this.#position === null) await this.#writeNote();
    await this.#closeFile();
  }

  /** Of what a copy is that ended here by `finish`; null: none did. */
  async whole(): Promise<ChainPosition | null> {
    return (await this.#readNote()).position;
  }

  /** The files are to be changed: a copy that is begun here later is begun anew. */
  async forget(): Promise<void> {
    await rm(join(this.#directory, NOTE), { force: true });
    await syncDirectory(this.#directory);
  }

  /** Each file is synced when it is left, and the last one here: then the note may tell of all. */
  async #writeNote(): Promise<void> {
    await this.#open?.handle.sync();
    this.#unnoted = 0;
    const note: Note = { run: this.#run, files: Object.fromEntries(this.#lengths), position: this.#position };
    const path = join(this.#directory, NOTE);
    const handle = await open(`${path}.new`, 'w');
    try {
      await handle.writeFile(toJson(note));
      await handle.sync();
    } finally {
      await handle.close();
    }
    for (const name of new Set([...this.#lengths.keys()].map((name) => dirname(name))))
      await syncDirectory(join(this.#directory, name));
    await rename(`${path}.new`, path);
    await syncDirectory(this.#directory);
  }

  async #closeFile(): Promise<void> {
    const before = this.#open;
    this.#open = null;
    await before?.handle.sync();
    await before?.handle.close();
  }

  async #readNote(): Promise<Note> {
    try {
      return fromJson(await readFile(join(this.#directory, NOTE), 'utf8')) as Note;
    } catch {
      // There is none, or none that was written to its end.
      return NOTHING;
    }
  }

  /** Of the files that are there, by name. */
  async #sizes(): Promise<Map<string, number>> {
    const entries = await readdir(this.#directory, { recursive: true, withFileTypes: true });
    const sizes = new Map<string, number>();
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      const name = relative(this.#directory, path).split(sep).join('/');
      if (!entry.isDirectory() && name !== NOTE) sizes.set(name, (await stat(path)).size);
    }
    return sizes;
  }
}

/** Whether a name of a file leads to nowhere else than below the directory, and is none of the staging's own. */
export function isNameOfFile(name: string): boolean {
  const steps = name.split('/');
  return steps.every((step) => /^[\w.-]+$/.test(step) && step !== '.' && step !== '..') && !name.startsWith(NOTE);
}

async function syncDirectory(path: string): Promise<void> {
  // Windows has no descriptors of directories; a directory of which no file has come is not there.
  const handle = await open(path, 'r').catch(() => null);
  try {
    await handle?.sync();
  } catch {
  } finally {
    await handle?.close();
  }
}
