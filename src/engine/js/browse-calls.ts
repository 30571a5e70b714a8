/** The calls by which messages are looked at, and taken out to be moved. */
import type { BrowseCalls, BrowsedPortion, TakenMessage } from '../browsing.js';
import type { Queue } from '../references.js';
import type { Composition } from './composition.js';
import type { Browsing } from './queues/browsing.js';
import { JsSpillCalls } from './spill-calls.js';

export abstract class JsBrowseCalls extends JsSpillCalls implements BrowseCalls {
  readonly #browsing: Browsing;

  constructor(composition: Composition) {
    super(composition);
    this.#browsing = composition.browsing;
  }

  browse(one: Queue, from: number | null, slots: number, bodyMost: number): BrowsedPortion {
    return this.#browsing.browse(one, from, slots, bodyMost);
  }
  take(one: Queue, from: number | null, end: number): TakenMessage | 'again' | 'end' | 'spilled' | 'short' {
    return this.#browsing.take(one, from, end);
  }
  settleTaken({ slot }: TakenMessage): void {
    this.#browsing.settle(slot);
  }
  putTakenBack({ slot }: TakenMessage): void {
    this.#browsing.putBack(slot);
  }
}
