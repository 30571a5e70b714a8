/**
 * This folder is for what is read of log files, at the start and when they are cleared away; the store, and what
 * inspects it, may import it.
 *
 * Here: from log files to queues: reads every file of every writer, whatever wrote them and in whatever order, rebuilds
 * the queues by position, puts damaged files in order and reports what it found; then gives each queue a source of the
 * messages that are still in it. What must hold: what was reported durable and not done is there exactly once; what was
 * recorded as done never comes back.
 */

import type { LogDirectory } from '../log/log-directory.js';
import { LogFiles } from '../log/log-files.js';
import { type Ends, findFiles } from '../log/log-set.js';
import type { LogWriterStart } from '../log/log-writer.js';
import type { RecoverOptions as RecoveryQuestions, RecoverySummary } from '../log-backend.js';
import { LogLedger } from './ledger.js';
import {
  countMessages,
  heldMessages,
  lastBatch,
  missingBatches,
  type Read,
  type ReadOptions,
  readAll,
  uncertainReads,
} from './log-reader.js';
import { LogSource, OFFSET_UNIT, type Places } from './log-source.js';
import { recoveryNotices } from './notices.js';
import { type Damaged, goes, repairFile } from './repair.js';
import { type LostMessage, type QueueLeft, ReplayIndex } from './replay-index.js';

export interface RecoverOptions
  extends Partial<RecoveryQuestions>,
    Pick<ReadOptions, 'onProgress' | 'scanner' | 'skipUnreadable'> {
  /** The log was ended in order: what was delivered before is known. Else all messages may have been. */
  readonly clean?: boolean;
  /** Where the log's files ended then. */
  readonly ends?: Ends;
  /** See the ledger. */
  readonly breaks?: number;
}

export interface RecoveryReport extends RecoverySummary {
  readonly files: number;
  readonly octets: number;
  readonly damaged: readonly Damaged[];
  /** Batches that a file once had and that are not in it any more. */
  readonly missing: readonly { readonly file: string; readonly batches: number }[];
  readonly lost: readonly LostMessage[];
  readonly seconds: number;
}

type Unknown = RecoverySummary['unknown'];

/** There are messages of queues that nobody knows: the definitions are not those that belong to the log. */
export class UnknownQueuesError extends Error {
  constructor({ queues, messages }: Unknown) {
    super(
      `the log holds ${messages} messages of ${queues} queues that the definitions do not know: put the definitions back that ` +
        'belong to it, or let these messages go with --drop-unknown-queues',
    );
  }
}

/** What came back of one queue. */
export interface RecoveredQueue {
  readonly id: number;
  /** The position that comes after all that were ever given out. */
  readonly next: number;
  /** Messages that it holds. */
  readonly count: number;
  /** Octets of their bodies. */
  readonly bytes: number;
  /** Gives them, in order. */
  readonly source: LogSource;
}

export interface Recovered {
  readonly queues: readonly RecoveredQueue[];
  readonly report: RecoveryReport;
  readonly files: LogFiles;
  readonly ledger: LogLedger;
  /** The highest number of a queue that the log speaks of; −1: of none. */
  readonly highestQueue: number;
  /** Where a writer goes on. */
  start(writerNumber: number): LogWriterStart;
}

