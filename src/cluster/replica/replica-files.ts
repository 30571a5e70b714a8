/**
 * The log files and definitions of a node that follows: a log of each lane that the stream speaks of, opened when it
 * first does, and what is dead cleared away as in a broker that serves.
 */
import type { CommitLog } from '../../log/commit-log.js';
import { WORKERS_MAX } from '../../log/record-format.js';
import type { LogManager } from '../../store/log-manager.js';
import type { FilesSetup } from '../../store/log-setup.js';
import type { OpenCommitLog } from '../../store/open-log.js';
import type { ReplicaDefinitions, ReplicaFiles } from './replica.js';

export class FollowedFiles implements ReplicaFiles {
  readonly definitions: ReplicaDefinitions;
  readonly #log: LogManager;
  readonly #openLog: OpenCommitLog;
  readonly #setups: readonly FilesSetup[];
  readonly #lanes = new Map<number, CommitLog>();

  readonly #closed: () => Promise<void>;

  /** `log`: recovered, and begun. `closed`: called when all logs have ended, however that went. */
  constructor(
    log: LogManager,
    definitions: ReplicaDefinitions,
    openLog: OpenCommitLog,
    closed: () => Promise<void> = async () => undefined,
  ) {
    this.#closed = closed;
    this.#log = log;
    this.definitions = definitions;
    this.#openLog = openLog;
    this.#setups = log.setups(WORKERS_MAX);
    this.#lanes.set(log.writer.writerNumber, log.writer);
  }

  lane(writerNumber: number): CommitLog {
    const known = this.#lanes.get(writerNumber);
    if (known !== undefined) return known;
    const setup = this.#setups.find((one) => one.writerNumber === writerNumber);
    if (setup === undefined) throw new RangeError(`lane ${writerNumber} is none of ${WORKERS_MAX} workers`);
    // Whatever a confirm means: what the position says is there must be there.
    const lane = this.#openLog(
      { ...setup, durability: 'fsync' },
      { onEvent: (event) => this.#log.heard(writerNumber, event) },
    );
    this.#lanes.set(writerNumber, lane);
    return lane;
  }

  deleted(queue: number): void {
    this.#log.deleted(queue);
  }

  known(queue: number, below: number): void {
    this.#log.known(queue, below);
  }

  async close(): Promise<void> {
    const workers = [...this.#lanes.values()].filter((lane) => lane !== this.#log.writer);
    try {
      const ends = await Promise.allSettled(workers.map((lane) => lane.close()));
      // Nobody vouches for what a node has that has not led: all may have been delivered.
      const error = await this.#log.close(null);
      if (error !== null) throw error;
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    } finally {
      await this.#closed();
    }
  }
}
