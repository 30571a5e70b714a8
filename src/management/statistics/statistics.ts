/**
 * This folder is for what was counted, and at which rate. Routes ask here; what stands under a name is what RabbitMQ's
 * HTTP API has there. How many messages there are and what was counted is as it is now; rates are as of the last sample.
 */
import type { ExchangeEntry, QueueEntry } from '../../broker/topology/topology-entries.js';
import type { TopologyView } from '../../broker/topology/topology-view.js';
import { Counter, type Engine, ExchangeCounter, unacked } from '../../engine/engine.js';
import type { JsonObject } from '../http/listings.js';
import { isoTime } from './channel-stats.js';
import { details, type Range, rangeOf, valueAt } from './details.js';
import type { Histories, Point } from './histories.js';
import {
  BROKER_SERIES,
  CHURN_RATES,
  EXCHANGE_SERIES,
  MESSAGE_STATS,
  OCTETS,
  PUBLISHED,
  PUBLISHED_IN,
  PUBLISHED_OUT,
  QUEUE_SERIES,
  readExchange,
  readQueue,
  type Sum,
  TAKEN,
  VHOST_SERIES,
} from './message-stats.js';
import {
  BROKER_READY,
  BROKER_UNACKED,
  READY,
  type Sampled,
  Sampler,
  UNACKED,
  VHOST_READY,
  VHOST_UNACKED,
} from './sampler.js';

/** What a query asks of rates. */
export interface Ranges {
  readonly lengths: Range | null;
  readonly messages: Range | null;
}

/** Throws the answer to what RabbitMQ refuses. */
export function rangesOf(query: unknown): Ranges {
  return { lengths: rangeOf(query, 'lengths'), messages: rangeOf(query, 'msg_rates') };
}

/** Of bodies, by the HTTP API's names. */
type Octets = Readonly<Record<'message_bytes' | 'message_bytes_ready' | 'message_bytes_unacknowledged', number>>;

/** A queue at one of its samples (`time` in ms since the Unix epoch): its messages, and what was counted by then. */
export interface PastQueue {
  readonly time: number;
  readonly messages: number;
  readonly enqueued: number;
  readonly delivered: number;
  readonly acknowledged: number;
  readonly redelivered: number;
}

const PAST_COUNTERS = [Counter.ENQUEUED, Counter.DELIVERED, Counter.ACKNOWLEDGED, Counter.REDELIVERED] as const;

type CountingEngine = Pick<Engine, 'readyCount' | 'readyBytes' | 'counted' | 'countedAt' | 'countedIn'>;

/** A history that is read for an answer. */
interface Reading {
  readonly histories: Histories;
  readonly sampled: Sampled | undefined;
  readonly series: readonly number[];
  /** What a counter is now. */
  now(counter: number): number;
}

export class Statistics {
  readonly sampler: Sampler;
  readonly #engine: CountingEngine;
  readonly #startedAt = Date.now();
  readonly #values = new Float64Array(QUEUE_SERIES.length);
  readonly #exchangeValues = new Float64Array(EXCHANGE_SERIES.length);

  constructor(view: TopologyView, engine: CountingEngine) {
    this.sampler = new Sampler(view, engine);
    this.#engine = engine;
  }

