/**
 * The main thread's part of the log: recovery, the ledger of what counts, lane 0 and the clearing away of files.
 * Workers write lanes 1, 2 … and tell what happens there (`heard`), in order. What must hold: the mark of an orderly
 * end goes before anything is written, and comes after all else.
 */
import { BatchBuilder, type Run } from './log/batch.js';
import type { LogDirectory } from './log/log-directory.js';
import type { LogEvent, LogFiles } from './log/log-files.js';
import type { Ends } from './log/log-set.js';
import { type Durability, type Health, LogWriter, type LogWriterStart } from './log/log-writer.js';
import type { Scanner } from './log/scan.js';
import { Reclaimer, type Waste } from './reclaim.js';
import {
  readCleanShutdownMarker,
  removeCleanShutdownMarker,
  writeCleanShutdownMarker,
} from './recovery/clean-shutdown.js';
import { PRIORITIES, type RunLedger } from './recovery/ledger.js';
import type { Progress } from './recovery/log-reader.js';
import type { LogSource } from './recovery/log-source.js';
import { type RecoveryReport, recover } from './recovery/recovery.js';

export interface LogManagerOptions {
  readonly log: LogDirectory;
  /** Whether a queue (a multiple of 256) is still defined. */
  readonly exists: (queue: number) => boolean;
  /** What recovery does about queues that are not known, and about what cannot be read. */
  readonly isUnknown?: (queue: number) => boolean;
  readonly dropUnknown?: boolean;
  readonly skipUnreadable?: boolean;
  readonly durability?: Durability;
  readonly fileOctets?: number;
  readonly onProgress?: (progress: Progress) => void;
  /** Of lane 0. */
  readonly onHealth?: (health: Health) => void;
  /**
   * Asks a lane to call `LogWriter.fence`, after it has appended all that it gathered. Without it, queues in which
   * messages are that are not logged cost memory for each of them.
   */
  readonly askFence?: (writer: number, fence: number) => void;
  /** Clearing files away fails (it is tried again), or does not any more (null). */
  readonly onClearing?: (error: Error | null) => void;
  /** A file cannot be read any more, and stays. */
  readonly onStuck?: (file: string, error: Error) => void;
  readonly pause?: (milliseconds: number) => Promise<void>;
  readonly scanner?: Scanner;
  /** Breaks in what is done in a queue that are worth asking for a fence. */
  readonly breaks?: number;
  /** Between two looks for files that can go; 0: only `reclaim` looks. */
  readonly reclaimMs?: number;
  readonly waste?: Waste;
  /** Whether the disk has little space. */
  readonly isTight?: () => boolean;
}

/** A queue, or a level of one, that has messages or a history. */
export interface KeptQueue {
  readonly id: number;
  /** The log position of its next message. */
  readonly next: number;
  readonly count: number;
  /** Octets of their bodies. */
  readonly bytes: number;
  /** Its messages, in order. */
  readonly source: LogSource;
}

const RECLAIM_MS = 1000;

export class LogManager {
  /** Lane 0. */
  readonly writer: LogWriter;
  /** The last stop was an orderly one. */
  readonly clean: boolean;
  readonly report: RecoveryReport;
  readonly queues: readonly KeptQueue[];
  /** The highest number of a queue that the log speaks of; −1: of none. */
  readonly highestQueue: number;
  readonly #options: LogManagerOptions;
  readonly #files: LogFiles;
  readonly #ledger: RunLedger;
  readonly #reclaimer: Reclaimer;
  readonly #start: (writer: number) => LogWriterStart;
  /** What had been given out before this start, by queue. */
  readonly #delivered: Map<number, readonly Run[]>;
  /** Resolves when lane 0 gets into trouble while the log is being ended. */
  #trouble = trouble();
  /**
   * read: the mark stands as it was found; begun: it is gone; written: and something was written since, or cleared
   * away.
   */
  #state: 'read' | 'begun' | 'written' = 'read';
  #timer: NodeJS.Timeout | null = null;
  #clearing: Promise<void> | null = null;
  #workers = 0;
  /** The last fence, the lanes that have not passed it, and how far each queue went when it was asked for. */
  #fence = 0;
  readonly #fenced = new Set<number>();
  #reach = new Map<number, number>();
  /** The log is being ended: what could still be cleared away can wait. */
  #isClosing = false;
  /** Whether the last try to clear files away failed. */
  #isFailing = false;

