/**
 * This folder is for `leveret migrate`: what it is to move, how it looks at both brokers, and how messages go from one to
 * the other. It is a client of both, and knows of ours what reads definitions.
 *
 * Here: all queues of a migration, several at once, round after round until they are empty, or until it is stopped. What
 * must hold: a broker that goes away is waited for, as long as was said, and then all goes on where it was.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Connection, type ConnectionSettings } from '../client/connection.js';
import type { Endpoint } from '../client/endpoint.js';
import { BrokerError } from '../client/errors.js';
import { ThreadMemory } from '../client/memory.js';
import { Drain, type Ending } from './drain.js';
import { reasonToLeave } from './inventory.js';
import { type Plan, PRODUCT, type QueueName } from './plan.js';
import { Progress, type QueueProgress } from './progress.js';
import { isOfTheQueue, QueueCounts, type SourceQueue } from './source.js';
import type { MigrationState } from './state.js';
import { exchangeOf, TargetVhost } from './target.js';

export interface MigrationEvents {
  /** A queue is empty, or left. */
  onQueue(queue: QueueProgress): void;
  /** Something is waited for. */
  onTrouble(line: string): void;
}

const ROUND_PAUSE_MS = 1000;
const RETRY_MS = 500;
/** Rounds in which a queue with messages may give none. */
const FRUITLESS_MAX = 3;
const FULL_PAUSE_MS = 1000;
/** Ids that the target remembers for each message on its way: those of messages that it is to know again are the last. */
const IDS_PER_MESSAGE = 4;
const IDS_MIN = 16_384;

export class Migration {
  readonly progress = new Progress();
  readonly #plan: Plan;
  readonly #state: MigrationState;
  readonly #events: MigrationEvents;
  readonly #settings: ConnectionSettings;
  readonly #targets = new Map<string, TargetVhost>();
  readonly #counts = new Map<string, QueueCounts>();
  /** Rounds in which a queue gave nothing. */
  readonly #fruitless = new Map<SourceQueue, number>();
  /** Since when a broker is not there (ms); null: both are. */
  #troubleSince: number | null = null;
  #told = '';

  constructor(plan: Plan, state: MigrationState, events: MigrationEvents) {
    this.#plan = plan;
    this.#state = state;
    this.#events = events;
    this.#settings = { tls: plan.tls, heartbeat: plan.heartbeat, product: PRODUCT };
  }

