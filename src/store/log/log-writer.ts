/**
 * One worker's log: group commit. While a batch is written and synced the next ones gather; then they are written
 * together, by one write that is synced. What must hold: an append resolves only when all of it is as durable as was
 * asked for; after a write or sync that failed, the file is not touched again and what it covered is written anew to
 * another one (systems report a failed sync once and then forget the octets).
 */

import { LogMemory, type Seed } from '../../log/log-memory.js';
import {
  BatchField,
  claimedName,
  FILE_HEAD,
  fileName,
  isSpare,
  LOG_FORMAT,
  messageId,
  RECORD_HEAD,
  RecordType,
  SealField,
  set64,
  spanOf,
  WRITER_MESSAGES_MAX,
  WRITERS_MAX,
} from '../../log/record-format.js';
import type { Batch } from './batch.js';
import { encodeHead, randomSeed } from './file-head.js';
import type { LogDirectory, LogFile, Writing } from './log-directory.js';
import type { LogEvent } from './log-files.js';

/**
 * What a resolved append means. fsync: it outlasts a loss of power. os: it outlasts the process. none: nothing; it is
 * written by and by.
 */
export type Durability = 'fsync' | 'os' | 'none';

/** ok; full: waits for space; failing: the device reports errors, and writing is tried again and again. */
export type Health = { readonly state: 'ok' } | { readonly state: 'full' | 'failing'; readonly error: Error };

/** Where numbering goes on: one more than what any file of the lane holds. */
export interface LogWriterStart {
  readonly file: number;
  readonly batch: number;
  readonly message: number;
}

export interface LogWriterOptions {
  readonly directory: LogDirectory;
  readonly writer: number;
  readonly start: LogWriterStart;
  /** Is told, in order, what happens in files. */
  readonly onEvent: (event: LogEvent) => void;
  readonly durability?: Durability;
  /** Size at which the next file is begun (octets). */
  readonly fileOctets?: number;
  readonly onHealth?: (health: Health) => void;
  /**
   * Whether the thread has had little to do since it was last asked, so that nobody is kept waiting if it waits itself;
   * asked at each write.
   */
  readonly calm?: () => boolean;
  /** The thread is about to wait for the disk itself (true), or has waited. */
  readonly onWait?: (waits: boolean) => void;
  /** Waits before another try, the `attempt`th; resolves early when `retry` is called. */
  readonly pause?: (milliseconds: number) => Promise<void>;
  readonly clock?: () => number;
  /** Measures how long the disk takes (ms). */
  readonly stopwatch?: () => number;
}

export const FILE_OCTETS = 64 << 20;
/** Octets that are written at once, at most, unless one append alone has more. */
const GROUP_OCTETS = 4 << 20;
/**
 * Messages of at most this size are written while a calm thread waits, if the disk took no longer than this for what
 * came before.
 */
const NOW_OCTETS = 16 << 10;
const NOW_MS = 1;
/**
 * Syncs of blocks that a file has already take two thirds of the time and vary less, so a calm lane gives its file
 * zeros ahead of the end: so many at once that it takes no longer than a slow sync, as soon as fewer than these are
 * left.
 */
const AHEAD_OCTETS = 512 << 10;
const AHEAD_LEFT = 32 << 10;
const zeros = new Uint8Array(AHEAD_OCTETS);
const PAUSE_MS = 250;
const PAUSE_MS_MAX = 10_000;
const SEAL_AT = 256;
/** What a group has before it. */
const BATCH_SPAN = spanOf(BatchField.OCTETS);

/** The file of a batch, and where its first octet is in it. */
export type Placed = (file: number, at: number) => void;

interface Appended {
  readonly batch: Batch;
  readonly placed: Placed | undefined;
}

