/**
 * This folder is the words between workers and the coordinator: requests, answers, refusals, names; everybody may
 * import it.
 *
 * What workers ask of the coordinator and what it answers: plain values that cross a message port.
 * A worker that has asked stops reading that connection until the answer is there, or, where it asks ahead, until it is
 * told that the request is granted: so one connection has one request that is not decided.
 */

import type { FieldTable } from '../../amqp/table.js';
import type { CounterList, Queue } from '../../engine/engine.js';
import type { AccountChange } from '../access/accounts.js';
import type { Grant } from '../access/scopes.js';
import type { VhostMetadata } from './vhost-metadata.js';

/** A connection across all workers: unique while the broker lives. */
export type ConnectionId = number;

/** Stands for the broker itself, where it asks as clients do: it may do everything. */
export const BROKER: ConnectionId = 0;

/**
 * One queue: unique while the broker lives. Another one that takes its name, and another one that takes its memory,
 * have numbers of their own; so whoever learned of a queue by an answer, and finds its name or its memory in use later,
 * can tell whether it is still that queue.
 */
export type QueueId = number;

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
  /** `channel`: who waits for the answer. */
  | { op: 'queue.purge'; vhost: string; queue: string; channel?: number }
  /** A channel ends, and does not wait any more for its purges to be recorded. */
  | { op: 'purge.leave'; channel: number }
  | { op: 'queue.delete'; vhost: string; queue: string; ifUnused: boolean; ifEmpty: boolean }
  /**
   * Registers a consumer (exclusive checks, consumer counts, auto-delete). `consumer` is unique within the connection.
   */
  | { op: 'consume'; vhost: string; queue: string; consumer: string; exclusive: boolean; arguments: FieldTable }
  /** Unregisters consumers: basic.cancel, a closed channel. Auto-delete queues go with their last consumer. */
  | { op: 'cancel'; consumers: readonly string[] }
  /**
   * The connection enters a vhost, if its user may: the vhost is there and limits are not reached. `name`: what its
   * client calls it; `grant`: what its token gives, where it has come in by one.
   */
  | { op: 'connection.open'; vhost: string; user: string; grant?: Grant | null; name: string | null }
  /** The connection has shown another token, and has what that grants from now on, if it may still be in its vhost. */
  | { op: 'connection.renew'; grant: Grant }
  /** A channel more, or one less, of a connection that entered; users may be limited. */
  | { op: 'channel.open' | 'channel.close' }
  /**
   * Opens a queue for direct replies to this connection, and closes it. Only the default exchange leads to it, by its
   * name.
   */
  | { op: 'reply.open'; vhost: string }
  | { op: 'reply.close'; queue: string }
  /**
   * The connection is gone: its consumers and reply queues leave, its exclusive queues are deleted. Answered when that
   * is done.
   */
  | { op: 'disconnect' };

/**
 * What may be asked ahead: whoever asks is told that it is granted before that is durable, and may ask for the next of
 * these, so that one client's declarations share writes. They do nothing but change definitions; a purge, which may
 * wait long for room in the log, is among them so that the client is heard if it gives up. Their methods have the same
 * names.
 */
export const ASKED_AHEAD = [
  'exchange.declare',
  'exchange.delete',
  'exchange.bind',
  'exchange.unbind',
  'queue.declare',
  'queue.purge',
  'queue.bind',
  'queue.unbind',
] as const satisfies readonly Request['op'][];

export type RequestAhead = Extract<Request, { op: (typeof ASKED_AHEAD)[number] }>;

export function isRequestAhead(request: Request): request is RequestAhead {
  return (ASKED_AHEAD as readonly string[]).includes(request.op);
}

/** Answers by operation; a refusal is a `Refusal`. */
export type Answer =
  | {
      ok: true;
      queue?: string;
      messageCount?: number;
      consumerCount?: number;
      ref?: Queue;
      /** To `consume`: the queue that the consumer is registered with. */
      queueId?: QueueId;
      /** To `consume`: false when the consumer stands by until the notice `activate`. */
      active?: boolean;
      /** To `consume`: its priority among the queue's consumers, usually 0. */
      priority?: number;
      /** To a bind: the binding is new, and what the exchange remembers is to be sent along it. */
      replays?: true;
    }
  | { ok: false; refusal: Refusal };

