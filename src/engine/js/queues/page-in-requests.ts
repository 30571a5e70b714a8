/**
 * Page-in requests: whoever comes near a queue's spilled messages, or finds the next one spilled, puts the queue into
 * the coordinator's list and rings it. What must hold: a queue stands there once, and has left the list before it is
 * freed.
 */
import { ring } from '../memory/doorbell.js';
import { Participant, participantAt, QueueCell, QueueFlag } from '../memory/layout.js';
import { lock, unlock } from '../memory/lock.js';
import type { Memory } from '../memory/memory.js';
import { at32, word } from '../memory/views.js';

export class PageInRequests {
  readonly #memory: Memory;
  readonly #coordinator: number;
  readonly #record: number;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#coordinator = memory.workers;
    this.#record = participantAt(memory.workers);
  }

  /** Asks for the next spilled messages of a queue: of itself, or of one of its chains. Under its lock. */
  requestPageIn(queue: number, pageInRequested: number): void {
    const { u32 } = this.#memory;
    if (Atomics.load(u32, word(pageInRequested, QueueCell.PAGE_IN_REQUESTED)) === 1) return;
    if ((at32(u32, word(queue, QueueCell.FLAGS)) & QueueFlag.RETIRED) !== 0) return;
    this.#locked(() => {
      Atomics.store(u32, word(pageInRequested, QueueCell.PAGE_IN_REQUESTED), 1);
      u32[word(pageInRequested, QueueCell.PAGE_IN_NEXT)] = at32(u32, word(this.#record, Participant.PAGE_IN_FIRST));
      Atomics.store(u32, word(this.#record, Participant.PAGE_IN_FIRST), pageInRequested);
    });
    ring(this.#memory, this.#coordinator);
  }

  /** A queue, or one of its chains, is about to be freed. Under its lock. */
  forget(pageInRequested: number): void {
    const { u32 } = this.#memory;
    if (Atomics.load(u32, word(pageInRequested, QueueCell.PAGE_IN_REQUESTED)) === 0) return;
    this.#locked(() => {
      let link = word(this.#record, Participant.PAGE_IN_FIRST);
      while (at32(u32, link) !== pageInRequested && at32(u32, link) !== 0)
        link = word(at32(u32, link), QueueCell.PAGE_IN_NEXT);
      if (at32(u32, link) === pageInRequested) this.#strike(link, pageInRequested);
    });
  }

  /** The coordinator's next; 0: none. */
  next(): number {
    if (!this.areThere()) return 0;
    const link = word(this.#record, Participant.PAGE_IN_FIRST);
    return this.#locked(() => {
      const queue = at32(this.#memory.u32, link);
      if (queue !== 0) this.#strike(link, queue);
      return queue;
    });
  }

  areThere(): boolean {
    return Atomics.load(this.#memory.u32, word(this.#record, Participant.PAGE_IN_FIRST)) !== 0;
  }

  #strike(link: number, queue: number): void {
    const { u32 } = this.#memory;
    Atomics.store(u32, link, at32(u32, word(queue, QueueCell.PAGE_IN_NEXT)));
    Atomics.store(u32, word(queue, QueueCell.PAGE_IN_REQUESTED), 0);
  }

  #locked<T>(body: () => T): T {
    lock(this.#memory.i32, word(this.#record, Participant.PAGE_IN_LOCK));
    try {
      return body();
    } finally {
      unlock(this.#memory.i32, word(this.#record, Participant.PAGE_IN_LOCK));
    }
  }
}
