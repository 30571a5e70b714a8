/**
 * What the threads of a measurement tell each other, by words that they share.
 *
 * | word | what stands there | written by |
 * |---|---|---|
 * | PHASE | what all do now: one of the numbers below | the main thread |
 * | READY | how many threads have come to the beginning | each of them, once |
 * | TURN | of who measures latency: which message is under way | both |
 *
 * Each has a cache line of its own, so that who looks at one is not slowed down by who writes another.
 */
const LINE = 16;

export const PHASE = 0;
export const READY = LINE;
export const TURN = 2 * LINE;
export const WORDS = 3 * LINE;

export const WAIT = 0;
/** What V8 compiles while it runs is compiled then; what is memory of nobody yet is touched. */
export const RUN = 1;
export const END = 2;

/** @returns {Int32Array} */
export function newPhases() {
  return new Int32Array(new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT));
}

/**
 * A thread has come to the beginning; returns when all may begin.
 * @param {Int32Array} phases
 */
export function arrive(phases) {
  Atomics.add(phases, READY, 1);
  Atomics.notify(phases, READY);
  Atomics.wait(phases, PHASE, WAIT);
}

/**
 * Resolves when so many threads have come to the beginning.
 * @param {Int32Array} phases
 * @param {number} count
 */
export async function arrived(phases, count) {
  for (;;) {
    const here = Atomics.load(phases, READY);
    if (here >= count) return;
    await Atomics.waitAsync(phases, READY, here).value;
  }
}

/**
 * @param {Int32Array} phases
 * @param {number} phase
 */
export function enter(phases, phase) {
  Atomics.store(phases, PHASE, phase);
  Atomics.notify(phases, PHASE);
}
