/**
 * The files of one writer: the one that is written, the next one, which is made meanwhile, and dead ones that are
 * written anew. What must hold: a file's head and name are durable before it holds a batch; after a write or sync that
 * failed, a file is not touched again but to cut it (systems report a failed sync once and then forget the octets).
 */
import type { LogEvent } from '../../log/commit-log.js';
import type { Seed } from '../../log/log-memory.js';
import { claimedName, FILE_HEAD, fileName, isSpare, LOG_FORMAT } from '../../log/record-format.js';
import { BATCH_SPAN, type BatchFraming } from './batch-framing.js';
import { encodeHead, randomSeed } from './file-head.js';
import { asLocation } from './file-location.js';
import type { LogDirectory, LogFile } from './log-directory.js';
import { isFull } from './writer-health.js';

/**
 * Syncs of blocks that a file has already take two thirds of the time and vary less, so a calm writer gives its file
 * zeros ahead of the end: so many at once that it takes no longer than a slow sync, as soon as fewer than these are
 * left.
 */
const AHEAD_OCTETS = 512 << 10;
const AHEAD_LEFT = 32 << 10;
const zeros = new Uint8Array(AHEAD_OCTETS);

export interface OpenFile {
  readonly file: LogFile;
  readonly seed: Seed;
  readonly name: string;
  readonly number: number;
  /** Where the next batch goes. */
  end: number;
  /** Up to where it has blocks, as far as is known. */
  reach: number;
}

export interface WriterFilesOptions {
  readonly directory: LogDirectory;
  readonly writerNumber: number;
  /** The number of the next file. */
  readonly start: number;
  readonly framing: BatchFraming;
  /** Size at which the next file is begun (octets). */
  readonly fileOctets: number;
  /** Whether each write is synced; else files are synced when they are left behind. */
  readonly isSynced: boolean;
  readonly onEvent: (event: LogEvent) => void;
}

export class WriterFiles {
  readonly #options: WriterFilesOptions;
  readonly #directory: LogDirectory;
  readonly #fileOctets: number;
  #current: OpenFile | null = null;
  #next: Promise<OpenFile> | null = null;
  #nextNumber: number;
  /** The current file must not be touched again. */
  #isSpoilt = false;
  /** Why a file that was left behind is perhaps not durable, where writes are not synced. */
  #unsynced: Error | null = null;

  constructor(options: WriterFilesOptions) {
    this.#options = options;
    this.#directory = options.directory;
    this.#fileOctets = options.fileOctets;
    this.#nextNumber = options.start;
  }

  get current(): OpenFile | null {
    return this.#current;
  }

  /** The file to write to, which is made if there is none. */
  async open(): Promise<OpenFile> {
    if (this.#isSpoilt) await this.abandon();
    if (this.#current === null) {
      const next = this.#next ?? this.#newFile();
      this.#next = null;
      this.#current = await next;
    }
    return this.#current;
  }

  /** Whether nothing more is to follow so many octets in a file. */
  fills(open: OpenFile, octets: number): boolean {
    return open.end + BATCH_SPAN + octets >= this.#fileOctets;
  }

  /** Begins the next file while this one is written, when it is half full. */
  prepare(): void {
    const open = this.#current;
    if (open === null || open.end < this.#fileOctets / 2 || this.#next !== null) return;
    this.#next = this.#newFile();
    this.#next.catch(() => {
      this.#next = null;
    });
  }

  /** A write to the current file has failed. */
  spoil(): void {
    this.#isSpoilt = true;
  }

  lacksBlocks({ end, reach }: OpenFile): boolean {
    return this.#options.isSynced && reach - end < AHEAD_LEFT && reach < this.#fileOctets;
  }

  /**
   * Nobody waits for this, unless for the writer. Where there is no space for it the file goes on without; where it
   * fails otherwise, the file is given up, as if a batch could not be written.
   */
  async fillAhead(): Promise<void> {
    const open = this.#current;
    if (open === null || !this.lacksBlocks(open)) return;
    const { file, reach } = open;
    const to = Math.min(reach + AHEAD_OCTETS, this.#fileOctets);
    try {
      await file.write([zeros.subarray(0, to - reach)], reach);
    } catch (error) {
      if (isFull(error)) open.reach = this.#fileOctets;
      else await this.abandon();
      return;
    }
    open.reach = to;
  }

  /** Ends the current file, if there is one, or gives it up where that fails. */
  async endCurrent(): Promise<void> {
    const open = this.#current;
    if (open === null) return;
    try {
      await this.#seal(open);
    } catch {
      return this.abandon();
    }
    await this.leave(open);
  }

  /** Says in a file that it ends here. */
  async #seal(open: OpenFile): Promise<void> {
    const { framing } = this.#options;
    const seal = framing.seal(open.seed, framing.next - 1);
    await open.file.write([seal], open.end);
    await open.file.sync();
    open.end += seal.length;
  }