export async function recover(directory: LogDirectory, options: RecoverOptions = {}): Promise<Recovered> {
  const begun = performance.now();
  const found = await findFiles(directory, options.ends, options.skipUnreadable);
  const replayIndex = new ReplayIndex();
  const files = new LogFiles();
  const reads = await readAll(directory, found.logs, files, replayIndex, options);
  const unknown = unknownIn(replayIndex, options);
  if (unknown.messages > 0 && options.dropUnknown !== true) throw new UnknownQueuesError(unknown);
  // Up to here nothing was changed.
  if (found.unborn.length > 0) {
    for (const name of found.unborn) await directory.remove(name);
    await directory.syncNames();
  }
  const damaged: Damaged[] = [];
  const uncertain = options.clean === true ? new Set<Read>() : uncertainReads(reads);
  for (const read of reads) {
    for (const one of await repairFile(directory, read, uncertain.has(read))) damaged.push(one);
  }
  for (const { name, ended } of found.gone) {
    damaged.push({ file: name, offset: 0, octets: ended, kind: 'corrupt', quarantine: null });
  }
  await directory.syncNames();
  const { queues: left, lost } = replayIndex.queues(options.exists ?? (() => true));
  const ledger = new LogLedger(files, options.breaks);
  countMessages(replayIndex, reads);
  const queues = left.map((queue) => {
    const places = placesOf(queue, replayIndex, reads, options.clean === true);
    ledger.begin(queue.id, queue.next, places.positions, places.files, queue.requeues);
    ledger.settle(queue.id, options.follows === true ? queue.done : null);
    return { id: queue.id, next: queue.next, count: places.positions.length, bytes: queue.bytes, places };
  });
  const checkpoints = reads.filter(({ found: { writerNumber } }) => writerNumber === 0);
  if (options.clean === true && checkpoints.every(({ damages }) => damages.length === 0)) {
    for (const { state } of checkpoints) ledger.coveredBy(state);
  }
  for (const { found: file, scanned, state } of reads) {
    if (goes(file, scanned)) files.forget(state);
  }
  const report = {
    files: reads.length,
    octets: reads.reduce((sum, { end }) => sum + end, 0),
    messages: heldMessages(left, replayIndex).reduce((sum, held) => sum + held, 0),
    damaged,
    missing: missingBatches(reads),
    lost,
    unknown,
    seconds: (performance.now() - begun) / 1000,
  };
  const told = { ...report, notices: recoveryNotices(report) };
  return made(
    directory,
    files,
    ledger,
    queues,
    told,
    writerStarts(replayIndex, reads, options.nextMessages),
    replayIndex.highestQueue(),
  );
}

/** Messages of queues that are not defined and were not deleted. */
function unknownIn(replayIndex: ReplayIndex, { isUnknown }: RecoverOptions): Unknown {
  if (isUnknown === undefined) return { queues: 0, messages: 0 };
  const held = replayIndex.queues(isUnknown).queues.filter(({ positions }) => positions.length > 0);
  return { queues: held.length, messages: held.reduce((sum, { positions }) => sum + positions.length, 0) };
}

/** Keeps nothing of what was needed for reading alone. */
function made(
  directory: LogDirectory,
  files: LogFiles,
  ledger: LogLedger,
  queues: readonly (Omit<RecoveredQueue, 'source'> & { readonly places: Places })[],
  report: RecoveryReport,
  starts: ReadonlyMap<number, LogWriterStart>,
  highestQueue: number,
): Recovered {
  return {
    queues: queues.map(({ id, next, count, bytes, places }) => ({
      id,
      next,
      count,
      bytes,
      source: new LogSource(directory, files, id, places),
    })),
    report,
    files,
    ledger,
    highestQueue,
    start: (writer) => starts.get(writer) ?? { file: 0, batch: 0, message: 0 },
  };
}

/** Where the writers go on that files, ids of messages or `floors` speak of. */
function writerStarts(
  replayIndex: ReplayIndex,
  reads: readonly Read[],
  floors: ReadonlyMap<number, number> = new Map(),
): Map<number, LogWriterStart> {
  const starts = new Map<number, LogWriterStart>();
  const files = reads.map(({ found }) => found.writerNumber);
  for (const writer of new Set([...files, ...replayIndex.lastSequence.keys(), ...floors.keys()])) {
    const own = reads.filter(({ found }) => found.writerNumber === writer);
    starts.set(writer, {
      file: 1 + own.reduce((last, { found }) => Math.max(last, found.number), -1),
      batch: 1 + lastBatch(own),
      message: Math.max(1 + (replayIndex.lastSequence.get(writer) ?? -1), floors.get(writer) ?? 0),
    });
  }
  return starts;
}

function placesOf(queue: QueueLeft, replayIndex: ReplayIndex, reads: readonly Read[], clean: boolean): Places {
  const { positions, messages, delivered } = queue;
  const { files, offsets, spans } = replayIndex.messages;
  const places: Places = {
    positions,
    delivered: clean ? delivered : delivered.fill(1),
    requeues: queue.requeues,
    files: new Uint32Array(positions.length),
    offsets: new Uint32Array(positions.length),
    spans: new Uint32Array(positions.length),
  };
  for (let i = 0; i < positions.length; i++) {
    const message = messages[i] as number;
    places.files[i] = (reads[files.at(message)] as Read).state.index;
    places.offsets[i] = offsets.at(message) / OFFSET_UNIT;
    places.spans[i] = spans.at(message) / OFFSET_UNIT;
  }
  return places;
}
