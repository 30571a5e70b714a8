/**
 * The atomic operations of the core, in one place. In the build with threads they are WebAssembly atomics (all of them
 * sequentially consistent); in the build without they are plain loads and stores, since nobody else is there.
 * Every call site says which other operation it pairs with.
 */
import { isChecking } from './checkpoint';
import { lockSlept, lockWaited } from './contention';
import { isSearched, searchedNotify, searchedWait } from './searched';

@inline export function atomicLoad(address: usize): u32 {
  return ASC_FEATURE_THREADS ? atomic.load<u32>(address) : load<u32>(address);
}

@inline export function atomicStore(address: usize, value: u32): void {
  if (ASC_FEATURE_THREADS) atomic.store<u32>(address, value);
  else store<u32>(address, value);
}

/** Adds and returns the value from before. */
@inline export function atomicAdd(address: usize, value: u32): u32 {
  if (ASC_FEATURE_THREADS) return atomic.add<u32>(address, value);
  const before = load<u32>(address);
  store<u32>(address, before + value);
  return before;
}

/** Subtracts and returns the value from before. */
@inline export function atomicSub(address: usize, value: u32): u32 {
  if (ASC_FEATURE_THREADS) return atomic.sub<u32>(address, value);
  const before = load<u32>(address);
  store<u32>(address, before - value);
  return before;
}

@inline export function atomicExchange(address: usize, value: u32): u32 {
  if (ASC_FEATURE_THREADS) return atomic.xchg<u32>(address, value);
  const before = load<u32>(address);
  store<u32>(address, value);
  return before;
}

/** Stores `value` where `expected` stands; returns what stood there. */
@inline export function compareExchange(address: usize, expected: u32, value: u32): u32 {
  if (ASC_FEATURE_THREADS) return atomic.cmpxchg<u32>(address, expected, value);
  const before = load<u32>(address);
  if (before == expected) store<u32>(address, value);
  return before;
}

@inline export function atomicLoad64(address: usize): u64 {
  return ASC_FEATURE_THREADS ? atomic.load<u64>(address) : load<u64>(address);
}

/** Sets bits and returns the value from before. */
@inline export function atomicOr(address: usize, bits: u32): u32 {
  if (ASC_FEATURE_THREADS) return atomic.or<u32>(address, bits);
  const before = load<u32>(address);
  store<u32>(address, before | bits);
  return before;
}

/** Keeps only these bits and returns the value from before. */
@inline export function atomicAnd(address: usize, bits: u32): u32 {
  if (ASC_FEATURE_THREADS) return atomic.and<u32>(address, bits);
  const before = load<u32>(address);
  store<u32>(address, before & bits);
  return before;
}

@inline export function atomicStore64(address: usize, value: u64): void {
  if (ASC_FEATURE_THREADS) atomic.store<u64>(address, value);
  else store<u64>(address, value);
}

@inline export function atomicAdd64(address: usize, value: u64): void {
  if (ASC_FEATURE_THREADS) atomic.add<u64>(address, value);
  else store<u64>(address, load<u64>(address) + value);
}

/** A number of 8 octets, read as a whole while others write it. */
@inline export function atomicLoadF64(address: usize): f64 {
  return reinterpret<f64>(atomicLoad64(address));
}

@inline export function atomicStoreF64(address: usize, value: f64): void {
  if (ASC_FEATURE_THREADS) atomic.store<u64>(address, reinterpret<u64>(value));
  else store<f64>(address, value);
}

@inline export function compareExchange64(address: usize, expected: u64, value: u64): u64 {
  if (ASC_FEATURE_THREADS) return atomic.cmpxchg<u64>(address, expected, value);
  const before = load<u64>(address);
  if (before == expected) store<u64>(address, value);
  return before;
}

/** Wakes whoever waits (Atomics.waitAsync in the host) on the word. */
@inline export function notify(address: usize): void {
  if (isSearched()) searchedNotify(address);
  else if (ASC_FEATURE_THREADS) atomic.notify(address, 1);
}

// ── Locks ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** States of a lock's word. */
const FREE: u32 = 0;
const HELD: u32 = 1;
/** Held, and somebody may sleep until it is not. */
const AWAITED: u32 = 2;
/**
 * So often a lock is looked at before its holder is taken for one that has lost its CPU. A search tries all that can
 * come of it with few.
 */
const SPINS: u32 = isDefined(SEARCHED) ? 1 : 200;
/**
 * So long one sleep lasts (ns), and so many of them end in vain before the holder is taken for dead: then this one
 * ends, too.
 */
const SLEEP: i64 = 1000000000;
const SLEEPS: u32 = 10;

/**
 * A lock of one word, for what is touched rarely and shortly: requeued slots and waiting consumers. Whoever finds it
 * held looks again for a moment, then sleeps: threads share CPUs, and the holder may need ours. The compare-and-swap
 * pairs with the exchange in `unlock`: whoever gets the lock sees all that its last holder wrote.
 */
@inline export function lock(address: usize): void {
  if (ASC_FEATURE_THREADS) {
    if (atomic.cmpxchg<u32>(address, FREE, HELD) != FREE) lockLate(address);
  }
}

@inline export function unlock(address: usize): void {
  if (ASC_FEATURE_THREADS) {
    if (atomic.xchg<u32>(address, FREE) == AWAITED) notify(address);
  }
}

function lockLate(address: usize): void {
  if (ASC_FEATURE_THREADS) {
    lockWaited();
    // The holder has been stopped in this very thread.
    if (isChecking()) unreachable();
    for (let i: u32 = 0; i < SPINS; i++) {
      if (atomic.load<u32>(address) == FREE && atomic.cmpxchg<u32>(address, FREE, HELD) == FREE) return;
    }
    lockSlept();
    let sleeps = SLEEPS;
    // Whoever gets it here leaves it AWAITED, since others may sleep, too. The wait pairs with the exchange in
    // `unlock`: it does not begin when that was before.
    while (atomic.xchg<u32>(address, AWAITED) != FREE) {
      if (isSearched()) {
        searchedWait(address, AWAITED);
        continue;
      }
      if (atomic.wait<u32>(address, AWAITED, SLEEP) != AtomicWaitResult.TIMED_OUT) continue;
      sleeps -= 1;
      if (!sleeps) unreachable();
    }
  }
}
