/**
 * What is known of each message of one queue: whether the broker has promised it, whether it came, whether it was
 * settled. What must hold: every promised message comes; none comes for the first time twice, or again after it was
 * settled; first deliveries come in the order of publishing. A message whose fate nobody knows, because its connection
 * was cut before the confirm, may come or not.
 */
import { reportFault } from '../limit/progress.mjs';

const CONFIRMED = 1;
const UNKNOWN = 2;
const SEEN = 4;
const SETTLED = 8;
/** Settled, but the connection was cut before it could be known that the broker has heard of it. */
const DOUBTFUL = 16;

export class Account {
  #name;
  #facts;
  /** The last message that was delivered for the first time. */
  #last = -1;
  /** Promised and not yet settled. */
  #owed = 0;

  /** @param {string} name of the queue @param {number} messages */
  constructor(name, messages) {
    this.#name = name;
    this.#facts = new Uint8Array(messages);
  }

  /** Whether everything that was promised is settled. */
  get isSquare() {
    return this.#owed === 0;
  }

  /** @param {number} message */
  confirmed(message) {
    if (!this.#has(message, SETTLED)) this.#owed++;
    this.#mark(message, CONFIRMED);
  }

  /** Its connection was cut before a confirm. @param {number} message */
  unknown(message) {
    this.#mark(message, UNKNOWN);
  }

  /** @param {number} message @param {boolean} redelivered */
  delivered(message, redelivered) {
    if (this.#has(message, SETTLED) && !(redelivered && this.#has(message, DOUBTFUL))) {
      this.#fault(message, 'came again after it was settled');
    } else if (this.#has(message, SEEN) && !redelivered) {
      this.#fault(message, 'came twice for the first time');
    }
    // What a cut connection still carried may be read after what a new one brought.
    if (!redelivered && !this.#has(message, UNKNOWN)) {
      if (message < this.#last) this.#fault(message, `came after ${this.#last}`);
      this.#last = message;
    }
    this.#mark(message, SEEN);
  }

  /** @param {number} message */
  settled(message) {
    if (this.#has(message, CONFIRMED) && !this.#has(message, SETTLED)) this.#owed--;
    this.#mark(message, SETTLED);
  }

  /** @param {number} message */
  doubtful(message) {
    this.#mark(message, DOUBTFUL);
  }

  /** Says what is still owed, at the end. */
  close() {
    if (this.isSquare) return;
    const lost = this.#facts.findIndex((facts) => (facts & CONFIRMED) !== 0 && (facts & SETTLED) === 0);
    this.#fault(lost, `and ${this.#owed - 1} others that were confirmed did not come`);
  }

  /** @param {number} message @param {string} what */
  #fault(message, what) {
    reportFault(`${this.#name}: message ${message} ${what}`);
  }

  /** @param {number} message @param {number} fact */
  #has(message, fact) {
    return ((this.#facts[message] ?? 0) & fact) !== 0;
  }

  /** @param {number} message @param {number} fact */
  #mark(message, fact) {
    this.#facts[message] = (this.#facts[message] ?? 0) | fact;
  }
}
