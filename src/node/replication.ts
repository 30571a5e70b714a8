/**
 * How a broker that leads a cluster keeps what it keeps: by its node, which has the stream, and gives each log a
 * port. What must hold: nothing of it is there in a broker without a cluster; logs are connected before anything is
 * written to them.
 */
import { MessageChannel } from 'node:worker_threads';
import { CHAIN_START } from '../cluster/records/link.js';
import type { LedNode } from '../cluster/replicator/led-node.js';
import { ReplicatedDefinitions } from '../cluster/replicator/replicated-definitions.js';
import type { SharedHold } from '../cluster/replicator/shared-hold.js';
import type { CommitLog, Durability, Health } from '../log/commit-log.js';
import type { Definitions } from '../store/definitions.js';
import type { FilesSetup, LogSetup } from '../store/log-setup.js';
import { ReplicatedLog } from '../store/replicated/replicated-log.js';

/** What a broker has of the node that leads, whose data directory it opens. */
export interface Lead {
  readonly node: LedNode;
  /** How long it may serve; the node says it. */
  readonly hold: SharedHold;
}

export class Replication {
  readonly definitions: ReplicatedDefinitions;
  readonly #node: LedNode;
  readonly #ports: MessageChannel[] = [];

  /** `local`: recovered, and behind all that the node's replica has applied. */
  constructor(node: LedNode, local: Definitions) {
    this.#node = node;
    const followed = local.followed ?? { position: CHAIN_START, definitions: 0, nextMessages: new Map() };
    node.serve(followed, (now) => local.change([], now));
    this.definitions = new ReplicatedDefinitions(local, node);
  }

  /** The log of this thread; `files` has an observer already. */
  log(files: CommitLog, durability: Durability, onHealth: (health: Health) => void): CommitLog {
    const { port1, port2 } = new MessageChannel();
    this.#node.connect(files.writerNumber, port1);
    return new ReplicatedLog({ durability, port: port2, local: () => files, onEvent: () => undefined, onHealth });
  }

  /** What a worker's thread is to open. */
  setup(files: FilesSetup): LogSetup {
    const channel = new MessageChannel();
    this.#ports.push(channel);
    this.#node.connect(files.writerNumber, channel.port1);
    return { kind: 'replicated', durability: files.durability, files, port: channel.port2 };
  }

  /** A queue is gone for good: those who follow need not wait for its messages. */
  deleted(queue: number): void {
    // Who leads no more has nothing to say.
    this.#node.deleted([queue]).catch(() => undefined);
  }

  /** Of these queues every place below these positions was heard of: else the memory of those who follow grows. */
  known(reach: ReadonlyMap<number, number>): void {
    const queues = [...reach].map(([queue, below]) => ({ queue, below }));
    if (queues.length > 0) this.#node.known(queues).catch(() => undefined);
  }

  /** Nothing is written any more. `drop`: nor is it said how far all is written. */
  async close(drop = false): Promise<void> {
    await this.#node.stop(drop);
    for (const { port1, port2 } of this.#ports) {
      port1.close();
      port2.close();
    }
  }
}
