/**
 * The ledger of a stress: of each message whether it was confirmed, how often it came, whether it was acknowledged. What
 * must hold: each confirmed message comes; none comes twice without the mark of a redelivery, or again after it was
 * acknowledged. A message whose connection was cut before the confirm may come or not; one in a queue that was deleted may
 * be gone; one whose acknowledgement was cut off may come again.
 */
import { reportFault } from '../limit/progress.mjs';

const CONFIRMED = 1;
const DELIVERED = 2;
const ACKED = 4;
const UNKNOWN = 8;
const GONE = 16;
const DOUBTFUL = 32;

export class Ledger {
  #facts;
  produced = 0;
  confirmed = 0;
  delivered = 0;
  redelivered = 0;
  acked = 0;
  /** Confirmed, not acknowledged, and not gone with a queue. */
  owed = 0;

  /** @param {number} messages at most */
  constructor(messages) {
    this.#facts = new Uint8Array(messages);
  }

  /** The number of a message that is published now. */
  produce() {
    return this.produced++;
  }

  /** @param {number} message */
  confirm(message) {
    if (this.#is(message, CONFIRMED)) reportFault(`message ${message} was confirmed twice`);
    this.confirmed++;
    this.#mark(message, CONFIRMED);
    if (!this.#is(message, ACKED | GONE)) this.owed++;
  }

  /** @param {number} message */
  unknown(message) {
    this.#mark(message, UNKNOWN);
  }

  /** @param {number} message @param {boolean} redelivered */
  deliver(message, redelivered) {
    this.delivered++;
    if (redelivered) this.redelivered++;
    if (message >= this.produced) return reportFault(`message ${message} was never published`);
    if (this.#is(message, DELIVERED) && !redelivered) reportFault(`message ${message} came twice without a mark`);
    if (this.#is(message, ACKED) && !this.#is(message, DOUBTFUL)) {
      reportFault(`message ${message} came again after it was acknowledged`);
    }
    this.#mark(message, DELIVERED);
  }

  /** @param {number} message */
  ack(message) {
    if (!this.#is(message, ACKED)) {
      this.acked++;
      if (this.#is(message, CONFIRMED) && !this.#is(message, GONE)) this.owed--;
    }
    this.#mark(message, ACKED);
  }

  /** The connection was cut before the broker must have heard of an ack. @param {number} message */
  doubt(message) {
    this.#mark(message, DOUBTFUL);
  }

  /** It was in a queue when that was deleted, or may have been. @param {number} message */
  gone(message) {
    if (this.#is(message, CONFIRMED) && !this.#is(message, ACKED | GONE)) this.owed--;
    this.#mark(message, GONE);
  }

  /** Says what is still owed, at the end. */
  close() {
    if (this.owed === 0) return;
    const lost = this.#facts.findIndex((facts) => (facts & (CONFIRMED | ACKED | GONE)) === CONFIRMED);
    reportFault(`message ${lost}, and ${this.owed - 1} others, were confirmed and did not come`);
  }

  /** @param {number} message @param {number} facts one of them */
  #is(message, facts) {
    return ((this.#facts[message] ?? 0) & facts) !== 0;
  }

  /** @param {number} message @param {number} fact */
  #mark(message, fact) {
    this.#facts[message] = (this.#facts[message] ?? 0) | fact;
  }
}
