/**
 * What operators see of queues, consumers and channels, read from where it lies when somebody asks. Nothing waits for
 * it, and what is seen is a moment's view.
 */
import { CONSUMER_NO_CREDIT, CONSUMER_NO_OUTPUT, CONSUMER_RUNNABLE, CONSUMER_WAITING } from '../numbers/core.js';
import type { Channel, Consumer, Queue } from './references.js';

/** What a consumer is doing. */
export const ConsumerState = {
  /** It waits for messages. */
  WAITING: CONSUMER_WAITING,
  /** It is about to have a turn. */
  RUNNABLE: CONSUMER_RUNNABLE,
  /** It holds as many unacknowledged deliveries as it, or its channel, may. */
  NO_CREDIT: CONSUMER_NO_CREDIT,
  /** Its connection has yet to take what was sent before. */
  NO_OUTPUT: CONSUMER_NO_OUTPUT,
} as const;
export type ConsumerState = (typeof ConsumerState)[keyof typeof ConsumerState];

/** What comes next in a queue. */
export interface Front {
  /**
   * When the oldest of the messages came that are next, each in its priority (ms since the Unix epoch); null: it is
   * spilled, and has not been in memory since the start. Of one that is spilled: when the one before it came.
   */
  readonly arrival: number | null;
  /** The `timestamp` of the very next one (s); null: it has none, or is spilled. */
  readonly timestamp: number | null;
}

/** Deliveries of a channel that are not acknowledged. Times are told to 32 ms. */
export interface Held {
  /** Who took them; 0: basic.get, or a consumer that was cancelled. */
  readonly consumer: Consumer;
  readonly queue: Queue;
  readonly count: number;
  /** When the oldest of them was delivered (ms since the Unix epoch). */
  readonly since: number;
}

export interface LookingCalls {
  /** Any participant. Null: nothing is ready. `asks`: what is spilled, and nobody knows how old it is, is asked back. */
  frontOf(queue: Queue, asks: boolean): Front | null;
  /** The worker that owns the channel. One entry for each consumer and for each queue that basic.get has taken from. */
  heldBy(channel: Channel): readonly Held[];
  /** The worker that owns the consumer, as long as it is not cancelled. */
  consumerState(consumer: Consumer): ConsumerState;
  /** When it was last given messages, and last acknowledged one (ms since the Unix epoch, to 32 ms); null: never. */
  lastDelivery(consumer: Consumer): number | null;
  lastAcknowledgement(consumer: Consumer): number | null;
}
