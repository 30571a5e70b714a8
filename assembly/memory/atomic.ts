/**
 * The atomic operations of the core, in one place. In the build with threads they are WebAssembly atomics (all of them
 * sequentially consistent); in the build without they are plain loads and stores, since nobody else is there.
 * Every call site says which other operation it pairs with.
 */
import { isChecking } from './checkpoint';

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

@inline export function atomicAdd64(address: usize, value: u64): void {
  if (ASC_FEATURE_THREADS) atomic.add<u64>(address, value);
  else store<u64>(address, load<u64>(address) + value);
}

/** A number of 8 octets, read as a whole while others write it. */
@inline export function atomicLoadF64(address: usize): f64 { return reinterpret<f64>(atomicLoad64(address)); }

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
  if (ASC_FEATURE_THREADS) atomic.notify(address, 1);
}

/**
 * A spin lock of one word, for what is touched rarely and shortly: returned slots and waiting consumers.
 * The exchange pairs with the store in `unlock`: whoever gets the lock sees all that its last holder wrote.
 */
@inline export function lock(address: usize): void {
  if (ASC_FEATURE_THREADS) while (atomic.cmpxchg<u32>(address, 0, 1) != 0) if (isChecking()) unreachable();
}

@inline export function unlock(address: usize): void {
  if (ASC_FEATURE_THREADS) atomic.store<u32>(address, 0);
}
