/**
 * A node's own copy of what the stream's records say: its log files, its definitions. What must hold of it:
 * - Portions are applied in the order in which they come, each wholly or not at all: what is found after any end is a
 *   prefix of the stream. Applying one twice is never asked for by the same `ClusterNode`, but `position` may be behind
 *   what is there after a crash: then it is asked for again.
 * - `position` is durable: all up to it outlasts a loss of power. It never goes back.
 * - What is told by `onApplied` is `position.sequence`, in growing order, never before `apply` has returned.
 * - `apply` does not throw. Who cannot write tells the node (`ClusterNode.fail`), or waits for space.
 * - Octets in records are views of messages, and are never written to.
 */
import type { ChainPosition } from '../records/link.js';
import type { StreamRecord } from '../records/record-reader.js';

/** What counts of one message, or of messages in a row where a record goes in parts. */
export interface Portion {
  /** Behind all of `records`: what the store keeps together with them. */
  readonly position: ChainPosition;
  /** In order; several where a leader had gathered them. Batches tell their lane's next message id (readBody). */
  readonly records: readonly StreamRecord[];
  /** This node wrote it as the leader: who gave it to `append` has it, and learns by `done` that it is certain. */
  readonly isOwn: boolean;
}

export interface ReplicaStore {
  /** How far all is durable. A new store begins at `CHAIN_START`. */
  readonly position: ChainPosition;
  apply(portion: Portion): void;
  /** One listener. */
  onApplied(listener: (sequence: number) => void): void;
}
