/**
 * Writing and reading logs in tests: small files, no waiting, one scanner for all recoveries.
 */
import { BatchBuilder } from '../../../dist/store/log/batch.js';
import { LogWriter } from '../../../dist/store/log/log-writer.js';
import { Scanner } from '../../../dist/store/log/scan.js';
import { LogManager, type LogManagerOptions } from '../../../dist/store/log-manager.js';
import { type Recovered, type RecoverOptions, recover as recoverLogs } from '../../../dist/store/recovery/recovery.js';
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
    writer: 0,
    start: { file: 0, batch: 0, message: 0 },
    onEvent: () => undefined,
    fileOctets: 32 << 10,
    stopwatch: () => 0,
    pause: async () => undefined,
    ...options,
  });
}

export async function openLogManager(log: LogDirectory, options: Partial<LogManagerOptions> = {}): Promise<LogManager> {
  const logManager = await LogManager.open({
    log,
    exists: () => true,
    fileOctets: 16 << 10,
    reclaimMs: 0,
    pause: async () => undefined,
    scanner,
    ...options,
  });
  await logManager.begin();
  return logManager;
}

export function publish(writer: LogWriter, queue: number, position: number, bodies: readonly string[]): Promise<void> {
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
  return writer.append(batch);
}

export function ack(writer: LogWriter, queue: number, from: number, count = 1): Promise<void> {
  const batch = new BatchBuilder();
  batch.ack(queue, [{ from, count }]);
  return writer.append(batch);
}