  /** Leaves the current file behind, which has its end. */
  async leave(open: OpenFile): Promise<void> {
    const { file } = open;
    this.#current = null;
    if (!this.#options.isSynced) {
      await file.sync().catch((error: Error) => {
        this.#unsynced = error;
      });
    }
    this.#tellClosed(open, false);
    // What was written is safe; a file that does not close is the system's affair.
    await file.close().catch(() => undefined);
  }

  /** Makes durable what was written, where writes are not synced. */
  async sync(): Promise<void> {
    if (this.#options.isSynced) return;
    if (this.#unsynced !== null) throw this.#unsynced;
    await this.#current?.file.sync();
  }

  /** Gives up the current file after a failure: what was promised of it stays, and nothing more is expected of it. */
  async abandon(): Promise<void> {
    const open = this.#current;
    this.#current = null;
    this.#isSpoilt = false;
    if (open === null) return;
    const { file, name, end } = open;
    // All of this is tidiness: what fails here is seen, and cut, when the log is next read.
    await file
      .truncate(end)
      .then(() => file.sync())
      .catch(() => undefined);
    await file.close().catch(() => undefined);
    this.#tellClosed(open, true);
    if (end === FILE_HEAD) {
      await this.#directory
        .remove(name)
        .then(() => this.#directory.syncNames())
        .catch(() => undefined);
    }
  }

  /** Ends all of them. `isSound`: the current one may be written to. */
  async close(isSound: boolean): Promise<void> {
    const prepared = await this.#next?.catch(() => null);
    const current = this.#current;
    this.#current = null;
    this.#next = null;
    try {
      if (prepared) await this.#discard(prepared);
      if (current !== null && isSound) await this.#seal(current);
      // Who vouches for the log must know.
      if (this.#unsynced !== null) throw this.#unsynced;
    } finally {
      if (current !== null) {
        this.#tellClosed(current, !isSound);
        await current.file.close();
      }
    }
  }

  /** A file that holds nothing is nobody's affair. */
  #tellClosed({ number, end }: OpenFile, failed: boolean): void {
    if (end > FILE_HEAD) this.#options.onEvent({ type: 'closed', location: asLocation({ file: number, end }), failed });
  }

  async #discard({ file, name }: OpenFile): Promise<void> {
    await file.close();
    await this.#directory.remove(name);
  }

  /**
   * A file whose head and name are durable. A dead file is written anew if there is one: syncs of blocks that are there
   * already take half the time.
   */
  async #newFile(): Promise<OpenFile> {
    const { writerNumber, framing } = this.#options;
    const number = this.#nextNumber++;
    const name = fileName(writerNumber, number);
    const seed = randomSeed();
    const created = framing.now();
    const { file, reach, claimed } = await this.#blankFile(name);
    try {
      const head = { format: LOG_FORMAT, writerNumber, number, seed, created, firstBatch: framing.next };
      await file.write([encodeHead(head)], 0);
      await file.sync();
      if (claimed !== null) await this.#directory.rename(claimed, name);
      await this.#directory.syncNames();
      return { file, seed, name, number, end: FILE_HEAD, reach };
    } catch (error) {
      await file.close().catch(() => undefined);
      for (const left of [name, ...(claimed === null ? [] : [claimed])])
        await this.#directory.remove(left).catch(() => undefined);
      throw error;
    }
  }

  /**
   * `claimed`: what the file is called until its head is durable. A dead file may have had the very number that this
   * one gets, when nothing was left in the log that spoke of it: under the name of a log file its former life would be
   * taken for living.
   */
  async #blankFile(name: string): Promise<{ file: LogFile; reach: number; claimed: string | null }> {
    const writing = this.#options.isSynced ? 'synced' : 'cached';
    const spare = (await this.#directory.list()).find((entry) => isSpare(entry.name));
    if (spare !== undefined) {
      const claimed = claimedName(name);
      const renamed = await this.#directory.rename(spare.name, claimed).then(
        () => true,
        // Another writer was faster.
        () => false,
      );
      if (renamed) return { file: await this.#directory.open(claimed, writing), reach: spare.octets, claimed };
    }
    const file = await this.#directory.create(name, writing);
    try {
      await file.truncate(this.#fileOctets);
    } catch (error) {
      await file.close().catch(() => undefined);
      await this.#directory.remove(name).catch(() => undefined);
      throw error;
    }
    return { file, reach: FILE_HEAD, claimed: null };
  }
}
