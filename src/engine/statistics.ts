/**
 * What participants have counted. Any participant calls these, at any time: nobody waits for it. All begins anew with
 * the broker's process.
 */
import {
  CHANNEL_ACKNOWLEDGED,
  CHANNEL_CONFIRMED,
  CHANNEL_DELIVERED,
  CHANNEL_DELIVERED_NO_ACK,
  CHANNEL_DROPPED,
  CHANNEL_GOT,
  CHANNEL_GOT_EMPTY,
  CHANNEL_GOT_NO_ACK,
  CHANNEL_PUBLISHED,
  CHANNEL_REDELIVERED,
  CHANNEL_RETURNED,
  COUNTER_ACKNOWLEDGED,
  COUNTER_BUSY_MICROS,
  COUNTER_CHANNELS_CLOSED,
  COUNTER_CHANNELS_OPENED,
  COUNTER_CLAIMS_LOST,
  COUNTER_CONFIRMED,
  COUNTER_CONNECTIONS_CLOSED,
  COUNTER_CONNECTIONS_OPENED,
  COUNTER_CPU_MICROS,
  COUNTER_DEAD_ARRIVED,
  COUNTER_DEAD_DROPPED,
  COUNTER_DEAD_KEPT,
  COUNTER_DEAD_SENT,
  COUNTER_DELIVERED,
  COUNTER_DELIVERED_NO_ACK,
  COUNTER_DIED_DELIVERY_LIMIT,
  COUNTER_DIED_EXPIRED,
  COUNTER_DIED_MAXLEN,
  COUNTER_DIED_REJECTED,
  COUNTER_DROPPED,
  COUNTER_ENQUEUED,
  COUNTER_GC_MICROS,
  COUNTER_GC_PAUSES,
  COUNTER_GOT,
  COUNTER_GOT_EMPTY,
  COUNTER_GOT_NO_ACK,
  COUNTER_JS_OCTETS,
  COUNTER_LATE_MICROS,
  COUNTER_LISTS_LOST,
  COUNTER_LOCK_SLEEPS,
  COUNTER_LOCK_WAITS,
  COUNTER_LOG_MICROS,
  COUNTER_LOG_OCTETS,
  COUNTER_LOG_WRITES,
  COUNTER_OCTETS_ENQUEUED,
  COUNTER_OCTETS_IN,
  COUNTER_OCTETS_OUT,
  COUNTER_PAGED_IN,
  COUNTER_PAGED_OUT,
  COUNTER_PUBLISHED_IN,
  COUNTER_PUBLISHED_OUT,
  COUNTER_QUEUES_CREATED,
  COUNTER_QUEUES_DECLARED,
  COUNTER_QUEUES_DELETED,
  COUNTER_RECEIVED,
  COUNTER_RECEIVED_CONFIRMING,
  COUNTER_REDELIVERED,
  COUNTER_REQUEUED,
  COUNTER_RETURNED,
  COUNTER_TICKS,
  COUNTER_UNITS_LOST,
  COUNTER_VHOST_FIRST,
} from '../numbers/core.js';
import type { DeadLetterReason } from './dead-letters.js';
import type { Channel, Connection, CounterList, Queue } from './references.js';

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
  /** Messages that clients published, and that were not refused. */
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
  /** Of those received: on channels with confirms. */
  RECEIVED_CONFIRMING: COUNTER_RECEIVED_CONFIRMING,
  /**
   * Where participants met: at the head of a queue, at free memory, at lists of work for others, another one was quicker
   * and it was tried again; a lock was held; and its holder was waited for asleep.
   */
  CLAIMS_LOST: COUNTER_CLAIMS_LOST,
  UNITS_LOST: COUNTER_UNITS_LOST,
  LISTS_LOST: COUNTER_LISTS_LOST,
  LOCK_WAITS: COUNTER_LOCK_WAITS,
  LOCK_SLEEPS: COUNTER_LOCK_SLEEPS,
  /** What threads cost; only the host counts these: pauses of the garbage collector, and how long they were (µs). */
  GC_PAUSES: COUNTER_GC_PAUSES,
  GC_MICROS: COUNTER_GC_MICROS,
  /** Octets that JavaScript has allocated; time on a CPU, and time that the event loop was busy (µs). */
  JS_OCTETS: COUNTER_JS_OCTETS,
  CPU_MICROS: COUNTER_CPU_MICROS,
  BUSY_MICROS: COUNTER_BUSY_MICROS,
  /** Ticks of a timer, and by how much they came too late (µs). */
  TICKS: COUNTER_TICKS,
  LATE_MICROS: COUNTER_LATE_MICROS,
  /** Writes to the log with their syncs, their octets and time (µs); messages that were spilled, and brought back. */
  LOG_WRITES: COUNTER_LOG_WRITES,
  LOG_OCTETS: COUNTER_LOG_OCTETS,
  LOG_MICROS: COUNTER_LOG_MICROS,
  PAGED_OUT: COUNTER_PAGED_OUT,
  PAGED_IN: COUNTER_PAGED_IN,
  /** Dead letters that were kept until they arrived, and have. */
  DEAD_ARRIVED: COUNTER_DEAD_ARRIVED,
} as const;
export type Counter = (typeof Counter)[keyof typeof Counter];

