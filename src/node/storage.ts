/**
 * What a broker keeps on disk: the data directory, the definitions, the log of messages. Opened before anything runs,
 * closed after all else has ended. What must hold: nothing is written before recovery is done; the clean-shutdown
 * marker is set only when everything recorded is written.
 */
import { join } from 'node:path';
import type { DefinitionStore } from '../broker/definitions/definition-store.js';
import type { RestoredQueue } from '../broker/definitions/restoration.js';
import type { CopyView } from '../cluster/copy/copy-view.js';
import { openDataView } from '../cluster/copy/data-view.js';
import type { Engine, Queue } from '../engine/engine.js';
import type { Durability, Health, LogEvent, PositionRange } from '../log/commit-log.js';
import { within } from '../platform/within.js';
import type { Spill } from '../queues/spill/spill.js';
import type { DataDirectory } from '../store/data-directory.js';
import type { Definitions } from '../store/definitions.js';
import type { LogManager } from '../store/log-manager.js';
import { openData } from '../store/open-data.js';
import { progressTeller } from '../store/progress.js';
import { PRIORITIES } from '../store/recovery/ledger.js';
import { createBusyPoll } from '../worker/busy-poll.js';
import { ParticipantLog } from '../worker/participant-log.js';
import type { LogToOpen } from '../worker/thread-messages.js';
import type { DamageEvent } from './program-events.js';
import { type Lead, Replication } from './replication.js';

/** Where messages and definitions are kept, and what a confirm means. */
export interface DataOptions {
  readonly directory: string;
  readonly durability: Durability;
  /** Free space on its file system below which publishers are blocked (octets); null: the default. */
  readonly diskFreeLimit: number | null;
  /** Whether workers and CPUs stay awake for a client that waits for each confirm. */
  readonly busyPoll: boolean;
  /**
   * Whether a start goes on without what the device does not give of the log, and without messages of queues that the
   * definitions do not know.
   */
  readonly skipUnreadable: boolean;
  readonly dropUnknownQueues: boolean;
}

/** Whoever keeps a log beside the broker thread. */
interface Others {
  askBarrier(worker: number, barrier: number): void;
  health(writerNumber: number, health: Health): void;
  isLowOnDisk(): boolean;
}

/** How often what the broker thread has recorded is written, apart from what requests bring about (ms). */
const WRITE_MS = 100;
/** How long the definitions may take to be closed after a defect, which may be theirs (ms). */
const DROP_MS = 1_000;

export class Storage {
  readonly definitions: DefinitionStore;
  readonly #local: Definitions;
  readonly #replication: Replication | null;
  readonly #options: DataOptions;
  readonly #data: DataDirectory;
  readonly #logManager: LogManager;
  readonly #others: { it: Others | null };
  /** The log position of the next message, by queue: the highest of its priorities. */
  readonly #next = new Map<number, number>();
  readonly #report: (line: string) => void;
  #log: ParticipantLog | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isAbandoned = false;

  /** Throws a DataDirectoryError where the directory cannot be used. */
  static async open(options: DataOptions, report: (line: string) => void, lead: Lead | null = null): Promise<Storage> {
    const others: { it: Others | null } = { it: null };
    let replication: Replication | null = null;
    const { data, definitions, log } = await openData({
      ...options,
      isMember: lead !== null,
      report,
      isTight: () => others.it?.isLowOnDisk() ?? false,
      onHealth: (health) => others.it?.health(0, health),
      askBarrier: (writerNumber, barrier) => others.it?.askBarrier(writerNumber, barrier),
      onKnown: (reach) => replication?.known(reach),
    });
    replication = lead === null ? null : new Replication(lead.node, definitions);
    return new Storage(options, data, definitions, log, others, report, replication);
  }

  private constructor(
    options: DataOptions,
    data: DataDirectory,
    definitions: Definitions,
    logManager: LogManager,
    others: { it: Others | null },
    report: (line: string) => void,
    replication: Replication | null,
  ) {
    this.#replication = replication;
    this.#report = report;
    this.#options = options;
    this.#data = data;
    this.#local = definitions;
    this.definitions = replication?.definitions ?? definitions;
    this.#logManager = logManager;
    this.#others = others;
    for (const { id, next } of logManager.queues) {
      const queue = id - (id % PRIORITIES);
      this.#next.set(queue, Math.max(this.nextPosition(queue), next));
    }
  }

  /** Messages that came back. */
  get recovered(): number {
    return this.#logManager.report.messages;
  }

  /** What was wrong with the log when it was read; null: nothing. */
  get damage(): DamageEvent | null {
    const { damaged, lost, notices } = this.#logManager.report;
    if (notices.length === 0) return null;
    const parts = damaged.filter(({ kind }) => kind !== 'torn');
    return {
      parts: parts.map(({ file, offset, octets, quarantine }) => ({ file, offset, octets, quarantine })),
      lost: lost.length,
      notices,
    };
  }

