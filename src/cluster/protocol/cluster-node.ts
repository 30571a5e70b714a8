/**
 * One node of a cluster, over a stream that several follow: it reads what counts into its store, and leads when nobody
 * else does. One thread, no timer and no file of its own, so that simulations have the same code. What must hold:
 *
 * - The store gets every record that counts, in order, on leader and standbys alike, and none behind an error.
 * - Who leads has its fence in the stream, and serves when its store has all that stands before it.
 * - `done` is told when it is certain that the record stands in the stream and counts, in the order of `append`. What
 *   a deposed leader was not told of is told to be fenced, and nothing comes behind that.
 * - No two nodes serve at a time (timing.ts), if who delivers asks `hold` first, or goes by `onCertain`.
 */

import type { Clock } from '../../platform/clock.js';
import type { RecordKind } from '../records/record-layout.js';
import type { LogStream } from '../stream/log-stream.js';
import type { ClusterStatus } from './cluster-status.js';
import type { Presence } from './presence.js';
import type { ReplicaStore } from './replica-store.js';
import type { Hold, Role } from './role.js';
import type { Limits, Timing } from './timing.js';

/** certain: at this sequence. fenced: it is not, and will not be confirmed by this node; it may still not count. */
export type Outcome = { readonly kind: 'certain'; readonly sequence: number } | { readonly kind: 'fenced' };

/** What a leader may append; fences, beats and hand-overs are its own. */
export type AppendKind =
  | typeof RecordKind.BATCH
  | typeof RecordKind.DEFINITIONS
  | typeof RecordKind.KNOWN
  | typeof RecordKind.DELETED;

/** Callbacks must not throw, and may call the node. */
export interface NodeObserver {
  onRole(role: Role): void;
  /** Its store has all that counts before its fence: it may recover and serve. Beats go on by themselves meanwhile. */
  onLead(epoch: number): void;
  /** Told by a timer as well, so a thread that was stopped learns of it late: who delivers looks at the time itself. */
  onHold(hold: Hold): void;
  /** An append that was sent at this time (`Clock.elapsed`) is certain: serving may go on until `pauseAfter` behind. */
  onCertain(sentAt: number): void;
  /** `append` takes more again, after it was full. */
  onDrain(): void;
  /** Nothing may be delivered from now on, in this epoch: `ready` is called when nothing is any more. */
  onHandOver(ready: () => void): void;
  /** The stream gives no answer, or ends before what was read; null: that is over. */
  onTrouble(trouble: string | null): void;
}

export interface NodeOptions {
  readonly name: string;
  readonly stream: LogStream;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly store: ReplicaStore;
  readonly presence: Presence;
  readonly observer: NodeObserver;
  /** What it tells of itself. */
  readonly version: string;
  readonly address: string | null;
  /** The stream's server on this machine: as a leader the node moves the stream's leader away from it. */
  readonly besides?: string | null;
  readonly weaknesses?: readonly string[];
  readonly timing?: Timing;
  readonly limits?: Limits;
}

export interface ClusterNodeCalls {
  readonly role: Role;
  /** How far the store is durable. */
  readonly applied: number;
  readonly status: ClusterStatus;
  /** Nobody should append more until `onDrain`; what is appended is taken all the same. */
  readonly isFull: boolean;
  /** Whether what is about to be done may be done at this time (`Clock.elapsed`). */
  hold(now: number): Hold;
  /** `body`: pieces, as record-bodies.ts makes them; they are not written to again. `done` comes later, once. */
  append(kind: AppendKind, body: readonly Uint8Array[], done: (outcome: Outcome) => void): void;
  /** As a leader: hands over, to this node or (null) to any. False: it does not lead, or does so already. */
  stepDown(to: string | null): boolean;
  /** Its files have failed: it follows and leads no more. */
  fail(error: Error): void;
  /** Ends it; what waits is told to be fenced. What is in flight may still come in. */
  stop(): void;
}