/** What becomes of messages that die. */
export const Fate = {
  /** Their queue sends no dead letters on, or to an exchange that is not there. */
  DROPPED: COUNTER_DEAD_DROPPED,
  /** They are sent on, and nobody looks whether they arrive. */
  SENT: COUNTER_DEAD_SENT,
  /** They are sent on, and kept until they have arrived. */
  KEPT: COUNTER_DEAD_KEPT,
} as const;
export type Fate = (typeof Fate)[keyof typeof Fate];

/** Counts those that died for a reason and became that: a fate has a counter for each reason. */
export function deathCounter(fate: Fate, reason: DeadLetterReason): Counter {
  return (fate + reason) as Counter;
}

/** What is counted of each vhost: what clients do there, but with queues. */
export const VhostCounter = {
  PUBLISHED: COUNTER_RECEIVED - COUNTER_VHOST_FIRST,
  CONFIRMED: COUNTER_CONFIRMED - COUNTER_VHOST_FIRST,
  RETURNED: COUNTER_RETURNED - COUNTER_VHOST_FIRST,
  DROPPED: COUNTER_DROPPED - COUNTER_VHOST_FIRST,
  OCTETS_IN: COUNTER_OCTETS_IN - COUNTER_VHOST_FIRST,
  OCTETS_OUT: COUNTER_OCTETS_OUT - COUNTER_VHOST_FIRST,
} as const;
export type VhostCounter = (typeof VhostCounter)[keyof typeof VhostCounter];

/** What is counted of each exchange: messages that clients published to it, and the queues that these were sent to. */
export const ExchangeCounter = { PUBLISHED_IN: COUNTER_PUBLISHED_IN, PUBLISHED_OUT: COUNTER_PUBLISHED_OUT } as const;
export type ExchangeCounter = (typeof ExchangeCounter)[keyof typeof ExchangeCounter];

export type ListCounter = VhostCounter | ExchangeCounter;

/** What is counted of each channel. */
export const ChannelCounter = {
  /** Messages that the client published, and that were not refused. */
  PUBLISHED: CHANNEL_PUBLISHED,
  /** Of those: confirmed; returned; those that led nowhere and were dropped. The host counts some of these. */
  CONFIRMED: CHANNEL_CONFIRMED,
  RETURNED: CHANNEL_RETURNED,
  DROPPED: CHANNEL_DROPPED,
  /** Messages that were written to the client, by basic.deliver and basic.get-ok. */
  DELIVERED: CHANNEL_DELIVERED,
  /** Of those: by basic.deliver without acknowledgement; by basic.get with one and without; delivered before. */
  DELIVERED_NO_ACK: CHANNEL_DELIVERED_NO_ACK,
  GOT: CHANNEL_GOT,
  GOT_NO_ACK: CHANNEL_GOT_NO_ACK,
  REDELIVERED: CHANNEL_REDELIVERED,
  /** Times that basic.get found nothing; the host counts it. */
  GOT_EMPTY: CHANNEL_GOT_EMPTY,
  /** Deliveries that the client has acknowledged. */
  ACKNOWLEDGED: CHANNEL_ACKNOWLEDGED,
} as const;
export type ChannelCounter = (typeof ChannelCounter)[keyof typeof ChannelCounter];

/** All of them, in the order of their numbers. */
export const CHANNEL_COUNTERS: readonly ChannelCounter[] = Object.values(ChannelCounter).toSorted((a, b) => a - b);

/** What of a channel is counted of its vhost and of all, too. */
export function inVhost(counter: ChannelCounter): Counter | null {
  switch (counter) {
    case ChannelCounter.PUBLISHED:
      return Counter.RECEIVED;
    case ChannelCounter.CONFIRMED:
      return Counter.CONFIRMED;
    case ChannelCounter.RETURNED:
      return Counter.RETURNED;
    case ChannelCounter.DROPPED:
      return Counter.DROPPED;
    default:
      return null;
  }
}

export interface StatisticsCalls {
  /** What all participants have counted since the memory was laid out. It never falls. */
  counted(counter: Counter): number;
  /** What one participant has counted; `participant` is its number. */
  countedBy(participant: number, counter: Counter): number;
  /** What they have counted of a queue since it was made. It never falls. */
  countedAt(queue: Queue, counter: QueueCounter): number;
  /** Counts what the host alone knows; below 2^32. */
  count(counter: Counter, more: number): void;
  /** The same of a queue, and of all. */
  countAt(queue: Queue, counter: QueueCounter, more: number): void;
  /** What a channel has counted. Only its own worker may ask, and count. */
  countedOf(channel: Channel, counter: ChannelCounter): number;
  /** What those channels of a connection have counted that were freed. */
  countedOfEnded(connection: Connection, counter: ChannelCounter): number;
  /** Counts what the host alone knows of a channel, of its vhost, and of all. */
  countOf(channel: Channel, counter: ChannelCounter, more: number): void;
  /** When something was last published, delivered or settled on a channel, or it was opened (ms since the Unix epoch). */
  activeAt(channel: Channel): number;
  /** The coordinator alone calls this and the next: room for a list; false: there is none, and nothing is counted. */
  openCounters(list: CounterList): boolean;
  /** Its owner is gone, and every participant has applied that. The number may be used again. */
  closeCounters(list: CounterList): void;
  /** What all participants have counted in a list. */
  countedIn(list: CounterList, counter: ListCounter): number;
  countIn(list: CounterList, counter: ListCounter, more: number): void;
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
