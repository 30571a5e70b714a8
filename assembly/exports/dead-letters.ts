/** Messages whose time is over, and messages that died. */
import { enter, leave } from '../memory/epoch';
import { self } from '../memory/root';
import { settleDeadFirst, settleDeadKeptSlot, firstDead, keepFirst } from '../queue/rules/dead-letters';
import { Slot } from '../queue/chain/queue';
import { delaySweeps, sweepPause as pauseOfSweeps, sweepQueues } from '../queue/rules/sweep';
import { flushSettlements } from '../queue/chain/settle';

export function expiringQueues(): u32 {
  return self.sweepCount;
}

export function sweepPause(): f64 {
  return pauseOfSweeps();
}

export function setSweepDelay(ms: f64): void {
  delaySweeps(ms);
}

export function sweep(): bool {
  enter();
  const more = sweepQueues();
  flushSettlements();
  leave();
  return more;
}

/** Queue and reason stand among the results. */
export function nextDead(): usize {
  if (!self.deadFirst) return 0;
  enter();
  const message = firstDead();
  flushSettlements();
  leave();
  return message;
}

export function settleDead(): void {
  enter();
  settleDeadFirst();
  flushSettlements();
  leave();
}

/** Takes the oldest of the dead off the list: its slot, 0 when it has none. */
export function keepDead(): usize {
  return keepFirst();
}

export function settleDeadKept(slot: usize): void {
  enter();
  settleDeadKeptSlot(changetype<Slot>(slot));
  flushSettlements();
  leave();
}
