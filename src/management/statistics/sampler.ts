/**
 * Samples what is counted, each five seconds as RabbitMQ does: of the queues and exchanges that are used, of vhosts, and
 * of the broker. A sample of many queues is taken in portions, so that requests are answered meanwhile. What must hold: a queue
 * that nobody has used has no history; one that is gone has none any more; what a vhost has counted never falls.
 */
import type { ExchangeEntry, QueueEntry } from '../../broker/topology/topology-entries.js';
import type { TopologyView } from '../../broker/topology/topology-view.js';
import { type Engine, unacked } from '../../engine/engine.js';
import { Turns } from '../http/turns.js';
import type { SampleTimes } from './details.js';
import { Histories, type Place, type Ring } from './histories.js';
import {
  BROKER_SERIES,
  EXCHANGE_SERIES,
  QUEUE_SERIES,
  readExchange,
  readQueue,
  readVhost,
  VHOST_SERIES,
} from './message-stats.js';

/** Between two samples (ms). */
const INTERVAL = 5000;

/** A minute, 10 minutes, an hour and a day, in about a dozen steps each: with what belongs to it less than 2 KiB. */
const QUEUE_RINGS: readonly Ring[] = [
  { every: 1, slots: 12 },
  { every: 10, slots: 12 },
  { every: 60, slots: 11 },
  { every: 1440, slots: 11 },
];

/** There is one broker: it has what RabbitMQ keeps of it. */
const BROKER_RINGS: readonly Ring[] = [
  { every: 1, slots: 121 },
  { every: 12, slots: 61 },
  { every: 120, slots: 49 },
  { every: 360, slots: 48 },
];

/** Levels behind the counters of a history. */
export const READY = QUEUE_SERIES.length;
export const UNACKED = QUEUE_SERIES.length + 1;
const LEVELS = 2;
export const VHOST_READY = VHOST_SERIES.length;
export const VHOST_UNACKED = VHOST_SERIES.length + 1;
export const BROKER_READY = BROKER_SERIES.length;
export const BROKER_UNACKED = BROKER_SERIES.length + 1;

/** What is known of the samples of a queue, a vhost or the broker. */
export interface Sampled {
  readonly place: Place;
  /** The number of the last sample. */
  sample: number;
  /** When a sample last differed from the one before it (ms since the Unix epoch). */
  activeAt: number;
}

interface SampledVhost extends Sampled {
  readonly values: Float64Array;
}

type SampledView = Pick<TopologyView, 'vhosts' | 'queuesIn' | 'exchangesIn' | 'countersOf'>;
type SampledEngine = Pick<Engine, 'readyCount' | 'counted' | 'countedAt' | 'countedIn'>;

export class Sampler {
  readonly ofQueues = new Histories(QUEUE_RINGS, QUEUE_SERIES.length, LEVELS);
  readonly ofVhosts = new Histories(QUEUE_RINGS, VHOST_SERIES.length, LEVELS);
  readonly ofExchanges = new Histories(QUEUE_RINGS, EXCHANGE_SERIES.length, 0);
  readonly ofBroker = new Histories(BROKER_RINGS, BROKER_SERIES.length, LEVELS);
  readonly broker: Sampled = { place: this.ofBroker.open(), sample: 0, activeAt: 0 };
  readonly #view: SampledView;
  readonly #engine: SampledEngine;
  readonly #queues = new Map<QueueEntry, Sampled>();
  readonly #vhosts = new Map<string, SampledVhost>();
  readonly #exchanges = new Map<ExchangeEntry, Sampled>();
  readonly #values = new Float64Array(QUEUE_SERIES.length + LEVELS);
  readonly #exchangeValues = new Float64Array(EXCHANGE_SERIES.length);
  readonly #brokerValues = new Float64Array(BROKER_SERIES.length + LEVELS);
  #sample = 0;
  #at = Date.now();
  #interval = INTERVAL;
  #timer: NodeJS.Timeout | null = null;
  #isSampling = false;

  constructor(view: SampledView, engine: SampledEngine) {
    this.#view = view;
    this.#engine = engine;
  }

