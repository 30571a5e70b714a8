/** What participants have counted. Any participant calls these, at any time: nobody waits for it. */
import {
  COUNTER_ACKNOWLEDGED,
  COUNTER_DELIVERED,
  COUNTER_ENQUEUED,
  COUNTER_OCTETS_IN,
  COUNTER_OCTETS_OUT,
  COUNTER_RECEIVED,
} from '../numbers/core.js';
import type { Queue } from './references.js';

/** What is counted. */
export const Counter = {
  /** Messages that came whole from clients. */
  RECEIVED: COUNTER_RECEIVED,
  /** Messages that took a place in a queue; one that goes to two queues counts twice. */
  ENQUEUED: COUNTER_ENQUEUED,
  /** Messages that were written to clients, by basic.deliver and basic.get-ok. */
  DELIVERED: COUNTER_DELIVERED,
  /** Deliveries that clients have acknowledged. */
  ACKNOWLEDGED: COUNTER_ACKNOWLEDGED,
  /** Octets that came from sockets, and that went to them, as far as the core has seen them. */
  OCTETS_IN: COUNTER_OCTETS_IN,
  OCTETS_OUT: COUNTER_OCTETS_OUT,
} as const;
export type Counter = (typeof Counter)[keyof typeof Counter];
/** What is counted of each queue, too. */
export type QueueCounter = typeof Counter.ENQUEUED | typeof Counter.DELIVERED | typeof Counter.ACKNOWLEDGED;

export interface StatisticsCalls {
  /** What all participants have counted since the memory was laid out. It never falls. */
  counted(counter: Counter): number;
  /** What they have counted of a queue since it was made. It never falls. */
  countedAt(queue: Queue, counter: QueueCounter): number;
}