interface Waiting extends Appended {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface OpenFile {
  readonly file: LogFile;
  readonly seed: Seed;
  readonly name: string;
  readonly number: number;
  /** Where the next batch goes. */
  end: number;
  /** Up to where it has blocks, as far as is known. */
  reach: number;
}

export class LogWriter {
  readonly writer: number;
  readonly durability: Durability;
  health: Health = { state: 'ok' };
  readonly #options: LogWriterOptions;
  readonly #directory: LogDirectory;
  readonly #writing: Writing;
  readonly #fileOctets: number;
  readonly #stopwatch: () => number;
  readonly #heads = new LogMemory(4096);
  #waiting: Waiting[] = [];
  /** Batches of the group that is being written. */
  #underWay = 0;
  /** What must be written before each fence. */
  readonly #fences: { readonly fence: number; behind: number }[] = [];
  #running: Promise<void> | null = null;
  /** Something is being done with the files. */
  #isBusy = false;
  /** The current file must not be touched again. */
  #isSpoilt = false;
  #current: OpenFile | null = null;
  #next: Promise<OpenFile> | null = null;
  #nextFile: number;
  #nextBatch: number;
  #nextMessage: number;
  #closing = false;
  /** Why a batch was not written, when the lane was closed. */
  #gaveUp: Error | null = null;
  /** The last group came while the thread was calm. */
  #isCalm = false;
  /** What the last write and sync took (ms). */
  #took = Number.POSITIVE_INFINITY;
  /** Why a file that was left behind is perhaps not durable, where appends promise less. */
  #unsynced: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(options: LogWriterOptions) {
    if (options.writer >= WRITERS_MAX) throw new RangeError(`there are at most ${WRITERS_MAX} writers`);
    this.writer = options.writer;
    this.durability = options.durability ?? 'fsync';
    this.#options = options;
    this.#directory = options.directory;
    this.#writing = this.durability === 'fsync' ? 'synced' : 'cached';
    this.#fileOctets = options.fileOctets ?? FILE_OCTETS;
    this.#stopwatch = options.stopwatch ?? (() => performance.now());
    this.#nextFile = options.start.file;
    this.#nextBatch = options.start.batch;
    this.#nextMessage = options.start.message;
  }

  /** Ids for some messages in a row; returns the first. */
  takeMessageIds(count: number): number {
    const first = this.#nextMessage;
    if (first + count > WRITER_MESSAGES_MAX)
      throw new RangeError(`writer ${this.writer} has numbered all messages that it can`);
    this.#nextMessage += count;
    return messageId(this.writer, first);
  }

  /**
   * Writes a batch. `placed` is called with its file before the promise resolves. Rejects only when the lane is closed
   * and cannot write.
   */
  append(batch: Batch, placed?: Placed): Promise<void> {
    return this.put(batch, placed) ?? Promise.resolve();
  }