  get spillPath(): string {
    return join(this.#data.path, 'spill');
  }

  get path(): string {
    return this.#data.path;
  }

  get clusterId(): string {
    return this.#data.clusterId;
  }

  /** The log is written from now on. */
  begin(): Promise<void> {
    return this.#logManager.begin();
  }

  /** The start has not failed. */
  started(): void {
    this.#logManager.startClearing();
  }

  /** The broker thread records from now on what it does to queues: purges, what is too much by a policy. */
  start(engine: Engine, others: Others): void {
    const files = this.#logManager.writer;
    const health = (state: Health): void => this.#others.it?.health(0, state);
    const writer = this.#replication?.log(files, this.#options.durability, health) ?? files;
    // Nothing has to be sent here. The thread must not be woken beside the spill, which would not be rung then when a
    // queue wants its messages.
    const log = new ParticipantLog(engine, writer, () => undefined);
    this.#log = log;
    this.#others.it = {
      health: (number, health) => {
        if (number === 0) log.healthChanged();
        others.health(number, health);
      },
      askBarrier: (number, barrier) => (number === 0 ? log.barrier(barrier) : others.askBarrier(number - 1, barrier)),
      isLowOnDisk: others.isLowOnDisk,
    };
    this.#timer = setInterval(() => log.write(), WRITE_MS);
    this.#timer.unref();
  }

  /** The logs that the workers are to open. */
  workerLogs(workers: number): LogToOpen[] {
    const busyPoll = this.#options.busyPoll ? createBusyPoll() : null;
    const setups = this.#logManager.setups(workers);
    return setups.map((files) => ({ setup: this.#replication?.setup(files) ?? files, busyPoll }));
  }

  /** Where the messages of a queue go on, in each of its priorities. */
  nextPosition = (logId: number): number => this.#next.get(logId) ?? 0;

  /** Gives queues their messages back, which stay on disk until they are wanted. */
  requeue(restored: readonly RestoredQueue[], engine: Engine, spill: Spill): void {
    const byId = new Map(restored.map((one) => [one.logId, one]));
    const tell = progressTeller(this.#report);
    const { queues } = this.#logManager;
    for (const [index, { id, count, bytes, source }] of queues.entries()) {
      tell(() => `giving queues their messages back: ${index} of ${queues.length}`);
      const priority = id % PRIORITIES;
      const one = byId.get(id - priority);
      if (one === undefined || count === 0) continue;
      const ref = engine.priorityOf(one.queue, priority, true);
      if (ref === 0 || !spill.recovered(ref, source, bytes, one.holdsBack))
        throw new Error(`no memory for the ${count} messages of a queue: start with a larger --memory`);
    }
  }

  heard(writerNumber: number, event: LogEvent): void {
    this.#logManager.heard(writerNumber, event);
  }

  /** A queue is gone for good. */
  forgotten(logId: number): void {
    this.#logManager.deleted(logId);
    this.#replication?.deleted(logId);
  }

  /** Shows what is kept to a node that copies it, while this one leads. */
  openView(): Promise<CopyView> {
    return openDataView({ path: this.path, definitions: this.#local, log: this.#logManager });
  }

  /** Something may have been recorded on the broker thread. */
  write(): void {
    this.#log?.write();
  }

  /** Resolves when what was recorded on the broker thread is durable; null: it is. */
  recorded(): Promise<void> | null {
    return this.#log?.durable() ?? null;
  }

  /**
   * Nobody works any more. `written`: all that workers recorded is; `queues`: those in the log, with their numbers;
   * `vouches`: false where another node may serve already, which has delivered what this one knows nothing of.
   */
  async close(engine: Engine, written: boolean, queues: ReadonlyMap<Queue, number>, vouches: boolean): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    const own = this.#log === null || (await this.#log.settle());
    const kept = written && own && vouches;
    const error = await this.#logManager.close(kept ? deliveredRanges(engine, queues) : null);
    if (error !== null || (vouches && !kept)) {
      const reason = error === null ? '' : ` (${error.message})`;
      this.#report(
        `not all of the log could be written${reason}: what is confirmed is there, and comes back as redelivered`,
      );
    }
    await this.#replication?.close();
    await this.#local.close();
    this.#data.close();
  }

  /**
   * A defect has been found: nothing is written any more, and nothing says that this was an orderly end. The directory
   * stays locked until the thread ends, and with it what is still under way in it.
   */
  async drop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#logManager.drop();
    await this.#replication?.close(true);
    await within(DROP_MS, this.#local.close());
  }

  /** The start has failed. `written`: all that workers recorded is. Only the first call counts. */
  async abandon(written: boolean): Promise<void> {
    if (this.#isAbandoned) return;
    this.#isAbandoned = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    const own = this.#log === null || (await this.#log.settle());
    await this.#logManager.abandon(written && own);
    await this.#replication?.close();
    await this.#local.close();
    this.#data.close();
  }
}

/**
 * What was delivered in this life and came back: that never leaves memory. What was delivered in an earlier one the log
 * manager knows.
 */
function deliveredRanges(engine: Engine, queues: ReadonlyMap<Queue, number>): Map<number, PositionRange[]> {
  const delivered = new Map<number, PositionRange[]>();
  for (const [queue, logId] of queues) {
    for (const { priority, from, count } of engine.redeliveredRanges(queue)) {
      const ranges = delivered.get(logId + priority) ?? [];
      delivered.set(logId + priority, ranges);
      ranges.push({ from, count });
    }
  }
  return delivered;
}
