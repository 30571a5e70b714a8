/** The calls about queues, what they do, and messages that died. */
import type { DeadLetterCalls } from '../dead-letters.js';
import { type QueueFeatures, writeFeatures } from '../queue-features.js';
import type { QueueCalls } from '../queues.js';
import type { Message, Queue } from '../references.js';
import type { CoreFunctions } from './exports.js';
import { WasmLogCalls } from './log-calls.js';
import type { Core } from './wasm-core.js';

export abstract class WasmQueueCalls
  extends WasmLogCalls
  implements QueueCalls, Omit<DeadLetterCalls, 'deadQueue' | 'deadReason'>
{
  /** Set once the participant has joined. */
  protected abstract readonly scratch: number;
  readonly #core: CoreFunctions;
  readonly #doubles: Float64Array;

  constructor(core: Core, bytes: Uint8Array) {
    super(core, bytes);
    this.#core = core.functions;
    this.#doubles = new Float64Array(bytes.buffer);
  }

  createQueue(): Queue {
    return this.#core.createQueue() >>> 0;
  }
  setFeatures(queue: Queue, features: QueueFeatures): boolean {
    writeFeatures(this.#doubles, this.scratch, features);
    return this.#core.setFeatures(queue) !== 0;
  }
  keepLength(queue: Queue): void {
    this.#core.keepLength(queue);
  }
  setPaused(queue: Queue, paused: boolean): void {
    this.#core.setPaused(queue, paused ? 1 : 0);
  }
  readyCount(queue: Queue): number {
    return this.#core.readyCount(queue) >>> 0;
  }
  readyBytes(queue: Queue): number {
    return this.#core.readyBytes(queue);
  }
  lastGet(queue: Queue): number {
    return this.#core.lastGet(queue);
  }
  purge(queue: Queue, most = Number.POSITIVE_INFINITY): number {
    return this.#core.purge(queue, Math.min(most, 0xffff_ffff)) >>> 0;
  }
  retireQueue(queue: Queue): number {
    return this.#core.retireQueue(queue) >>> 0;
  }
  freeQueue(queue: Queue): void {
    this.#core.freeQueue(queue);
  }

  expiringQueues(): number {
    return this.#core.expiringQueues();
  }
  sweepPause(): number {
    return this.#core.sweepPause();
  }
  setSweepDelay(milliseconds: number): void {
    this.#core.setSweepDelay(milliseconds);
  }
  sweep(): boolean {
    return this.#core.sweep() !== 0;
  }
  nextDead(): Message {
    return this.#core.nextDead() >>> 0;
  }
  settleDead(): void {
    this.#core.settleDead();
  }
  keepDead(): number {
    return this.#core.keepDead() >>> 0;
  }
  settleDeadKept(kept: number): void {
    this.#core.settleDeadKept(kept);
  }
}
