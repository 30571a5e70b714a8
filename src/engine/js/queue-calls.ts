/** The calls about queues, what they do, and messages that died. */
import { type DeadLetterCalls, Death } from '../dead-letters.js';
import type { QueueFeatures } from '../queue-features.js';
import type { QueueCalls } from '../queues.js';
import type { Message, Queue } from '../references.js';
import type { Emptying } from './emptying.js';
import { JsLogCalls } from './log-calls.js';
import type { Parts } from './parts.js';
import type { QueueContents } from './queues/queue-contents.js';
import type { Queues } from './queues/queues.js';
import type { Sweep } from './queues/sweep.js';
import type { Spilled } from './spill/spilled.js';

export abstract class JsQueueCalls extends JsLogCalls implements QueueCalls, DeadLetterCalls {
  deadQueue: Queue = 0;
  deadReason: Death = Death.REJECTED;
  readonly #contents: QueueContents;
  readonly #queues: Queues;
  readonly #spilled: Spilled;
  readonly #emptying: Emptying;
  readonly #sweep: Sweep;

  constructor(parts: Parts) {
    super(parts);
    this.#contents = parts.contents;
    this.#queues = parts.queues;
    this.#spilled = parts.spilled;
    this.#emptying = parts.emptying;
    this.#sweep = parts.sweep;
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