  /**
   * Reads the log. Where that fails, the mark of an orderly end is still there for the next try; nothing is written to
   * a lane before `begin`.
   */
  static async open(options: LogManagerOptions): Promise<LogManager> {
    const { log, exists, isUnknown, dropUnknown, skipUnreadable, onProgress, scanner, breaks } = options;
    const ends = await readCleanShutdownMarker(log);
    const clean = ends !== null;
    const recovered = await recover(log, {
      clean,
      ...(ends && { ends }),
      exists: (queue) => exists(queue - (queue % PRIORITIES)),
      ...(isUnknown && { isUnknown: (queue) => isUnknown(queue - (queue % PRIORITIES)) }),
      ...(dropUnknown && { dropUnknown }),
      ...(skipUnreadable && { skipUnreadable }),
      ...(onProgress && { onProgress }),
      ...(scanner && { scanner }),
      ...(breaks !== undefined && { breaks }),
    });
    return new LogManager(options, clean, recovered);
  }

  private constructor(options: LogManagerOptions, clean: boolean, recovered: Awaited<ReturnType<typeof recover>>) {
    const { log, durability, fileOctets, onHealth, pause, scanner } = options;
    this.#options = options;
    this.clean = clean;
    this.report = recovered.report;
    this.queues = recovered.queues;
    this.highestQueue = recovered.highestQueue;
    this.#files = recovered.files;
    this.#ledger = recovered.ledger;
    this.#start = recovered.start;
    const sources = new Map(recovered.queues.map(({ id, source }) => [id, source]));
    this.#delivered = new Map(recovered.queues.map(({ id, source }) => [id, source.delivered()]));
    this.writer = new LogWriter({
      directory: log,
      writer: 0,
      start: recovered.start(0),
      onEvent: (event) => this.heard(0, event),
      ...(durability && { durability }),
      ...(fileOctets && { fileOctets }),
      onHealth: (health) => {
        if (health.state !== 'ok') this.#trouble.resolve();
        onHealth?.(health);
      },
      ...(pause && { pause }),
    });
    this.#reclaimer = new Reclaimer({
      directory: log,
      writer: this.writer,
      files: this.#files,
      liveness: this.#ledger,
      onMoved: (queue, position, file, offset) => sources.get(queue)?.moved(position, file, offset),
      ...(scanner && { scanner }),
      ...(options.onStuck && { onStuck: options.onStuck }),
      ...(options.waste && { waste: options.waste }),
      ...(options.isTight && { isTight: options.isTight }),
    });
  }

  /** From now on the log is written: the mark of an orderly end goes. */
  async begin(): Promise<void> {
    await removeCleanShutdownMarker(this.#options.log);
    this.#state = 'begun';
  }

  /** From now on files are cleared away, too: the start has not failed. */
  startClearing(): void {
    const every = this.#options.reclaimMs ?? RECLAIM_MS;
    if (every === 0) return;
    this.#timer = setInterval(() => void this.#tick(), every);
    this.#timer.unref();
  }

  /** Where the lanes of the workers go on: lane 1 first. */
  writersStart(workers: number): LogWriterStart[] {
    this.#workers = workers;
    return Array.from({ length: workers }, (_, worker) => this.#start(worker + 1));
  }

  /** Takes what a lane tells. */
  heard(writer: number, event: LogEvent): void {
    switch (event.type) {
      case 'placed': {
        this.#state = 'written';
        const file = this.#files.file(writer, event.file);
        file.octets = event.end;
        file.messageOctets += event.messageOctets;
        return this.#ledger.heard(event.facts, file);
      }
      case 'closed': {
        const file = this.#files.file(writer, event.file);
        file.octets = event.end;
        file.closed = true;
        file.closedAt = this.#files.moment();
        file.failed = event.failed;
        return;
      }
      case 'passed':
        if (event.fence === this.#fence && this.#fenced.delete(writer) && this.#fenced.size === 0) this.#allPassed();
        return;
    }
  }

  /** A queue is not defined any more, durably; its levels with it. */
  deleted(queue: number): void {
    this.#ledger.deleted(queue);
    for (let priority = queue; priority < queue + PRIORITIES; priority++) this.#delivered.delete(priority);
  }

  /** Clears away what can go; resolves when there is nothing left that is worth it. */
  async reclaim(): Promise<void> {
    this.#askFences();
    this.#clearing ??= this.#clear().finally(() => {
      this.#clearing = null;
    });
    await this.#clearing;
  }

  async #clear(): Promise<void> {
    while (!this.#isClosing && (await this.#reclaimer.step()) !== null) this.#state = 'written';
  }

  async #tick(): Promise<void> {
    const { onClearing } = this.#options;
    try {
      await this.reclaim();
      if (this.#isFailing) onClearing?.(null);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) onClearing?.(error as Error);
      this.#isFailing = true;
    }
  }

  /**
   * Places of messages that are not logged are never heard of; when all lanes have passed a fence, what was not heard
   * by then is such a place.
   */
  #askFences(): void {
    const { askFence } = this.#options;
    if (askFence === undefined || this.#fenced.size > 0) return;
    this.#reach = this.#ledger.reach();
    if (this.#reach.size === 0) return;
    this.#fence += 1;
    for (let writer = 0; writer <= this.#workers; writer++) this.#fenced.add(writer);
    for (let writer = 0; writer <= this.#workers; writer++) askFence(writer, this.#fence);
  }

  #allPassed(): void {
    for (const [queue, below] of this.#reach) this.#ledger.known(queue, below);
  }

  /**
   * Ends the log; the workers' lanes are closed, and `heard` has all of it. `delivered`: by queue the positions of
   * messages that were given out and came back; null: not all that was asked for could be written, so that nothing can
   * be vouched for. Resolves with why there is no mark.
   */
  async close(delivered: ReadonlyMap<number, readonly Run[]> | null): Promise<Error | null> {
    this.#isClosing = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#trouble = trouble();
    // A lane that is closed gives up what it cannot write, also for who waits for it here.
    const checkpoints = this.#clearedAway().then(() =>
      delivered === null ? undefined : this.#writeCheckpoints(delivered),
    );
    checkpoints.catch(() => undefined);
    try {
      if (this.writer.health.state === 'ok') await Promise.race([checkpoints, this.#trouble.promise]);
      await this.writer.close();
      if (delivered === null) return null;
      await checkpoints;
      if (this.writer.health.state !== 'ok') return this.writer.health.error;
      await writeCleanShutdownMarker(this.#options.log, await this.#ends());
      return null;
    } catch (error) {
      return error as Error;
    }
  }

  /**
   * Ends a start that failed. `written`: all that lanes had to write is. What was not written to is as it was found,
   * with its mark.
   */
  async abandon(written: boolean): Promise<void> {
    if (this.#state === 'written') return void (await this.close(written && this.clean ? new Map() : null));
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#clearedAway();
    await this.writer.close();
    if (this.#state === 'begun' && this.clean && written)
      await writeCleanShutdownMarker(this.#options.log, await this.#ends());
  }

  /** Where the files end that there are. */
  async #ends(): Promise<Ends> {
    const names = new Set((await this.#options.log.list()).map(({ name }) => name));
    return new Map(
      [...this.#files.states.values()].filter(({ name }) => names.has(name)).map(({ name, octets }) => [name, octets]),
    );
  }

  async #clearedAway(): Promise<void> {
    await this.#clearing?.catch(() => undefined);
  }

  async #writeCheckpoints(delivered: ReadonlyMap<number, readonly Run[]>): Promise<void> {
    const batch = new BatchBuilder();
    for (const queue of this.#ledger.queues()) {
      if (this.#ledger.isUnchanged(queue) && !delivered.has(queue)) continue;
      const ranges = [...(this.#delivered.get(queue) ?? []), ...(delivered.get(queue) ?? [])];
      const checkpoint = this.#ledger.lastCheckpoint(queue, ranges);
      if (checkpoint !== null) batch.checkpoint(checkpoint);
    }
    if (batch.octets > 0) await this.writer.append(batch);
  }
}

function trouble(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
