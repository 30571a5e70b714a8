/**
 * What workers ask of the coordinator and what it answers: plain values that cross a message port.
 * A worker that has asked stops reading that connection until the answer is there, so one connection has one request under way.
 */

import type { FieldTable } from '../amqp/table.js';
import type { Queue } from '../engine/engine.js';

/** A connection across all workers: unique while the broker lives. */
export type ConnectionId = number;

export type Request =
  | {
      op: 'exchange.declare';
      vhost: string;
      exchange: string;
      type: string;
      passive: boolean;
      durable: boolean;
      autoDelete: boolean;
      internal: boolean;
      arguments: FieldTable;
    }
  | { op: 'exchange.delete'; vhost: string; exchange: string; ifUnused: boolean }
  | {
      op: 'exchange.bind' | 'exchange.unbind';
      vhost: string;
      destination: string;
      source: string;
      routingKey: string;
      arguments: FieldTable;
    }
  | {
      op: 'queue.declare';
      vhost: string;
      queue: string;
      passive: boolean;
      durable: boolean;
      exclusive: boolean;
      autoDelete: boolean;
      arguments: FieldTable;
    }
  | {
      op: 'queue.bind' | 'queue.unbind';
      vhost: string;
      queue: string;
      exchange: string;
      routingKey: string;
      arguments: FieldTable;
    }
  | { op: 'queue.purge'; vhost: string; queue: string }
  | { op: 'queue.delete'; vhost: string; queue: string; ifUnused: boolean; ifEmpty: boolean }
  /** Registers a consumer (exclusive checks, consumer counts, auto-delete). `consumer` is unique within the connection. */
  | { op: 'consume'; vhost: string; queue: string; consumer: string; exclusive: boolean; arguments: FieldTable }
  /** Unregisters consumers: basic.cancel, a closed channel. Auto-delete queues go with their last consumer. */
  | { op: 'cancel'; consumers: readonly string[] }
  /** The connection is gone: its consumers leave, its exclusive queues are deleted. Answered when that is done. */
  | { op: 'disconnect' };

/** Answers by operation; a refusal is a `Refusal`. */
export type Answer =
  | { ok: true; queue?: string; messageCount?: number; consumerCount?: number; ref?: Queue }
  | { ok: false; refusal: Refusal };

/** An AMQP error, ready for the wire: `text` without the `NAME - ` prefix. `scope` says what it closes. */
export interface Refusal {
  readonly scope: 'channel' | 'connection';
  readonly code: number;
  readonly text: string;
}

/** A change of topology as every participant applies it to its view, in the order in which the coordinator posted them. */
export type Change =
  | {
      kind: 'exchange.declared';
      vhost: string;
      exchange: string;
      type: string;
      durable: boolean;
      autoDelete: boolean;
      internal: boolean;
      arguments: FieldTable;
    }
  | { kind: 'exchange.deleted'; vhost: string; exchange: string }
  | {
      kind: 'queue.declared';
      vhost: string;
      queue: string;
      ref: Queue;
      durable: boolean;
      autoDelete: boolean;
      owner: ConnectionId | null;
      arguments: FieldTable;
    }
  | { kind: 'queue.deleted'; vhost: string; queue: string; ref: Queue }
  | {
      kind: 'bound' | 'unbound';
      vhost: string;
      source: string;
      destination: string;
      destinationKind: 'queue' | 'exchange';
      routingKey: string;
      arguments: FieldTable;
    };