  /** The same; null: it is written, and as durable as was asked for. */
  put(batch: Batch, placed?: Placed): Promise<void> | null {
    if (this.#closing) return Promise.reject(new Error('the log is closed'));
    if (this.#putNow(batch, placed)) return null;
    const written = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ batch, placed, resolve, reject });
      this.#start();
    });
    if (this.durability !== 'none') return written;
    // Told by `onHealth`; nobody waits for this one.
    written.catch(() => undefined);
    return null;
  }

  /**
   * Handing a write and a sync to another thread costs more than both take on a fast disk: a client that waits for each
   * confirm would wait twice as long. So a calm thread waits itself, while nothing else is under way; nobody waits for
   * mere acks. A disk that is slow, once, has the next group written beside the thread again.
   */
  #putNow(batch: Batch, placed: Placed | undefined): boolean {
    if (this.#isBusy || this.#waiting.length > 0 || this.durability === 'none') return false;
    this.#isCalm = this.#options.calm?.() ?? false;
    const open = this.#current;
    if (!this.#isCalm || open === null || batch.messages === 0) return false;
    if (batch.octets > NOW_OCTETS || this.#took > NOW_MS || this.#fills(open, batch.octets)) return false;
    const group = [{ batch, placed }];
    const begun = this.#stopwatch();
    this.#options.onWait?.(true);
    try {
      open.file.writeNow(this.#stamped(open, group, batch.octets), open.end);
    } catch (error) {
      this.#isSpoilt = true;
      this.#say({ state: isFull(error) ? 'full' : 'failing', error: error as Error });
      return false;
    } finally {
      this.#options.onWait?.(false);
    }
    this.#took = this.#stopwatch() - begun;
    this.#tellPlaced(open, group, batch.octets);
    this.#say({ state: 'ok' });
    batch.release();
    if (open.end >= this.#fileOctets / 2) this.#prepare();
    if (this.#running === null && this.#lacksBlocks(open)) void this.#alone(() => this.#fillAhead());
    return true;
  }

  /** Makes durable what was appended, whatever appends promise. */
  async sync(): Promise<void> {
    while (this.#running !== null) await this.#running;
    if (this.durability === 'fsync') return;
    if (this.#unsynced !== null) throw this.#unsynced;
    await this.#current?.file.sync();
  }

  /** Space may be there again: a lane that waits tries now. */
  retry(): void {
    this.#wake?.();
  }

  /** Tells that a fence is passed when all that was appended before it has been told. */
  fence(fence: number): void {
    this.#fences.push({ fence, behind: this.#waiting.length + this.#underWay });
    this.#passFences(0);
  }

  #passFences(written: number): void {
    for (const one of this.#fences) one.behind -= written;
    while (this.#fences[0] !== undefined && this.#fences[0].behind <= 0) {
      const { fence } = this.#fences.shift() as { fence: number };
      this.#options.onEvent({ type: 'passed', fence });
    }
  }

  /**
   * Ends the file that is open, if there is one; what is appended from now on goes to another. Resolves when that is
   * done, or the file was given up.
   */
  async endFile(): Promise<void> {
    while (this.#running !== null) await this.#running;
    const open = this.#current;
    if (open === null || this.#closing) return;
    await this.#alone(async () => {
      try {
        await this.#seal(open);
      } catch {
        return this.#abandon();
      }
      await this.#rotate(open);
    });
  }

  /** Writes what was appended and ends the file. */
  async close(): Promise<void> {
    this.#closing = true;
    this.retry();
    while (this.#running !== null) await this.#running;
    const prepared = await this.#next?.catch(() => null);
    const current = this.#current;
    this.#current = null;
    this.#next = null;
    try {
      if (prepared) await this.#discard(prepared);
      if (current !== null && this.health.state === 'ok') await this.#seal(current);
      // Who vouches for the log must know.
      if (this.#unsynced !== null) throw this.#unsynced;
    } finally {
      if (current !== null) {
        this.#tellClosed(current, this.health.state !== 'ok');
        await current.file.close();
      }
    }
  }

  /** Says in a file that it ends here. */
  async #seal(open: OpenFile): Promise<void> {
    const seal = this.#sealRecord(open.seed, this.#nextBatch - 1);
    await open.file.write([seal], open.end);
    await open.file.sync();
    open.end += seal.length;
  }

  #start(): void {
    if (this.#running === null) void this.#alone(() => this.#run());
  }

  /** Does something with the files while nothing is written; what is appended meanwhile is written then. */
  #alone(work: () => Promise<void>): Promise<void> {
    this.#isBusy = true;
    this.#running = work().finally(() => {
      this.#running = null;
      this.#isBusy = false;
      if (this.#waiting.length > 0) this.#start();
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      this.#underWay = group.length;
      try {
        // What comes after a batch that is not there must not be there, either.
        if (this.#gaveUp !== null) throw this.#gaveUp;
        await this.#commit(group);
        for (const { resolve } of group) resolve();
      } catch (error) {
        this.#gaveUp = error as Error;
        for (const { reject } of group) reject(error as Error);
      }
      for (const { batch } of group) batch.release();
      this.#underWay = 0;
      this.#passFences(group.length);
      if (this.#isCalm && this.#waiting.length === 0) await this.#fillAhead();
    }
    this.#isBusy = false;
  }

  #takeGroup(): Waiting[] {
    let octets = 0;
    let count = 0;
    for (const { batch } of this.#waiting) {
      if (count > 0 && octets + batch.octets > GROUP_OCTETS) break;
      octets += batch.octets;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  /** Writes a group, to as many files as it takes. Throws only while the lane is closing. */
  async #commit(group: readonly Waiting[]): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        const open = await this.#openFile();
        await this.#write(open, group);
        this.#say({ state: 'ok' });
        return;
      } catch (error) {
        await this.#abandon();
        this.#say({ state: isFull(error) ? 'full' : 'failing', error: error as Error });
        if (this.#closing) throw error;
        // Another file on the same device may well do.
        if (attempt > 0 || isFull(error)) await this.#pause(attempt);
      }
    }
  }

  async #write(open: OpenFile, group: readonly Waiting[]): Promise<void> {
    const octets = group.reduce((sum, { batch }) => sum + batch.octets, 0);
    const views = this.#stamped(open, group, octets);
    const isFull = this.#fills(open, octets);
    const seal = isFull ? this.#sealRecord(open.seed, this.#nextBatch) : null;
    const begun = this.#stopwatch();
    await open.file.write(seal === null ? views : [...views, seal], open.end);
    this.#took = this.#stopwatch() - begun;
    this.#tellPlaced(open, group, octets + (seal?.length ?? 0));
    if (isFull) await this.#rotate(open);
    else if (open.end >= this.#fileOctets / 2) this.#prepare();
  }

  /** Whether nothing more is to follow so many octets in a file. */
  #fills(open: OpenFile, octets: number): boolean {
    return open.end + BATCH_SPAN + octets >= this.#fileOctets;
  }

  /** A group as it stands in the file, behind the record that says so. */
  #stamped(open: OpenFile, group: readonly Appended[], octets: number): Uint8Array[] {
    return [this.#batchRecord(open.seed, octets), ...group.flatMap(({ batch }) => batch.stamp(open.seed))];
  }

  /** A group stands in the file, `octets` of it behind the record that says so. */
  #tellPlaced(open: OpenFile, group: readonly Appended[], octets: number): void {
    this.#nextBatch += 1;
    let at = open.end + BATCH_SPAN;
    open.end = at + octets;
    open.reach = Math.max(open.reach, open.end);
    for (const { batch, placed } of group) {
      const { messageOctets } = batch;
      this.#options.onEvent({ type: 'placed', file: open.number, end: open.end, messageOctets, facts: batch.facts() });
      placed?.(open.number, at);
      at += batch.octets;
    }
  }

  /**
   * Nobody waits for this, unless for the lane. Where there is no space for it the file goes on without; where it fails
   * otherwise, the file is given up, as if a batch could not be written.
   */
  async #fillAhead(): Promise<void> {
    const open = this.#current;
    if (open === null || !this.#lacksBlocks(open)) return;
    const { file, reach } = open;
    const to = Math.min(reach + AHEAD_OCTETS, this.#fileOctets);
    try {
      await file.write([zeros.subarray(0, to - reach)], reach);
    } catch (error) {
      if (isFull(error)) open.reach = this.#fileOctets;
      else await this.#abandon();
      return;
    }
    open.reach = to;
  }

  #lacksBlocks({ end, reach }: OpenFile): boolean {
    return this.durability === 'fsync' && reach - end < AHEAD_LEFT && reach < this.#fileOctets;
  }

  async #rotate(open: OpenFile): Promise<void> {
    const { file } = open;
    this.#current = null;
    if (this.durability !== 'fsync') {
      await file.sync().catch((error: Error) => {
        this.#unsynced = error;
      });
    }
    this.#tellClosed(open, false);
    // What was written is safe; a file that does not close is the system's affair.
    await file.close().catch(() => undefined);
  }

  async #openFile(): Promise<OpenFile> {
    if (this.#isSpoilt) await this.#abandon();
    if (this.#current === null) {
      const next = this.#next ?? this.#newFile();
      this.#next = null;
      this.#current = await next;
    }
    return this.#current;
  }

  /** Begins the next file while this one is written. */
  #prepare(): void {
    if (this.#next !== null || this.#closing) return;
    this.#next = this.#newFile();
    this.#next.catch(() => {
      this.#next = null;
    });
  }

  /**
   * A file whose head and name are durable. A dead file is written anew if there is one: syncs of blocks that are there
   * already take half the time.
   */
  async #newFile(): Promise<OpenFile> {
    const number = this.#nextFile++;
    const name = fileName(this.writer, number);
    const seed = randomSeed();
    const created = this.#options.clock?.() ?? Date.now();
    const { file, reach, claimed } = await this.#blankFile(name);
    try {
      const head = { format: LOG_FORMAT, writer: this.writer, number, seed, created, firstBatch: this.#nextBatch };
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
    const spare = (await this.#directory.list()).find((entry) => isSpare(entry.name));
    if (spare !== undefined) {
      const claimed = claimedName(name);
      const renamed = await this.#directory.rename(spare.name, claimed).then(
        () => true,
        // Another lane was faster.
        () => false,
      );
      if (renamed) return { file: await this.#directory.open(claimed, this.#writing), reach: spare.octets, claimed };
    }
    const file = await this.#directory.create(name, this.#writing);
    try {
      await file.truncate(this.#fileOctets);
    } catch (error) {
      await file.close().catch(() => undefined);
      await this.#directory.remove(name).catch(() => undefined);
      throw error;
    }
    return { file, reach: FILE_HEAD, claimed: null };
  }

  /** Gives up the current file after a failure: what was promised of it stays, and nothing more is expected of it. */
  async #abandon(): Promise<void> {
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

  /** A file that holds nothing is nobody's affair. */
  #tellClosed({ number, end }: OpenFile, failed: boolean): void {
    if (end > FILE_HEAD) this.#options.onEvent({ type: 'closed', file: number, end, failed });
  }

  async #discard({ file, name }: OpenFile): Promise<void> {
    await file.close();
    await this.#directory.remove(name);
  }

  #batchRecord(seed: Seed, following: number): Uint8Array {
    const { view } = this.#heads;
    set64(view, RECORD_HEAD + BatchField.SEQUENCE, this.#nextBatch);
    set64(view, RECORD_HEAD + BatchField.FOLLOWING, following);
    set64(view, RECORD_HEAD + BatchField.TIME, this.#options.clock?.() ?? Date.now());
    return this.#headed(0, RecordType.BATCH, BatchField.OCTETS, seed);
  }

  #sealRecord(seed: Seed, batch: number): Uint8Array {
    set64(this.#heads.view, SEAL_AT + RECORD_HEAD + SealField.SEQUENCE, Math.max(0, batch));
    return this.#headed(SEAL_AT, RecordType.SEAL, SealField.OCTETS, seed);
  }

  #headed(at: number, type: RecordType, length: number, seed: Seed): Uint8Array {
    const { view, bytes } = this.#heads;
    const end = at + spanOf(length);
    view.setUint32(at, length, true);
    view.setUint32(at + 4, type, true);
    this.#heads.setSeed(seed);
    this.#heads.stamp(at, end);
    return bytes.subarray(at, end);
  }

  #say(health: Health): void {
    const changed = health.state !== this.health.state;
    this.health = health;
    if (changed) this.#options.onHealth?.(health);
  }

  async #pause(attempt: number): Promise<void> {
    const milliseconds = Math.min(PAUSE_MS * 2 ** attempt, PAUSE_MS_MAX);
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#options.pause !== undefined) await Promise.race([this.#options.pause(milliseconds), woken]);
    else await until(milliseconds, woken);
    this.#wake = null;
  }
}

function isFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** A timer that an event can cut short. */
async function until(milliseconds: number, event: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([timeout, event]);
  clearTimeout(timer);
}
