/** What is told of a cluster, by one node of it: for commands, the API and metrics. */
import type { Replica, StreamState } from '../stream/log-stream.js';
import type { MemberStatus } from './presence.js';
import type { Hold, Role } from './role.js';

export interface MemberView extends MemberStatus {
  /** ms since it was last heard of, by the clock of who tells. */
  readonly seenAgo: number;
  /** Messages of the stream that it has not applied. */
  readonly lag: number;
  /** For how long the first of those has been certain; null: only a leader knows, and only of those it appended. */
  readonly lagMs: number | null;
}

export interface StreamView {
  readonly state: StreamState;
  readonly first: number;
  readonly last: number;
  /** Of all messages that are kept. */
  readonly octets: number;
  readonly leader: string | null;
  readonly replicas: readonly Replica[];
}

/** Since the node began. */
export interface ClusterCounts {
  /** Messages that became certain, records in them, and octets of their bodies. */
  readonly appends: number;
  readonly records: number;
  readonly octets: number;
  readonly strays: number;
  /** Times that it became the leader; how long the last time took, from the lease's end until it served (ms). */
  readonly takeOvers: number;
  readonly takeOverMs: number | null;
}

export interface ClusterStatus {
  /** Who tells. */
  readonly name: string;
  readonly role: Role;
  readonly epoch: number;
  /** Who leads by what the stream says, as far as it was read; null: nobody has yet. */
  readonly leader: string | null;
  readonly hold: Hold;
  readonly read: number;
  readonly applied: number;
  /** Octets that wait to be certain. */
  readonly waiting: number;
  readonly members: readonly MemberView[];
  /** As it was last told; null: never. */
  readonly stream: StreamView | null;
  /** Why the stream promises less than it should (it was allowed); empty: it does not. */
  readonly weaknesses: readonly string[];
  /** What is wrong, in words; null: nothing. */
  readonly trouble: string | null;
  readonly counts: ClusterCounts;
}
