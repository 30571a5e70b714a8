/** `message_stats`: the names that RabbitMQ's HTTP API has for what is counted, and what they are made of. */
import {
  Counter,
  type CounterList,
  type Engine,
  ExchangeCounter,
  QueueCounter,
  VhostCounter,
} from '../../engine/engine.js';
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

/** What else is sampled of a vhost, which no queue knows. */
const OF_CLIENTS = [
  [Counter.RECEIVED, VhostCounter.PUBLISHED],
  [Counter.CONFIRMED, VhostCounter.CONFIRMED],
  [Counter.RETURNED, VhostCounter.RETURNED],
  [Counter.DROPPED, VhostCounter.DROPPED],
  [Counter.OCTETS_IN, VhostCounter.OCTETS_IN],
  [Counter.OCTETS_OUT, VhostCounter.OCTETS_OUT],
] as const;

/** What is sampled of a vhost: of its queues together, and behind that what its clients do. */
export const VHOST_SERIES = [...QUEUE_SERIES, ...OF_CLIENTS.map(([counter]) => counter)] as const;

/** What is sampled of an exchange. */
export const EXCHANGE_SERIES = [ExchangeCounter.PUBLISHED_IN, ExchangeCounter.PUBLISHED_OUT] as const;

/** What is sampled of the broker. */
export const BROKER_SERIES = [
  ...VHOST_SERIES,
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
  readonly plus: readonly number[];
  readonly less?: readonly number[];
}

/** Of what is taken from queues; `deliver` is what was delivered in no other way. Of a queue it is told if there was any. */
export const TAKEN: { readonly [name: string]: Sum } = {
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

/** Of a queue to which something was published. */
export const PUBLISHED: { readonly [name: string]: Sum } = { publish: { plus: [Counter.ENQUEUED] } };

export const MESSAGE_STATS: { readonly [name: string]: Sum } = {
  ...TAKEN,
  publish: { plus: [Counter.RECEIVED] },
  confirm: { plus: [Counter.CONFIRMED] },
  return_unroutable: { plus: [Counter.RETURNED] },
  drop_unroutable: { plus: [Counter.DROPPED] },
};

export const OCTETS: { readonly [name: string]: Sum } = {
  recv_oct: { plus: [Counter.OCTETS_IN] },
  send_oct: { plus: [Counter.OCTETS_OUT] },
};

export const PUBLISHED_IN: { readonly [name: string]: Sum } = {
  publish_in: { plus: [ExchangeCounter.PUBLISHED_IN] },
};

/** Of an exchange that led anywhere. */
export const PUBLISHED_OUT: { readonly [name: string]: Sum } = {
  publish_out: { plus: [ExchangeCounter.PUBLISHED_OUT] },
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

/** What the clients of a vhost did, behind what was done with its queues, in the order of `VHOST_SERIES`. */
export function readVhost(engine: Pick<Engine, 'countedIn'>, list: CounterList, into: Float64Array): void {
  // What is a part of another is read before it.
  for (let i = OF_CLIENTS.length - 1; i >= 0; i--)
    into[QUEUE_SERIES.length + i] = engine.countedIn(list, OF_CLIENTS[i]?.[1] ?? VhostCounter.PUBLISHED);
}

/** In the order of `EXCHANGE_SERIES`. */
export function readExchange(engine: Pick<Engine, 'countedIn'>, list: CounterList, into: Float64Array): void {
  for (const [i, counter] of EXCHANGE_SERIES.entries()) into[i] = engine.countedIn(list, counter);
}