  /** How many messages a queue has. */
  lengths({ ref }: QueueEntry): { messages: number; messages_ready: number; messages_unacknowledged: number } {
    const unacknowledged = unacked(this.#engine, ref);
    const ready = this.#engine.readyCount(ref);
    return { messages: ready + unacknowledged, messages_ready: ready, messages_unacknowledged: unacknowledged };
  }

  /** Octets of the bodies of a queue's messages. */
  octets(queue: QueueEntry): Octets {
    const { messages_ready: ready, messages_unacknowledged: unacknowledged } = this.lengths(queue);
    return this.#bytes(queue, ready, unacknowledged);
  }

  /** All that is counted of a queue. */
  queue(queue: QueueEntry, ranges: Ranges): JsonObject {
    const values = this.#values;
    readQueue(this.#engine, queue.ref, values);
    const sampled = this.sampler.queue(queue);
    const lengths = this.lengths(queue);
    const reading: Reading = {
      histories: this.sampler.ofQueues,
      sampled,
      series: QUEUE_SERIES,
      now: (counter) => values[QUEUE_SERIES.indexOf(counter as (typeof QUEUE_SERIES)[number])] ?? 0,
    };
    const names = {
      ...(reading.now(Counter.ENQUEUED) > 0 ? PUBLISHED : {}),
      ...(reading.now(Counter.DELIVERED) + reading.now(Counter.GOT_EMPTY) > 0 ? TAKEN : {}),
    };
    const isUsed = Object.keys(names).length > 0;
    return {
      ...lengths,
      ...this.#lengthDetails(reading, READY, UNACKED, ranges.lengths),
      ...this.#bytes(queue, lengths.messages_ready, lengths.messages_unacknowledged),
      ...(isUsed ? { message_stats: this.#stats(names, reading, ranges.messages) } : {}),
      idle_since: isoTime(sampled?.activeAt ?? this.#startedAt),
    };
  }

  /** What the queue was at its samples, the newest first, back to a day; none: nobody has used it. */
  past(queue: QueueEntry): PastQueue[] {
    const sampled = this.sampler.queue(queue);
    if (sampled === undefined) return [];
    const { place, sample } = sampled;
    const times = this.sampler.timesOf(sampled);
    const histories = this.sampler.ofQueues;
    const series = [READY, UNACKED, ...PAST_COUNTERS.map((counter) => QUEUE_SERIES.indexOf(counter))];
    const points = series.map((one) => histories.points(place, one, sample));
    return (points[0] ?? []).map((point) => {
      const time = times.lastAt - (times.last - point.sample) * times.interval;
      const values = points.map((of) => Math.round(valueAt(of, times, time)));
      const [ready = 0, unacknowledged = 0, enqueued = 0, delivered = 0, acknowledged = 0, redelivered = 0] = values;
      return { time, messages: ready + unacknowledged, enqueued, delivered, acknowledged, redelivered };
    });
  }

  /** All that is counted of a vhost, by its last sample. */
  vhost(name: string, ranges: Ranges): JsonObject {
    const sampled = this.sampler.vhost(name);
    const histories = this.sampler.ofVhosts;
    const last = (series: number): number => (sampled === undefined ? 0 : histories.lastOf(sampled.place, series));
    const reading: Reading = {
      histories,
      sampled,
      series: VHOST_SERIES,
      now: (counter) => last(VHOST_SERIES.indexOf(counter as (typeof VHOST_SERIES)[number])),
    };
    const [ready, unacknowledged] = [last(VHOST_READY), last(VHOST_UNACKED)];
    return {
      messages: ready + unacknowledged,
      messages_ready: ready,
      messages_unacknowledged: unacknowledged,
      ...this.#lengthDetails(reading, VHOST_READY, VHOST_UNACKED, ranges.lengths),
      ...this.#stats(OCTETS, reading, null),
      message_stats: this.#stats(MESSAGE_STATS, reading, ranges.messages),
    };
  }

  /** `message_stats` of an exchange to which something was published. */
  exchange(exchange: ExchangeEntry, ranges: Ranges): { message_stats?: JsonObject } {
    const values = this.#exchangeValues;
    readExchange(this.#engine, exchange.counters, values);
    const sampled = this.sampler.exchange(exchange);
    if (sampled === undefined && values.every((value) => value === 0)) return {};
    const reading: Reading = {
      histories: this.sampler.ofExchanges,
      sampled,
      series: EXCHANGE_SERIES,
      now: (counter) => values[EXCHANGE_SERIES.indexOf(counter as (typeof EXCHANGE_SERIES)[number])] ?? 0,
    };
    const names = { ...PUBLISHED_IN, ...(reading.now(ExchangeCounter.PUBLISHED_OUT) > 0 ? PUBLISHED_OUT : {}) };
    return { message_stats: this.#stats(names, reading, ranges.messages) };
  }

  /** How fast messages come to a queue or an exchange, and go from it (each second), between the last two samples. */
  flow(of: QueueEntry | ExchangeEntry): { readonly in: number; readonly out: number } {
    const isQueue = of.kind === 'queue';
    const sampled = isQueue ? this.sampler.queue(of) : this.sampler.exchange(of);
    if (sampled === undefined) return { in: 0, out: 0 };
    const histories = isQueue ? this.sampler.ofQueues : this.sampler.ofExchanges;
    const seconds = this.sampler.timesOf(sampled).interval / 1000;
    const series: readonly number[] = isQueue ? QUEUE_SERIES : EXCHANGE_SERIES;
    const rate = (counter: number): number =>
      histories.grownBy(sampled.place, series.indexOf(counter), sampled.sample) / seconds;
    return isQueue
      ? { in: rate(Counter.ENQUEUED), out: rate(Counter.DELIVERED) }
      : { in: rate(ExchangeCounter.PUBLISHED_IN), out: rate(ExchangeCounter.PUBLISHED_OUT) };
  }

  /** What the overview has of the broker: `message_stats`, `queue_totals` and `churn_rates`. */
  overview(ranges: Ranges): JsonObject {
    const { ofBroker: histories, broker: sampled } = this.sampler;
    const reading: Reading = {
      histories,
      sampled,
      series: BROKER_SERIES,
      now: (counter) => this.#engine.counted(counter as Counter),
    };
    const ready = histories.lastOf(sampled.place, BROKER_READY);
    const unacknowledged = histories.lastOf(sampled.place, BROKER_UNACKED);
    return {
      message_stats: this.#stats(MESSAGE_STATS, reading, ranges.messages),
      churn_rates: this.#stats(CHURN_RATES, reading, null),
      queue_totals: {
        messages: ready + unacknowledged,
        messages_ready: ready,
        messages_unacknowledged: unacknowledged,
        ...this.#lengthDetails(reading, BROKER_READY, BROKER_UNACKED, ranges.lengths),
      },
    };
  }

  /**
   * Octets of the bodies. Those of ready messages are known where the queue has a limit of octets; others are as long
   * as the queue's messages were on average.
   */
  #bytes({ ref }: QueueEntry, ready: number, unacknowledged: number): Octets {
    const octets = this.#engine.countedAt(ref, Counter.OCTETS_ENQUEUED);
    const average = octets / Math.max(1, this.#engine.countedAt(ref, Counter.ENQUEUED));
    const exact = this.#engine.readyBytes(ref);
    const readyBytes = exact > 0 ? exact : Math.round(ready * average);
    const unackedBytes = Math.round(unacknowledged * average);
    return {
      message_bytes: readyBytes + unackedBytes,
      message_bytes_ready: readyBytes,
      message_bytes_unacknowledged: unackedBytes,
    };
  }

  #lengthDetails(
    { histories, sampled }: Reading,
    ready: number,
    unacknowledged: number,
    range: Range | null,
  ): JsonObject {
    const of = (...series: readonly number[]): JsonObject => this.#details(histories, sampled, series, [], range);
    return {
      messages_details: of(ready, unacknowledged),
      messages_ready_details: of(ready),
      messages_unacknowledged_details: of(unacknowledged),
    };
  }

  #stats(names: { readonly [name: string]: Sum }, reading: Reading, range: Range | null): JsonObject {
    const { histories, sampled, series, now } = reading;
    const stats: Record<string, number | JsonObject> = {};
    for (const [name, { plus, less = [] }] of Object.entries(names)) {
      // What is taken off is read before what it is a part of.
      const parts = sum(less.map(now));
      stats[name] = Math.max(0, sum(plus.map(now)) - parts);
      const places = (counters: readonly number[]): number[] => counters.map((counter) => series.indexOf(counter));
      stats[`${name}_details`] = this.#details(histories, sampled, places(plus), places(less), range);
    }
    return stats;
  }

  #details(
    histories: Histories,
    sampled: Sampled | undefined,
    plus: readonly number[],
    less: readonly number[],
    range: Range | null,
  ): JsonObject {
    if (sampled === undefined) return details(this.sampler.timesOf(this.sampler.broker), 0, () => [], range);
    const { place, sample } = sampled;
    const grown = (all: readonly number[]): number =>
      sum(all.map((series) => histories.grownBy(place, series, sample)));
    const points = (): readonly Point[] => {
      const added = plus.map((series) => histories.points(place, series, sample));
      const taken = less.map((series) => histories.points(place, series, sample));
      return (added[0] ?? []).map((point, index) => ({
        sample: point.sample,
        value: valueIn(added, index) - valueIn(taken, index),
      }));
    };
    return details(this.sampler.timesOf(sampled), grown(plus) - grown(less), points, range);
  }
}

function valueIn(all: readonly (readonly Point[])[], index: number): number {
  return sum(all.map((points) => points[index]?.value ?? 0));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
