/**
 * This folder is for a log in local files: their format, their writing, and which there are; only the store may import
 * it, and others reach it by open-log.ts.
 *
 * Here: one participant's log in local files: group commit. While a batch is written and synced the next ones gather;
 * then they are written together, by one write that is synced. What must hold: an append resolves only when all of it
 * is as durable as was asked for; after a write or sync that failed, what it covered is written anew to another file.
 */

import type { Batch, CommitLog, CommitLogObserver, Durability, Health } from '../../log/commit-log.js';
import type { Seed } from '../../log/log-memory.js';
import { messageId, WRITER_MESSAGES_MAX, WRITERS_MAX } from '../../log/record-format.js';
import { fatal } from '../../platform/fatal.js';
import { BATCH_SPAN, BatchFraming } from './batch-framing.js';
import { asLocation } from './file-location.js';
import type { LogDirectory } from './log-directory.js';
import { type OpenFile, WriterFiles } from './writer-files.js';
import { isFull, WriterHealth } from './writer-health.js';

/** Where numbering goes on: one more than what any file of the writer holds. */
export interface LogWriterStart {
  readonly file: number;
  readonly batch: number;
  readonly message: number;
}

export interface LogWriterOptions extends CommitLogObserver {
  readonly directory: LogDirectory;
  readonly writerNumber: number;
  readonly start: LogWriterStart;
  readonly durability?: Durability;
  /** Size at which the next file is begun (octets). */
  readonly fileOctets?: number;
  /** Waits before another try (ms). */
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

export class LogWriter implements CommitLog {
  readonly writerNumber: number;
  readonly durability: Durability;
  /** The size that files begin with, and are ended at. */
  readonly fileOctets: number;
  readonly #options: LogWriterOptions;
  readonly #framing: BatchFraming;
  readonly #files: WriterFiles;
  readonly #health: WriterHealth;
  readonly #stopwatch: () => number;
  #waiting: Waiting[] = [];
  /** Batches of the group that is being written. */
  #underWay = 0;
  /** What must be written before each barrier. */
  readonly #barriers: { readonly barrier: number; behind: number }[] = [];
  #running: Promise<void> | null = null;
  /** Something is being done with the files. */
  #isBusy = false;
  #nextMessage: number;
  #closing = false;
  /** Why a batch was not written, when the log was closed. */
  #gaveUp: Error | null = null;
  /** The last group came while the thread was calm. */
  #isCalm = false;
  /** What the last write and sync took (ms). */
  #took = Number.POSITIVE_INFINITY;

