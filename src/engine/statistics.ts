/**
 * What participants have counted. Any participant calls these, at any time: nobody waits for it. All begins anew with
 * the broker's process.
 */
import {
  COUNTER_ACKNOWLEDGED,
  COUNTER_CHANNELS_CLOSED,
  COUNTER_CHANNELS_OPENED,
  COUNTER_CONFIRMED,
  COUNTER_CONNECTIONS_CLOSED,
  COUNTER_CONNECTIONS_OPENED,
  COUNTER_DELIVERED,
  COUNTER_DELIVERED_NO_ACK,
  COUNTER_DIED_DELIVERY_LIMIT,
  COUNTER_DIED_EXPIRED,
  COUNTER_DIED_MAXLEN,
  COUNTER_DIED_REJECTED,
  COUNTER_DROPPED,
  COUNTER_ENQUEUED,
  COUNTER_GOT,
  COUNTER_GOT_EMPTY,
  COUNTER_GOT_NO_ACK,
  COUNTER_OCTETS_ENQUEUED,
  COUNTER_OCTETS_IN,
  COUNTER_OCTETS_OUT,
  COUNTER_QUEUES_CREATED,
  COUNTER_QUEUES_DECLARED,
  COUNTER_QUEUES_DELETED,
  COUNTER_RECEIVED,
  COUNTER_REDELIVERED,
  COUNTER_REQUEUED,
  COUNTER_RETURNED,
} from '../numbers/core.js';
import type { Queue } from './references.js';

/** What is counted of each queue, and of all. */
export const QueueCounter = {
  /** Messages that took a place in a queue; one that goes to two queues counts twice. */
  ENQUEUED: COUNTER_ENQUEUED,
  /** Messages that were written to clients, by basic.deliver and basic.get-ok. */
  DELIVERED: COUNTER_DELIVERED,
  /** Deliveries that clients have acknowledged. */
  ACKNOWLEDGED: COUNTER_ACKNOWLEDGED,
  /** Of those delivered: by basic.deliver without acknowledgement; by basic.get with one and without. */
  DELIVERED_NO_ACK: COUNTER_DELIVERED_NO_ACK,
  GOT: COUNTER_GOT,
  GOT_NO_ACK: COUNTER_GOT_NO_ACK,
  /** Times that basic.get found nothing; the host counts it. */
  GOT_EMPTY: COUNTER_GOT_EMPTY,
  /** Of those delivered: marked as delivered before. */
  REDELIVERED: COUNTER_REDELIVERED,
  /** Deliveries that went back to their places. */
  REQUEUED: COUNTER_REQUEUED,
  /** Messages that died, by reason, whether they became dead letters or not. */
  DIED_REJECTED: COUNTER_DIED_REJECTED,
  DIED_EXPIRED: COUNTER_DIED_EXPIRED,
  DIED_MAXLEN: COUNTER_DIED_MAXLEN,
  DIED_DELIVERY_LIMIT: COUNTER_DIED_DELIVERY_LIMIT,
  /** Octets of the bodies of those that took a place. */
  OCTETS_ENQUEUED: COUNTER_OCTETS_ENQUEUED,
} as const;
export type QueueCounter = (typeof QueueCounter)[keyof typeof QueueCounter];

/** What is counted. */
export const Counter = {
  ...QueueCounter,
  /** Messages that came whole from clients. */
  RECEIVED: COUNTER_RECEIVED,
  /** Octets that came from sockets, and that went to them, as far as the core has seen them. */
  OCTETS_IN: COUNTER_OCTETS_IN,
  OCTETS_OUT: COUNTER_OCTETS_OUT,
  /** Publishes that were confirmed; that were returned; and that led nowhere and were dropped. */
  CONFIRMED: COUNTER_CONFIRMED,
  RETURNED: COUNTER_RETURNED,
  DROPPED: COUNTER_DROPPED,
  /** Connections, channels and queues that came and went; only the host counts these. */
  CONNECTIONS_OPENED: COUNTER_CONNECTIONS_OPENED,
  CONNECTIONS_CLOSED: COUNTER_CONNECTIONS_CLOSED,
  CHANNELS_OPENED: COUNTER_CHANNELS_OPENED,
  CHANNELS_CLOSED: COUNTER_CHANNELS_CLOSED,
  QUEUES_DECLARED: COUNTER_QUEUES_DECLARED,
  QUEUES_CREATED: COUNTER_QUEUES_CREATED,
  QUEUES_DELETED: COUNTER_QUEUES_DELETED,
} as const;
export type Counter = (typeof Counter)[keyof typeof Counter];

export interface StatisticsCalls {
  /** What all participants have counted since the memory was laid out. It never falls. */
  counted(counter: Counter): number;
  /** What they have counted of a queue since it was made. It never falls. */
  countedAt(queue: Queue, counter: QueueCounter): number;
  /** Counts what the host alone knows; below 2^32. */
  count(counter: Counter, more: number): void;
  /** The same of a queue, and of all. */
  countAt(queue: Queue, counter: QueueCounter, more: number): void;
}

/**
 * How many deliveries of a queue are unacknowledged; a moment's view. What ended is read before what began, so that it
 * is never below what is true by the end.
 */
export function unacked(engine: Pick<StatisticsCalls, 'countedAt'>, queue: Queue): number {
  let ended = 0;
  for (const counter of ENDS) ended += engine.countedAt(queue, counter);
  // Where there was no memory for a block, its participant's deliveries may not have been counted.
  return Math.max(0, engine.countedAt(queue, Counter.DELIVERED) - ended);
}

/** Each delivery ends in one of these, if it has one. */
const ENDS = [
  Counter.DELIVERED_NO_ACK,
  Counter.GOT_NO_ACK,
  Counter.ACKNOWLEDGED,
  Counter.REQUEUED,
  Counter.DIED_REJECTED,
  Counter.DIED_DELIVERY_LIMIT,
] as const;
