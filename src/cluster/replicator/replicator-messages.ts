/**
 * What a node in a thread of its own and those who have its directory say to each other. What must hold: each side
 * hears in the order in which the other one spoke; each question with an `id` is answered once, or nothing comes any
 * more, behind `stopped`.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Followed } from '../../store/definitions.js';
import type { FromLane, LanePort, ToLane } from '../../store/replicated/lane-messages.js';
import type { ClusterStatus } from '../protocol/cluster-status.js';
import type { Portion } from '../protocol/replica-store.js';
import type { Role } from '../protocol/role.js';
import type { ChainPosition } from '../records/link.js';
import type { KnownQueue } from '../records/record-bodies.js';

export type ToNode =
  /** The replica has so much durably. */
  | { readonly kind: 'applied'; readonly position: ChainPosition }
  /** The answer to `leave`; `error`: not all of it is durable. */
  | { readonly kind: 'left'; readonly position: ChainPosition; readonly error: string | null }
  /** The directory is served from. */
  | { readonly kind: 'serve'; readonly followed: Followed }
  /** The answer to `save`. */
  | { readonly kind: 'saved'; readonly id: number; readonly error: string | null }
  /** The log of a participant, by a port that is transferred. */
  | { readonly kind: 'connect'; readonly lane: number; readonly port: LanePort<ToLane, FromLane> }
  | { readonly kind: 'define'; readonly id: number; readonly changes: Uint8Array }
  | { readonly kind: 'defined'; readonly sequence: number }
  | { readonly kind: 'known'; readonly id: number; readonly queues: readonly KnownQueue[] }
  | { readonly kind: 'deleted'; readonly id: number; readonly queues: readonly number[] }
  | { readonly kind: 'step down'; readonly id: number; readonly to: string | null }
  | { readonly kind: 'remove'; readonly id: number; readonly name: string }
  /** The answer to `hand over`. */
  | { readonly kind: 'paused' }
  | { readonly kind: 'fail'; readonly error: Error }
  | { readonly kind: 'stop'; readonly drop: boolean };

export type FromNode =
  | { readonly kind: 'apply'; readonly portion: Portion }
  /** End the replica. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'lead'; readonly epoch: number }
  | { readonly kind: 'save'; readonly id: number; readonly followed: Followed }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown; readonly error: string | null }
  | { readonly kind: 'hand over' }
  | { readonly kind: 'role'; readonly role: Role; readonly status: ClusterStatus }
  | { readonly kind: 'trouble'; readonly text: string | null }
  /** From time to time. */
  | { readonly kind: 'status'; readonly status: ClusterStatus }
  /** The last word. */
  | { readonly kind: 'stopped'; readonly error: string | null };

/** A port of node:worker_threads, or what a thread and its parent have. */
export interface NodePort<Out, In> {
  postMessage(message: Out, transfer?: readonly MessagePort[]): void;
  on(event: 'message', listener: (message: In) => void): unknown;
}