  constructor(options: LogWriterOptions) {
    const { directory, writerNumber, start, durability = 'fsync', fileOctets = FILE_OCTETS } = options;
    if (writerNumber >= WRITERS_MAX) throw new RangeError(`there are at most ${WRITERS_MAX} writers`);
    this.writerNumber = writerNumber;
    this.durability = durability;
    this.fileOctets = fileOctets;
    this.#options = options;
    this.#stopwatch = options.stopwatch ?? (() => performance.now());
    this.#nextMessage = start.message;
    this.#health = new WriterHealth(options);
    this.#framing = new BatchFraming(start.batch, options.clock);
    this.#files = new WriterFiles({
      directory,
      writerNumber,
      start: start.file,
      framing: this.#framing,
      fileOctets,
      isSynced: durability === 'fsync',
      onEvent: (event) => options.onEvent(event),
    });
  }

  get health(): Health {
    return this.#health.health;
  }

  takeMessageIds(count: number): number {
    const first = this.#nextMessage;
    if (first + count > WRITER_MESSAGES_MAX)
      throw new RangeError(`writer ${this.writerNumber} has numbered all messages that it can`);
    this.#nextMessage += count;
    return messageId(this.writerNumber, first);
  }

  /** `placed` is called with the batch's file before the promise resolves. */
  append(batch: Batch, placed?: Placed): Promise<void> | null {
    if (this.#closing) return Promise.reject(new Error('the log is closed'));
    if (this.#writeNow(batch, placed)) return null;
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
  #writeNow(batch: Batch, placed: Placed | undefined): boolean {
    if (this.#isBusy || this.#waiting.length > 0 || this.durability === 'none') return false;
    this.#isCalm = this.#options.calm?.() ?? false;
    const open = this.#files.current;
    if (!this.#isCalm || open === null || batch.messages === 0) return false;
    if (batch.octets > NOW_OCTETS || this.#took > NOW_MS || this.#files.fills(open, batch.octets)) return false;
    const group = [{ batch, placed }];
    const begun = this.#stopwatch();
    this.#options.onWait?.(true);
    try {
      open.file.writeNow(this.#stamped(open.seed, group, batch.octets), open.end);
    } catch (error) {
      this.#files.spoil();
      this.#health.failed(error);
      return false;
    } finally {
      this.#options.onWait?.(false);
    }
    this.#took = this.#stopwatch() - begun;
    this.#options.onWritten?.(batch.octets, this.#took);
    this.#tellPlaced(open, group, batch.octets);
    this.#health.succeeded();
    batch.release();
    this.#prepare();
    if (this.#running === null && this.#files.lacksBlocks(open))
      this.#alone(() => this.#files.fillAhead()).catch(fatal);
    return true;
  }

  /** Makes durable what was appended, whatever appends promise. */
  async sync(): Promise<void> {
    while (this.#running !== null) await this.#running;
    await this.#files.sync();
  }

  retry(): void {
    this.#health.retry();
  }

  barrier(barrier: number): void {
    this.#barriers.push({ barrier, behind: this.#waiting.length + this.#underWay });
    this.#passBarriers(0);
  }

  #passBarriers(written: number): void {
    for (const one of this.#barriers) one.behind -= written;
    while (this.#barriers[0] !== undefined && this.#barriers[0].behind <= 0) {
      const { barrier } = this.#barriers.shift() as { barrier: number };
      this.#options.onEvent({ type: 'passed', barrier });
    }
  }

  /**
   * Ends the file that is open, if there is one; what is appended from now on goes to another. Resolves when that is
   * done, or the file was given up.
   */
  async endFile(): Promise<void> {
    while (this.#running !== null) await this.#running;
    if (!this.#closing && this.#files.current !== null) await this.#alone(() => this.#files.endCurrent());
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.retry();
    while (this.#running !== null) await this.#running;
    await this.#files.close(this.#health.isOk);
  }

  #start(): void {
    if (this.#running === null) this.#alone(() => this.#run()).catch(fatal);
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
      if (this.#gaveUp === null) this.#passBarriers(group.length);
      if (this.#isCalm && this.#waiting.length === 0) await this.#files.fillAhead();
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

  /** Writes a group, to as many files as it takes. Throws only while the log is closing. */
  async #commit(group: readonly Waiting[]): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#write(await this.#files.open(), group);
        this.#health.succeeded();
        return;
      } catch (error) {
        await this.#files.abandon();
        this.#health.failed(error);
        if (this.#closing) throw error;
        // Another file on the same device may well do.
        if (attempt > 0 || isFull(error)) await this.#health.pause(attempt);
      }
    }
  }

  async #write(open: OpenFile, group: readonly Waiting[]): Promise<void> {
    const octets = group.reduce((sum, { batch }) => sum + batch.octets, 0);
    const views = this.#stamped(open.seed, group, octets);
    const isLast = this.#files.fills(open, octets);
    const seal = isLast ? this.#framing.seal(open.seed, this.#framing.next) : null;
    const begun = this.#stopwatch();
    await open.file.write(seal === null ? views : [...views, seal], open.end);
    this.#took = this.#stopwatch() - begun;
    this.#options.onWritten?.(octets, this.#took);
    this.#tellPlaced(open, group, octets + (seal?.length ?? 0));
    if (isLast) await this.#files.leave(open);
    else this.#prepare();
  }

  /** The next file is made while this one is written. */
  #prepare(): void {
    if (!this.#closing) this.#files.prepare();
  }

  /** A group as it stands in a file, behind the record that says so. */
  #stamped(seed: Seed, group: readonly Appended[], octets: number): Uint8Array[] {
    return [this.#framing.head(seed, octets), ...group.flatMap(({ batch }) => batch.stamp(seed))];
  }

  /** A group stands in the file, `octets` of it behind the record that says so. */
  #tellPlaced(open: OpenFile, group: readonly Appended[], octets: number): void {
    this.#framing.next += 1;
    let at = open.end + BATCH_SPAN;
    open.end = at + octets;
    open.reach = Math.max(open.reach, open.end);
    const location = asLocation({ file: open.number, end: open.end });
    for (const { batch, placed } of group) {
      const { messageOctets } = batch;
      this.#options.onEvent({ type: 'placed', location, messageOctets, facts: batch.facts() });
      placed?.(open.number, at);
      at += batch.octets;
    }
  }
}