  /** Samples from now on; `fail` hears of what goes wrong. */
  start(fail: (error: unknown) => void): void {
    const sample = (): void => {
      // One that takes longer than the interval is not overtaken.
      if (!this.#isSampling) this.sample().catch(fail);
    };
    this.#timer = setInterval(sample, INTERVAL).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** Octets that all histories take. */
  get octets(): number {
    return [this.ofQueues, this.ofVhosts, this.ofExchanges, this.ofBroker].reduce((sum, of) => sum + of.octetsInAll, 0);
  }

  /** Undefined: nobody has used the queue by the last sample. */
  queue(queue: QueueEntry): Sampled | undefined {
    return this.#queues.get(queue);
  }

  /** Undefined: nobody has used it by the last sample. */
  exchange(exchange: ExchangeEntry): Sampled | undefined {
    return this.#exchanges.get(exchange);
  }

  vhost(name: string): Sampled | undefined {
    return this.#vhosts.get(name);
  }

  timesOf({ sample }: Sampled): SampleTimes {
    // While a sample is being taken, some have it already.
    return { last: sample, lastAt: this.#at - (this.#sample - sample) * this.#interval, interval: this.#interval };
  }

  /** Takes one sample of everything. */
  async sample(now = Date.now()): Promise<void> {
    this.#isSampling = true;
    if (this.#sample > 0) this.#interval = Math.max(1, now - this.#at);
    this.#sample += 1;
    this.#at = now;
    const turns = new Turns();
    for (const name of this.#view.vhosts()) {
      const vhost = this.#vhostNamed(name);
      vhost.values.fill(0, VHOST_READY);
      for (const one of this.#used(name)) {
        if (one.kind === 'queue') this.#sampleQueue(one, vhost);
        else this.#sampleExchange(one);
        if (turns.isOver) await turns.next();
      }
      readVhost(this.#engine, this.#view.countersOf(name), vhost.values);
      this.#record(this.ofVhosts, vhost, vhost.values);
    }
    await this.#forget(this.#queues, this.ofQueues, turns);
    await this.#forget(this.#exchanges, this.ofExchanges, turns);
    await this.#forget(this.#vhosts, this.ofVhosts, turns);
    this.#sampleBroker();
    this.#isSampling = false;
  }

  *#used(vhost: string): Generator<QueueEntry | ExchangeEntry> {
    yield* this.#view.queuesIn(vhost);
    yield* this.#view.exchangesIn(vhost);
  }

  #sampleExchange(exchange: ExchangeEntry): void {
    const values = this.#exchangeValues;
    readExchange(this.#engine, exchange.counters, values);
    let sampled = this.#exchanges.get(exchange);
    if (sampled === undefined) {
      if (values.every((value) => value === 0)) return;
      sampled = { place: this.ofExchanges.open(), sample: this.#sample, activeAt: this.#at };
      this.#exchanges.set(exchange, sampled);
    }
    this.#record(this.ofExchanges, sampled, values);
  }

  #sampleQueue(queue: QueueEntry, vhost: SampledVhost): void {
    const values = this.#values;
    readQueue(this.#engine, queue.ref, values);
    values[READY] = this.#engine.readyCount(queue.ref);
    values[UNACKED] = unacked(this.#engine, queue.ref);
    let sampled = this.#queues.get(queue);
    if (sampled === undefined) {
      if (values.every((value) => value === 0)) return;
      sampled = { place: this.ofQueues.open(), sample: this.#sample, activeAt: this.#at };
      this.#queues.set(queue, sampled);
    }
    for (let series = 0; series < values.length; series++) {
      const before = series < READY ? this.ofQueues.lastOf(sampled.place, series) : 0;
      const ofVhost = series < READY ? series : series - READY + VHOST_READY;
      vhost.values[ofVhost] = (vhost.values[ofVhost] ?? 0) + (values[series] ?? 0) - before;
    }
    this.#record(this.ofQueues, sampled, values);
  }

  #sampleBroker(): void {
    const values = this.#brokerValues;
    for (const [series, counter] of BROKER_SERIES.entries()) values[series] = this.#engine.counted(counter);
    values.fill(0, BROKER_READY);
    for (const { values: ofVhost } of this.#vhosts.values()) {
      values[BROKER_READY] = (values[BROKER_READY] ?? 0) + (ofVhost[VHOST_READY] ?? 0);
      values[BROKER_UNACKED] = (values[BROKER_UNACKED] ?? 0) + (ofVhost[VHOST_UNACKED] ?? 0);
    }
    this.#record(this.ofBroker, this.broker, values);
  }

  #record(histories: Histories, sampled: Sampled, values: Float64Array): void {
    sampled.sample = this.#sample;
    if (histories.record(sampled.place, this.#sample, values)) sampled.activeAt = this.#at;
  }

  #vhostNamed(name: string): SampledVhost {
    const known = this.#vhosts.get(name);
    if (known !== undefined) return known;
    const values = new Float64Array(VHOST_SERIES.length + LEVELS);
    const vhost = { place: this.ofVhosts.open(), sample: this.#sample, activeAt: this.#at, values };
    this.#vhosts.set(name, vhost);
    return vhost;
  }

  /** What was not seen by this sample is gone. */
  async #forget<Key>(sampled: Map<Key, Sampled>, histories: Histories, turns: Turns): Promise<void> {
    for (const [key, one] of sampled) {
      if (turns.isOver) await turns.next();
      if (one.sample === this.#sample) continue;
      histories.close(one.place);
      sampled.delete(key);
    }
  }
}
