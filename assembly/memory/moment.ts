/**
 * Moments: the clock in steps of 32 ms, as one word, for what is noted of each delivery. It wraps after four years, and
 * stands for the last time that had it: what is older is told too young.
 */
export const STEP: f64 = 32;
const WRAP: f64 = 4294967296;

/** No delivery, none yet: the only one that stands for no time. */
export const NEVER: u32 = 0;

@inline export function momentOf(now: f64): u32 {
  return max<u32>(1, <u32>(<u64>(now / STEP)));
}

/** When that was (ms since the Unix epoch), seen from `now`; 0: never. */
export function timeOf(moment: u32, now: f64): f64 {
  if (moment == NEVER) return 0;
  const wraps = Math.floor((Math.max(1, Math.floor(now / STEP)) - <f64>moment) / WRAP);
  return (<f64>moment + wraps * WRAP) * STEP;
}
