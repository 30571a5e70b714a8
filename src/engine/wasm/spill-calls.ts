/**
 * The calls about messages that are elsewhere (assembly/queue/spill/spilled.ts): the part of the WebAssembly engine
 * that the spill and recovery use.
 */
import { SEGMENT, SLOTS } from '../../numbers/core.js';
import type { Queue } from '../references.js';
import type { SpillCalls } from '../spill.js';
import type { CoreFunctions } from './exports.js';
import type { Core } from './wasm-core.js';

export abstract class WasmSpillCalls implements SpillCalls {
  readonly slotsPerBlock = SLOTS;
  readonly stagingBytes = SEGMENT;
  readonly #core: CoreFunctions;

  constructor({ functions }: Core) {
    this.#core = functions;
  }

  priorityOf(queue: Queue, priority: number, make: boolean): Queue {
    return this.#core.priorityOf(queue, priority, make ? 1 : 0) >>> 0;
  }
  setSpilled(queue: Queue, count: number, bytes: number): boolean {
    return this.#core.setSpilled(queue, count, bytes) !== 0;
  }
  spilledCount(queue: Queue): number {
    return this.#core.spilledCount(queue) >>> 0;
  }
  firstSpilled(queue: Queue): number {
    return this.#core.firstSpilled(queue) >>> 0;
  }
  presentCount(queue: Queue): number {
    return this.#core.presentCount(queue) >>> 0;
  }
  takeStaging(): number {
    return this.#core.takeStaging() >>> 0;
  }
  giveStaging(offset: number): void {
    this.#core.giveStaging(offset);
  }
  pageOut(queue: Queue, margin: number, least: number, most: number): number {
    return this.#core.pageOut(queue, margin, least, most);
  }
  get pageOutCount(): number {
    return this.#core.pageOutCount() >>> 0;
  }
  pageOutFill(offset: number, length: number): number {
    return this.#core.pageOutFill(offset, length);
  }
  pageOutEnd(done: boolean): boolean {
    return this.#core.pageOutEnd(done ? 1 : 0) !== 0;
  }
  pageIn(queue: Queue): number {
    return this.#core.pageIn(queue);
  }
  pageInTake(offset: number, length: number): number {
    return this.#core.pageInTake(offset, length);
  }
  pageInEnd(done: boolean): boolean {
    return this.#core.pageInEnd(done ? 1 : 0) !== 0;
  }
  dropSpilled(queue: Queue): number {
    return this.#core.dropSpilled(queue) >>> 0;
  }
  nextPageInRequest(): Queue {
    return this.#core.nextPageInRequest() >>> 0;
  }
  awaitNext(queue: Queue): boolean {
    return this.#core.awaitNext(queue) !== 0;
  }
}
