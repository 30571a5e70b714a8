/** The calls about the log: which records have gathered, and that they are durable. */

import type { Seed } from '../../log/log-memory.js';
import type { HeldBack, LogBatch, LogCalls } from '../log.js';
import type { Queue } from '../references.js';
import type { Channel } from './amqp/connection.js';
import type { Output } from './amqp/output.js';
import { JsBrowseCalls } from './browse-calls.js';
import type { Composition } from './composition.js';
import { type Log, ownBatch } from './log/log.js';
import type { Memory } from './memory/memory.js';
import type { LoggedQueues } from './queues/logged-queues.js';

export abstract class JsLogCalls extends JsBrowseCalls implements LogCalls {
  readonly #memory: Memory;
  readonly #log: Log<Channel>;
  readonly #logged: LoggedQueues;
  readonly #output: Output;

  constructor(composition: Composition) {
    super(composition);
    this.#memory = composition.memory;
    this.#log = composition.log;
    this.#logged = composition.logged;
    this.#output = composition.output;
  }

  startLog(writer: number, firstMessage: number, heldBack: HeldBack): void {
    this.#log.start(writer, firstMessage, heldBack);
  }
  setLogId(queue: Queue, id: number, nextPosition: number): void {
    this.#logged.setLogId(queue, id, nextPosition);
  }
  takeBatch(): LogBatch | null {
    return this.#log.take();
  }
  get gathers(): boolean {
    return this.#log.gathers;
  }
  recordDone(queue: number, from: number, count: number): void {
    this.#log.settledRun(queue, from, count);
  }
  get gatheringBatch(): number {
    return this.#log.gathering;
  }
  stampBatch(batch: LogBatch, seed: Seed): readonly Uint8Array[] {
    return ownBatch(batch).stamp(seed);
  }
  batchFacts(batch: LogBatch): Uint8Array {
    return ownBatch(batch).facts();
  }
  batchDone(batch: LogBatch): void {
    for (const channel of this.#log.finish(batch)) {
      channel.held.release(batch.number);
      if (channel.state === 'open') this.#output.release(channel);
    }
  }
  blockPublishers(blocked: boolean): void {
    this.#memory.blockPublishers(blocked);
  }
  redeliveredRanges(
    queue: Queue,
  ): readonly { readonly priority: number; readonly from: number; readonly count: number }[] {
    return this.#logged.redeliveredRanges(queue);
  }
}
