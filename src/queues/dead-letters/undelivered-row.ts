/**
 * The dead letters that one queue keeps, in the order in which they died: columns of numbers, no object for each, so
 * that a million of them costs some megabytes and nothing for the collector to walk. What must hold: places stay in
 * order; `add` may move them together, and the cursor with them: whoever walks along them meanwhile may miss some, and
 * comes to none twice.
 */
import type { DeadLetterReason, Message, Queue } from '../../engine/engine.js';

/** What is to be known of a dead letter that is kept, to write and send it again. */
export interface UndeliveredDeadLetter {
  readonly message: Message;
  /** The queue where it died. */
  readonly origin: Queue;
  readonly reason: DeadLetterReason;
  /** When it died (ms since the Unix epoch). */
  readonly died: number;
  /** What the core knows it by; never 0. */
  readonly number: number;
}

const SMALL = 16;

export class UndeliveredRow {
  readonly origin: Queue;
  /** How many there are. */
  size = 0;
  /** Where a round that could not try all of them goes on. */
  cursor = 0;
  /** 0: the one that stood here is gone. */
  #numbers = new Uint32Array(SMALL);
  #messages = new Uint32Array(SMALL);
  #reasons = new Uint8Array(SMALL);
  #died = new Float64Array(SMALL);
  /** The first place with a dead letter, and the one behind the last. */
  #first = 0;
  #end = 0;

  constructor(origin: Queue) {
    this.origin = origin;
  }

  add({ message, reason, died, number }: UndeliveredDeadLetter): void {
    if (this.#end === this.#numbers.length) this.#makeRoom();
    this.#numbers[this.#end] = number;
    this.#messages[this.#end] = message;
    this.#reasons[this.#end] = reason;
    this.#died[this.#end] = died;
    this.#end += 1;
    this.size += 1;
  }

  /** The first place with a dead letter from `place` on; -1 when there is none. */
  next(place: number): number {
    let at = Math.max(place, this.#first);
    while (at < this.#end && this.#numbers[at] === 0) at += 1;
    return at < this.#end ? at : -1;
  }

  at(place: number): UndeliveredDeadLetter {
    return {
      message: this.#messages[place] ?? 0,
      origin: this.origin,
      reason: (this.#reasons[place] ?? 0) as DeadLetterReason,
      died: this.#died[place] ?? 0,
      number: this.#numbers[place] ?? 0,
    };
  }

  remove(place: number): void {
    this.#numbers[place] = 0;
    this.size -= 1;
    while (this.#first < this.#end && this.#numbers[this.#first] === 0) this.#first += 1;
  }

  /** Moves what is left together, to columns with as much room again. */
  #makeRoom(): void {
    const capacity = Math.max(SMALL, 2 * this.size);
    const numbers = new Uint32Array(capacity);
    const messages = new Uint32Array(capacity);
    const reasons = new Uint8Array(capacity);
    const died = new Float64Array(capacity);
    let to = 0;
    let cursor = 0;
    for (let place = this.next(0); place !== -1; place = this.next(place + 1)) {
      if (place < this.cursor) cursor = to + 1;
      numbers[to] = this.#numbers[place] ?? 0;
      messages[to] = this.#messages[place] ?? 0;
      reasons[to] = this.#reasons[place] ?? 0;
      died[to] = this.#died[place] ?? 0;
      to += 1;
    }
    this.#numbers = numbers;
    this.#messages = messages;
    this.#reasons = reasons;
    this.#died = died;
    this.#first = 0;
    this.#end = to;
    this.cursor = cursor;
  }
}
