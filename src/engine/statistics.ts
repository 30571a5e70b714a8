/** What participants have counted. Any participant calls these, at any time: nobody waits for it. */
import type { Queue } from './references.js';

/** What is counted. */
export const Counter = {
  /** Messages that came whole from clients. */
  RECEIVED: 0,
  /** Messages that took a place in a queue; one that goes to two queues counts twice. */
  ENQUEUED: 1,
  /** Messages that were written to clients, by basic.deliver and basic.get-ok. */
  DELIVERED: 2,
  /** Deliveries that clients have acknowledged. */
  ACKNOWLEDGED: 3,
  /** Octets that came from sockets, and that went to them, as far as the core has seen them. */
  OCTETS_IN: 4,
  OCTETS_OUT: 5,
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
