/**
 * What the node took, over time: memory, disk, CPU of each thread, latency of deliveries; so that a chart has a past as
 * soon as somebody looks. What must hold: what is kept is bounded: the last hour in full, a day in less detail.
 */
import { Counter, type Engine } from '../../engine/engine.js';
import type { SharedAlarms } from '../../worker/shared-alarms.js';
import type { Latencies } from './latencies.js';

/** Between two samples (ms). */
const INTERVAL = 5_000;
/** Of an hour. */
const FINE_MAX = 720;
/** Each of so many is kept for a day. */
const COARSE_EACH = 24;
const COARSE_MAX = 720;
const MICROS = 1e6;

export interface NodeSample {
  /** ms since the Unix epoch */
  readonly timestamp: number;
  /** Octets. */
  readonly memory: number;
  readonly coreMemory: number;
  /** Octets; null: it is not watched. */
  readonly diskFree: number | null;
  /** Seconds that each thread has had a CPU for: the workers, the management, the broker thread. */
  readonly cpu: readonly number[];
  /** Of the last minute (s); null: nothing was delivered. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export class NodeHistory {
  readonly #engine: Pick<Engine, 'countedBy' | 'memoryUsed'>;
  readonly #alarms: Pick<SharedAlarms, 'disk'>;
  readonly #latencies: Pick<Latencies, 'lastMinute'>;
  readonly #fine: NodeSample[] = [];
  readonly #coarse: NodeSample[] = [];
  #threads = 0;
  #taken = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    engine: Pick<Engine, 'countedBy' | 'memoryUsed'>,
    alarms: Pick<SharedAlarms, 'disk'>,
    latencies: Pick<Latencies, 'lastMinute'>,
  ) {
    this.#engine = engine;
    this.#alarms = alarms;
    this.#latencies = latencies;
  }

  /** `threads`: the workers, and the two that serve all. */
  start(threads: number): void {
    this.#threads = threads;
    this.sample(Date.now());
    this.#timer = setInterval(() => this.sample(Date.now()), INTERVAL).unref();
  }

  stop(): void {
    clearInterval(this.#timer ?? undefined);
  }

  sample(timestamp: number): void {
    const { p50, p95, p99 } = this.#latencies.lastMinute();
    const taken: NodeSample = {
      timestamp,
      memory: process.memoryUsage.rss(),
      coreMemory: this.#engine.memoryUsed(),
      diskFree: this.#alarms.disk?.free ?? null,
      cpu: Array.from(
        { length: this.#threads },
        (_, index) => this.#engine.countedBy(index, Counter.CPU_MICROS) / MICROS,
      ),
      p50,
      p95,
      p99,
    };
    keep(this.#fine, taken, FINE_MAX);
    if (this.#taken % COARSE_EACH === 0) keep(this.#coarse, taken, COARSE_MAX);
    this.#taken += 1;
  }

  /** Those of the last `age` ms, the oldest first, some `step` ms apart. */
  since(age: number, step: number, now = Date.now()): readonly NodeSample[] {
    const [oldest] = this.#fine;
    const from = now - age;
    const before = this.#coarse.filter(({ timestamp }) => timestamp < (oldest?.timestamp ?? now));
    const shown: NodeSample[] = [];
    for (const one of [...before, ...this.#fine]) {
      const last = shown.at(-1);
      // A timer is late by a little.
      const isDue = last === undefined || one.timestamp - last.timestamp >= step - INTERVAL / 2;
      if (one.timestamp >= from && isDue) shown.push(one);
    }
    return shown;
  }
}

function keep(samples: NodeSample[], one: NodeSample, most: number): void {
  if (samples.length === most) samples.shift();
  samples.push(one);
}
