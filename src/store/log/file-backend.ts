/**
 * The logs of all participants as files in one directory: recovery, the writer of this thread, which files there are,
 * and the clearing away of those in which nothing counts.
 */
import type { CommitLogObserver, Durability, LogEvent } from '../../log/commit-log.js';
import type { KeptQueue, LogBackend, RecoveredLog, RecoverOptions } from '../log-backend.js';
import type { FilesSetup } from '../log-setup.js';
import { Reclaimer, type Waste } from '../reclaim.js';
import {
  readCleanShutdownMarker,
  removeCleanShutdownMarker,
  writeCleanShutdownMarker,
} from '../recovery/clean-shutdown.js';
import type { LogLedger } from '../recovery/ledger.js';
import { type Recovered, type RecoveryReport, recover } from '../recovery/recovery.js';
import { inFile } from './file-location.js';
import type { LogDirectory } from './log-directory.js';
import type { LogFiles } from './log-files.js';
import type { Ends } from './log-set.js';
import { LogWriter } from './log-writer.js';
import type { Scanner } from './scan.js';

export interface FileBackendOptions {
  readonly directory: LogDirectory;
  /** By what another thread opens the directory. */
  readonly path: string;
  readonly durability?: Durability;
  /** Size at which the next file is begun (octets). */
  readonly fileOctets?: number;
  /** Something cannot be read any more, and stays; in words. */
  readonly onStuck?: (line: string) => void;
  /** Whether the disk has little space. */
  readonly isTight?: () => boolean;
  readonly waste?: Waste;
  /** Waits before another try (ms). */
  readonly pause?: (milliseconds: number) => Promise<void>;
  readonly scanner?: Scanner;
  /** Breaks in what is done in a queue that are worth asking for a barrier. */
  readonly breaks?: number;
}

export class FileBackend implements LogBackend {
  readonly #options: FileBackendOptions;

  constructor(options: FileBackendOptions) {
    this.#options = options;
  }

  /** Where this fails, the marker is still there for the next try. */
  async recover(options: RecoverOptions): Promise<RecoveredFiles> {
    const { directory, scanner, breaks } = this.#options;
    const ends = await readCleanShutdownMarker(directory);
    const recovered = await recover(directory, {
      ...options,
      clean: ends !== null,
      ...(ends && { ends }),
      ...(scanner && { scanner }),
      ...(breaks !== undefined && { breaks }),
    });
    return new RecoveredFiles(this.#options, ends !== null, recovered);
  }
}

class RecoveredFiles implements RecoveredLog {
  readonly clean: boolean;
  readonly report: RecoveryReport;
  readonly queues: readonly KeptQueue[];
  readonly highestQueue: number;
  readonly ledger: LogLedger;
  readonly #options: FileBackendOptions;
  readonly #recovered: Recovered;
  readonly #files: LogFiles;
  #reclaimer: Reclaimer | null = null;

  constructor(options: FileBackendOptions, clean: boolean, recovered: Recovered) {
    this.#options = options;
    this.clean = clean;
    this.#recovered = recovered;
    this.report = recovered.report;
    this.queues = recovered.queues.map((queue) => ({ ...queue, delivered: queue.source.delivered() }));
    this.highestQueue = recovered.highestQueue;
    this.ledger = recovered.ledger;
    this.#files = recovered.files;
  }

  open(observer: CommitLogObserver): LogWriter {
    const { directory, durability, fileOctets, pause, scanner, onStuck, waste, isTight } = this.#options;
    const sources = new Map(this.#recovered.queues.map(({ id, source }) => [id, source]));
    const writer = new LogWriter({
      ...observer,
      directory,
      writerNumber: 0,
      start: this.#recovered.start(0),
      ...(durability && { durability }),
      ...(fileOctets && { fileOctets }),
      ...(pause && { pause }),
    });
    this.#reclaimer = new Reclaimer({
      directory,
      writer,
      files: this.#files,
      liveness: this.ledger,
      onMoved: (queue, position, file, offset) => sources.get(queue)?.moved(position, file, offset),
      ...(scanner && { scanner }),
      ...(onStuck && {
        onStuck: (file, { message }) => onStuck(`log file ${file} cannot be read any more, and stays (${message})`),
      }),
      ...(waste && { waste }),
      ...(isTight && { isTight }),
    });
    return writer;
  }

  setups(workers: number): FilesSetup[] {
    const { path, durability = 'fsync' } = this.#options;
    return Array.from({ length: workers }, (_, worker) => {
      const writerNumber = worker + 1;
      return { kind: 'files', directory: path, durability, writerNumber, start: this.#recovered.start(writerNumber) };
    });
  }

  heard(writerNumber: number, event: Exclude<LogEvent, { readonly type: 'passed' }>): void {
    const place = inFile(event.location);
    const file = this.#files.file(writerNumber, place.file);
    file.octets = place.end;
    if (event.type === 'placed') {
      file.messageOctets += event.messageOctets;
      this.ledger.heard(event.facts, file);
    } else {
      file.closed = true;
      file.closedAt = this.#files.moment();
      file.failed = event.failed;
    }
  }

  async reclaim(): Promise<boolean> {
    return this.#reclaimer !== null && (await this.#reclaimer.step()) !== null;
  }

  removeCleanShutdownMarker(): Promise<void> {
    return removeCleanShutdownMarker(this.#options.directory);
  }

  async writeCleanShutdownMarker(): Promise<void> {
    await writeCleanShutdownMarker(this.#options.directory, await this.ends());
  }

  async ends(): Promise<Ends> {
    const names = new Set((await this.#options.directory.list()).map(({ name }) => name));
    return new Map(
      [...this.#files.states.values()].filter(({ name }) => names.has(name)).map(({ name, octets }) => [name, octets]),
    );
  }
}
