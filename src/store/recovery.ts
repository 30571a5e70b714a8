/**
 * From log files to queues: reads every file of every lane, whatever wrote them and in whatever order, rebuilds the queues by position, puts
 * damaged files in order and reports what it found; then streams the messages that are still in a queue. What must hold: what was reported
 * durable and not done is there exactly once; what was recorded as done never comes back.
 */
import type { StoredMessage } from './batch.js';
import { Facts, type LostMessage, type RecoveredQueue } from './facts.js';
import type { LaneStart } from './lane.js';
import { LiveFiles, type LogFileState } from './live-files.js';
import type { LogDirectory } from './log-directory.js';
import {
  countHolders,
  lastBatch,
  missingBatches,
  neighboursOf,
  type Read,
  type ReadOptions,
  readAll,
} from './log-reader.js';
import { findFiles } from './log-set.js';
import { streamMessages } from './message-stream.js';
import { type Damaged, isEmpty, repairFile } from './repair.js';

export interface RecoverOptions extends Pick<ReadOptions, 'onProgress' | 'scanner'> {
  /** Whether a queue is still defined; without it, those that no record says are deleted. */
  readonly exists?: (queue: number) => boolean;
}

export interface RecoveryReport {
  readonly files: number;
  readonly octets: number;
  readonly messages: number;
  readonly damaged: readonly Damaged[];
  /** Batches that a file once had and that are not in it any more. */
  readonly missing: readonly { readonly file: string; readonly batches: number }[];
  readonly lost: readonly LostMessage[];
  readonly seconds: number;
}

export interface RecoveredMessage {
  /** Where it is in the table of messages, to which the queues refer. */
  readonly index: number;
  readonly id: number;
  readonly message: StoredMessage;
}

export interface Recovered {
  readonly queues: readonly RecoveredQueue[];
  readonly deleted: ReadonlySet<number>;
  readonly report: RecoveryReport;
  readonly files: LiveFiles;
  /** The file, id and octets of a message in the table. */
  place(index: number): { readonly file: LogFileState; readonly id: number; readonly octets: number };
  /** Where a lane goes on. */
  start(lane: number): LaneStart;
  /** Everything that a queue refers to, once, file by file. The octets are good until the next step. */
  messages(): AsyncGenerator<readonly RecoveredMessage[]>;
}

export async function recover(directory: LogDirectory, options: RecoverOptions = {}): Promise<Recovered> {
  const begun = performance.now();
  const found = await findFiles(directory);
  if (found.unborn.length > 0) {
    for (const name of found.unborn) await directory.remove(name);
    await directory.syncNames();
  }
  const facts = new Facts();
  const reads = await readAll(directory, found.logs, facts, options);
  const damaged: Damaged[] = [];
  for (const [index, { found: file, scanned }] of reads.entries()) {
    damaged.push(...(await repairFile(directory, file, scanned, neighboursOf(reads, index))));
  }
  await directory.syncNames();
  const { queues, lost } = facts.queues(options.exists ?? (() => true));
  const holders = countHolders(queues, facts, reads);
  const report: RecoveryReport = {
    files: reads.length,
    octets: reads.reduce((sum, { scanned }) => sum + scanned.end, 0),
    messages: holders.reduce((sum, count) => sum + Math.min(count, 1), 0),
    damaged,
    missing: missingBatches(reads),
    lost,
    seconds: (performance.now() - begun) / 1000,
  };
  const kept = reads.filter(({ found: { head }, scanned }) => head !== null && !isEmpty(scanned));
  return {
    queues,
    deleted: facts.deleted,
    report,
    files: new LiveFiles(kept.map(({ state }) => state)),
    place: (index) => ({
      file: (reads[facts.messages.files.at(index)] as Read).state,
      id: facts.messages.ids.at(index),
      octets: facts.messages.spans.at(index),
    }),
    start: (lane) => ({
      file: 1 + Math.max(-1, ...found.logs.filter((file) => file.lane === lane).map(({ number }) => number)),
      batch: 1 + lastBatch(reads.filter(({ found: file }) => file.lane === lane)),
      message: 1 + (facts.lastSequence.get(lane) ?? -1),
    }),
    messages: () =>
      streamMessages(
        directory,
        reads.map(({ found: { name } }) => name),
        facts.messages,
        holders,
      ),
  };
}
