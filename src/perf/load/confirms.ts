/**
 * Which messages of a producer are confirmed, and when they were sent. Confirms may come singly and out of order. What
 * must hold: no more than `window` are out at once, so memory is bounded.
 */

export class Confirms {
  readonly #window: number;
  /** By number, round and round: the time of sending; -1: it is confirmed. */
  readonly #sentAt: Float64Array;
  readonly #mask: number;
  /** All up to this number are confirmed. The first message is 1, as the broker counts. */
  #through = 0;
  #sent = 0;
  #open = 0;

  constructor(window: number) {
    const capacity = 2 ** Math.ceil(Math.log2(window + 1));
    this.#window = window;
    this.#mask = capacity - 1;
    this.#sentAt = new Float64Array(capacity);
  }

  /** How many may be sent now: what lies between the oldest open one and the newest must fit, too. */
  get room(): number {
    return this.#window - (this.#sent - this.#through);
  }

  get open(): number {
    return this.#open;
  }

  send(count: number, time: number): void {
    for (let message = 0; message < count; message++) this.#sentAt[++this.#sent & this.#mask] = time;
    this.#open += count;
  }

  /** Tells `onEach` when each that is confirmed now was sent. */
  confirm(tag: number, isMultiple: boolean, onEach: (sentAt: number) => void): void {
    const last = Math.min(tag === 0 && isMultiple ? this.#sent : tag, this.#sent);
    for (let number = isMultiple ? this.#through + 1 : tag; number <= last; number++) {
      const at = number & this.#mask;
      const sentAt = this.#sentAt[at] ?? -1;
      if (number <= this.#through || sentAt < 0) continue;
      this.#sentAt[at] = -1;
      this.#open--;
      onEach(sentAt);
    }
    while (this.#through < this.#sent && this.#sentAt[(this.#through + 1) & this.#mask] === -1) this.#through++;
  }
}
