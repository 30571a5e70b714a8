/**
 * Writing and reading logs in tests: small files, no waiting, one scanner for all recoveries.
 */
import { BatchBuilder } from '../../../dist/store/log/batch.js';
import { FileBackend, type FileBackendOptions } from '../../../dist/store/log/file-backend.js';
import { LogWriter } from '../../../dist/store/log/log-writer.js';
import { Scanner } from '../../../dist/store/log/scan.js';
import { LogManager, type LogManagerOptions } from '../../../dist/store/log-manager.js';
import {
  type Recovered,
  type RecoverOptions,
  type RecoveryReport,
  recover as recoverLogs,
} from '../../../dist/store/recovery/recovery.js';
import type { CommitLog } from '../../../src/log/commit-log.js';
import type { LogDirectory } from '../../../src/store/log/log-directory.js';
import { storedMessage } from './messages.js';

export const scanner = new Scanner();

/** Recovers as after an orderly end, so that what was delivered can be told. */
export function recover(directory: LogDirectory, options: RecoverOptions = {}): Promise<Recovered> {
  return recoverLogs(directory, { scanner, clean: true, ...options });
}

export function openWriter(
  directory: LogDirectory,
  options: Partial<ConstructorParameters<typeof LogWriter>[0]> = {},
): LogWriter {
  return new LogWriter({
    directory,
    writerNumber: 0,
    start: { file: 0, batch: 0, message: 0 },
    onEvent: () => undefined,
    fileOctets: 32 << 10,
    stopwatch: () => 0,
    pause: async () => undefined,
    ...options,
  });
}

export type ManagerOptions = Partial<Omit<LogManagerOptions, 'backend'> & Omit<FileBackendOptions, 'directory'>>;

/** A log manager over files: small ones, and nothing is cleared away unless a test asks for it. */
export function readLog(directory: LogDirectory, options: ManagerOptions = {}): Promise<LogManager> {
  const backend = new FileBackend({ directory, path: '', fileOctets: 16 << 10, scanner, ...options });
  return LogManager.open({ exists: () => true, reclaimMs: 0, ...options, backend });
}

/** The same, ready to be written. */
export async function openLogManager(directory: LogDirectory, options: ManagerOptions = {}): Promise<LogManager> {
  const logManager = await readLog(directory, { pause: async () => undefined, ...options });
  await logManager.begin();
  return logManager;
}

/** Ends the file that the broker thread's log writes. */
export function endFile({ writer }: Pick<LogManager, 'writer'>): Promise<void> {
  return (writer as LogWriter).endFile();
}

/** What recovery found in files. */
export function reportOf({ report }: Pick<LogManager, 'report'>): RecoveryReport {
  return report as RecoveryReport;
}

export async function publish(
  writer: CommitLog,
  queue: number,
  position: number,
  bodies: readonly string[],
): Promise<void> {
  const batch = new BatchBuilder();
  const first = writer.takeMessageIds(bodies.length);
  bodies.forEach((body, i) => {
    batch.message(first + i, storedMessage(body));
  });
  batch.enqueue(
    queue,
    position,
    1000,
    bodies.map((_, i) => first + i),
  );
  await writer.append(batch);
}

export async function ack(writer: CommitLog, queue: number, from: number, count = 1): Promise<void> {
  const batch = new BatchBuilder();
  batch.ack(queue, [{ from, count }]);
  await writer.append(batch);
}
