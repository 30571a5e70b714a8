/**
 * What the search for races (test/schedules) is told besides accesses to memory: units that are freed and taken, and
 * waits and notifications, which it plays itself. It compiles the same sources with SEARCHED defined; in all builds
 * that are shipped this is nothing, and the imports are not there.
 */

// @ts-ignore: decorator
@external("schedule", "freed")
declare function tellFreed(unit: usize, length: u32): void;
// @ts-ignore: decorator
@external("schedule", "taken")
declare function tellTaken(unit: usize, length: u32): void;
// @ts-ignore: decorator
@external("schedule", "wait")
declare function playWait(address: usize, expected: u32): u32;
// @ts-ignore: decorator
@external("schedule", "notify")
declare function playNotify(address: usize): void;

@inline export function isSearched(): bool {
  return isDefined(SEARCHED);
}

/** Nobody may touch this memory from now on but who looks after free memory. */
@inline export function freed(unit: usize, length: u32): void {
  if (isDefined(SEARCHED)) tellFreed(unit, length);
}

/** And from now on its new user may. */
@inline export function taken(unit: usize, length: u32): void {
  if (isDefined(SEARCHED)) tellTaken(unit, length);
}

/** `atomic.wait` without an end, and `atomic.notify` of one. */
@inline export function searchedWait(address: usize, expected: u32): u32 {
  return isDefined(SEARCHED) ? playWait(address, expected) : 0;
}

@inline export function searchedNotify(address: usize): void {
  if (isDefined(SEARCHED)) playNotify(address);
}
