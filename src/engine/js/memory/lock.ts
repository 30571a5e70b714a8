/**
 * A lock in one shared word: 0 free, 1 held, 2 held and waited for. The twin guards each shared structure by one.
 * Order, so that nothing can wait in a circle: queue, then inbox, sweep or memory; never two of a kind.
 */

import { contention } from './contention.js';

const FREE = 0;
const HELD = 1;
const WAITED_FOR = 2;
const SPINS = 200;
/** So long one sleep lasts (ms), and so many of them end in vain before the holder is taken for dead. */
const SLEEP_MS = 1_000;
const SLEEPS = 10;

export function lock(words: Int32Array, index: number): void {
  if (Atomics.compareExchange(words, index, FREE, HELD) === FREE) return;
  contention.waits += 1;
  for (let spin = 0; spin < SPINS; spin++) {
    if (Atomics.compareExchange(words, index, FREE, HELD) === FREE) return;
  }
  contention.sleeps += 1;
  // The holder may have lost its CPU: give it ours.
  let sleeps = SLEEPS;
  while (Atomics.exchange(words, index, WAITED_FOR) !== FREE) {
    if (Atomics.wait(words, index, WAITED_FOR, SLEEP_MS) !== 'timed-out') continue;
    sleeps--;
    if (sleeps === 0) throw new Error('a lock is held by a participant that has ended');
  }
}

export function unlock(words: Int32Array, index: number): void {
  if (Atomics.exchange(words, index, FREE) === WAITED_FOR) Atomics.notify(words, index, 1);
}
