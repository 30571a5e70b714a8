/**
 * Writing and reading logs in tests: small files, no waiting, one scanner for all recoveries.
 */
import { BatchBuilder } from '../../../dist/store/log/batch.js';
import { Lane } from '../../../dist/store/log/log-writer.js';
import { Scanner } from '../../../dist/store/log/scan.js';
import { Keeper, type KeeperOptions } from '../../../dist/store/log-manager.js';
import { type Recovered, type RecoverOptions, recover as recoverLogs } from '../../../dist/store/recovery/recovery.js';
import type { LogDirectory } from '../../../src/store/log/log-directory.js';
import { storedMessage } from './messages.js';

export const scanner = new Scanner();

/** Recovers as after an orderly end, so that what was delivered can be told. */
export function recover(directory: LogDirectory, options: RecoverOptions = {}): Promise<Recovered> {
  return recoverLogs(directory, { scanner, clean: true, ...options });
}

export function openLane(directory: LogDirectory, options: Partial<ConstructorParameters<typeof Lane>[0]> = {}): Lane {
  return new Lane({
    directory,
    lane: 0,
    start: { file: 0, batch: 0, message: 0 },
    onEvent: () => undefined,
    fileOctets: 32 << 10,
    stopwatch: () => 0,
    pause: async () => undefined,
    ...options,
  });
}

export async function openKeeper(log: LogDirectory, options: Partial<KeeperOptions> = {}): Promise<Keeper> {
  const keeper = await Keeper.open({
    log,
    exists: () => true,
    fileOctets: 16 << 10,
    reclaimMs: 0,
    pause: async () => undefined,
    scanner,
    ...options,
  });
  await keeper.begin();
  return keeper;
}

export function publish(lane: Lane, queue: number, position: number, bodies: readonly string[]): Promise<void> {
  const batch = new BatchBuilder();
  const first = lane.takeMessageIds(bodies.length);
  bodies.forEach((body, i) => {
    batch.message(first + i, storedMessage(body));
  });
  batch.enqueue(
    queue,
    position,
    1000,
    bodies.map((_, i) => first + i),
  );
  return lane.append(batch);
}

export function ack(lane: Lane, queue: number, from: number, count = 1): Promise<void> {
  const batch = new BatchBuilder();
  batch.ack(queue, [{ from, count }]);
  return lane.append(batch);
}
