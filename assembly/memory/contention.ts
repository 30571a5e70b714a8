/**
 * How often this participant met another one: compare-and-swaps that failed and were tried again, and locks that were
 * held. Counted in globals of this instance, which nobody else sees, and added to its counters once a turn
 * (`countGathered` in counters.ts): what is rare is not counted by atomic operations where it happens.
 */

export let claimsLost: u32 = 0;
export let unitsLost: u32 = 0;
export let listsLost: u32 = 0;
export let lockWaits: u32 = 0;
export let lockSleeps: u32 = 0;

/** Another cursor was quicker at the head of a queue. */
@inline export function claimLost(): void {
  claimsLost += 1;
}

/** Another participant was quicker at a stack of free memory. */
@inline export function unitLost(): void {
  unitsLost += 1;
}

/** Another participant was quicker at a list by which participants tell each other of work. */
@inline export function listLost(): void {
  listsLost += 1;
}

/** A lock was held. */
@inline export function lockWaited(): void {
  lockWaits += 1;
}

/** And its holder was waited for asleep. */
@inline export function lockSlept(): void {
  lockSleeps += 1;
}

/** All is counted. */
export function forgetContention(): void {
  claimsLost = 0;
  unitsLost = 0;
  listsLost = 0;
  lockWaits = 0;
  lockSleeps = 0;
}
