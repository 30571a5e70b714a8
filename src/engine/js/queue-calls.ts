/** The calls about queues, what they do, and messages that died. */
import { type DeadLetterCalls, DeadLetterReason } from '../dead-letters.js';
import type { Front } from '../looking.js';
import type { QueueFeatures } from '../queue-features.js';
import type { QueueCalls } from '../queues.js';
import type { Message, Queue } from '../references.js';
import type { Composition } from './composition.js';
import type { Emptying } from './emptying.js';
import { JsLogCalls } from './log-calls.js';
import type { QueueContents } from './queues/queue-contents.js';
import type { Queues } from './queues/queues.js';
import type { Sweep } from './queues/sweep.js';
import type { Spilled } from './spill/spilled.js';

export abstract class JsQueueCalls extends JsLogCalls implements QueueCalls, DeadLetterCalls {
  deadQueue: Queue = 0;
  deadReason: DeadLetterReason = DeadLetterReason.REJECTED;
  readonly #contents: QueueContents;
  readonly #queues: Queues;
  readonly #spilled: Spilled;
  readonly #emptying: Emptying;
  readonly #sweep: Sweep;

  constructor(composition: Composition) {
    super(composition);
    this.#contents = composition.contents;
    this.#queues = composition.queues;
    this.#spilled = composition.spilled;
    this.#emptying = composition.emptying;
    this.#sweep = composition.sweep;
  }

  createQueue(): Queue {
    return this.#queues.create();
  }
  setFeatures(queue: Queue, features: QueueFeatures): boolean {
    return this.#queues.setFeatures(queue, features);
  }
  keepLength(queue: Queue): void {
    this.#queues.keepLength(queue);
  }
  setPaused(queue: Queue, paused: boolean): void {
    this.#queues.setPaused(queue, paused);
  }
  frontOf(queue: Queue, asks: boolean): Front | null {
    return this.#queues.frontOf(queue, asks);
  }
  readyCount(queue: Queue): number {
    return this.#contents.chains.queueOf(queue) === queue ? this.#queues.ready(queue) : this.#spilled.ready(queue);
  }
  readyBytes(queue: Queue): number {
    return this.#queues.readyBytes(queue);
  }
  lastGet(queue: Queue): number {
    return this.#queues.lastGet(queue);
  }
  purge(queue: Queue, most = Number.POSITIVE_INFINITY): number {
    return this.#emptying.purge(queue, most);
  }
  retireQueue(queue: Queue): number {
    return this.#emptying.retire(queue);
  }
  freeQueue(queue: Queue): void {
    this.#emptying.free(queue);
  }

  expiringQueues(): number {
    return this.#queues.sweeps.count();
  }
  sweepPause(): number {
    return this.#queues.sweeps.pause();
  }
  setSweepDelay(milliseconds: number): void {
    this.#queues.features.sweepDelay = milliseconds;
  }
  sweep(): boolean {
    return this.#sweep.run();
  }
  nextDead(): Message {
    const dead = this.#queues.nextDead();
    if (dead === undefined) return 0;
    this.deadQueue = dead.queue;
    this.deadReason = dead.reason;
    return dead.message;
  }
  settleDead(): void {
    this.#queues.settleDead();
  }
  keepDead(): number {
    return this.#queues.keepDead();
  }
  settleDeadKept(kept: number): void {
    this.#queues.settleDeadKept(kept);
  }
}