export type Granted = Extract<Answer, { ok: true }>;

/** What the coordinator tells a connection by itself; its worker takes it after all changes posted before. */
export type Notice =
  /** A consumer that stood by is to consume from now on. */
  | { kind: 'activate'; connection: ConnectionId; consumer: string; queueId: QueueId }
  /** The connection must go: 320 CONNECTION_FORCED with this text. */
  | { kind: 'close'; connection: ConnectionId; text: string };

/** An AMQP error, ready for the wire: `text` without the `NAME - ` prefix. `scope` says what it closes. */
export interface Refusal {
  readonly scope: 'channel' | 'connection';
  readonly code: number;
  readonly text: string;
}

/** What a queue does besides what the core does for it, as its arguments and the policies on it make it. */
export interface QueueSettings {
  /** Where what dies in the queue goes, and under which key; null: nowhere, and under its own. */
  readonly deadLetterExchange: string | null;
  readonly deadLetterRoutingKey: string | null;
  /** A dead letter is kept and sent again until it has arrived. */
  readonly keepsDeadLetters: boolean;
  /** How long a delivery may stay unacknowledged (ms). */
  readonly consumerTimeout: number | null;
}

/**
 * A change of topology as every participant applies it to its view, in the order in which the coordinator posted them.
 */
export type Change =
  | AccountChange
  | {
      kind: 'exchange.declared';
      vhost: string;
      exchange: string;
      type: string;
      durable: boolean;
      autoDelete: boolean;
      internal: boolean;
      arguments: FieldTable;
      /** The exchange that gets what this one routes nowhere, by argument or policy. */
      alternate: string | null;
      /** What it remembers of messages, to know duplicates: shared by all workers. */
      cacheMemory: SharedArrayBuffer | null;
      /** The last messages that it routed, if it is to remember them: shared by all workers. */
      historyMemory: SharedArrayBuffer | null;
      /** Where is counted what is published to it. */
      counters: CounterList;
    }
  | { kind: 'exchange.changed'; vhost: string; exchange: string; alternate: string | null }
  /** The exchange keeps what it holds back, and must not lose, in a hidden queue from now on. */
  | { kind: 'delayed.opened'; vhost: string; exchange: string; ref: Queue; logId: number }
  | { kind: 'exchange.deleted'; vhost: string; exchange: string }
  | {
      kind: 'queue.declared';
      vhost: string;
      queue: string;
      id: QueueId;
      ref: Queue;
      /** Its number in the log; 0: its messages are not logged. */
      logId: number;
      durable: boolean;
      autoDelete: boolean;
      owner: ConnectionId | null;
      arguments: FieldTable;
      settings: QueueSettings;
      cacheMemory: SharedArrayBuffer | null;
      /** Nobody is given anything of it. */
      isPaused?: boolean;
    }
  | { kind: 'queue.paused'; vhost: string; queue: string; isPaused: boolean }
  | { kind: 'queue.changed'; vhost: string; queue: string; settings: QueueSettings }
  | { kind: 'queue.deleted'; vhost: string; queue: string; ref: Queue }
  | { kind: 'reply.opened'; vhost: string; queue: string; ref: Queue }
  | { kind: 'reply.closed'; vhost: string; queue: string; ref: Queue }
  /** `counters`: its own list, and those of the exchanges that it begins with. */
  | { kind: 'vhost.created'; vhost: string; counters: readonly CounterList[] }
  | { kind: 'vhost.changed'; vhost: string; metadata: VhostMetadata }
  | { kind: 'vhost.deleted'; vhost: string }
  | {
      kind: 'bound' | 'unbound';
      vhost: string;
      source: string;
      destination: string;
      destinationKind: 'queue' | 'exchange';
      routingKey: string;
      arguments: FieldTable;
    };
