/**
 * What a thread costs, counted among what its participant counts while it has clients (the broker thread, which has
 * none: always): its CPU time, how busy its event loop was and how late it came, pauses of the garbage collector, and
 * what JavaScript has allocated. What must hold: all of it together takes a thread some tens of microseconds a second,
 * and no memory that is not given back (Node 20's `GCProfiler` keeps what it has told).
 */
import { readFileSync } from 'node:fs';
import {
  type EventLoopUtilization,
  PerformanceObserver,
  type PerformanceObserverEntryList,
  performance,
} from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { Counter, type Engine } from '../engine/engine.js';

/** Between two looks (ms). */
const LOOK_MS = 1000;
/** Nanoseconds that this thread has had a CPU for are the first number; only Linux has it. */
const CPU_TIME = '/proc/thread-self/schedstat';
/** More than passes between two looks, unless the thread was stopped: counters take less than 2^32 at once. */
const MOST = 2 ** 32 - 1;

export class ThreadFigures {
  readonly #engine: Pick<Engine, 'count'>;
  readonly #tickMs: number;
  readonly #collections = new PerformanceObserver((told) => this.#countPauses(told));
  #lastTick = Number.NaN;
  #lastLook = Number.NEGATIVE_INFINITY;
  #cpuNanoseconds = 0;
  #hasCpuTime = true;
  #utilization: EventLoopUtilization = performance.eventLoopUtilization();
  /** Octets of JavaScript's heap at the last tick. */
  #heapUsed = Number.POSITIVE_INFINITY;
  /** Octets that it grew by from tick to tick where nothing was collected in between, and how often that was so. */
  #grownBy = 0;
  #timesGrown = 0;

  /** `tickMs`: how far ticks lie apart. */
  constructor(engine: Pick<Engine, 'count'>, tickMs: number) {
    this.#engine = engine;
    this.#tickMs = tickMs;
  }

  /** To be called by a timer. `now` is `performance.now()`. */
  tick(now: number): void {
    if (!Number.isNaN(this.#lastTick)) {
      this.#engine.count(Counter.TICKS, 1);
      this.#add(Counter.LATE_MICROS, (now - this.#lastTick - this.#tickMs) * 1e3);
    }
    this.#lastTick = now;
    this.#countAllocated();
    if (now - this.#lastLook >= LOOK_MS) this.#look(now);
  }

  /** Nobody ticks for a while. */
  rest(): void {
    this.#lastTick = Number.NaN;
    this.#lastLook = Number.NEGATIVE_INFINITY;
    this.#heapUsed = Number.POSITIVE_INFINITY;
    this.#collections.disconnect();
  }

  #look(now: number): void {
    if (this.#lastLook === Number.NEGATIVE_INFINITY) this.#collections.observe({ entryTypes: ['gc'] });
    this.#lastLook = now;
    this.#countCpu();
    const utilization = performance.eventLoopUtilization();
    this.#add(Counter.BUSY_MICROS, (utilization.active - this.#utilization.active) * 1e3);
    this.#utilization = utilization;
  }

  #countCpu(): void {
    if (!this.#hasCpuTime) return;
    try {
      const nanoseconds = Number.parseInt(readFileSync(CPU_TIME, 'latin1'), 10);
      this.#add(Counter.CPU_MICROS, (nanoseconds - this.#cpuNanoseconds) / 1e3);
      this.#cpuNanoseconds = nanoseconds;
    } catch {
      this.#hasCpuTime = false;
    }
  }

  #countPauses(told: PerformanceObserverEntryList): void {
    for (const { duration } of told.getEntries()) {
      this.#engine.count(Counter.GC_PAUSES, 1);
      this.#add(Counter.GC_MICROS, duration * 1e3);
    }
  }

  /** How far the heap has grown since the last tick; as far as it does on average, where it was collected meanwhile. */
  #countAllocated(): void {
    const used = getHeapStatistics().used_heap_size;
    const grown = used - this.#heapUsed;
    const isFirst = this.#heapUsed === Number.POSITIVE_INFINITY;
    this.#heapUsed = used;
    if (isFirst) return;
    if (grown < 0) {
      if (this.#timesGrown > 0) this.#add(Counter.JS_OCTETS, this.#grownBy / this.#timesGrown);
      return;
    }
    this.#grownBy += grown;
    this.#timesGrown += 1;
    this.#add(Counter.JS_OCTETS, grown);
  }

  #add(counter: Counter, more: number): void {
    if (more >= 1) this.#engine.count(counter, Math.min(MOST, Math.floor(more)));
  }
}

/** Those of a thread that has no other reason to tick. It does not keep the process from ending. */
export class SteadyFigures {
  #timer: NodeJS.Timeout | null = null;
  #figures: ThreadFigures | null = null;

  start(engine: Pick<Engine, 'count'>): void {
    const figures = new ThreadFigures(engine, LOOK_MS);
    this.#figures = figures;
    this.#timer = setInterval(() => figures.tick(performance.now()), LOOK_MS).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#figures?.rest();
  }
}
