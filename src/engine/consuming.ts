/** Consumers, deliveries, and what becomes of them. The worker that owns the channel calls these. */
import type { Channel, Consumer, Queue } from './references.js';

/**
 * How far a queue goes at one time. For each priority, from 0: the position behind its last message; and of what was
 * requeued to it, how many will have been taken when as many are as are there. Both wrap at 2^32, and are compared by
 * subtraction.
 */
export type Extent = Uint32Array;

export interface ConsumerCalls {
  /**
   * `prefetch` 0 = no limit. 0 when there is no memory. `tag` is at most 255 bytes. A consumer of a lower `priority`
   * (usually 0) gets messages only while all of a higher one lack credit.
   */
  addConsumer(
    channel: Channel,
    queue: Queue,
    tag: Uint8Array,
    noAck: boolean,
    prefetch: number,
    priority: number,
  ): Consumer;
  /** Nothing more is delivered; what is unacknowledged stays so. The reference is void from now on. */
  cancelConsumer(consumer: Consumer): void;
  /** Tag of the consumer's oldest delivery that is unacknowledged, or 0. */
  oldestUnacked(consumer: Consumer): number;
  /** Gives all unacknowledged deliveries of the consumer back to their queue. */
  requeueDeliveries(consumer: Consumer): void;
  /**
   * Whether a consumer, of this worker or another, is about to take a message that is ready; those that lack credit or
   * output are not. With an extent: and whether some of what was there then has not been taken yet.
   */
  isOwed(queue: Queue, extent: Extent | null): boolean;
  /** How far the queue goes by now. */
  extentOf(queue: Queue): Extent;
  /**
   * Takes one message and writes basic.get-ok + content; false when there is none to be had. Needs `outputIdle`. Others
   * may be there behind one that is being published right then: `isDrained` tells.
   */
  get(channel: Channel, queue: Queue, noAck: boolean): boolean;
  /**
   * Whether who has found nothing, by `get` or `purge`, need not look again: there was a moment at which nothing was
   * ready. False: another look finds something, at the latest when a publisher has gone on that was interrupted amid a
   * publish.
   */
  isDrained(queue: Queue): boolean;
  /**
   * basic.ack (`requeue` null), nack and reject for the host; `multiple` with tag 0: all. False: there is no such
   * delivery, nothing was done.
   */
  settle(channel: Channel, tag: number, multiple: boolean, requeue: boolean | null): boolean;
  /** Whether a delivery is unacknowledged. */
  isUnacked(channel: Channel, tag: number): boolean;
  /** When the message of a delivery came (ms since the Unix epoch); 0: it is not unacknowledged, and may be gone. */
  deliveryArrival(channel: Channel, tag: number): number;
  /** The last delivery tag that the channel has given out; 0: none. */
  lastTag(channel: Channel): number;
  /**
   * basic.qos global=true: all consumers of the channel together hold at most `count` unacknowledged messages; 0 = no
   * limit.
   */
  setChannelPrefetch(channel: Channel, count: number): void;
  /**
   * At most `count` deliveries of the channel are unacknowledged, those of basic.get among them: consumers wait when
   * there are so many. Without a limit until then.
   */
  setUnackedMax(channel: Channel, count: number): void;
  /** basic.recover: requeues everything unacknowledged of the channel. */
  recover(channel: Channel): void;
  /** Unacknowledged deliveries of the channel. */
  unackedCount(channel: Channel): number;
}
