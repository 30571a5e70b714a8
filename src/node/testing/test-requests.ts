/**
 * This folder is what tests ask of a broker: to move its clock, to do something wrong on purpose, to wait for a queue.
 * Only the broker's own thread and its handle import it.
 *
 * Here: what can be asked, and what comes of it.
 */
import type { PublishedMessage } from '../../connection/faults/faults.js';

/** What is awaited of a queue; what is not named may be anything. */
export interface QueueWish {
  readonly ready?: number;
  readonly unacknowledged?: number;
  readonly consumers?: number;
}

export type TestRequest =
  | { readonly op: 'advance'; readonly milliseconds: number }
  /** `name`: as the client calls it; null: all. The answer is how many there were. */
  | { readonly op: 'close connection'; readonly name: string | null }
  | { readonly op: 'network'; readonly name: string | null; readonly isLost: boolean }
  | { readonly op: 'nack next'; readonly count: number }
  | { readonly op: 'delay confirms'; readonly milliseconds: number }
  /** Null: not any more. */
  | { readonly op: 'block'; readonly reason: string | null }
  | { readonly op: 'tap'; readonly vhost: string; readonly exchange: string; readonly isOn: boolean }
  /** Answered when all has been told that was published before. */
  | { readonly op: 'sync' }
  /** The answer is a `QueueOutcome`; `limit` in ms. */
  | {
      readonly op: 'await queue';
      readonly vhost: string;
      readonly queue: string;
      readonly wish: QueueWish;
      readonly limit: number;
    }
  /** Waits until no client of the vhost (null: of any) holds a delivery. The answer is who still does: `Unsettled[]`. */
  | { readonly op: 'await acknowledgements'; readonly vhost: string | null; readonly limit: number };

/** A queue as it is seen. */
export interface QueueState {
  readonly ready: number;
  readonly unacknowledged: number;
  readonly consumers: number;
}

/** What a wait for a queue came to. */
export interface QueueOutcome {
  readonly isMet: boolean;
  /** Null: there is no such queue. */
  readonly state: QueueState | null;
  /** The queues of the vhost, some of them. */
  readonly queues: readonly string[];
}

/** Deliveries of one consumer that are not acknowledged. */
export interface Unsettled {
  readonly vhost: string;
  /** Null: it is gone. */
  readonly queue: string | null;
  /** Null: they were got by basic.get, or their consumer was cancelled. */
  readonly consumerTag: string | null;
  /** As the client calls its connection, or else its two ends. */
  readonly connection: string;
  /** Unique in the broker, but for those that are gone long since. */
  readonly connectionId: number;
  readonly count: number;
}

/** What a test hears of without asking. */
export type TestNews = PublishedMessage;
