/**
 * From log files to queues: reads every file of every lane, whatever wrote them and in whatever order, rebuilds the queues by position, puts
 * damaged files in order and reports what it found; then streams the messages that are still in a queue. What must hold: what was reported
 * durable and not done is there exactly once; what was recorded as done never comes back.
 */
import type { StoredMessage } from './batch.js';
import { Facts, type LostMessage, type RecoveredQueue } from './facts.js';
import type { LaneStart } from './lane.js';
import { LiveFiles, type LogFileState, newFileState } from './live-files.js';
import type { LogDirectory } from './log-directory.js';
import { type FoundFile, findFiles, withFile } from './log-set.js';
import { streamMessages } from './message-stream.js';
import { type Damaged, isEmpty, type Neighbours, repairFile } from './repair.js';
import { type Scanned, Scanner } from './scan.js';

export interface Progress {
  readonly octets: number;
  readonly octetsTotal: number;
  readonly messages: number;
  /** Millions of octets a second. */
  readonly rate: number;
  readonly secondsLeft: number;
}

export interface RecoverOptions {
  /** Whether a queue is still defined; without it, those that no record says are deleted. */
  readonly exists?: (queue: number) => boolean;
  readonly onProgress?: (progress: Progress) => void;
  readonly scanner?: Scanner;
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

interface Read {
  readonly found: FoundFile;
  readonly scanned: Scanned;
  readonly state: LogFileState;
}

export async function recover(directory: LogDirectory, options: RecoverOptions = {}): Promise<Recovered> {
  const begun = performance.now();
  const found = await findFiles(directory);
  if (found.unborn.length > 0) {
    for (const name of found.unborn) await directory.remove(name);
    await directory.syncNames();
  }
  const facts = new Facts();
  const reads = await readAll(directory, found.logs, facts, options, begun);
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

async function readAll(
  directory: LogDirectory,
  logs: readonly FoundFile[],
  facts: Facts,
  options: RecoverOptions,
  begun: number,
): Promise<Read[]> {
  const scanner = options.scanner ?? new Scanner();
  const octetsTotal = logs.reduce((sum, { octets }) => sum + octets, 0);
  let octets = 0;
  const tell = (more: number): void => {
    octets += more;
    const seconds = (performance.now() - begun) / 1000;
    const rate = octets / 1e6 / seconds;
    const secondsLeft = Math.max(0, (octetsTotal - octets) / 1e6 / rate);
    options.onProgress?.({ octets, octetsTotal, messages: facts.messages.ids.length, rate, secondsLeft });
  };
  const reads: Read[] = [];
  for (const found of logs) {
    const state = newFileState(found.name, found.lane, found.number);
    state.closed = true;
    facts.beginFile(reads.length, state);
    const scanned =
      found.head === null
        ? UNREADABLE
        : await withFile(directory, found.name, (file) =>
            scanner.scan(file, (found.head as NonNullable<typeof found.head>).seed, (seen) => facts.take(seen), tell),
          );
    state.octets = scanned.end;
    reads.push({ found, scanned, state });
  }
  return reads;
}

const UNREADABLE: Scanned = {
  end: 0,
  damages: [],
  batches: 0,
  firstBatch: -1,
  lastHead: -1,
  lastBatch: -1,
  sealed: true,
};

function lastBatch(reads: readonly Read[]): number {
  return reads.reduce((last, { scanned }) => Math.max(last, scanned.lastBatch), -1);
}

/** The batches of the same lane around a file. */
export function neighboursOf(reads: readonly Pick<Read, 'found' | 'scanned'>[], index: number): Neighbours {
  const { lane } = (reads[index] as Read).found;
  const next = reads.slice(index + 1).find(({ found, scanned }) => found.lane === lane && scanned.firstBatch >= 0);
  const before = reads.slice(0, index).filter(({ found }) => found.lane === lane);
  return {
    before: before.reduce((last, { scanned }) => Math.max(last, scanned.lastBatch), -1),
    behind: next?.scanned.firstBatch ?? Number.POSITIVE_INFINITY,
  };
}

/** Counts what each file holds; returns in how many queues each message of the table is. */
function countHolders(queues: readonly RecoveredQueue[], facts: Facts, reads: readonly Read[]): Uint32Array {
  const holders = new Uint32Array(facts.messages.ids.length);
  for (const { messages } of queues) for (const index of messages) holders[index] = (holders[index] as number) + 1;
  holders.forEach((count, index) => {
    if (count === 0) return;
    const state = (reads[facts.messages.files.at(index)] as Read).state;
    state.liveMessages += 1;
    state.liveOctets += facts.messages.spans.at(index);
  });
  return holders;
}

/** Files that end before the next one of their lane begins. */
function missingBatches(reads: readonly Read[]): { file: string; batches: number }[] {
  const missing: { file: string; batches: number }[] = [];
  reads.forEach(({ found, scanned }, index) => {
    const next = reads[index + 1];
    if (next === undefined || scanned.sealed || found.head === null) return;
    if (next.found.lane !== found.lane || next.found.number !== found.number + 1 || next.scanned.firstBatch < 0) return;
    const last = Math.max(scanned.lastBatch, found.head.firstBatch - 1);
    const batches = next.scanned.firstBatch - last - 1;
    if (batches > 0) missing.push({ file: found.name, batches });
  });
  return missing;
}
