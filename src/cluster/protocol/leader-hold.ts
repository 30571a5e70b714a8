/**
 * How long a leader may serve: it is measured from the sending of its last append that is certain (timing.ts). What
 * must hold: whoever asks gets the answer of that moment, however late timers are.
 */
import type { Clock } from '../../platform/clock.js';
import type { Hold } from './role.js';
import type { Timing } from './timing.js';

export class LeaderHold {
  /** Null: nothing is certain yet, or no longer. */
  #certainAt: number | null = null;
  #isHandingOver = false;
  #told: Hold = 'close';
  #endTimer: () => void = () => {};

  constructor(
    private readonly clock: Clock,
    private readonly timing: Timing,
    private readonly onHold: (hold: Hold) => void,
  ) {}

  at(now: number): Hold {
    if (this.#certainAt === null) return 'close';
    const passed = now - this.#certainAt;
    if (passed > this.timing.closeAfter) return 'close';
    return passed > this.timing.pauseAfter || this.#isHandingOver ? 'pause' : 'serve';
  }

  renew(sentAt: number): void {
    const isFirst = this.#certainAt === null;
    this.#certainAt = sentAt;
    if (isFirst || this.#told !== 'serve') this.#look();
  }

  /** It does not serve any more in this epoch. */
  handOver(): void {
    this.#isHandingOver = true;
    this.#look();
  }

  /** It does not lead any more. */
  end(): void {
    this.#certainAt = null;
    this.#look();
  }

  #look(): void {
    this.#endTimer();
    const now = this.clock.elapsed();
    const hold = this.at(now);
    if (this.#certainAt !== null && hold !== 'close') {
      const next = hold === 'serve' ? this.timing.pauseAfter : this.timing.closeAfter;
      this.#endTimer = this.clock.after(Math.max(this.#certainAt + next - now, 0) + 1, () => this.#look());
    }
    if (hold === this.#told) return;
    this.#told = hold;
    this.onHold(hold);
  }
}
