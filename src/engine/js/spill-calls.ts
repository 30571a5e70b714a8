/** The calls about messages that are elsewhere: the part of the twin that the pager and recovery use. */
import type { Queue } from '../engine.js';
import { SEGMENT, SLOTS } from './memory/layout.js';
import type { Memory } from './memory/memory.js';
import type { Parts } from './parts.js';
import type { Wishes } from './queues/page-in-requests.js';
import type { Absent } from './spill/spilled.js';

export abstract class AbsentCalls {
  readonly slotsPerBlock = SLOTS;
  readonly stagingBytes = SEGMENT;
  readonly #memory: Memory;
  readonly #absent: Absent;
  readonly #wishes: Wishes;

  constructor(parts: Parts) {
    this.#memory = parts.memory;
    this.#absent = parts.absent;
    this.#wishes = parts.stock.wishes;
  }

  levelOf(queue: Queue, level: number, make: boolean): Queue {
    return this.#absent.levelOf(queue, level, make);
  }
  setAbsent(queue: Queue, count: number, bytes: number): boolean {
    return this.#absent.make(queue, count, bytes);
  }
  absentCount(queue: Queue): number {
    return this.#absent.count(queue);
  }
  presentCount(queue: Queue): number {
    return this.#absent.present(queue);
  }
  takeStaging(): number {
    return this.#memory.takeStaging();
  }
  giveStaging(offset: number): void {
    this.#memory.freeSegment(offset);
  }
  pageOut(queue: Queue, margin: number, least: number, most: number): number {
    return this.#absent.pageOut(queue, margin, least, most);
  }
  get pageOutCount(): number {
    return this.#absent.out.count;
  }
  pageOutFill(offset: number, length: number): number {
    return this.#absent.out.fill(offset, length);
  }
  pageOutEnd(done: boolean): boolean {
    return this.#absent.out.end(done);
  }
  pageIn(queue: Queue): number {
    return this.#absent.in.begin(queue);
  }
  pageInTake(offset: number, length: number): number {
    return this.#absent.in.take(offset, length);
  }
  pageInEnd(done: boolean): boolean {
    return this.#absent.in.end(done);
  }
  dropAbsent(queue: Queue): number {
    return this.#absent.drop(queue);
  }
  nextWish(): Queue {
    return this.#wishes.next();
  }
  awaitFront(queue: Queue): boolean {
    return this.#absent.awaitFront(queue);
  }
}