  /** Resolves when all is moved that can be, or when it was stopped. Rejects with a `BrokerError`. */
  async run(all: readonly SourceQueue[], signal: AbortSignal): Promise<void> {
    let queues = all.filter((queue) => this.#isMoved(queue));
    try {
      for (;;) {
        queues = await this.#round(queues, signal);
        if (signal.aborted || (!this.#plan.follows && queues.length === 0)) break;
        await pause(ROUND_PAUSE_MS, undefined, { signal }).catch(() => {});
      }
      if (!signal.aborted) for (const target of this.#targets.values()) await target.clear();
    } finally {
      for (const counts of this.#counts.values()) await counts.close();
    }
  }

  #isMoved(queue: SourceQueue): boolean {
    const reason = reasonToLeave(queue);
    const progress = this.progress.of(queue);
    if (reason !== null) this.#leave(progress, reason);
    return reason === null;
  }

  #leave(progress: QueueProgress, reason: string): void {
    progress.state = 'left';
    progress.reason = reason;
    this.#events.onQueue(progress);
  }

  /** Looks at each queue once; returns those that are to be looked at again. */
  async #round(queues: readonly SourceQueue[], signal: AbortSignal): Promise<SourceQueue[]> {
    const waiting: SourceQueue[] = [];
    const again: SourceQueue[] = [];
    for (const queue of queues) {
      if (signal.aborted) return [];
      const progress = this.progress.of(queue);
      const ready = await this.#untilThere(() => this.#countsOf(queue).ready(queue), signal);
      if (ready === null) {
        this.#leave(progress, 'it is not at the source any more, or not ours to see');
        continue;
      }
      progress.ready = ready;
      progress.movedThen = progress.moved;
      if (ready > 0) waiting.push(queue);
      else this.#emptied(progress);
      if (ready === 0 && this.#plan.follows) again.push(queue);
    }
    const next = waiting[Symbol.iterator]();
    const lane = async (): Promise<void> => {
      for (const queue of next) {
        if (signal.aborted) return;
        if (await this.#drain(queue, signal)) again.push(queue);
      }
    };
    await Promise.all(Array.from({ length: this.#plan.parallel }, lane));
    return again;
  }

  #emptied(progress: QueueProgress): void {
    const isNews = progress.state !== 'done';
    progress.state = 'done';
    progress.reason = null;
    progress.ready = 0;
    progress.movedThen = progress.moved;
    if (isNews) this.#events.onQueue(progress);
  }

  /** Moves a queue; true: it is to be looked at again. */
  async #drain(queue: SourceQueue, signal: AbortSignal): Promise<boolean> {
    const progress = this.progress.of(queue);
    progress.state = 'moving';
    const before = progress.moved;
    const ending = await this.#untilThere(() => this.#attempt(queue, progress, signal), signal);
    if (progress.moved > before) this.#fruitless.delete(queue);
    switch (ending?.kind) {
      case undefined:
      case 'stopped':
        progress.state = 'waiting';
        return true;
      case 'empty':
        this.#emptied(progress);
        return this.#plan.follows;
      case 'held':
        return this.#isWorthIt(queue, progress, 'its messages are with other consumers of the source');
      case 'refused':
        await pause(FULL_PAUSE_MS, undefined, { signal }).catch(() => {});
        return this.#isWorthIt(queue, progress, ending.reason);
    }
  }

  #isWorthIt(queue: SourceQueue, progress: QueueProgress, reason: string): boolean {
    const times = (this.#fruitless.get(queue) ?? 0) + 1;
    this.#fruitless.set(queue, times);
    progress.state = 'waiting';
    progress.reason = reason;
    if (this.#plan.follows || times < FRUITLESS_MAX) return true;
    this.#leave(progress, reason);
    return false;
  }

  async #attempt(queue: SourceQueue, progress: QueueProgress, signal: AbortSignal): Promise<Ending> {
    const memory = await this.#targetOf(queue).memory();
    const journal = this.#state.journal(queue);
    const open: Connection[] = [];
    const name = `leveret migrate: ${queue.name}`.slice(0, 200);
    try {
      const source = await this.#open(this.#sourceOf(queue), name);
      open.push(source);
      const target = await this.#open(this.#targetEndpointOf(queue), name);
      open.push(target);
      this.#there();
      journal.begin(memory);
      const { isAutoDelete, type, arguments: args } = queue;
      const countsDeliveries = type === 'quorum' || args['x-delivery-limit'] !== undefined;
      const { prefetch } = this.#plan;
      const job = { queue, isAutoDelete, countsDeliveries, exchange: exchangeOf(memory), prefetch, journal, progress };
      return await new Drain(source, target, job).run(signal);
    } catch (error) {
      if (!(error instanceof BrokerError) || error.replyCode === null || !isOfTheQueue(error.replyCode)) throw error;
      return { kind: 'refused', reason: error.message };
    } finally {
      journal.close();
      await Promise.all(open.map((connection) => connection.close()));
    }
  }

  async #open(endpoint: Endpoint, name: string): Promise<Connection> {
    return Connection.open(endpoint, this.#settings, new ThreadMemory(0), name);
  }

  /** Tries again until it is not a lack of a broker that it fails by; null: it was stopped. */
  async #untilThere<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | null> {
    for (;;) {
      try {
        const outcome = await work();
        this.#there();
        return outcome;
      } catch (error) {
        if (!(error instanceof BrokerError) || isFinal(error)) throw error;
        if (signal.aborted) return null;
        this.#troubleSince ??= performance.now();
        if (performance.now() - this.#troubleSince > this.#plan.patience) throw error;
        if (error.message !== this.#told) this.#events.onTrouble(`${error.message}; trying again`);
        this.#told = error.message;
        await pause(RETRY_MS, undefined, { signal }).catch(() => {});
        if (signal.aborted) return null;
      }
    }
  }

  #there(): void {
    this.#troubleSince = null;
    this.#told = '';
  }

  #sourceOf({ vhost }: QueueName): Endpoint {
    return { ...this.#plan.source, vhost };
  }

  #targetEndpointOf({ vhost }: QueueName): Endpoint {
    const { target, allVhosts } = this.#plan;
    return allVhosts ? { ...target, vhost } : target;
  }

  #countsOf(queue: QueueName): QueueCounts {
    const known = this.#counts.get(queue.vhost) ?? new QueueCounts(this.#sourceOf(queue), this.#settings);
    this.#counts.set(queue.vhost, known);
    return known;
  }

  #targetOf(queue: QueueName): TargetVhost {
    const endpoint = this.#targetEndpointOf(queue);
    const { prefetch, parallel } = this.#plan;
    const known =
      this.#targets.get(endpoint.vhost) ??
      new TargetVhost(endpoint, this.#settings, {
        idsMax: Math.max(IDS_MIN, IDS_PER_MESSAGE * prefetch * parallel),
        memory: this.#state.memory(endpoint.vhost),
        remember: (memory) => this.#state.remember(endpoint.vhost, memory),
      });
    this.#targets.set(endpoint.vhost, known);
    return known;
  }
}

/** Whether waiting does not help: who logs in is refused, or there is no such vhost. */
function isFinal({ replyCode, message }: BrokerError): boolean {
  return replyCode === 530 || (replyCode === 403 && /LOGIN|Login/.test(message));
}
