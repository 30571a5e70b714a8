/** The clock of a broker as the program sees it that embeds it: to be read, and moved where it is a test's. */
import { systemClock } from '../../platform/clock.js';
import type { ManualClock } from '../../platform/manual-clock.js';
import { OptionError } from '../options.js';

/** The farthest that a clock can be moved at once (ms): a hundred years. */
const ADVANCE_MAX = 100 * 365.25 * 24 * 60 * 60 * 1000;

export interface BrokerClock {
  /** ms since the Unix epoch. */
  now(): number;
  /**
   * Lets so many ms pass at once, for messages, queues, exchanges that delay, consumers and tokens; needs
   * `clock: 'manual'`. Resolves when all has happened that is due then: what has expired is gone, or has come to where
   * dead letters go; what was delayed is in its queues; queues that nobody used are gone, and consumers that kept a
   * delivery for too long have been cancelled. The time goes on in one step: what comes of that begins its life at the
   * new time. Heartbeats go by the machine's clock, as those of the client do.
   */
  advance(milliseconds: number): Promise<void>;
}

/** `advance` moves the clock in all threads. */
export function clockBefore(manual: ManualClock | null, advance: (milliseconds: number) => Promise<void>): BrokerClock {
  return {
    now: () => (manual ?? systemClock).now(),
    advance: async (milliseconds) => {
      if (manual === null) throw new OptionError("clock.advance needs a broker that was started with clock: 'manual'");
      if (!Number.isInteger(milliseconds) || milliseconds < 0 || milliseconds > ADVANCE_MAX)
        throw new OptionError(`clock.advance takes whole ms from 0 to ${ADVANCE_MAX}, not ${milliseconds}`);
      await advance(milliseconds);
    },
  };
}
