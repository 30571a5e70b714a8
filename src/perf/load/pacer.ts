/**
 * How many messages a rate allows until now. What must hold: in no time are there more than the rate times that time, and
 * one. What was missed is made up for, but no more than a second of it: after a pause the broker meets no flood.
 */
import { type Step, sumUntil, timeOfSum, valueAt } from '../measure/steps.js';

const MADE_UP_SECONDS = 1;

/** A rate in messages a second that does not change. */
export function steady(rate: number): readonly Step[] {
  return [{ value: rate, seconds: 1 }];
}

export class Pacer {
  readonly #rates: readonly Step[];
  #taken = 0;
  /** Those that were missed, and are not made up for. */
  #missed = 0;

  constructor(rates: readonly Step[]) {
    this.#rates = rates;
  }

  /** How many may go now, `seconds` after the start. */
  allowed(seconds: number): number {
    const rate = valueAt(this.#rates, seconds);
    const behind = this.#numberAt(seconds) - this.#taken - this.#missed;
    const most = Math.max(1, Math.floor(rate * MADE_UP_SECONDS));
    if (behind <= most) return Math.max(0, behind);
    this.#missed += behind - most;
    return most;
  }

  /** The first is due at once, unless the rate begins with nothing. */
  #numberAt(seconds: number): number {
    const sum = sumUntil(this.#rates, seconds);
    return sum === 0 && valueAt(this.#rates, seconds) === 0 ? 0 : Math.floor(sum) + 1;
  }

  take(count: number): void {
    this.#taken += count;
  }

  /** When the next one is due, in seconds after the start. */
  get nextDue(): number {
    return timeOfSum(this.#rates, this.#taken + this.#missed);
  }
}
