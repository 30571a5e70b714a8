/** The calls about messages that are elsewhere: the part of the twin that spill and recovery use. */
import { SEGMENT, SLOTS } from '../../numbers/core.js';
import type { Queue } from '../references.js';
import type { SpillCalls } from '../spill.js';
import type { Composition } from './composition.js';
import type { Memory } from './memory/memory.js';
import type { PageInRequests } from './queues/page-in-requests.js';
import type { Spilled } from './spill/spilled.js';

export abstract class JsSpillCalls implements SpillCalls {
  readonly slotsPerBlock = SLOTS;
  readonly stagingBytes = SEGMENT;
  readonly #memory: Memory;
  readonly #spilled: Spilled;
  readonly #pageInRequests: PageInRequests;

  constructor(composition: Composition) {
    this.#memory = composition.memory;
    this.#spilled = composition.spilled;
    this.#pageInRequests = composition.contents.pageInRequests;
  }

  priorityOf(queue: Queue, priority: number, make: boolean): Queue {
    return this.#spilled.priorityOf(queue, priority, make);
  }
  setSpilled(queue: Queue, count: number, bytes: number): boolean {
    return this.#spilled.make(queue, count, bytes);
  }
  spilledCount(queue: Queue): number {
    return this.#spilled.count(queue);
  }
  firstSpilled(queue: Queue): number {
    return this.#spilled.first(queue);
  }
  presentCount(queue: Queue): number {
    return this.#spilled.present(queue);
  }
  takeStaging(): number {
    return this.#memory.takeStaging();
  }
  giveStaging(offset: number): void {
    this.#memory.freeSegment(offset);
  }
  pageOut(queue: Queue, margin: number, least: number, most: number): number {
    return this.#spilled.pageOut(queue, margin, least, most);
  }
  get pageOutCount(): number {
    return this.#spilled.out.count;
  }
  pageOutFill(offset: number, length: number): number {
    return this.#spilled.out.fill(offset, length);
  }
  pageOutEnd(done: boolean): boolean {
    return this.#spilled.out.end(done);
  }
  pageIn(queue: Queue): number {
    return this.#spilled.in.begin(queue);
  }
  pageInTake(offset: number, length: number): number {
    return this.#spilled.in.take(offset, length);
  }
  pageInEnd(done: boolean): boolean {
    return this.#spilled.in.end(done);
  }
  dropSpilled(queue: Queue): number {
    return this.#spilled.drop(queue);
  }
  nextPageInRequest(): Queue {
    return this.#pageInRequests.next();
  }
  awaitNext(queue: Queue): boolean {
    return this.#spilled.awaitNext(queue);
  }
}
