/**
 * This folder is for `leveret perf`: a load on any broker of AMQP 0-9-1, measured. It knows the protocol (src/amqp) and
 * the system (src/platform), and nothing of our broker.
 *
 * Here: one run, from what is declared to what was counted. What must hold: whatever ends it, what was counted until then
 * comes out, and no thread is left.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { BrokerError } from '../client/errors.js';
import type { Latencies } from './measure/histogram.js';
import { type Counted, Recorder, type Sample } from './measure/recorder.js';
import type { Plan } from './plan.js';
import { LoadThreads } from './threads.js';
import { Topology } from './topology.js';

export interface Outcome {
  readonly startedAt: Date;
  /** That count. */
  readonly seconds: number;
  readonly counted: Counted;
  readonly latency: Latencies | null;
  readonly confirmLatency: Latencies | null;
  readonly samples: readonly Sample[];
  /** What ended it before it was over, in one line. */
  readonly failure: string | null;
}

export interface RunEvents {
  /** Of each interval. */
  onSample(sample: Sample): void;
}

/** How long nothing may come before a queue is taken to be empty, and how often is looked (ms). */
const IDLE_MS = 1000;
const LOOK_MS = 20;

/** `signal`: it is to end now, in order. Rejects where nothing could be counted, most often with a `BrokerError`. */
export async function run(plan: Plan, events: RunEvents, signal: AbortSignal): Promise<Outcome> {
  let onLost = (_error: Error): void => {};
  const lost = new Promise<never>((_, reject) => {
    onLost = reject;
  });
  lost.catch(() => {});
  const topology = await Topology.declare(plan, onLost);
  const threads = new LoadThreads(plan);
  try {
    await Promise.race([threads.all('ready'), lost]);
    return await new Running(plan, threads, events).run(signal, lost);
  } finally {
    await threads.end();
    // A broker that has gone away keeps what it has.
    await topology.clear().catch(() => topology.close());
  }
}

class Running {
  readonly #plan: Plan;
  readonly #threads: LoadThreads;
  readonly #events: RunEvents;
  readonly #recorder: Recorder;
  readonly #samples: Sample[] = [];

  constructor(plan: Plan, threads: LoadThreads, events: RunEvents) {
    this.#plan = plan;
    this.#threads = threads;
    this.#events = events;
    this.#recorder = new Recorder(threads.boards, plan.threads);
  }

  async run(signal: AbortSignal, lost: Promise<never>): Promise<Outcome> {
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    let startedAt = new Date();
    this.#recorder.begin();
    let began = performance.now();
    let sampling: NodeJS.Timeout | null = null;
    let failure: string | null = null;
    const measure = (): void => {
      startedAt = new Date();
      this.#recorder.begin();
      began = performance.now();
      sampling = setInterval(() => this.#sample(), this.#plan.interval * 1000);
    };
    try {
      await Promise.race([this.#play(measure, until), this.#threads.failed, lost, aborted(signal)]);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      failure = error.message;
    } finally {
      over.abort();
      if (sampling !== null) clearInterval(sampling);
    }
    const seconds = (performance.now() - began) / 1000;
    const last = this.#recorder.look();
    // A moment that is left over tells no rate.
    if (this.#samples.length === 0 || last.seconds >= this.#plan.interval / 2) this.#samples.push(last);
    await this.#threads.end();
    // Those that came while it ended count, too.
    this.#recorder.look();
    const { totals: counted, latency, confirmLatency } = this.#recorder;
    return { startedAt, seconds, counted, latency, confirmLatency, samples: this.#samples, failure };
  }

  /** Resolves when all is done that was asked for. */
  async #play(measure: () => void, signal: AbortSignal): Promise<void> {
    const { warmup, duration } = this.#plan;
    if (warmup === 0) measure();
    this.#threads.tell({ kind: 'consume' });
    await this.#threads.all('consuming');
    this.#threads.tell({ kind: 'publish' });
    const done = this.#done(signal);
    done.catch(() => {});
    if (warmup > 0) {
      await Promise.race([pause(warmup * 1000, undefined, { signal }).catch(() => {}), done]);
      measure();
    }
    const ends = duration === null ? [] : [pause(duration * 1000, undefined, { signal }).catch(() => {})];
    await Promise.race([done, ...ends]);
  }

  /** Resolves when as many messages went and came as were asked for; never, if no number was. */
  async #done(signal: AbortSignal): Promise<void> {
    const { producers, producerMessages, consumers, consumerMessages } = this.#plan;
    const isLimited = (producers > 0 && producerMessages !== null) || (consumers > 0 && consumerMessages !== null);
    if (!isLimited) return new Promise(() => {});
    if (producers > 0 && producerMessages !== null) await this.#threads.all('producers-done');
    if (consumers === 0) return;
    if (consumerMessages !== null) return this.#threads.all('consumers-done');
    await this.#drained(signal);
  }

  /** Until all have come that were published, or, where that cannot be told, none comes any more. */
  async #drained(signal: AbortSignal): Promise<void> {
    const isOneForOne = this.#plan.exchange.name === '' && !this.#plan.isPredeclared;
    let last = this.#recorder.consumedMark;
    let since = performance.now();
    while (!signal.aborted) {
      if (isOneForOne && this.#recorder.inFlight <= 0) return;
      const mark = this.#recorder.consumedMark;
      if (mark !== last) since = performance.now();
      else if (performance.now() - since > IDLE_MS) return;
      last = mark;
      await pause(LOOK_MS);
    }
  }

  #sample(): void {
    const sample = this.#recorder.look();
    this.#samples.push(sample);
    this.#events.onSample(sample);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
