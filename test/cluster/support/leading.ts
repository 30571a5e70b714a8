/**
 * A node with its directory, as one that serves would use it: it follows, and when it leads it recovers the directory
 * and writes by replicated logs, whose ports are pairs in this thread.
 */

import type { ClusterStatus } from '../../../dist/cluster/protocol/cluster-status.js';
import type { MemoryPresences } from '../../../dist/cluster/protocol/memory-presence.js';
import { CHAIN_START } from '../../../dist/cluster/records/link.js';
import { ReplicatedDefinitions } from '../../../dist/cluster/replicator/replicated-definitions.js';
import { Replicator } from '../../../dist/cluster/replicator/replicator.js';
import { SharedHold } from '../../../dist/cluster/replicator/shared-hold.js';
import type { MemoryStream } from '../../../dist/cluster/stream/memory-stream.js';
import type { Batch, CommitLog } from '../../../dist/log/commit-log.js';
import type { LogManager } from '../../../dist/store/log-manager.js';
import type { FromLane, LanePort, ToLane } from '../../../dist/store/replicated/lane-messages.js';
import { ReplicatedLog } from '../../../dist/store/replicated/replicated-log.js';
import type { FollowedDisk } from './followed-disk.js';

const LANES = 3;

/** What a leader has to work with. */
export interface Leading {
  readonly epoch: number;
  readonly log: LogManager;
  readonly lanes: readonly CommitLog[];
  readonly definitions: ReplicatedDefinitions;
}

/** Two ends, in one thread: what is posted is heard in a later pass, and is not the sender's any more. */
function portPair(isCut: () => boolean): [LanePort<FromLane, ToLane>, LanePort<ToLane, FromLane>] {
  const lane = { heard: (_: ToLane): void => undefined };
  const host = { heard: (_: FromLane): void => undefined };
  const portTo = <Out, In>(own: { heard: (message: In) => void }, other: { heard: (message: Out) => void }) => ({
    postMessage: (message: Out, transfer: readonly ArrayBuffer[]) => {
      const copy = structuredClone(message, { transfer: [...transfer] });
      setImmediate(() => isCut() || other.heard(copy));
    },
    on: (_: 'message', listener: (message: In) => void) => {
      own.heard = listener;
    },
    close: () => undefined,
  });
  return [portTo<FromLane, ToLane>(lane, host), portTo<ToLane, FromLane>(host, lane)];
}

/** A log on a disk that takes its time, and takes nothing more when the process is gone. */
function slowly(log: CommitLog, stream: MemoryStream, isCut: () => boolean): CommitLog {
  let last: Promise<unknown> = Promise.resolve();
  const slow = (batch: Batch): Promise<void> => {
    const due = new Promise<void>((resolve) => stream.clock.after(stream.random() ** 4 * 400, resolve));
    const written = Promise.all([last, due]).then(() =>
      isCut() ? new Promise<void>(() => undefined) : log.append(batch),
    );
    last = written;
    return written.then(() => undefined);
  };
  return {
    writerNumber: log.writerNumber,
    durability: log.durability,
    get health() {
      return log.health;
    },
    takeMessageIds: (count) => log.takeMessageIds(count),
    append: slow,
    barrier: (barrier) => log.barrier(barrier),
    retry: () => log.retry(),
    close: async () => {
      await last;
      await log.close();
    },
  };
}

export class LeadingNode {
  readonly #replicator: Replicator;
  readonly #stream: MemoryStream;
  #isKilled = false;
  leading: Leading | null = null;
  /** Why it is over; null: it is not. */
  over: string | null = null;

  private constructor(
    readonly name: string,
    readonly disk: FollowedDisk,
    stream: MemoryStream,
    start: (node: LeadingNode) => Replicator,
  ) {
    this.#stream = stream;
    this.#replicator = start(this);
  }

  static async start(
    name: string,
    disk: FollowedDisk,
    stream: MemoryStream,
    presences: MemoryPresences,
  ): Promise<LeadingNode> {
    const { replica } = await disk.follow();
    return new LeadingNode(
      name,
      disk,
      stream,
      (node) =>
        new Replicator({
          name,
          stream: stream.connect(name),
          clock: stream.clock,
          random: stream.random,
          replica,
          presence: presences.connect(name),
          version: '0',
          address: null,
          hold: new SharedHold(),
          events: {
            onLead: (epoch) => void node.#lead(epoch),
            onHandOver: (ready) => ready(),
            onRole: (role) => {
              if (role.kind === 'deposed' || role.kind === 'stopped') node.over = role.kind;
              if (role.kind === 'failed') node.over = role.error.message;
            },
            onTrouble: () => undefined,
          },
        }),
    );
  }

  get status(): ClusterStatus {
    return this.#replicator.status;
  }

  stepDown(to: string): Promise<boolean> {
    return this.#replicator.stepDown(to);
  }

  /** The process is gone, and nobody was told. */
  kill(): void {
    this.#isKilled = true;
    this.leading = null;
    void this.#replicator.stop(true).catch(() => undefined);
  }

  /** An orderly end. */
  async end(): Promise<void> {
    const { leading } = this;
    if (leading !== null) {
      await Promise.allSettled(leading.lanes.map((lane) => lane.close()));
      await leading.log.close(null);
    }
    await this.#replicator.stop();
  }

  async #lead(epoch: number): Promise<void> {
    const { disk } = this;
    const log = await disk.recover();
    if (this.#isKilled) return;
    const replicator = this.#replicator;
    const followed = disk.definitions.followed ?? { position: CHAIN_START, definitions: 0, nextMessages: new Map() };
    replicator.serve(followed, (now) => disk.definitions.change([], now));
    const setups = log.setups(LANES - 1);
    const lanes = Array.from({ length: LANES }, (_, lane) => {
      const [port, other] = portPair(() => this.#isKilled);
      replicator.connect(lane, other);
      const setup = setups.find(({ writerNumber }) => writerNumber === lane);
      return new ReplicatedLog({
        durability: 'fsync',
        port,
        endMs: 10,
        onEvent: (event) => lane > 0 && log.heard(lane, event),
        local: (observer) => {
          const files = setup === undefined ? log.writer : disk.open(setup, observer);
          return slowly(files, this.#stream, () => this.#isKilled);
        },
      });
    });
    const definitions = new ReplicatedDefinitions(disk.definitions, replicator);
    this.leading = { epoch, log, lanes, definitions };
  }
}
