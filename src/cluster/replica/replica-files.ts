/**
 * The log files and definitions of a node that follows: a log of each lane that the stream speaks of, opened when it
 * first does, and what is dead cleared away as in a broker that serves.
 */
import type { CommitLog, Health } from '../../log/commit-log.js';
import { WORKERS_MAX } from '../../log/record-format.js';
import type { LogManager } from '../../store/log-manager.js';
import type { FilesSetup } from '../../store/log-setup.js';
import type { OpenCommitLog } from '../../store/open-log.js';
import type { CopyView } from '../copy/copy-view.js';
import type { ReplicaDefinitions, ReplicaFiles } from './replica.js';

interface Around {
  /** A log cannot be written, and tries again; null: all can. */
  readonly onTrouble: (error: Error | null) => void;
  /** Called when all logs have ended, however that went. */
  readonly closed: () => Promise<void>;
  readonly openView: () => Promise<CopyView>;
}

export class FollowedFiles implements ReplicaFiles {
  readonly definitions: ReplicaDefinitions;
  readonly #log: LogManager;
  readonly #openLog: OpenCommitLog;
  readonly #setups: readonly FilesSetup[];
  readonly #lanes = new Map<number, CommitLog>();

  readonly #around: Around;
  /** Why logs cannot be written now, by their numbers. */
  readonly #troubles = new Map<number, Error>();
  #onStuck: ((error: Error) => void)[] = [];

  /** `log`: recovered, and begun. */
  constructor(log: LogManager, definitions: ReplicaDefinitions, openLog: OpenCommitLog, around: Around) {
    this.#log = log;
    this.definitions = definitions;
    this.#openLog = openLog;
    this.#around = around;
    this.#setups = log.setups(WORKERS_MAX);
    this.#lanes.set(log.writer.writerNumber, log.writer);
  }

  /** How the log of a lane goes; that of the manager's own is told by who opened it. */
  healthOf(writerNumber: number, health: Health): void {
    const before = this.#troubles.size;
    if (health.state === 'ok') this.#troubles.delete(writerNumber);
    else {
      this.#troubles.set(writerNumber, health.error);
      for (const resolve of this.#onStuck.splice(0)) resolve(health.error);
      this.#around.onTrouble(health.error);
    }
    if (before > 0 && this.#troubles.size === 0) this.#around.onTrouble(null);
  }

  stuck(): Promise<Error> {
    const [trouble] = this.#troubles.values();
    return new Promise((resolve) => {
      if (trouble === undefined) this.#onStuck.push(resolve);
      else resolve(trouble);
    });
  }

  lane(writerNumber: number): CommitLog {
    const known = this.#lanes.get(writerNumber);
    if (known !== undefined) return known;
    const setup = this.#setups.find((one) => one.writerNumber === writerNumber);
    if (setup === undefined) throw new RangeError(`lane ${writerNumber} is none of ${WORKERS_MAX} workers`);
    // Whatever a confirm means: what the position says is there must be there.
    const lane = this.#openLog(
      { ...setup, durability: 'fsync' },
      {
        onEvent: (event) => this.#log.heard(writerNumber, event),
        onHealth: (health) => this.healthOf(writerNumber, health),
      },
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

  openView(): Promise<CopyView> {
    return this.#around.openView();
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
      await this.#around.closed();
    }
  }
}
