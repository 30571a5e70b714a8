/** `message_stats`: the names that RabbitMQ's HTTP API has for what is counted, and what they are made of. */
import { Counter, type Engine, QueueCounter } from '../../engine/engine.js';
import type { Queue } from '../../engine/references.js';

/** What is sampled of a queue and of a vhost, in the order of their histories. */
export const QUEUE_SERIES = [
  QueueCounter.ENQUEUED,
  QueueCounter.DELIVERED,
  QueueCounter.DELIVERED_NO_ACK,
  QueueCounter.GOT,
  QueueCounter.GOT_NO_ACK,
  QueueCounter.GOT_EMPTY,
  QueueCounter.REDELIVERED,
  QueueCounter.ACKNOWLEDGED,
] as const;

/** What is sampled of the broker: the same, and what is counted of no queue. */
export const BROKER_SERIES = [
  ...QUEUE_SERIES,
  Counter.RECEIVED,
  Counter.CONFIRMED,
  Counter.RETURNED,
  Counter.DROPPED,
  Counter.OCTETS_IN,
  Counter.OCTETS_OUT,
  Counter.CONNECTIONS_OPENED,
  Counter.CONNECTIONS_CLOSED,
  Counter.CHANNELS_OPENED,
  Counter.CHANNELS_CLOSED,
  Counter.QUEUES_DECLARED,
  Counter.QUEUES_CREATED,
  Counter.QUEUES_DELETED,
] as const;

/** A sum of counters, and less others. */
export interface Sum {
  readonly plus: readonly Counter[];
  readonly less?: readonly Counter[];
}

/** Of what is taken from queues; `deliver` is what was delivered in no other way. */
const TAKEN: { readonly [name: string]: Sum } = {
  ack: { plus: [Counter.ACKNOWLEDGED] },
  deliver: {
    plus: [Counter.DELIVERED],
    less: [Counter.DELIVERED_NO_ACK, Counter.GOT, Counter.GOT_NO_ACK],
  },
  deliver_get: { plus: [Counter.DELIVERED] },
  deliver_no_ack: { plus: [Counter.DELIVERED_NO_ACK] },
  get: { plus: [Counter.GOT] },
  get_empty: { plus: [Counter.GOT_EMPTY] },
  get_no_ack: { plus: [Counter.GOT_NO_ACK] },
  redeliver: { plus: [Counter.REDELIVERED] },
};

export const QUEUE_MESSAGE_STATS: { readonly [name: string]: Sum } = {
  ...TAKEN,
  publish: { plus: [Counter.ENQUEUED] },
};

export const BROKER_MESSAGE_STATS: { readonly [name: string]: Sum } = {
  ...TAKEN,
  publish: { plus: [Counter.RECEIVED] },
  confirm: { plus: [Counter.CONFIRMED] },
  return_unroutable: { plus: [Counter.RETURNED] },
  drop_unroutable: { plus: [Counter.DROPPED] },
};

export const CHURN_RATES: { readonly [name: string]: Sum } = {
  channel_closed: { plus: [Counter.CHANNELS_CLOSED] },
  channel_created: { plus: [Counter.CHANNELS_OPENED] },
  connection_closed: { plus: [Counter.CONNECTIONS_CLOSED] },
  connection_created: { plus: [Counter.CONNECTIONS_OPENED] },
  queue_created: { plus: [Counter.QUEUES_CREATED] },
  queue_declared: { plus: [Counter.QUEUES_DECLARED] },
  queue_deleted: { plus: [Counter.QUEUES_DELETED] },
};

/**
 * Reads a queue's counters into `into`, in the order of `QUEUE_SERIES`. What is a part of another is read before it, so
 * that it is never more.
 */
export function readQueue(engine: Pick<Engine, 'countedAt'>, queue: Queue, into: Float64Array): void {
  for (let i = QUEUE_SERIES.length - 1; i >= 0; i--)
    into[i] = engine.countedAt(queue, QUEUE_SERIES[i] ?? Counter.ENQUEUED);
}
