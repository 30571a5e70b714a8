/**
 * A node of the cluster as those have it who serve and who follow in its directory, wherever it runs: in this thread
 * (replicator.ts), or in one of its own (remote-node.ts).
 */
import type { Followed } from '../../store/definitions.js';
import type { FromLane, LanePort, ToLane } from '../../store/replicated/lane-messages.js';
import type { ClusterStatus } from '../protocol/cluster-status.js';
import type { ReplicaStore } from '../protocol/replica-store.js';
import type { Role } from '../protocol/role.js';
import type { KnownQueue } from '../records/record-bodies.js';

/** What a node applies to while it follows. */
export interface Following extends ReplicaStore {
  /** All that was applied is durable, and the directory is free. */
  close(): Promise<void>;
}

/** Changes of definitions that are certain. */
export interface Defined {
  readonly sequence: number;
  /** What is to be said durably together with them; null: nobody serves. */
  readonly followed: Followed | null;
}

/** While it leads. */
export interface LedNode {
  /**
   * Once the directory is recovered and before a participant writes: `followed` is what the definitions say of it, and
   * `save` says it anew.
   */
  serve(followed: Followed, save: (followed: Followed) => Promise<void>): void;
  /** Connects the log of a participant. */
  connect(lane: number, port: LanePort<ToLane, FromLane>): void;
  /** Resolves when some changes of definitions are certain; rejects when fenced. */
  define(changes: Uint8Array): Promise<Defined>;
  /** They are durable here. */
  defined(sequence: number): void;
  /** Both resolve when that is certain, and reject when fenced. */
  known(queues: readonly KnownQueue[]): Promise<void>;
  deleted(queues: readonly number[]): Promise<void>;
  /** The directory's files, or definitions, have failed. */
  fail(error: Error): void;
  /** Ends the node, and what it applies to. `drop`: as a kill does, with nothing said. Later calls get the same end. */
  stop(drop?: boolean): Promise<void>;
}

export interface Node extends LedNode {
  readonly status: ClusterStatus;
  /** Resolves with false where it does not serve, or hands over already. */
  stepDown(to: string | null): Promise<boolean>;
  /** Has all nodes forget one that is gone for good. Resolves with false where nobody has heard of it. */
  remove(name: string): Promise<boolean>;
}

export interface NodeEvents {
  /** The directory is free, and has all that counts before this epoch: it may be recovered and served from. */
  onLead(epoch: number): void;
  /** The hold allows no deliveries from now on; `ready` is called when nothing is delivered any more. */
  onHandOver(ready: () => void): void;
  /** Any role; behind an end nothing comes. */
  onRole(role: Role): void;
  onTrouble(trouble: string | null): void;
}
